"""A stored credential and how it got there."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final

ONE_TIME_LIFE: Final = timedelta(hours=24)
"""How long a one-time secret may be used (NIST SP 800-63B-4 section 4.2.1.2: at most 24 hours)."""


@unique
class Source(StrEnum):
    """Who chose the password: the person, an administrator (a known value), or the directory (a one-time secret)."""

    CHOSEN = "chosen"
    SUPPLIED = "supplied"
    GENERATED = "generated"


@dataclass(frozen=True, slots=True)
class Verifier:
    """What is stored to recognise a password: PHC-like text and the id of the pepper it is keyed with."""

    text: str
    pepper_id: str


@dataclass(frozen=True, slots=True)
class Credential:
    """What is kept of a password: never the password.

    verifier: PHC-like text (`$argon2id$...`, `$hmac-sha256$...`) of the value keyed with the pepper `pepper_id`.
    must_change: a sign-in buys a session that can only set a new password.  expires None: no end.
    operation, derive_id: what a generated value is derived from again (see docs/decisions, 5); empty for others.
    """

    uid: str
    verifier: str
    pepper_id: str
    source: Source
    must_change: bool
    changed: datetime
    expires: datetime | None = None
    operation: str = ""
    derive_id: str = ""

    def checkable(self) -> Verifier:
        """What a hasher compares a candidate with."""
        return Verifier(self.verifier, self.pepper_id)

    def same_as(self, other: "Credential | None") -> bool:
        """Whether that is this very password, perhaps stored in a newer way since."""
        return other is not None and replace(other, verifier=self.verifier, pepper_id=self.pepper_id) == self

    def expired(self, now: datetime) -> bool:
        """True when the time of a one-time secret or temporary value is up."""
        return self.expires is not None and now >= self.expires


@dataclass(frozen=True, slots=True)
class Link:
    """A mailed one-time link: whoever opens it may set a new password for `uid`, once, until `expires`.

    digest: of the link's token; the token itself is derived from `operation` and never stored.
    """

    digest: str
    uid: str
    operation: str
    expires: datetime
