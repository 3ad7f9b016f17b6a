"""API keys over our own API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from starlette.responses import JSONResponse, Response

from keyturn.api.asking import Asked, Fields
from keyturn.api.problems import refusal
from keyturn.api.shapes import key_body
from keyturn.core.outcomes import Refused
from keyturn.core.ports import NewKey
from keyturn.core.users import RIGHT_NAMES, Right
from keyturn.http.json import BadRequest
from keyturn.http.paths import segment


class KeyForm(Protocol):
    """What keys for a door are like.  scopes: what they may be allowed; of_person: only people have them."""

    @property
    def scopes(self) -> tuple[str, ...]: ...
    @property
    def of_person(self) -> bool: ...
    def shown(self, id: str, secret: str) -> Mapping[str, str]:
        """What is given to who will use it, in the words of the door; the secret comes last."""


Forms: TypeAlias = Mapping[str, KeyForm]
"""The doors that keys can be for, by the kind of the key."""


def form_of(forms: Forms, kind: str) -> KeyForm:
    """What keys of a kind are like.  Raises BadRequest for a kind that no door has: such a key would open nothing."""
    if kind not in forms:
        raise BadRequest(f"kind must name the door that the key is for: {', '.join(sorted(forms))}")
    return forms[kind]


def shown_once(made: NewKey, token: str) -> Response:
    """The only answer that ever shows a key's token, in the form that its door takes."""
    return JSONResponse(key_body(made.key) | {"token": token}, 201, headers={"cache-control": "no-store"})


async def listing(asked: Asked) -> Response:
    """GET /keys: those of the tenant, oldest first, without their tokens."""
    keys = await asked.administration().keys()
    if isinstance(keys, Refused):
        return refusal(keys)
    return JSONResponse({"keys": [key_body(key) for key in keys]})


@dataclass(frozen=True, slots=True)
class NewKeys:
    """Making keys of the tenant, for doors where not people alone sign in."""

    forms: Forms

    async def create(self, asked: Asked) -> Response:
        """POST /keys {"kind", "description"?, "rights"}: with all scopes that the door has."""
        fields = await Fields.of(asked.request, "kind", "description", "rights")
        rights = frozenset[Right]().union(*(_rights(name) for name in fields.texts("rights")))
        kind = fields.text("kind")
        form = form_of({name: form for name, form in self.forms.items() if not form.of_person}, kind)
        made = await asked.administration().create_key(kind, fields.text("description", ""), rights, form.scopes)
        if isinstance(made, Refused):
            return refusal(made)
        *_, token = form.shown(made.key.id, made.token.reveal()).values()
        return shown_once(made, token)


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
