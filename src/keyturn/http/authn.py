"""Pulls credentials out of a request; nobody else looks at these headers."""

import base64
import binascii
from dataclasses import dataclass

from starlette.requests import Request

from keyturn.core.secret import Secret
from keyturn.http.json import BadRequest


@dataclass(frozen=True, slots=True)
class Basic:
    """A name and a password."""

    name: str
    password: Secret


def bearer(request: Request) -> Secret | None:
    """The token of `Authorization: Bearer`; None when there is none that can be read."""
    return _credentials(request, "bearer")


def named_token(request: Request, header: str) -> Secret | None:
    """The token of a header of its own, else of `Authorization: Bearer`.

    Raises BadRequest when the two differ, or when the header is there twice.
    """
    values = request.headers.getlist(header)
    if len(values) > 1:
        raise BadRequest(f"{header} is given twice")
    carried = bearer(request)
    if not values or not values[0].strip():
        return carried
    named = Secret(values[0].strip())
    if carried is not None and carried != named:
        raise BadRequest(f"{header} and Authorization contradict each other")
    return named


def basic(request: Request) -> Basic | None:
    """Name and password of `Authorization: Basic` in UTF-8; None when there are none that can be read."""
    packed = _credentials(request, "basic")
    if packed is None:
        return None
    try:
        clear = base64.b64decode(packed.reveal(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    name, colon, password = clear.partition(":")
    return Basic(name, Secret(password)) if colon and "\0" not in clear else None


def _credentials(request: Request, wanted: str) -> Secret | None:
    values = request.headers.getlist("authorization")
    if len(values) > 1:
        raise BadRequest("Authorization is given twice")
    scheme, _, rest = (values[0] if values else "").partition(" ")
    return Secret(rest.strip()) if scheme.lower() == wanted and rest.strip() else None
