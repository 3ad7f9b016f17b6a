"""Who asks through the UiPath door, for which organization, and the shape of what is answered."""

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from starlette.convertors import StringConvertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, compile_path

from keyturn.core.capabilities import Capabilities
from keyturn.core.errors import Busy
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor
from keyturn.core.ports import Administration, Directory, Gate
from keyturn.core.storage import Tenant
from keyturn.core.users import Handle
from keyturn.dialects.uipath.wire import (
    CAPABILITIES,
    DOOR,
    FAULTS,
    OPERATION_HEADER,
    WireAnswer,
    WireRequest,
    problem_body,
    sentence_body,
    write_refusal,
)
from keyturn.dialects.uipath.wire_user import Unreadable, guid_of
from keyturn.http.authn import bearer
from keyturn.http.faults import FaultTable
from keyturn.http.json import BadRequest, encode
from keyturn.http.query import read_query
from keyturn.http.requests import json_object, origin_of, route

_LONGEST_OPERATION: Final = 255
_IN_BODY: Final = frozenset({400, 408, 413, 415})
READ: Final = "PM.User.Read"
WRITE: Final = "PM.User.Write"
BOTH: Final = "PM.User"


@dataclass(frozen=True)
class Asked:
    """A request of somebody signed in, for the organization that the path names, where it names one."""

    request: Request
    actor: Actor
    gate: Gate

    def may(self, scope: str) -> bool:
        """Whether the token carries a scope, or the one that implies it."""
        return bool(self.actor.scopes & {scope, BOTH})

    def directory(self, who: str = "", via: Capabilities = CAPABILITIES) -> Directory:
        """The directory as the one who asks may use it; without the scope to write it refuses every command.

        who: a GUID is the uid, everything else the key.
        """
        via = replace(via, handle=Handle.UID if guid_of(who) else Handle.KEY)
        if not self.may(WRITE):
            via = replace(via, carries=frozenset())
        return self.gate.directory(self.actor, via, DOOR, origin_of(self.request))

    def administration(self) -> Administration:
        """The administration as the one who asks may use it."""
        return self.gate.administration(self.actor, DOOR, origin_of(self.request))

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The parameters.  Raises BadRequest."""
        return read_query(self.request.scope["query_string"])

    async def wire_request(self, *path: str) -> WireRequest:
        """The request in the words of `wire`.  Raises BadRequest."""
        bare = self.request.method == "DELETE" and len(path) > 1
        return WireRequest(
            self.request.method, path, None if bare else await json_object(self.request), self._operation()
        )

    def _operation(self) -> str:
        values = self.request.headers.getlist(OPERATION_HEADER)
        if len(values) > 1 or any(len(value) > _LONGEST_OPERATION or not value.isprintable() for value in values):
            raise BadRequest("Idempotency-Key must be one text of at most 255 characters")
        return values[0].strip() if values else ""


Handler = Callable[[Asked], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Door:
    """What all UiPath endpoints share.  faults: the codes to answer with."""

    gate: Gate
    faults: FaultTable = FAULTS

    def reads(self, handler: Handler) -> Endpoint:
        """An endpoint for tokens that may read."""

        async def scoped(asked: Asked) -> Response:
            return await handler(asked) if asked.may(READ) else lacks_scope(asked.actor, READ)

        return self.signed_in(scoped)

    def writes(self, handler: Handler) -> Endpoint:
        """An endpoint for tokens that may write.  Without the scope the directory refuses, and so it is audited."""

        async def scoped(asked: Asked) -> Response:
            answer = await handler(asked)
            return answer if asked.may(WRITE) else lacks_scope(asked.actor, WRITE)

        return self.signed_in(scoped)

    def signed_in(self, handler: Handler) -> Endpoint:
        """An endpoint for those who show a good token, under the address of their own organization or of none."""

        async def asked(request: Request) -> Response:
            token = bearer(request)
            actor = await self.gate.actor(token, scoped=True) if token else None
            if actor is None or actor.confined:
                return self.refuse(Refused("", Reason.NOT_SIGNED_IN))
            one = Asked(request, actor, self.gate)
            org = request.path_params["org"]
            if org is not None and not is_called(await one.administration().tenant(), org):
                return say(404, "there is no such organization")
            return await handler(one)

        return self.open(asked)

    def open(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint that looks for itself who asks; what cannot be understood is answered in UiPath's shape."""

        async def answering(request: Request) -> Response:
            try:
                return await endpoint(request)
            except BadRequest as error:
                return say(error.status, error.reason)
            except Unreadable as error:
                return _problem(error.field, str(error), 400)
            except Busy as error:
                return self.refuse(Refused("", Reason.BUSY, error.what))

        return answering

    def answer(self, answer: WireAnswer) -> Response:
        """An answer in the words of `wire`, as it goes out."""
        return reply(answer.value, answer.status, retry_after=answer.retry_after)

    def refuse(self, refused: Refused) -> Response:
        """A refusal."""
        return self.answer(write_refusal(refused, self.faults))


def anywhere(path: str, methods: Mapping[str, Endpoint]) -> Route:
    """A route under every address that the vendor's deployments have (README, "Addresses").

    path: below `/identity_`; the portal's addresses have `/portal_/api/identity` in place of `/identity_/api`.
    """
    one = route(path, dict(methods), _wrong_method)
    pattern, _, convertors = compile_path(path.removeprefix("/api"))
    below = "/api" if path.startswith("/api/") else ""
    places = rf"(?:/(?P<org>[^/]+)(?:/[^/]+)?)?/identity_?{below}"
    places += "|/portal_/api/identity" if below else ""
    one.path_regex = re.compile(rf"^(?:{places}){pattern.pattern.removeprefix('^')}")
    one.param_convertors = {**convertors, "org": StringConvertor()}
    return one


def is_called(tenant: Tenant, name: str) -> bool:
    """Whether an organization is meant by its name or its GUID."""
    return name == tenant.name or guid_of(name) == tenant.guid


def lacks_scope(actor: Actor, wanted: str) -> Response:
    """The 403 of a token without the scope, in the words of a real one."""
    held = " ".join(sorted(actor.scopes))
    text = f"Scope(s) '{held}' is(are) invalid. Expect to have '{BOTH}' or '{wanted}'. "
    return reply(sentence_body(text), 403)


def say(status: int, text: str) -> Response:
    """A refusal that no command made (unreadable, no such path, an error), in the shape of this door."""
    if status in _IN_BODY:
        return _problem("request", text, status)
    return reply(sentence_body(text), status, retry_after=1.0 if status in (429, 503) else None)


def reply(value: object, status: int = 200, *, retry_after: float | None = None) -> Response:
    """A JSON answer, never to be stored; None is an empty body."""
    headers = {"cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = 'Bearer error="invalid_token"'
    if retry_after is not None:
        headers["retry-after"] = str(min(3600, max(1, round(retry_after))))
    if value is None:
        return Response(status_code=status, headers=headers)
    return Response(encode(value), status, headers, "application/json")


def _problem(field: str, text: str, status: int) -> Response:
    trace = f"{secrets.token_hex(16)}-{secrets.token_hex(8)}"
    return reply(problem_body(field, text, status, trace), status)


def _wrong_method(request: Request, plain: Response) -> Response:
    answer = say(405, "this address does not take this method")
    answer.headers["allow"] = plain.headers["allow"]
    return answer
