"""What a directory shows of a user's credential when it is read back, as data; never a password, never a verifier."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from keyturn.core.users import Stamp, User


@unique
class Sign(StrEnum):
    """By what a change of a password can be seen from outside."""

    PASSWORD_CHANGED = "when the password was changed"
    MUST_CHANGE = "whether it must be changed at the next sign-in"
    TOUCHED = "when the user was last changed"
    VERSION = "the version of the user"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One user as read back.  None and empty: not told.

    exists: False when no such user is shown.  version: compared as it is written.  added, touched: by whom and when
    the user was made and last changed; `by` empty where nobody is named.
    clock: what time it is at the directory; None when it does not say.
    floating: its times come without a zone, so that they may be hours off.
    mail: what became of the newest mail with which the user was to be let in.
    """

    who: str
    exists: bool = True
    login: str = ""
    password_changed: datetime | None = None
    must_change: bool | None = None
    has_password: bool | None = None
    version: str = ""
    added: Stamp | None = None
    touched: Stamp | None = None
    clock: datetime | None = None
    floating: bool = False
    mail: str = ""


@unique
class Tried(StrEnum):
    """What came of one sign-in with a password."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_TOLD = "not told"


def nobody(who: str, clock: datetime | None = None) -> Evidence:
    """That no such user is shown."""
    return Evidence(who, exists=False, clock=clock)


def evidence_of(who: str, user: User, clock: datetime | None = None) -> Evidence:
    """All that a user shows who is kept as we keep them; a dialect takes away what its vendor does not tell."""
    return Evidence(
        who,
        login=user.login,
        password_changed=user.password_changed,
        must_change=user.must_change,
        has_password=user.has_password,
        version=str(user.version),
        added=user.added,
        touched=user.updated,
        clock=clock,
    )
