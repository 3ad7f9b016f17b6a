"""Users as Manage keeps them from MAS 9.1 on: `/maximo/api/os/masperuser`, as far as IBM's client asks for it."""

from dataclasses import dataclass, replace
from typing import Final

from starlette.responses import Response

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Command, ResetPassword
from keyturn.core.outcomes import Created, Outcome, Reason, Refused
from keyturn.core.permissions import Actor, Target, may
from keyturn.core.users import Handle, User
from keyturn.dialects.mas.server_asking import Asked, Door, reply
from keyturn.dialects.mas.wire import write_refusal
from keyturn.dialects.mas.wire_admin import manage_error, read_where
from keyturn.dialects.mas.wire_manage import (
    CAPABILITIES_THERE,
    MERGE,
    href_of,
    person_body,
    read_creation,
    read_identity,
)
from keyturn.dialects.mas.wire_user import Unreadable
from keyturn.http.paths import segment

_BY_UID: Final[Capabilities] = replace(CAPABILITIES_THERE, handle=Handle.UID)


@dataclass(frozen=True, slots=True)
class People:
    """The endpoints of users in Manage."""

    door: Door

    async def find(self, asked: Asked) -> Response:
        """GET /maximo/api/os/masperuser: one user, by id."""
        who = read_where(asked.query, "personid", "user.userid")
        if who is None:
            raise Unreadable('oslc.where=personid="..." is needed')
        user = await asked.directory(CAPABILITIES_THERE).find(who)
        select = asked.query.get("oslc.select", "")
        return reply({"member": [person_body(user, select)] if user is not None else []})

    async def create(self, asked: Asked) -> Response:
        """POST /maximo/api/os/masperuser: 201 without a body, as IBM's client says; the address is in the header."""
        request = await asked.wire_request()
        command = read_creation(request.body or {}, request.operation)
        outcome = await self._do(asked, command)
        if isinstance(outcome, Refused):
            return self._refuse(outcome)
        answer = reply(None, 201)
        user = outcome.user if isinstance(outcome, Created) else None
        user = user or await asked.directory(CAPABILITIES_THERE).find(command.who)
        answer.headers["location"] = href_of(user) if user is not None else ""
        return answer

    async def change(self, asked: Asked) -> Response:
        """POST /maximo/api/os/masperuser/{person} with x-method-override PATCH: a local sign-in for who has none."""
        if any(asked.request.headers.get(name, "").upper() != value for name, value in MERGE.items()):
            raise Unreadable("only x-method-override: PATCH with patchtype: MERGE is understood here")
        request = await asked.wire_request()
        user = await asked.directory(_BY_UID).find(segment(asked.request, "person"))
        if user is None:
            return self._refuse(Refused("", Reason.NO_SUCH_USER, "There is no such user"))
        mail = read_identity(request.body or {}, user)
        if mail is None or (user.has_password and _may_reset(asked.actor, user)):
            # Who can sign in keeps the password: IBM's client asks again each time it is run.
            return reply(None, 204)
        outcome = await self._do(asked, ResetPassword(user.key, None, mail, operation=request.operation))
        return self._refuse(outcome) if isinstance(outcome, Refused) else reply(None, 204)

    async def _do(self, asked: Asked, command: Command) -> Outcome:
        [outcome] = await asked.directory(CAPABILITIES_THERE).execute([command])
        return outcome

    def _refuse(self, refused: Refused) -> Response:
        answer = write_refusal(refused, self.door.faults)
        fault = self.door.faults.of(refused.reason)
        body = manage_error(answer.status, refused.text or fault.text, fault.code)
        return reply(body, answer.status, retry_after=answer.retry_after)


def _may_reset(actor: Actor, user: User) -> bool:
    """Whether a reset would be done; where not, the directory refuses it, so that this is audited like any other."""
    whom = Target.SELF if user.uid == actor.id else Target.OTHER
    return may(actor, "password.reset", whom, user.effective, frozenset(user.administers))
