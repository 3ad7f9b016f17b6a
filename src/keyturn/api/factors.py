"""Second factors over our own API: shown at a sign-in, changed by their owner, removed by an administrator."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from starlette.responses import JSONResponse, Response

from keyturn.api.asking import DOOR, Asked, Fields
from keyturn.api.problems import PROBLEMS, Problem, answer, refusal
from keyturn.api.shapes import session_body, time_text
from keyturn.core.commands import Origin
from keyturn.core.factors import Factor, FactorKind
from keyturn.core.outcomes import RETRYABLE, Reason, Refused
from keyturn.core.permissions import Actor
from keyturn.core.personal import Enrolled, Personal
from keyturn.core.users import Handle
from keyturn.http.json import BadRequest
from keyturn.http.paths import segment

OpenPersonal: TypeAlias = Callable[[Actor, str, Origin], Personal]
"""Factors and keys as somebody may use them through a door."""

_SHOWN_ONCE = {"cache-control": "no-store"}
WRONG = "the second factor is wrong"
UNFIT = Problem(409, "KT-AUTH-012", "The second factors are not so that this can be done")
"""A code or an answer that fits nothing that was proposed, too many factors, none to make codes for."""


@dataclass(frozen=True, slots=True)
class Factors:
    """`/sessions/current/second-factor`, `/me/factors` and `/users/{id}/factors`."""

    personal: OpenPersonal

    async def challenge(self, asked: Asked) -> Response:
        """POST /sessions/current/second-factor/challenge: what `navigator.credentials.get` needs for a passkey."""
        options = await self._of(asked).passkey_to_show()
        if isinstance(options, Refused):
            return answer(PROBLEMS[Reason.NOT_SIGNED_IN], WRONG)
        return JSONResponse({"publicKey": options}, headers=_SHOWN_ONCE)

    async def show(self, asked: Asked) -> Response:
        """POST /sessions/current/second-factor {"code"} or {"passkey"}: 201 with a token that can do everything."""
        fields = await Fields.of(asked.request, "code", "passkey")
        if len(fields.members) != 1:
            raise BadRequest("send either code or passkey")
        if "code" in fields.members:
            signed = await self._of(asked).show(fields.secret("code"))
        else:
            signed = await self._of(asked).show_passkey(_passkey(fields))
        if isinstance(signed, Refused):
            return refusal(signed) if signed.reason in RETRYABLE else answer(PROBLEMS[Reason.NOT_SIGNED_IN], WRONG)
        return JSONResponse(session_body(signed), 201, headers=_SHOWN_ONCE)

    async def make_passkey(self, asked: Asked) -> Response:
        """POST /me/factors/passkeys/options: what `navigator.credentials.create` needs for a passkey."""
        options = await self._of(asked).passkey_to_make()
        return refusal(options) if isinstance(options, Refused) else JSONResponse({"publicKey": options})

    async def add_passkey(self, asked: Asked) -> Response:
        """POST /me/factors/passkeys {"passkey", "name"?}: it works; all sessions end, and here is a new one."""
        fields = await Fields.of(asked.request, "passkey", "name")
        return _enrolled(await self._of(asked).add_passkey(fields.text("name", ""), _passkey(fields)))

    async def listing(self, asked: Asked) -> Response:
        """GET /me/factors: what there is, and how many recovery codes are left."""
        found = await self._of(asked).factors()
        if isinstance(found, Refused):
            return refusal(found)
        shown = [each for each in found if each.active]
        codes = sum(each.kind is FactorKind.RECOVERY for each in shown)
        factors = [_factor_body(each) for each in shown if each.kind is not FactorKind.RECOVERY]
        return JSONResponse({"factors": factors, "recovery_codes_left": codes})

    async def propose(self, asked: Asked) -> Response:
        """POST /me/factors/totp {"name"?}: the only answer that shows the secret of an authenticator app."""
        fields = await Fields.of(asked.request, "name")
        made = await self._of(asked).propose_app(fields.text("name", ""))
        if isinstance(made, Refused):
            return _refused(made)
        body = {"id": made.id, "secret": made.secret.reveal(), "uri": made.uri.reveal()}
        return JSONResponse(body, 201, headers=_SHOWN_ONCE)

    async def confirm(self, asked: Asked) -> Response:
        """POST /me/factors/totp/confirm {"code"}: the app works; all sessions end, and here is a new one."""
        fields = await Fields.of(asked.request, "code")
        return _enrolled(await self._of(asked).confirm_app(fields.secret("code")))

    async def remove(self, asked: Asked) -> Response:
        """DELETE /me/factors/{id}: all sessions end, and here is a new one."""
        return _enrolled(await self._of(asked).remove_factor(segment(asked.request, "id")))

    async def codes(self, asked: Asked) -> Response:
        """POST /me/factors/recovery: the only answer that shows these codes; the ones before are dead."""
        codes = await self._of(asked).new_codes()
        if isinstance(codes, Refused):
            return _refused(codes)
        return JSONResponse({"recovery_codes": [code.reveal() for code in codes]}, 201, headers=_SHOWN_ONCE)

    async def remove_all(self, asked: Asked) -> Response:
        """DELETE /users/{id}/factors: for somebody who lost them; the sessions end."""
        done = await self._of(asked).remove_factors_of(segment(asked.request, "id"), Handle.KEY)
        return refusal(done) if isinstance(done, Refused) else Response(status_code=204)

    def _of(self, asked: Asked) -> Personal:
        return self.personal(asked.actor, DOOR, asked.origin)


def _passkey(fields: Fields) -> Mapping[str, object]:
    found = fields.members.get("passkey")
    if not isinstance(found, dict):
        raise BadRequest("passkey must be what the browser made of the options")
    return found


def _refused(refused: Refused) -> Response:
    if refused.reason is Reason.INVALID:
        return answer(UNFIT, refused.text, reason=refused.reason.value)
    return refusal(refused)


def _enrolled(made: Enrolled | Refused) -> Response:
    if isinstance(made, Refused):
        return _refused(made)
    body = session_body(made.signed)
    if made.codes:
        body["recovery_codes"] = [code.reveal() for code in made.codes]
    return JSONResponse(body, 201, headers=_SHOWN_ONCE)


def _factor_body(factor: Factor) -> Mapping[str, object]:
    return {
        "id": factor.id,
        "kind": factor.kind.value,
        "name": factor.name,
        "added": time_text(factor.added),
        "used": time_text(factor.used),
    }
