"""The few calls to Manage (`/maximo/api/os/...`) that IBM's client makes even against MAS 9.0.

That client shows Manage a TLS client certificate and no other credential for the list of groups and for its API key
(mas-devops 12.11.1, users.py, 2026-11-21), which plain HTTP cannot carry.  So the names of the groups, a constant, are
told to anybody; everything else asks for a credential: `apikey`, `x-access-token`, Bearer, or Basic with an API key.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from keyturn.core.errors import Busy
from keyturn.core.outcomes import RETRYABLE, Refused
from keyturn.core.ports import Gate
from keyturn.core.secret import Secret
from keyturn.core.users import Handle
from keyturn.dialects.mas.server_asking import Asked, Door, Endpoint, Handler, reply
from keyturn.dialects.mas.wire import DOOR, TOKEN_HEADER, write_refusal
from keyturn.dialects.mas.wire_admin import (
    GROUPS,
    MANAGE,
    ONE_KEY_ONLY,
    groups_body,
    held,
    joined,
    manage_error,
    manage_key_body,
    read_group_user,
    read_where,
)
from keyturn.dialects.mas.wire_manage import KEY_HEADER
from keyturn.dialects.mas.wire_user import Unreadable
from keyturn.http.authn import basic, named_token
from keyturn.http.json import BadRequest
from keyturn.http.paths import segment
from keyturn.http.query import read_query
from keyturn.http.requests import origin_of

_METHOD_OVERRIDE = "x-method-override"


@dataclass(frozen=True, slots=True)
class Manage:
    """The endpoints of Manage's groups and API keys."""

    door: Door
    gate: Gate

    def open(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint that answers mistakes in Manage's shape."""

        async def answering(request: Request) -> Response:
            try:
                return await endpoint(request)
            except (BadRequest, Unreadable) as error:
                return reply(manage_error(400, str(error)), 400)

        return self.door.open(answering)

    def signed_in(self, handler: Handler) -> Endpoint:
        """An endpoint for those who show a credential.

        In `apikey` that is an access token, or id and token of an API key with a colon between them: Manage's keys are
        one text that does not run out.
        """

        async def asked(request: Request) -> Response:
            token = await self._token(request)
            actor = await self.gate.actor(token) if token else None
            if actor is None or token is None or actor.confined:
                return reply(manage_error(401, "sign in first"), 401)
            return await handler(Asked(request, actor, token, self.gate))

        return self.open(asked)

    async def groups(self, request: Request) -> Response:
        """GET /maximo/api/os/mxapigroup"""
        return reply(groups_body(read_where(read_query(request.scope["query_string"]), "groupname")))

    async def members(self, asked: Asked) -> Response:
        """GET /maximo/api/os/mxapigroup/{group}/groupuser: whether one user is in the group."""
        name, who = _group(asked), read_where(asked.query, "userid")
        if who is None:
            raise Unreadable('oslc.where=userid="..." is needed')
        user = await asked.directory().find(who)
        places = {grant.workspace for grant in user.grants} if user is not None else set()
        inside = user is not None and any(name in held(user, place, MANAGE)[1] for place in places)
        return reply({"member": [{"userid": who}] if inside else []})

    async def join(self, asked: Asked) -> Response:
        """POST /maximo/api/os/mxapigroup/{group} with x-method-override PATCH: users join the group."""
        if asked.request.headers.get(_METHOD_OVERRIDE, "").upper() != "PATCH":
            raise Unreadable("only x-method-override: PATCH is understood here")
        name, whos = _group(asked), read_group_user(await asked.body())
        for who in whos:
            refused = await self._add(asked, who, name)
            if refused is not None:
                answer = write_refusal(refused, self.door.faults)
                return reply(manage_error(answer.status, refused.text), answer.status)
        return reply(None, 204)

    async def make_key(self, asked: Asked) -> Response:
        """POST /maximo/api/os/mxapiapikey: there is one already, which is the documented answer to a second one."""
        await asked.body()
        return reply(manage_error(400, "Only one API key allowed per user", ONE_KEY_ONLY), 400)

    async def keys(self, asked: Asked) -> Response:
        """GET /maximo/api/os/mxapiapikey: what the caller is signed in with, and nothing more."""
        who = read_where(asked.query, "userid") or asked.actor.name
        return reply(manage_key_body(who, asked.token))

    async def _add(self, asked: Asked, who: str, name: str) -> Refused | None:
        administration = asked.administration()
        places = [each.workspace for each in await administration.applications() if each.id == MANAGE]
        user = await asked.directory().find(who)
        for place in places:
            role, groups = held(user, place, MANAGE) if user is not None else ("", ())
            role = joined(role, sorted({*groups, name}))
            outcome = await administration.grant(who, Handle.KEY, place, MANAGE, role)
            if isinstance(outcome, Refused):
                return outcome
        return None

    async def _token(self, request: Request) -> Secret | None:
        key = basic(request)
        if key is not None:
            return await self._with_key(request, key.name, key.password)
        shown = named_token(request, KEY_HEADER)
        name, colon, token = shown.reveal().partition(":") if shown else ("", "", "")
        if colon:
            return await self._with_key(request, name, Secret(token))
        return shown or named_token(request, TOKEN_HEADER)

    async def _with_key(self, request: Request, name: str, token: Secret) -> Secret | None:
        signed = await self.gate.sign_in_with_key(name, token, door=DOOR, origin=origin_of(request))
        if isinstance(signed, Refused) and signed.reason in RETRYABLE:
            raise Busy(signed.text)
        return None if isinstance(signed, Refused) else signed.token


def _group(asked: Asked) -> str:
    wanted = segment(asked.request, "group")
    for name, number in GROUPS.items():
        if str(number) == wanted:
            return name
    raise Unreadable("there is no such group")
