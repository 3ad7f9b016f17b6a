"""What a run is to do with the rows of its file, as the person asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Final

from keyturn.bulk.ports import Recording
from keyturn.core.capabilities import Capabilities
from keyturn.core.errors import ConfigError
from keyturn.core.secret import Secret

RENDERING: Final = "runner-1"
USUAL_LENGTH: Final = 16
SHORTEST: Final = 8
"""What a generated password needs to hold one of each class and still be hard to guess."""

LONGEST: Final = 64


@unique
class Operation(StrEnum):
    """What is done to each user.  SEND: whatever a recorded request does."""

    RESET = "reset"
    CREATE = "create"
    SEND = "send"


@unique
class PasswordFrom(StrEnum):
    """Who makes the password: the runner, the file, the person who asks (one for all), or the target.

    HASH: nobody; the file holds the hash of the one that the person has had in another system.  REQUEST: nobody knows;
    a recorded request is sent as it is.
    """

    GENERATE = "generate"
    COLUMN = "column"
    HASH = "hash"
    SAME = "same"
    TARGET = "target"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class PasswordChoice:
    """Where the new password of each row comes from.  column: the header in the file, for `COLUMN` and `HASH`.

    value: the one password, for `SAME` alone; no part of what is printed, compared or pinned.

    >>> str(PasswordChoice.parse("column:Start password"))
    'column:Start password'
    """

    origin: PasswordFrom = PasswordFrom.GENERATE
    column: str = ""
    value: Secret | None = field(default=None, repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, value: Secret | None = None) -> "PasswordChoice":
        """Read `generate`, `column:NAME`, `hash:NAME`, `same` or `target`.  Raises ConfigError for anything else.

        What is not understood is not repeated: it may be a password that somebody typed there.
        """
        name, colon, column = text.partition(":")
        if name in (PasswordFrom.COLUMN, PasswordFrom.HASH) and column:
            return cls(PasswordFrom(name), column)
        if not colon and name == PasswordFrom.SAME:
            return cls(PasswordFrom.SAME, value=value)
        if not colon and name in (PasswordFrom.GENERATE, PasswordFrom.TARGET):
            return cls(PasswordFrom(name))
        raise ConfigError(
            "what --password says is not understood",
            code="KT-CFG-030",
            fix="generate, column:NAME, hash:NAME, same or target",
        )

    @property
    def known(self) -> bool:
        """True when people know their passwords already, so that nothing is to be handed out."""
        return self.origin in (PasswordFrom.COLUMN, PasswordFrom.HASH, PasswordFrom.SAME, PasswordFrom.REQUEST)

    @property
    def hashed(self) -> bool:
        """True when nobody here sees a password at all."""
        return self.origin is PasswordFrom.HASH

    def __str__(self) -> str:
        return f"{self.origin}:{self.column}" if self.column else str(self.origin)


def column_of(text: str, flag: str) -> str:
    """The header that a flag names as `column:NAME`; empty for nothing.  Raises ConfigError for anything else.

    >>> column_of("column:Old password", "--old-password")
    'Old password'
    """
    name, _, column = text.partition(":")
    if text and (name != PasswordFrom.COLUMN or not column):
        raise ConfigError(f"what {flag} says is not understood", code="KT-CFG-030", fix=f"{flag} column:NAME")
    return column


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read the file where the person said so.  columns: field to header.  None: found out from the file.

    sheet: of a workbook; where, rows, limit: which rows are meant, as `intake/selection.py` understands it.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str = ""
    where: str = ""
    rows: str = ""
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """The whole order.  email: the target mails the password.  rendering: how generated passwords look, pinned.

    old: the header of the column with the present passwords; empty: each user is reset without one.
    length: of generated passwords, where the person said so; 0: as is usual.
    recorded: the request that the rows were made for, where somebody brought one along.
    """

    operation: Operation
    password: PasswordChoice = field(default_factory=PasswordChoice)
    email: bool = False
    rendering: str = f"{RENDERING}:{USUAL_LENGTH}"
    old: str = ""
    length: int = 0
    recorded: Recording | None = field(default=None, repr=False, compare=False)

    @property
    def sends(self) -> Recording | None:
        """The request that is sent for each row, where that is all that is known of it."""
        return self.recorded if self.operation is Operation.SEND else None

    @property
    def ours(self) -> bool:
        """True when we know the password, so that sending it again does no harm."""
        return self.password.origin not in (PasswordFrom.TARGET, PasswordFrom.REQUEST)

    def mails_or_loses(self, capabilities: Capabilities) -> bool:
        """True when a password that the target makes, and cannot mail to somebody, is known to nobody."""
        return self.password.origin is PasswordFrom.TARGET and not capabilities.hands_back

    def resendable(self, capabilities: Capabilities) -> bool:
        """True when a row whose answer was lost may be sent again without making a second secret."""
        return self.ours or capabilities.repeats


@dataclass(frozen=True, slots=True)
class Rules:
    """What a target demands of a password."""

    shortest: int
    longest: int
    classes: int = 0

    def __str__(self) -> str:
        kinds = f", {self.classes} of the four kinds of letters" if self.classes else ""
        return f"{self.shortest} to {self.longest} characters{kinds}"


def length_for(capabilities: Capabilities, rules: Rules | None, wanted: int = 0) -> int:
    """How long generated passwords are: as wanted, else 16, or as near to that as the target takes.

    Raises ConfigError when nothing safe fits, or not what is wanted.
    """
    least, most = SHORTEST, capabilities.longest or LONGEST
    if rules is not None:
        least, most = max(least, rules.shortest), min(rules.longest, capabilities.longest or rules.longest)
    elif capabilities.usual is not None:
        least, most = max(least, capabilities.usual.shortest), min(most, capabilities.usual.longest)
    most = min(most, LONGEST)
    if least > most:
        raise ConfigError(
            f"no safe password fits: at least {least} and at most {most} characters",
            code="KT-POL-010",
            fix="correct password_rules of the target, or bring passwords of your own with --password column:NAME",
        )
    if wanted and not least <= wanted <= most:
        raise ConfigError(
            f"passwords of {wanted} characters do not fit: at least {least} and at most {most} characters",
            code="KT-POL-010",
            fix=f"--length with a number from {least} to {most}, or leave it away",
        )
    return wanted or max(least, min(most, USUAL_LENGTH))
