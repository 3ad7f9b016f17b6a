"""`/api/admin/users`: users and their passwords."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from starlette.responses import Response

from keyturn.core.commands import Command, UpdateUser
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused, Unchanged
from keyturn.core.users import Right, User
from keyturn.dialects.hdp.server_asking import Asked, Door, everybody, reply
from keyturn.dialects.hdp.wire import (
    OWN_PASSWORD,
    WireRequest,
    asks_for_change,
    claimed_tenant,
    read,
    write_outcome,
)
from keyturn.dialects.hdp.wire_rights import numbers, permissions_body
from keyturn.dialects.hdp.wire_shapes import USERS, Body, Unreadable, object_of
from keyturn.dialects.hdp.wire_tenants import administered_body
from keyturn.dialects.hdp.wire_user import authentication_body, kept_permissions, password_body, status_body, user_body
from keyturn.http.paths import segment
from keyturn.http.query import flag

_TRIES: Final = 3
Part = Callable[[User], Body]


@dataclass(frozen=True, slots=True)
class Users:
    """The endpoints of users; each turns a request into one command and its outcome into an answer."""

    door: Door

    async def list(self, asked: Asked) -> Response:
        """GET /api/admin/users: all of each tenant that is reached; `details` adds the tenant's name."""
        if Right.VIEW_USERS not in asked.actor.rights:
            return self.door.refuse(await asked.refuse("user.list"))
        named, users = flag(asked.query, "details"), list[Body]()
        for tenant in await asked.tenants():
            details: Body = {"tenantName": tenant.name} if named else {}
            users += [user_body(user) | details async for user in everybody(asked.within(tenant.number))]
        return reply({"users": users})

    async def create(self, asked: Asked) -> Response:
        """POST /api/admin/users"""
        request = await asked.wire_request(*USERS)
        there = await self._where(asked, request)
        if isinstance(there, Refused):
            return self.door.refuse(there)
        command = read(request)
        [outcome] = await there.directory().execute([command])
        answer = self.door.answer(write_outcome(command, outcome, self.door.faults))
        if isinstance(outcome, Created) and outcome.user is not None:
            answer.headers["location"] = f"/api/admin/users/{outcome.user.number}"
        return answer

    async def show(self, asked: Asked) -> Response:
        """GET /api/admin/users/{id}: `details` adds the tenant's name, and the tenants that the user administers."""
        if not flag(asked.query, "details"):
            return await self._show(asked, user_body)
        named: Body = {"tenantName": (await asked.administration().tenant()).name}
        return await self._show(asked, lambda user: user_body(user) | named | administered_body(user))

    async def status(self, asked: Asked) -> Response:
        """GET /api/admin/users/{id}/statusinfo"""
        return await self._show(asked, lambda user: status_body(user.status))

    async def password(self, asked: Asked) -> Response:
        """GET /api/admin/users/{id}/passwordinfo"""
        return await self._show(asked, password_body)

    async def permissions(self, asked: Asked) -> Response:
        """GET /api/admin/users/{id}/permissions"""
        return await self._show(asked, _permissions)

    async def authentication(self, asked: Asked) -> Response:
        """GET /api/admin/users/{id}/authinfo"""
        return await self._show(asked, authentication_body)

    async def change(self, asked: Asked) -> Response:
        """PUT /api/admin/users/{id}"""
        return await self._merge(asked, user_body)

    async def set_permissions(self, asked: Asked) -> Response:
        """PUT /api/admin/users/{id}/permissions"""
        return await self._merge(asked, _permissions, "permissions")

    async def set_authentication(self, asked: Asked) -> Response:
        """PUT /api/admin/users/{id}/authinfo: kept as sent; only the sign-in name signs in here."""
        return await self._merge(asked, authentication_body, "authinfo")

    async def set_status(self, asked: Asked) -> Response:
        """PUT /api/admin/users/{id}/statusinfo: `accountLocked` false unlocks."""
        who = segment(asked.request, "id")
        request = await asked.wire_request(*USERS, who, "statusinfo")
        stored = await asked.directory().find(who)
        if stored is None and _blind(asked) and "accountLocked" not in (request.body or {}):
            return self.door.refuse(await asked.unseen(who, "user.status"))
        return await self._do(asked, read(request, stored))

    async def set_password_info(self, asked: Asked) -> Response:
        """PUT /api/admin/users/{id}/passwordinfo: taken when it says what is so already; more cannot be done here."""
        who = segment(asked.request, "id")
        request = await asked.wire_request(*USERS, who, "passwordinfo")
        user = await asked.directory().find(who)
        if user is None:
            return self.door.refuse(await asked.unseen(who))
        body = request.body or {}
        if asks_for_change(body, user):
            return await self._unsupported(asked, who)
        return reply(password_body(user))

    async def reset(self, asked: Asked) -> Response:
        """PUT /api/admin/users/{id}/resetpassword"""
        return await self._do(
            asked, read(await asked.wire_request(*USERS, segment(asked.request, "id"), "resetpassword"))
        )

    async def delete(self, asked: Asked) -> Response:
        """DELETE /api/admin/users/{id}"""
        return await self._do(asked, read(await asked.wire_request(*USERS, segment(asked.request, "id"))))

    async def change_own_password(self, asked: Asked) -> Response:
        """PUT /api/admin/userdetails/changePassword: the one call that a temporary password buys, and ends."""
        command = replace(read(await asked.wire_request(*OWN_PASSWORD)), who=asked.actor.id)
        [outcome] = await asked.own().execute([command])
        return self.door.answer(write_outcome(command, outcome, self.door.faults))

    async def _show(self, asked: Asked, part: Part) -> Response:
        who = segment(asked.request, "id")
        user = await asked.directory().find(who)
        return reply(part(user)) if user is not None else self.door.refuse(await asked.unseen(who))

    async def _do(self, asked: Asked, command: Command) -> Response:
        [outcome] = await asked.directory().execute([command])
        return self.door.answer(write_outcome(command, outcome, self.door.faults))

    async def _merge(self, asked: Asked, part: Part, *path: str) -> Response:
        """Replace what is sent of the stored user, who is read first.

        Whoever changed it between that reading and our writing wins, and we read again.
        """
        who = segment(asked.request, "id")
        request = await asked.wire_request(*USERS, who, *path)
        _refuse_other_tenant(request, asked)
        for _ in range(_TRIES):
            stored = await asked.directory().find(who)
            command = read(request, stored)
            refused = await self._hindrance(asked, request, command, stored)
            if refused is not None:
                return refused
            if isinstance(command, UpdateUser) and stored is not None:
                command = replace(command, version=stored.version, operation="")
            [outcome] = await asked.directory().execute([command])
            if not _is_stale(outcome):
                break
        if isinstance(outcome, Changed | Unchanged) and outcome.user is not None:
            return reply(part(outcome.user))
        return self.door.answer(write_outcome(command, outcome, self.door.faults))

    async def _hindrance(
        self, asked: Asked, request: WireRequest, command: Command, stored: User | None
    ) -> Response | None:
        """What this door refuses before the directory is asked: what it cannot know, cannot say, or may not allow."""
        if stored is None:
            return self.door.refuse(await asked.unseen(command.who, "user.update")) if _blind(asked) else None
        if asks_for_change(object_of(request.body or {}, "passwordInfo"), stored):
            return await self._unsupported(asked, command.who)
        if stored.uid == asked.actor.id and isinstance(command, UpdateUser) and _changes_rights(command, stored):
            text = "Nobody changes their own roles and permissions"
            return self.door.refuse(await asked.refuse("user.update", text, command.who))
        return None

    async def _where(self, asked: Asked, request: WireRequest) -> Asked | Refused:
        """The request at work in the tenant that a new user is to be in; one that is not reached is none."""
        wanted = claimed_tenant(request)
        if wanted is None or wanted in {tenant.number for tenant in await asked.administration().tenants()}:
            return asked if wanted is None else asked.within(wanted)
        return await asked.refuse("user.create", "there is no such tenant", str(wanted), Reason.NO_SUCH_TENANT)

    async def _unsupported(self, asked: Asked, who: str) -> Response:
        text = "The status of a password changes with the password alone: reset it, or have it changed"
        return self.door.refuse(await asked.refuse("user.update", text, who, Reason.UNSUPPORTED))


def _blind(asked: Asked) -> bool:
    return Right.VIEW_USERS not in asked.actor.rights


def _changes_rights(command: UpdateUser, stored: User) -> bool:
    """Whether roles or permissions would be others than are shown."""
    rights = stored.rights if command.rights is None else command.rights
    kept = kept_permissions(stored.profile if command.profile is None else command.profile)
    now, then = _permissions(stored), permissions_body(rights, kept)
    return any(set(numbers(now, name)) != set(numbers(then, name)) for name in now)


def _permissions(user: User) -> Body:
    return permissions_body(user.rights, kept_permissions(user.profile))


def _refuse_other_tenant(request: WireRequest, asked: Asked) -> None:
    if claimed_tenant(request) not in (None, asked.actor.tenant):
        raise Unreadable("tenantId cannot be changed")


def _is_stale(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and outcome.reason is Reason.STALE_VERSION
