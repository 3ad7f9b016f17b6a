"""API keys over our own API."""

from starlette.responses import JSONResponse, Response

from keyturn.api.asking import Asked, Fields
from keyturn.api.problems import refusal
from keyturn.api.shapes import key_body
from keyturn.core.outcomes import Refused
from keyturn.core.users import RIGHT_NAMES, Right
from keyturn.http.json import BadRequest
from keyturn.http.paths import segment


async def listing(asked: Asked) -> Response:
    """GET /keys: those of the tenant, oldest first, without their tokens."""
    keys = await asked.administration().keys()
    if isinstance(keys, Refused):
        return refusal(keys)
    return JSONResponse({"keys": [key_body(key) for key in keys]})


async def create(asked: Asked) -> Response:
    """POST /keys {"kind", "description"?, "rights"}: the only answer that ever shows the key's token."""
    fields = await Fields.of(asked.request, "kind", "description", "rights")
    rights = frozenset[Right]().union(*(_rights(name) for name in fields.texts("rights")))
    kind = fields.text("kind")
    if not kind:
        raise BadRequest("kind must name the door that the key is for")
    made = await asked.administration().create_key(kind, fields.text("description", ""), rights)
    if isinstance(made, Refused):
        return refusal(made)
    body = key_body(made.key) | {"token": made.token.reveal()}
    return JSONResponse(body, 201, headers={"cache-control": "no-store"})


async def revoke(asked: Asked) -> Response:
    """DELETE /keys/{id}: the key and what was signed in with it are dead at once."""
    revoked = await asked.administration().revoke_key(segment(asked.request, "id"))
    if isinstance(revoked, Refused):
        return refusal(revoked)
    return Response(status_code=204)


def _rights(name: str) -> frozenset[Right]:
    if name not in RIGHT_NAMES:
        raise BadRequest(f"unknown right; known: {', '.join(RIGHT_NAMES)}")
    return RIGHT_NAMES[name]
