"""What comes of a command.  A refusal is an answer, not an exception: audited, counted, translated."""

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TypeAlias

from keyturn.core.secret import Secret
from keyturn.core.users import User


@unique
class Reason(StrEnum):
    """Why a directory said no.  Closed and shared by all vendors; `docs/reference/refusals.md` has a row for each."""

    NO_SUCH_USER = "no-such-user"
    NO_SUCH_GROUP = "no-such-group"
    NO_SUCH_TENANT = "no-such-tenant"
    EXISTS = "exists"
    RESERVED = "reserved"
    NOT_SIGNED_IN = "not-signed-in"
    NOT_ALLOWED = "not-allowed"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    TOO_COMMON = "too-common"
    UNUSABLE_CHARACTER = "unusable-character"
    POLICY = "policy"
    SAME_PASSWORD = "same-password"
    WRONG_PASSWORD = "wrong-password"
    NO_PASSWORD = "no-password"
    NOT_ACTIVE = "not-active"
    NO_MAIL_ADDRESS = "no-mail-address"
    INVALID = "invalid"
    UNSUPPORTED = "unsupported"
    STALE_VERSION = "stale-version"
    OPERATION_REUSED = "operation-reused"
    LAST_ADMINISTRATOR = "last-administrator"
    TOO_MANY = "too-many"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    OTHER = "other"


RETRYABLE = frozenset({Reason.TOO_MANY, Reason.BUSY, Reason.UNREACHABLE})
"""Refusals that speak of the moment, not of the row: certain that nothing was changed, worth another try."""


@unique
class Delivery(StrEnum):
    """How the new password reaches its owner: a fact of its own, apart from the outcome.

    held: it will be mailed once the address is no longer a new one, or when somebody of rank says so.
    """

    MAILED = "mailed"
    HELD = "held"
    MAIL_REFUSED = "mail-refused"
    HANDOUT = "handout"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Created:
    """The user did not exist and now does.  secret: only what the directory made and may hand back."""

    who: str
    user: User | None = None
    secret: Secret | None = None
    delivery: Delivery = Delivery.NONE


@dataclass(frozen=True, slots=True)
class Changed:
    """The command took effect.  secret: only what the directory made and may hand back."""

    who: str
    user: User | None = None
    secret: Secret | None = None
    delivery: Delivery = Delivery.NONE


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing had to be done (a valid `validate_only`, a status that was so already)."""

    who: str
    user: User | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The directory said no; it is certain that nothing changed.

    text: one sentence for the report, never a part of a password.  code: the vendor's own code, empty for ours.
    retry_after: seconds the target asked us to wait, where it did.
    """

    who: str
    reason: Reason
    text: str = ""
    code: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Sent, and no trustworthy answer came.  Never counted as done, never as failed."""

    who: str
    text: str = ""


Outcome: TypeAlias = Created | Changed | Unchanged | Refused | Uncertain
