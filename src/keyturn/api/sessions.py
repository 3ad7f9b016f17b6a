"""Signing in and out, and what people do to their own account."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from keyturn.api.asking import DOOR, OWN, Asked, Fields
from keyturn.api.problems import PROBLEMS, answer, refusal
from keyturn.api.shapes import outcome_answer, own_user, session_body
from keyturn.core.commands import ChangePassword
from keyturn.core.outcomes import RETRYABLE, Reason, Refused
from keyturn.core.ports import Gate
from keyturn.http.requests import origin_of


@dataclass(frozen=True, slots=True)
class Sessions:
    """`/sessions` and `/me`."""

    gate: Gate

    async def start(self, request: Request) -> Response:
        """POST /sessions {"login", "password", "tenant"?}: 201 with a token and what its session is short of, or 401
        that is the same for every kind of failure."""
        fields = await Fields.of(request, "login", "password", "tenant")
        signed = await self.gate.sign_in(
            fields.text("login"),
            fields.secret("password"),
            tenant=fields.text("tenant", ""),
            door=DOOR,
            origin=origin_of(request),
        )
        if isinstance(signed, Refused):
            if signed.reason in RETRYABLE:
                return refusal(signed)
            return answer(PROBLEMS[Reason.NOT_SIGNED_IN], "the login or the password is wrong")
        return JSONResponse(session_body(signed), 201, headers={"cache-control": "no-store"})

    async def end(self, asked: Asked) -> Response:
        """DELETE /sessions/current: the token is dead at once."""
        await self.gate.sign_out(asked.token, door=DOOR, origin=asked.origin)
        return Response(status_code=204)

    async def me(self, asked: Asked) -> Response:
        """GET /me: who the token stands for."""
        user = await asked.directory(OWN).find(asked.actor.id)
        return JSONResponse(own_user(asked.actor, user))

    async def set_password(self, asked: Asked) -> Response:
        """POST /me/password {"new", "old"?}: a session that must change needs no old one."""
        fields = await Fields.of(asked.request, "new", "old")
        change = ChangePassword(asked.actor.id, fields.secret("new"), fields.maybe_secret("old"))
        [outcome] = await asked.directory(OWN).execute([change])
        if isinstance(outcome, Refused):
            return refusal(outcome)
        return outcome_answer(outcome, status=204)
