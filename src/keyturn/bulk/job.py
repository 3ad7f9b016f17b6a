"""What a run is to do with the rows of its file, as the person asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Final

from keyturn.core.capabilities import Capabilities
from keyturn.core.errors import ConfigError

RENDERING: Final = "runner-1"
USUAL_LENGTH: Final = 16
SHORTEST: Final = 8
"""What a generated password needs to hold one of each class and still be hard to guess."""


@unique
class Operation(StrEnum):
    """What is done to each user."""

    RESET = "reset"
    CREATE = "create"


@unique
class PasswordFrom(StrEnum):
    """Who makes the password: the runner, the file, or the target."""

    GENERATE = "generate"
    COLUMN = "column"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class PasswordChoice:
    """Where the new password of each row comes from.  column: the header in the file, for `COLUMN` alone.

    >>> str(PasswordChoice.parse("column:Start password"))
    'column:Start password'
    """

    origin: PasswordFrom = PasswordFrom.GENERATE
    column: str = ""

    @classmethod
    def parse(cls, text: str) -> "PasswordChoice":
        """Read `generate`, `column:NAME` or `target`.  Raises ConfigError for anything else."""
        name, colon, column = text.partition(":")
        if name == PasswordFrom.COLUMN and column:
            return cls(PasswordFrom.COLUMN, column)
        if not colon and name in (PasswordFrom.GENERATE, PasswordFrom.TARGET):
            return cls(PasswordFrom(name))
        raise ConfigError(
            f"--password {text} is not understood", code="KT-CFG-030", fix="generate, column:NAME or target"
        )

    def __str__(self) -> str:
        return f"{self.origin}:{self.column}" if self.column else str(self.origin)


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read the file where the person said so.  columns: field to header.  None: found out from the file."""

    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """The whole order.  email: the target mails the password.  rendering: how generated passwords look, pinned."""

    operation: Operation
    password: PasswordChoice = field(default_factory=PasswordChoice)
    email: bool = False
    rendering: str = f"{RENDERING}:{USUAL_LENGTH}"

    @property
    def ours(self) -> bool:
        """True when we know the password, so that sending it again does no harm."""
        return self.password.origin is not PasswordFrom.TARGET

    def resendable(self, capabilities: Capabilities) -> bool:
        """True when a row whose answer was lost may be sent again without making a second secret."""
        return self.ours or capabilities.repeats


@dataclass(frozen=True, slots=True)
class Rules:
    """What the target demands of a password, where it is stricter than what servers of its kind usually accept."""

    shortest: int
    longest: int
    classes: int = 0


def length_for(capabilities: Capabilities, rules: Rules | None) -> int:
    """How long generated passwords are: 16, less where the target takes no more, more where it demands it.

    Raises ConfigError when nothing safe fits.
    """
    least, most = SHORTEST, capabilities.longest or USUAL_LENGTH
    if rules is not None:
        least, most = max(least, rules.shortest), min(rules.longest, capabilities.longest or rules.longest)
    elif capabilities.usual is not None:
        least, most = max(least, capabilities.usual.shortest), min(most, capabilities.usual.longest)
    if least > most:
        raise ConfigError(
            f"no safe password fits: at least {least} and at most {most} characters",
            code="KT-POL-010",
            fix="correct password_rules of the target, or bring passwords of your own with --password column:NAME",
        )
    return max(least, min(most, USUAL_LENGTH))
