"""Keys of one's own over our own API: for doors that take a name and a password, or an API key, and know no more."""

from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from keyturn.api.asking import DOOR, Asked, Fields
from keyturn.api.factors import OpenPersonal
from keyturn.api.problems import refusal
from keyturn.api.shapes import key_body
from keyturn.core.outcomes import Refused
from keyturn.core.personal import Personal
from keyturn.http.json import BadRequest
from keyturn.http.paths import segment


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """`/me/keys`."""

    personal: OpenPersonal

    async def listing(self, asked: Asked) -> Response:
        """GET /me/keys: one's own, oldest first, without their tokens."""
        keys = await self._of(asked).keys()
        return refusal(keys) if isinstance(keys, Refused) else JSONResponse({"keys": [key_body(key) for key in keys]})

    async def create(self, asked: Asked) -> Response:
        """POST /me/keys {"kind", "description"?}: the only answer that ever shows the key's token."""
        fields = await Fields.of(asked.request, "kind", "description")
        kind = fields.text("kind")
        if not kind:
            raise BadRequest("kind must name the door that the key is for")
        made = await self._of(asked).create_key(kind, fields.text("description", ""))
        if isinstance(made, Refused):
            return refusal(made)
        return JSONResponse(
            key_body(made.key) | {"token": made.token.reveal()}, 201, headers={"cache-control": "no-store"}
        )

    async def revoke(self, asked: Asked) -> Response:
        """DELETE /me/keys/{id}: the key and what was signed in with it are dead at once."""
        revoked = await self._of(asked).revoke_key(segment(asked.request, "id"))
        return refusal(revoked) if isinstance(revoked, Refused) else Response(status_code=204)

    def _of(self, asked: Asked) -> Personal:
        return self.personal(asked.actor, DOOR, asked.origin)
