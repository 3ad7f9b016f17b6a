"""Second factors: what somebody has beside the password, and what is kept of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final, Protocol, TypeAlias

from keyturn.core.secret import Secret

FRESH: Final = timedelta(minutes=10)
"""How old a sign-in may be for a change of one's factors, and how long a first factor may wait for the second."""

MOST_FACTORS: Final = 10
"""How many authenticators and passkeys somebody may have."""

RECOVERY_CODES: Final = 10
"""How many codes are made at a time; each is good once."""


Answer: TypeAlias = Mapping[str, object]
"""What a browser sends of a passkey."""


@unique
class FactorKind(StrEnum):
    """What somebody shows: a code of an authenticator app, a passkey, or a recovery code in place of either."""

    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a user, or one recovery code.

    name: as its owner calls it.  reference: what it is recognised by, unique on the server: the id of a passkey, the
    digest of a recovery code.  material: the sealed secret of an app, the public key of a passkey; nothing of a code.
    counter: the last step of time that was accepted, the count of signatures of a passkey.
    active: it was shown once, and so works; until then it is a proposal.
    """

    id: str
    uid: str
    kind: FactorKind
    name: str
    reference: str
    material: bytes
    counter: int
    active: bool
    added: datetime
    used: datetime | None = None


@dataclass(frozen=True, slots=True)
class Challenge:
    """A number that a passkey must sign, once.  holder: the session that asked, or who wants to add a passkey."""

    holder: str
    value: bytes
    expires: datetime


class FactorTable(Protocol):
    """Factors, recovery codes and challenges."""

    def of(self, uid: str) -> Sequence[Factor]:
        """Everything that a user has, proposals too, in order of making."""

    def put(self, factors: Sequence[Factor]) -> None:
        """Keep new ones.  Raises Conflict when one of them is somebody's already."""

    def advance(self, factor: Factor, counter: int, at: datetime) -> bool:
        """Count an authenticator or a passkey on, and make it active; True for the one who did it from this count."""

    def remove(self, ids: Sequence[str]) -> int:
        """Delete these; answers how many were still there."""

    def challenge(self, challenge: Challenge, now: datetime) -> None:
        """Keep a challenge in place of the holder's last one; what is over is forgotten."""

    def take(self, holder: str, now: datetime) -> bytes | None:
        """The challenge of a holder, for the one who takes it; None when there is none or its time is up."""


class Codes(Protocol):
    """Codes of authenticator apps (RFC 6238: SHA-1, 6 digits, 30 seconds)."""

    def new(self) -> Secret:
        """A new secret, in base32 as apps take it."""

    def uri(self, secret: Secret, account: str, issuer: str) -> Secret:
        """The address that apps read from a picture; it holds the secret."""

    def seal(self, secret: Secret, factor: str) -> bytes:
        """The secret as it is kept."""

    def step(self, sealed: bytes, factor: str, code: Secret, now: datetime) -> int | None:
        """Which step of time the code is of, at most one away from now; None when it is of none."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are made for and shown at: the name of the host, and what browsers call the origin."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Asking:
    """What a browser is asked to do with a passkey, as JSON, and the challenge in it."""

    options: Mapping[str, object]
    challenge: bytes


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey just made: its id, its public key, and the count of its signatures."""

    reference: str
    key: bytes
    counter: int


class Passkeys(Protocol):
    """Passkeys (WebAuthn, W3C).  answer: `PublicKeyCredential.toJSON()` of the browser."""

    def to_make(self, site: Site, uid: str, login: str, known: Sequence[str]) -> Asking:
        """What a browser needs to make one.  known: the ids of those that the person has."""

    def made(self, site: Site, challenge: bytes, answer: Answer) -> NewPasskey | None:
        """The passkey that was made; None when the answer is not to this challenge at this site."""

    def to_show(self, site: Site, known: Sequence[str]) -> Asking:
        """What a browser needs to show one of these."""

    def shown(self, site: Site, challenge: bytes, answer: Answer, factor: Factor) -> int | None:
        """The new count of signatures of a passkey; None when it did not sign this challenge at this site."""


def kinds(factors: Sequence[Factor]) -> tuple[FactorKind, ...]:
    """With what somebody can show a second factor; nothing when there are only proposals or codes."""
    found = {factor.kind for factor in factors if factor.active}
    return tuple(kind for kind in FactorKind if kind in found) if found - {FactorKind.RECOVERY} else ()


def typed(code: Secret) -> Secret:
    """A recovery code as it is compared: what people type in other letters, with spaces or without hyphens."""
    return Secret(code.reveal().upper().translate(_TYPED))


_TYPED: Final = str.maketrans("ILO", "110", "- ")
