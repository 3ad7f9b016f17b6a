"""Keys of one's own over our own API: for doors that take a name and a password, or an API key, and know no more."""

from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from keyturn.api.asking import DOOR, Asked, Fields
from keyturn.api.factors import OpenPersonal
from keyturn.api.keys import Forms, form_of, shown_once
from keyturn.api.problems import refusal
from keyturn.api.shapes import key_body
from keyturn.core.outcomes import Refused
from keyturn.core.personal import Personal
from keyturn.http.paths import segment


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """`/me/keys`."""

    personal: OpenPersonal
    forms: Forms

    async def listing(self, asked: Asked) -> Response:
        """GET /me/keys: one's own, oldest first, without their tokens."""
        keys = await self._of(asked).keys()
        return refusal(keys) if isinstance(keys, Refused) else JSONResponse({"keys": [key_body(key) for key in keys]})

    async def create(self, asked: Asked) -> Response:
        """POST /me/keys {"kind", "description"?}: the only answer that ever shows the key's token."""
        fields = await Fields.of(asked.request, "kind", "description")
        kind = fields.text("kind")
        form_of(self.forms, kind)
        made = await self._of(asked).create_key(kind, fields.text("description", ""))
        return refusal(made) if isinstance(made, Refused) else shown_once(made, made.token.reveal())

    async def revoke(self, asked: Asked) -> Response:
        """DELETE /me/keys/{id}: the key and what was signed in with it are dead at once."""
        revoked = await self._of(asked).revoke_key(segment(asked.request, "id"))
        return refusal(revoked) if isinstance(revoked, Refused) else Response(status_code=204)

    def _of(self, asked: Asked) -> Personal:
        return self.personal(asked.actor, DOOR, asked.origin)
