"""Who asks through the MAS door, and the shape of what is answered."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from keyturn.core.capabilities import Capabilities
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor
from keyturn.core.ports import Administration, Directory, Gate
from keyturn.core.secret import Secret
from keyturn.dialects.mas.wire import (
    CAPABILITIES,
    DOOR,
    FAULTS,
    TOKEN_HEADER,
    WireAnswer,
    WireRequest,
    error_body,
    write_refusal,
)
from keyturn.dialects.mas.wire_user import Unreadable
from keyturn.http import replies
from keyturn.http.authn import named_token
from keyturn.http.faults import FaultTable
from keyturn.http.query import flag, read_query
from keyturn.http.requests import json_object, operation_of, origin_of

_CODES: Final = {400: Reason.INVALID, 401: Reason.NOT_SIGNED_IN, 403: Reason.NOT_ALLOWED, 404: Reason.NO_SUCH_USER,
                 429: Reason.TOO_MANY, 503: Reason.BUSY}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request of somebody signed in."""

    request: Request
    actor: Actor
    token: Secret
    gate: Gate

    def directory(self, via: Capabilities = CAPABILITIES) -> Directory:
        """The directory as the one who asks may use it; it refuses what MAS cannot carry."""
        return self.gate.directory(self.actor, via, DOOR, origin_of(self.request))

    def administration(self) -> Administration:
        """The administration as the one who asks may use it."""
        return self.gate.administration(self.actor, DOOR, origin_of(self.request))

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The parameters.  Raises BadRequest."""
        return read_query(self.request.scope["query_string"])

    async def body(self) -> dict[str, object]:
        """The members of the JSON body.  Raises BadRequest."""
        return await json_object(self.request)

    async def wire_request(self, *path: str) -> WireRequest:
        """The request in the words of `wire`.  Raises BadRequest."""
        flags = {name: flag(self.query, name) for name in ("emailPassword", "validate") if name in self.query}
        method = self.request.method
        body = None if method == "DELETE" else await self.body()
        return WireRequest(method, path, flags, body, operation_of(self.request))


Handler = Callable[[Asked], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Door:
    """What all MAS endpoints share.  faults: the codes to answer with."""

    gate: Gate
    faults: FaultTable = FAULTS

    def signed_in(self, handler: Handler) -> Endpoint:
        """An endpoint for keys and people who are signed in; a session that must change its password is none."""

        async def asked(request: Request) -> Response:
            token = named_token(request, TOKEN_HEADER)
            actor = await self.gate.actor(token) if token else None
            if actor is None or not token or actor.confined:
                return self.refuse(Refused("", Reason.NOT_SIGNED_IN))
            return await handler(Asked(request, actor, token, self.gate))

        return self.open(asked)

    def open(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint that looks for itself who asks; what cannot be understood is answered in MAS's shape."""

        return replies.guarded(
            endpoint,
            say=self.say,
            refuse=self.refuse,
            unreadable=Unreadable,
            misread=lambda error: self.say(400, str(error)),
        )

    def answer(self, answer: WireAnswer) -> Response:
        """An answer in the words of `wire`, as it goes out."""
        return reply(answer.value, answer.status, retry_after=answer.retry_after)

    def refuse(self, refused: Refused, *, kind: str = "user") -> Response:
        """A refusal; kind: what was not found or may not be touched."""
        return self.answer(write_refusal(refused, self.faults, kind=kind))

    def say(self, status: int, text: str) -> Response:
        """A refusal of the request itself."""
        return refuse_request(status, text, self.faults)

    def wrong_method(self, request: Request) -> Response:
        """The 405 in MAS's shape."""
        return self.say(405, "this address does not take this method")


def refuse_request(status: int, text: str, faults: FaultTable = FAULTS) -> Response:
    """A refusal that no command made (unreadable, no such path, an error), in the shape of this door."""
    code = faults.of(_CODES.get(status, Reason.OTHER)).code
    return reply(error_body(code, text), status)


def reply(value: object, status: int = 200, *, retry_after: float | None = None) -> Response:
    """A JSON answer, never to be stored; None is an empty body.  A 401 says how to sign in."""
    return replies.reply(value, status, retry_after=retry_after, challenge='Bearer realm="MAS"')
