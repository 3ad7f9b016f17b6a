"""What is a person's own beside the password: second factors, and keys for doors that know a password alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from keyturn.core.factors import Answer, Factor
from keyturn.core.outcomes import Changed, Refused, Unchanged
from keyturn.core.ports import NewKey, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.storage import Key
from keyturn.core.users import Handle


@dataclass(frozen=True, slots=True)
class NewApp:
    """An authenticator app that is proposed.  secret: in base32; uri: what its picture holds."""

    id: str
    secret: Secret
    uri: Secret


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What came of a change: a new session, since all others ended; and recovery codes, shown this once."""

    signed: SignedIn
    codes: tuple[Secret, ...] = ()


class Personal(Protocol):
    """Factors and keys of persons as one caller may use them.  Same laws as `Directory`: refusals are values."""

    async def show(self, code: Secret) -> SignedIn | Refused:
        """The whole session for half a one, by a code of an app or a recovery code; Refused(NOT_SIGNED_IN) if not."""

    async def show_passkey(self, answer: Answer) -> SignedIn | Refused:
        """The same, by what a browser answered to `passkey_to_show`."""

    async def passkey_to_show(self) -> Mapping[str, object] | Refused:
        """What a browser needs to show a passkey."""

    async def passkey_to_make(self) -> Mapping[str, object] | Refused:
        """What a browser needs to make a passkey."""

    async def add_passkey(self, name: str, answer: Answer) -> Enrolled | Refused:
        """The passkey that the browser made works from now on."""

    async def factors(self) -> Sequence[Factor] | Refused:
        """One's own factors and recovery codes."""

    async def propose_app(self, name: str) -> NewApp | Refused:
        """A secret for an authenticator app; it opens nothing until a code of it was shown."""

    async def confirm_app(self, code: Secret) -> Enrolled | Refused:
        """The proposed app works from now on, if the code is of it."""

    async def remove_factor(self, id: str) -> Enrolled | Refused:
        """Remove one of one's own factors."""

    async def new_codes(self) -> tuple[Secret, ...] | Refused:
        """New recovery codes in place of all that were there."""

    async def remove_factors_of(self, who: str, by: Handle) -> Changed | Unchanged | Refused:
        """Take all factors and codes from a user who lost them."""

    async def keys(self) -> Sequence[Key] | Refused:
        """One's own keys, oldest first."""

    async def create_key(self, kind: str, description: str) -> NewKey | Refused:
        """A key of one's own for a door; its token is shown this once."""

    async def revoke_key(self, id: str) -> Key | Refused:
        """Delete one of one's own keys."""
