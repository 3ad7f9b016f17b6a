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
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor
from keyturn.core.ports import Administration, Directory, Gate
from keyturn.core.users import Handle
from keyturn.dialects.uipath.wire import (
    CAPABILITIES,
    DOOR,
    FAULTS,
    WireAnswer,
    WireRequest,
)
from keyturn.dialects.uipath.wire_answers import problem_body, sentence_body, write_refusal
from keyturn.dialects.uipath.wire_user import Unreadable, guid_of, text_of
from keyturn.http import replies
from keyturn.http.authn import bearer
from keyturn.http.faults import FaultTable
from keyturn.http.query import read_query
from keyturn.http.requests import json_object, operation_of, origin_of, route
from keyturn.http.rights import refusal_of

_IN_BODY: Final = frozenset({400, 408, 413, 415})
USERS: Final = "PM.User"


@dataclass(frozen=True)
class Asked:
    """A request of somebody signed in, for the organization that the path names, where it names one."""

    request: Request
    actor: Actor
    gate: Gate

    def may(self, scope: str, half: str) -> bool:
        """Whether the token carries a scope, or the half of it that is asked for."""
        return bool(self.actor.scopes & {scope, f"{scope}.{half}"})

    def powerless(self) -> "Asked":
        """The same request of somebody without any right: what is then refused is audited, command by command."""
        return replace(self, actor=replace(self.actor, rights=frozenset()))

    async def refuse(self, verb: str, text: str, who: str = "", reason: Reason = Reason.NOT_ALLOWED) -> Refused:
        """Audit that this door lets the caller no further."""
        refused = Refused(who, reason, text)
        return await self.gate.refuse(refused, verb, actor=self.actor, door=DOOR, origin=origin_of(self.request))

    async def refusal(self, verb: str) -> Refused | None:
        """Why a list is not shown to the one who asks, audited; None when it is."""
        return await refusal_of(self.gate, self.actor, verb, door=DOOR, origin=origin_of(self.request))

    def directory(self, who: str = "", via: Capabilities = CAPABILITIES) -> Directory:
        """The directory as the one who asks may use it.  who: a GUID is the uid, everything else the key."""
        via = replace(via, handle=Handle.UID if guid_of(who) else Handle.KEY)
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
        bare = self.request.method == "DELETE" and len(path) > 1
        return WireRequest(self.request.method, path, None if bare else await self.body(), operation_of(self.request))


Handler = Callable[[Asked], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Door:
    """What all UiPath endpoints share.  faults: the codes to answer with."""

    gate: Gate
    faults: FaultTable = FAULTS

    def reads(self, handler: Handler, scope: str = USERS) -> Endpoint:
        """An endpoint for tokens that may read."""

        async def scoped(asked: Asked) -> Response:
            if asked.may(scope, "Read"):
                return await handler(asked)
            return await lacks_scope(asked, scope, "Read")

        return self.signed_in(scoped)

    def writes(self, handler: Handler, scope: str = USERS) -> Endpoint:
        """An endpoint for tokens that may write; whatever else a client asks for is refused by the directory."""

        async def scoped(asked: Asked) -> Response:
            if asked.may(scope, "Write"):
                return await handler(asked)
            if asked.actor.scopes:
                await handler(asked.powerless())
            return await lacks_scope(asked, scope, "Write")

        return self.signed_in(scoped)

    def signed_in(self, handler: Handler) -> Endpoint:
        """An endpoint for those who show a good token, under the address of their own organization or of none."""

        async def asked(request: Request) -> Response:
            token = bearer(request)
            actor = await self.gate.actor(token, scoped=True) if token else None
            if actor is None or actor.confined:
                return await self._not_signed_in(request, actor, shown=token is not None)
            one = Asked(request, actor, self.gate)
            org = request.path_params["org"]
            if org is not None and not await is_own(one, org):
                return no_organization()
            return await handler(one)

        return self.open(asked)

    async def _not_signed_in(self, request: Request, actor: Actor | None, *, shown: bool) -> Response:
        """401; audited where a token was shown, because without one nobody has asked for anything."""
        text = "the access token is not good" if actor is None else "the password must be changed first"
        refused = Refused("", Reason.NOT_SIGNED_IN, text)
        if shown:
            await self.gate.refuse(refused, "session.use", actor=actor, door=DOOR, origin=origin_of(request))
        answer = self.refuse(refused)
        if not shown:
            answer.headers["www-authenticate"] = "Bearer"
        return answer

    def open(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint that looks for itself who asks; what cannot be understood is answered in UiPath's shape."""

        return replies.guarded(
            endpoint,
            say=say,
            refuse=self.refuse,
            unreadable=Unreadable,
            misread=lambda error: _problem(error.field, str(error), error.status),
        )

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


async def is_own(asked: Asked, name: str) -> bool:
    """Whether an organization, by name or GUID, is the caller's; audited when it is not."""
    tenant = await asked.administration().tenant()
    if name == tenant.name or guid_of(name) == tenant.guid:
        return True
    text = "the organization that is named is not the caller's"
    await asked.refuse("tenant.read", text, name, Reason.NO_SUCH_TENANT)
    return False


def no_organization() -> Response:
    """The 404 of an organization that is not the caller's; of one that is nobody's, too."""
    return say(404, "there is no such organization")


async def stranger_in(asked: Asked, body: Mapping[str, object]) -> Response | None:
    """The answer to a body that names another organization; None when it names the caller's own, or none."""
    partition = text_of(body, "partitionGlobalId")
    return None if not partition or await is_own(asked, partition) else no_organization()


async def lacks_scope(asked: Asked, scope: str, half: str) -> Response:
    """The 403 of a token without the scope, in the words of a real one; audited."""
    who = asked.request.path_params.get("id", "")
    await asked.refuse("session.use", f"the token lacks the scope {scope}.{half}", str(who))
    held = " ".join(sorted(asked.actor.scopes))
    text = f"Scope(s) '{held}' is(are) invalid. Expect to have '{scope}' or '{scope}.{half}'. "
    answer = reply(sentence_body(text), 403)
    answer.headers["www-authenticate"] = f'Bearer error="insufficient_scope", scope="{scope}.{half}"'
    return answer


def say(status: int, text: str) -> Response:
    """A refusal that no command made (unreadable, no such path, an error), in the shape of this door."""
    if status in _IN_BODY:
        return _problem("request", text, status)
    return reply(sentence_body(text), status)


def reply(value: object, status: int = 200, *, retry_after: float | None = None) -> Response:
    """A JSON answer, never to be stored; None is an empty body."""
    return replies.reply(value, status, retry_after=retry_after, challenge='Bearer error="invalid_token"')


def _problem(field: str, text: str, status: int) -> Response:
    trace = f"{secrets.token_hex(16)}-{secrets.token_hex(8)}"
    return reply(problem_body(field, text, status, trace), status)


def _wrong_method(request: Request) -> Response:
    return say(405, "this address does not take this method")
