"""A request that somebody recorded elsewhere, for dialects to recognise as one of their own calls.  Pure."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

from keyturn.core.commands import Command
from keyturn.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request that is ready to leave.

    base: scheme, host and port.  path: decoded segments, empty ones left out.  query: decoded.  headers: by name in
    small letters.  value: the JSON of the body; None where there is none.  What may be a password is never printed.
    """

    method: str
    base: str
    path: tuple[str, ...]
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    value: object = field(default=None, repr=False)

    def above(self, place: int) -> str:
        """The address down to a segment of the path, that one left out."""
        return "/".join((self.base, *self.path[:place]))

    def switches(self, *known: str) -> Mapping[str, bool] | None:
        """The query as switches; None when it holds another name, one twice, or what is neither true nor false."""
        found = {}
        for name, value in self.query:
            if name not in known or name in found or value.casefold() not in ("true", "false"):
                return None
            found[name] = value.casefold() == "true"
        return found

    @property
    def body(self) -> Mapping[str, object] | None:
        """The JSON object of the body; None where it is no object."""
        return self.value if isinstance(self.value, Mapping) else None


@dataclass(frozen=True, slots=True)
class SignIn:
    """With what a recorded request signs in: a token, or a login and its password."""

    token: Secret | None = None
    username: str = ""
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Recognised:
    """A call that a dialect knows: what it asks for, and the server that it is sent to.

    url: as the settings of a target have it.  statuses: those that the dialect takes for success.  sign_in: None where
    the request holds nothing to sign in with.  header: in which it stands.
    """

    command: Command
    url: str
    statuses: frozenset[int]
    sign_in: SignIn | None = None
    header: str = "authorization"


def sign_in_of(headers: Mapping[str, str]) -> SignIn | None:
    """What stands in `Authorization`, as a token or as name and password; None for anything else."""
    scheme, _, rest = headers.get("authorization", "").strip().partition(" ")
    rest = rest.strip()
    if scheme.casefold() == "bearer" and rest:
        return SignIn(token=Secret(rest))
    if scheme.casefold() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(rest, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return SignIn(username=name, password=Secret(password)) if colon and name else None
