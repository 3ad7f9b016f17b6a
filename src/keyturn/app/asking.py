"""What a new target is asked for, as data: which settings, in which words, with which examples."""

from dataclasses import dataclass
from typing import Final

SECRET: Final = "secret"
"""The setting that says where a secret is; of a login it is `password`, else `token`."""

FLAGS: Final = {
    "url": "--url",
    "data": "--data",
    "key_id": "--key-id",
    "username": "--username",
    "tenant": "--tenant",
    SECRET: "--token-file",
}
"""By which flag a setting is given without a question."""


@dataclass(frozen=True, slots=True)
class Question:
    """One setting that is asked for.  example: of an answer; empty: what no answer means, where none is needed."""

    setting: str
    words: str
    example: str = ""
    empty: str = ""

    def __str__(self) -> str:
        """The question as it is asked.

        >>> str(Question("username", "Login name", empty="a token is used"))
        'Login name (empty: a token is used):'
        """
        return f"{self.words} (empty: {self.empty}):" if self.empty else f"{self.words}, as in {self.example}:"


@dataclass(frozen=True, slots=True)
class Form:
    """The questions of a kind of target, in order.  also: settings that it takes by their flag and is not asked for."""

    questions: tuple[Question, ...]
    also: tuple[str, ...] = ()

    def takes(self, setting: str) -> bool:
        """True when a target of this kind can have the setting; of no use is one that nobody asks for."""
        return setting in self.also or any(each.setting == setting for each in self.questions)

    def wanted(self, instead_of: str) -> str:
        """What a target of this kind wants in place of a setting that it does not take, as flags."""
        logins = ("key_id", "username")
        signs = [FLAGS[each.setting] for each in self.questions if each.setting in logins and instead_of in logins]
        rest = [FLAGS[each.setting] for each in self.questions]
        return ", ".join(signs or rest)


LOCAL_FORM: Final = Form((Question("data", "Folder that keyturn init made", "./directory"),))
"""Of a directory on this machine."""
