"""`/connect/token`: where clients get their access tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import Response

from keyturn.core.outcomes import RETRYABLE, Reason, Refused
from keyturn.core.ports import Gate
from keyturn.core.secret import Secret
from keyturn.dialects.uipath.server_asking import Asked, is_own, no_organization, reply
from keyturn.dialects.uipath.wire import DOOR
from keyturn.http.authn import Basic, basic
from keyturn.http.json import BadRequest
from keyturn.http.query import read_query
from keyturn.http.requests import origin_of

LIFE: Final = 3600
"""Seconds that a token lasts, as UiPath's pages say it."""

_FORM: Final = "application/x-www-form-urlencoded"
_ERRORS: Final = {Reason.NOT_ALLOWED: "invalid_scope", Reason.NOT_SIGNED_IN: "invalid_client"}


@dataclass(frozen=True, slots=True)
class Entrance:
    """The token endpoint, for client credentials alone: id and secret of a key with scopes."""

    gate: Gate

    async def token(self, request: Request) -> Response:
        """POST /connect/token"""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return _error("invalid_request", f"send the body as content-type: {_FORM}")
        try:
            form = read_query(await request.body())
        except BadRequest as error:
            return _error("invalid_request", error.reason)
        if form.get("grant_type") != "client_credentials":
            return _error("unsupported_grant_type", "this server knows client_credentials alone")
        client = _client(form, request)
        if client is None:
            return _error("invalid_request", "name the client once: in the body or as HTTP Basic")
        signed = await self.gate.sign_in_with_key(
            client.name, client.password, door=DOOR, origin=origin_of(request),
            scopes=tuple(dict.fromkeys(form.get("scope", "").split())),
        )  # fmt: skip
        if isinstance(signed, Refused):
            return _refused(signed, request)
        asked = Asked(request, signed.actor, self.gate)
        org = request.path_params["org"]
        if org is not None and not await is_own(asked, org):
            await self.gate.sign_out(signed.token, door=DOOR, origin=origin_of(request))
            return no_organization()
        if not signed.actor.scopes:
            await self.gate.sign_out(signed.token, door=DOOR, origin=origin_of(request))
            await asked.refuse("session.use", "the key has no scopes")
            return _error("invalid_scope", "the key has no scopes: make one for this door")
        return reply({
            "access_token": signed.token.reveal(),
            "expires_in": LIFE,
            "token_type": "Bearer",
            "scope": " ".join(sorted(signed.actor.scopes)),
        })  # fmt: skip


def _client(form: Mapping[str, str], request: Request) -> Basic | None:
    """Id and secret of the client, from the body or from HTTP Basic (RFC 6749, 2.3.1); None for both at once."""
    header = basic(request)
    if header is None:
        return Basic(form.get("client_id", ""), Secret(form.get("client_secret", "")))
    name = unquote_plus(header.name)
    if "client_secret" in form or form.get("client_id", name) != name:
        return None
    return Basic(name, Secret(unquote_plus(header.password.reveal())))


def _refused(refused: Refused, request: Request) -> Response:
    """Why a client gets no token."""
    if refused.reason in RETRYABLE:
        return reply({"error": "temporarily_unavailable"}, 429, retry_after=refused.retry_after)
    code = _ERRORS.get(refused.reason, "invalid_client")
    # RFC 6749, 5.2: who came with the header is told of it.
    return _error(code, "", challenge="authorization" in request.headers and code == "invalid_client")


def _error(code: str, text: str, *, challenge: bool = False) -> Response:
    """A refusal as RFC 6749 has it."""
    answer = reply({"error": code, "error_description": text} if text else {"error": code}, 401 if challenge else 400)
    if challenge:
        answer.headers["www-authenticate"] = 'Basic realm="keyturn", charset="UTF-8"'
    return answer
