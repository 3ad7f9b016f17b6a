"""`/api/admin/passwordpolicy`, `/api/public/passwordpolicy`: which passwords will do."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from keyturn.core.outcomes import Reason
from keyturn.core.users import Right
from keyturn.dialects.hdp.server_asking import Asked, Door, reply
from keyturn.dialects.hdp.wire import AT_THE_DOOR
from keyturn.dialects.hdp.wire_policy import (
    CUSTOM,
    DEFAULT,
    default_policy_body,
    policy_body,
    read_candidate,
    says_what_holds,
    verdict_body,
)
from keyturn.http.paths import segment
from keyturn.http.requests import json_object


@dataclass(frozen=True, slots=True)
class Policies:
    """The endpoints of the password policy."""

    door: Door

    async def public(self, request: Request) -> Response:
        """GET /api/public/passwordpolicy: for anybody, since whoever chooses a password must know the rules."""
        return reply(policy_body(await self.door.administration(request).profile()))

    async def show(self, asked: Asked) -> Response:
        """GET /api/admin/passwordpolicy/{id}: 1 is the vendor's own, not in force; no secret, for 2 is public."""
        wanted = segment(asked.request, "id")
        if wanted == str(DEFAULT):
            return reply(default_policy_body())
        return await self._ours(asked) if wanted == str(CUSTOM) else self._none()

    async def change(self, asked: Asked) -> Response:
        """PUT /api/admin/passwordpolicy/2: taken when it says what is so already; no policy is set at this door."""
        if Right.POLICY not in asked.actor.rights:
            return self.door.refuse(await asked.refuse("policy.write"))
        wanted, body = segment(asked.request, "id"), await json_object(asked.request)
        if wanted not in (str(DEFAULT), str(CUSTOM)):
            return self._none()
        same = says_what_holds(body, await asked.administration().profile())
        if wanted == str(CUSTOM) and same:
            return await self._ours(asked)
        text = "The password policy is the profile of the tenant, and is not changed at this door"
        return self.door.refuse(await asked.refuse("policy.write", text, wanted, Reason.UNSUPPORTED))

    async def validate(self, asked: Asked) -> Response:
        """POST /api/mgmt/passwordpolicy/validate: the policy's judgement, which anybody could form from the rules.

        It compares with nobody's password, so that there is nothing to guess by it; the candidate is forgotten.
        """
        candidate = read_candidate(await json_object(asked.request))
        verdict = await asked.administration().judge(candidate, AT_THE_DOOR)
        return reply(verdict_body(verdict.reason, await asked.administration().profile()))

    async def _ours(self, asked: Asked) -> Response:
        return reply(policy_body(await asked.administration().profile()))

    def _none(self) -> Response:
        return self.door.say(404, "there is no such password policy")
