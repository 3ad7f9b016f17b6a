"""Who asks our own API, and what: the actor behind the token, the fields of the body, the part of a list."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from keyturn.api.problems import PROBLEMS, Problem, answer
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import (
    ChangePassword,
    CreateUser,
    DeleteUser,
    Origin,
    ResetPassword,
    SetStatus,
    UpdateUser,
)
from keyturn.core.outcomes import Reason
from keyturn.core.permissions import Actor, Proof
from keyturn.core.ports import Administration, Directory, Gate
from keyturn.core.secret import Secret
from keyturn.core.users import Handle
from keyturn.http.authn import bearer
from keyturn.http.json import BadRequest
from keyturn.http.query import read_query
from keyturn.http.requests import json_object, origin_of

DOOR: Final = "keyturn"

BY_KEY: Final = Capabilities(
    carries=frozenset({CreateUser, UpdateUser, ResetPassword, ChangePassword, SetStatus, DeleteUser}),
    generates=True,
    mails=True,
    repeats=True,
    validates=True,
)
"""Our own door: everything but permanent known values and secrets in answers; a user is named by key."""

OWN: Final = Capabilities(carries=frozenset({ChangePassword}), handle=Handle.UID)
"""What people do to themselves, named by the uid of their session."""

MUST_CHANGE: Final = Problem(403, "KT-AUTH-002", "Set a new password first")

SHORT_OF: Final[Mapping[Proof, tuple[Problem, str]]] = {
    Proof.RESTRICTED: (MUST_CHANGE, "this session can only POST /keyturn/v1/me/password"),
    Proof.HALF: (
        Problem(403, "KT-AUTH-009", "Show the second factor first"),
        "this session can only POST /keyturn/v1/sessions/current/second-factor",
    ),
    Proof.ENROLLING: (
        Problem(403, "KT-AUTH-010", "Add a second factor first"),
        "this session can only add a factor under /keyturn/v1/me/factors and change the own password",
    ),
}
"""How sessions that are short of something are told what they can do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of somebody signed in."""

    request: Request
    actor: Actor
    token: Secret
    gate: Gate

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the address.  Raises BadRequest."""
        return read_query(self.request.scope["query_string"])

    @property
    def origin(self) -> Origin:
        """Where it comes from, for the audit."""
        return origin_of(self.request)

    def directory(self, via: Capabilities = BY_KEY) -> Directory:
        """The directory as the one who asks may use it."""
        return self.gate.directory(self.actor, via, DOOR, self.origin)

    def administration(self) -> Administration:
        """The administration as the one who asks may use it."""
        return self.gate.administration(self.actor, DOOR, self.origin)


Handler = Callable[[Asked], Awaitable[Response]]


def signed_in(
    gate: Gate, handler: Handler, *, also: frozenset[Proof] = frozenset()
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for people and keys that are signed in.  also: with which sessions too that are short of something;
    at every other endpoint these get no further."""

    async def endpoint(request: Request) -> Response:
        token = bearer(request)
        actor = await gate.actor(token) if token else None
        if actor is None or not token:
            refused = answer(PROBLEMS[Reason.NOT_SIGNED_IN], "send a good token as Authorization: Bearer")
            if token:
                refused.headers["www-authenticate"] += ', error="invalid_token"'
            return refused
        if actor.proof in SHORT_OF and actor.proof not in also:
            return answer(*SHORT_OF[actor.proof])
        return await handler(Asked(request, actor, token, gate))

    return endpoint


@dataclass(frozen=True, slots=True)
class Fields:
    """The members of a JSON body, taken by name and kind."""

    members: dict[str, object]

    @classmethod
    async def of(cls, request: Request, *known: str) -> "Fields":
        """The body's members.  Raises BadRequest for one that is not known: a misspelt word must not be lost."""
        members = await json_object(request)
        if not members.keys() <= set(known):
            raise BadRequest(f"the body may hold: {', '.join(known)}")
        return cls(members)

    def text(self, name: str, default: str | None = None) -> str:
        """A text; Raises BadRequest when it is missing without a default, or something else."""
        value = self.members.get(name, default)
        if not isinstance(value, str):
            raise BadRequest(f"{name} must be a text")
        return value

    def secret(self, name: str) -> Secret:
        """A text that must never be shown."""
        return Secret(self.text(name))

    def maybe_secret(self, name: str) -> Secret | None:
        """The same, None where it is not given."""
        return self.secret(name) if self.members.get(name) is not None else None

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        value = self.members.get(name, default)
        if not isinstance(value, bool):
            raise BadRequest(f"{name} must be true or false")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty where it is not given."""
        value = self.members.get(name, [])
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise BadRequest(f"{name} must be a list of texts")
        return [str(text) for text in value]
