"""What people ask of themselves and of the system: `/api/mgmt`, permissions and roles."""

from dataclasses import dataclass

from starlette.responses import Response

from keyturn.core.users import Right
from keyturn.dialects.hdp.server_asking import Asked, Door, everybody, reply
from keyturn.dialects.hdp.wire_rights import (
    PERMISSIONS,
    ROLES,
    effective,
    numbers,
    permission_body,
    permissions_body,
    permissions_list,
    role_body,
    roles_list,
)
from keyturn.dialects.hdp.wire_shapes import Body, is_number
from keyturn.dialects.hdp.wire_user import kept_permissions
from keyturn.http.paths import segment


@dataclass(frozen=True, slots=True)
class System:
    """The endpoints that are about nobody else."""

    door: Door

    async def user(self, asked: Asked) -> Response:
        """GET /api/mgmt/user: who is signed in."""
        number, permissions = await _own(asked)
        return reply({"userId": number, "passwordExpiration": None, "permissions": permissions})

    async def own_permissions(self, asked: Asked) -> Response:
        """GET /api/mgmt/permissions: what the one who is signed in may do, through roles and directly."""
        number, permissions = await _own(asked)
        return reply({"userId": number, "permissions": permissions})

    async def permissions(self, asked: Asked) -> Response:
        """GET /api/admin/permissions"""
        return reply(permissions_list())

    async def permission(self, asked: Asked) -> Response:
        """GET /api/admin/permissions/{id}"""
        wanted = segment(asked.request, "id")
        if not is_number(wanted) or len(wanted) > 4 or int(wanted) not in PERMISSIONS:
            return self.door.say(404, "there is no such permission")
        return reply(permission_body(int(wanted)))

    async def roles(self, asked: Asked) -> Response:
        """GET /api/admin/roles: the same three in each tenant that the one who asks reaches."""
        return reply(roles_list([tenant.number for tenant in await asked.tenants()]))

    async def role(self, asked: Asked) -> Response:
        """GET /api/admin/roles/{id}: with its permissions, and who of one's own tenant has it."""
        if Right.VIEW_USERS not in asked.actor.rights:
            return self.door.refuse(await asked.refuse("user.list"))
        wanted = next((role for role in ROLES if str(role) == segment(asked.request, "id")), None)
        if wanted is None:
            return self.door.say(404, "there is no such role")
        held = [
            user.number
            async for user in everybody(asked)
            if wanted in numbers(permissions_body(user.rights, kept_permissions(user.profile)), "roles")
        ]
        more: Body = {"permissions": sorted(ROLES[wanted][2]), "users": held}
        return reply(role_body(wanted, asked.actor.tenant) | more)


async def _own(asked: Asked) -> tuple[int, Body | list[int]]:
    user = await asked.oneself()
    if user is None:  # deleted between the knock and now
        return 0, []
    return user.number, effective(permissions_body(user.effective, kept_permissions(user.profile)))
