"""Signing in to MAS, and `/v1/apikeys`."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from keyturn.core.outcomes import Reason, Refused
from keyturn.core.ports import Gate, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.storage import Key
from keyturn.dialects.mas.server_asking import Asked, Door, reply
from keyturn.dialects.mas.wire import DOOR
from keyturn.dialects.mas.wire_admin import key_body, read_key
from keyturn.dialects.mas.wire_user import text_of
from keyturn.http.authn import basic
from keyturn.http.paths import segment
from keyturn.http.requests import json_object, origin_of


@dataclass(frozen=True, slots=True)
class Entrance:
    """`/v1/authenticate` and `/logininitial`: both answer with the token for `x-access-token`."""

    door: Door
    gate: Gate

    async def with_key(self, request: Request) -> Response:
        """GET /v1/authenticate: an API key as HTTP Basic, id and token."""
        given = basic(request)
        if given is None:
            return self.door.refuse(Refused("", Reason.NOT_SIGNED_IN))
        return self._admit(
            await self.gate.sign_in_with_key(given.name, given.password, door=DOOR, origin=origin_of(request))
        )

    async def with_password(self, request: Request) -> Response:
        """POST /logininitial: for who must change the password there is nothing to do here, and nothing is consumed.

        `verify`, which IBM's client adds, says nothing to a server and is not looked at.
        """
        body = await json_object(request)
        login, password = text_of(body, "username"), Secret(text_of(body, "password"))
        origin = origin_of(request)
        return self._admit(await self.gate.sign_in(login, password, door=DOOR, origin=origin, restricted=False))

    def _admit(self, signed: SignedIn | Refused) -> Response:
        if isinstance(signed, Refused):
            return self.door.refuse(Refused("", signed.reason, signed.text, retry_after=signed.retry_after))
        return reply({"token": signed.token.reveal()})


@dataclass(frozen=True, slots=True)
class Keys:
    """The endpoints of API keys; only creation and refresh show a token, once."""

    door: Door

    async def list(self, asked: Asked) -> Response:
        """GET /v1/apikeys"""
        keys = await asked.administration().keys()
        return self._refuse(keys) if isinstance(keys, Refused) else reply([key_body(key) for key in keys])

    async def create(self, asked: Asked) -> Response:
        """POST /v1/apikeys"""
        sent = read_key(await asked.body())
        made = await asked.administration().create_key(DOOR, sent.description or "", sent.rights or frozenset())
        return self._refuse(made) if isinstance(made, Refused) else reply(key_body(made.key, made.token), 201)

    async def show(self, asked: Asked) -> Response:
        """GET /v1/apikeys/{id}"""
        key = await self._find(asked)
        return self._refuse(key) if isinstance(key, Refused) else reply(key_body(key))

    async def change(self, asked: Asked) -> Response:
        """PUT /v1/apikeys/{id}"""
        body, key = await asked.body(), await self._find(asked)
        if isinstance(key, Refused):
            return self._refuse(key)
        changed = await asked.administration().update_key(key.id, read_key(body, key.rights))
        return self._refuse(changed) if isinstance(changed, Refused) else reply(key_body(changed))

    async def delete(self, asked: Asked) -> Response:
        """DELETE /v1/apikeys/{id}"""
        gone = await asked.administration().revoke_key(segment(asked.request, "id"))
        return self._refuse(gone) if isinstance(gone, Refused) else reply(None, 204)

    async def refresh(self, asked: Asked) -> Response:
        """POST /v1/apikeys/{id}/refresh: the path is invented, the pages of MAS only show a button."""
        fresh = await asked.administration().refresh_key(segment(asked.request, "id"))
        return self._refuse(fresh) if isinstance(fresh, Refused) else reply(key_body(fresh.key, fresh.token))

    async def _find(self, asked: Asked) -> Key | Refused:
        wanted, keys = segment(asked.request, "id"), await asked.administration().keys()
        if isinstance(keys, Refused):
            return keys
        missing = Refused(wanted, Reason.NO_SUCH_USER, "There is no such API key")
        return next((key for key in keys if key.id == wanted), missing)

    def _refuse(self, refused: Refused) -> Response:
        return self.door.refuse(refused, kind="apikey")
