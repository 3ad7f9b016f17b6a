"""`/workspaces`: workspaces, their applications, and who holds which role there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from keyturn.core.outcomes import Reason, Refused
from keyturn.core.storage import Application
from keyturn.core.users import USER_RIGHTS, Handle, User
from keyturn.dialects.mas.server_asking import Asked, Door, reply
from keyturn.dialects.mas.wire import CAPABILITIES
from keyturn.dialects.mas.wire_admin import (
    application_body,
    held,
    joined,
    membership_body,
    read_membership,
    read_role,
    role_body,
    workspace_body,
)
from keyturn.dialects.mas.wire_user import Body, user_body, workspaces_of
from keyturn.http.paths import segment

_BY_UID = replace(CAPABILITIES, handle=Handle.UID)


@dataclass(frozen=True, slots=True)
class Places:
    """The endpoints of workspaces and applications."""

    door: Door

    async def workspaces(self, asked: Asked) -> Response:
        """GET /workspaces: all of them for who administers users, else one's own."""
        return reply([workspace_body(name) for name in await self._visible(asked)])

    async def applications(self, asked: Asked) -> Response:
        """GET /workspaces/{workspace}/applications"""
        known = await self._known(asked)
        if not known:
            return self._missing(asked, "workspace")
        return reply([application_body(each) for each in known if each.id])

    async def application(self, asked: Asked) -> Response:
        """GET /workspaces/{workspace}/applications/{application}"""
        wanted = segment(asked.request, "application")
        for each in await self._known(asked):
            if each.id == wanted and wanted:
                return reply(application_body(each))
        return self._missing(asked, "application")

    async def join(self, asked: Asked) -> Response:
        """PUT /workspaces/{workspace}/users/{id}"""
        who, workspace = segment(asked.request, "id"), segment(asked.request, "workspace")
        admin = read_membership(await asked.body())
        role = "ADMIN" if admin else "USER"
        outcome = await asked.administration().grant(who, Handle.KEY, workspace, "", role)
        if isinstance(outcome, Refused):
            return self.door.refuse(outcome)
        return reply(membership_body(who, workspace, admin=admin))

    async def role(self, asked: Asked) -> Response:
        """GET /workspaces/{workspace}/applications/{application}/users/{id}: 404 means no role yet."""
        who, workspace, application = _place(asked)
        user = await asked.directory().find(who)
        role = held(user, workspace, application)[0] if user is not None else ""
        if not role:
            return self._missing(asked, "role")
        return reply(role_body(who, workspace, role))

    async def give_role(self, asked: Asked) -> Response:
        """PUT /workspaces/{workspace}/applications/{application}/users/{id}"""
        who, workspace, application = _place(asked)
        role = read_role(await asked.body())
        user = await asked.directory().find(who)
        groups = held(user, workspace, application)[1] if user is not None else ()
        outcome = await asked.administration().grant(who, Handle.KEY, workspace, application, joined(role, groups))
        if isinstance(outcome, Refused):
            return self.door.refuse(outcome)
        return reply(role_body(who, workspace, role))

    async def profile(self, asked: Asked) -> Response:
        """GET /profile: who is signed in, as the web pages of MAS ask."""
        user = await _oneself(asked)
        shown: Body = user_body(user) if user is not None else {"id": asked.actor.id, "displayName": asked.actor.name}
        places = [workspace_body(name) for name in await self._visible(asked)]
        return reply({"user": shown | {"_id": shown["id"]}, "workspaces": places})

    async def about(self, asked: Asked) -> Response:
        """GET /about: what answers here.  The fields are invented; none is published."""
        return reply({"name": "keyturn", "api": "mas-admin-9.0"})

    async def _visible(self, asked: Asked) -> list[str]:
        if asked.actor.rights >= USER_RIGHTS:
            return sorted({each.workspace for each in await asked.administration().applications()})
        user = await _oneself(asked)
        return workspaces_of(user) if user is not None else []

    async def _known(self, asked: Asked) -> Sequence[Application]:
        workspace = segment(asked.request, "workspace")
        if workspace not in await self._visible(asked):
            return []
        return [each for each in await asked.administration().applications() if each.workspace == workspace]

    def _missing(self, asked: Asked, kind: str) -> Response:
        return self.door.refuse(Refused("", Reason.NO_SUCH_USER, f"There is no such {kind}"), kind=kind)


async def _oneself(asked: Asked) -> User | None:
    return await asked.directory(_BY_UID).find(asked.actor.id)


def _place(asked: Asked) -> tuple[str, str, str]:
    request = asked.request
    return segment(request, "id"), segment(request, "workspace"), segment(request, "application")
