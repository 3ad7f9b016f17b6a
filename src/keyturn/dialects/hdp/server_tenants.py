"""`/api/admin/tenants`: tenants, and who administers them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import NEEDS, SYSTEM_TENANT, Target, may
from keyturn.core.storage import Tenant
from keyturn.core.users import User
from keyturn.dialects.hdp.server_asking import Asked, Door, everybody, reply
from keyturn.dialects.hdp.wire_rights import ROLES
from keyturn.dialects.hdp.wire_shapes import Body
from keyturn.dialects.hdp.wire_tenants import (
    DESCRIPTION,
    SentTenant,
    administered,
    administered_body,
    admins_body,
    read_numbers,
    read_tenant,
    tenant_body,
    tenants_list,
)
from keyturn.http.paths import segment
from keyturn.http.query import flag
from keyturn.http.requests import json_object


@dataclass(frozen=True, slots=True)
class Tenants:
    """The endpoints of tenants.  A tenant that somebody does not reach and one that is not there look the same."""

    door: Door

    async def list(self, asked: Asked) -> Response:
        """GET /api/admin/tenants: those that the one who asks reaches."""
        return reply(tenants_list(await asked.administration().tenants()))

    async def create(self, asked: Asked) -> Response:
        """POST /api/admin/tenants: it begins with the settings of the system's tenant, as policies are the system's."""
        sent = read_tenant(await json_object(asked.request), new=True)
        if not sent.active:
            return await self._inactive(asked, "tenant.create", sent)
        admins = await self._users(asked, frozenset(sent.admins), SYSTEM_TENANT)
        if isinstance(admins, Refused):
            return self.door.refuse(admins)
        barred = await _barred(asked, admins)
        if barred is not None:
            return self.door.refuse(barred)
        own = await asked.administration().tenant()
        settings = {**own.settings, DESCRIPTION: sent.description or ""}
        made = await asked.administration().create_tenant(sent.name, settings)
        if isinstance(made, Refused):
            return self.door.refuse(made)
        for user in admins:
            await asked.administration().appoint(user.uid, user.administers | {made.number})
        answer = reply(tenant_body(made) | {"roles": list(ROLES)} | admins_body(await _admins(asked, made)))
        answer.headers["location"] = f"/api/admin/tenants/{made.number}"
        return answer

    async def show(self, asked: Asked) -> Response:
        """GET /api/admin/tenants/{id}: with `details` also the roles, and to who may know it the administrators."""
        tenant = await self._tenant(asked, "tenant.read")
        if isinstance(tenant, Refused):
            return self.door.refuse(tenant)
        details: Body = {}
        if flag(asked.query, "details"):
            details = {"roles": list(ROLES)}
            details |= admins_body(await _admins(asked, tenant)) if _may_on(asked, "tenant.read") else {}
        return reply(tenant_body(tenant) | details)

    async def change(self, asked: Asked) -> Response:
        """PUT /api/admin/tenants/{id}: another name or description."""
        sent = read_tenant(await json_object(asked.request), new=False)
        tenant = await self._tenant(asked, "tenant.update")
        if isinstance(tenant, Refused):
            return self.door.refuse(tenant)
        if not sent.active:
            return await self._inactive(asked, "tenant.update", sent)
        settings = None if sent.description is None else {**tenant.settings, DESCRIPTION: sent.description}
        changed = await asked.administration().update_tenant(tenant.number, sent.name, settings)
        return self.door.refuse(changed) if isinstance(changed, Refused) else reply(tenant_body(changed))

    async def admins(self, asked: Asked) -> Response:
        """GET /api/admin/tenants/{id}/admins"""
        tenant = await self._tenant(asked, "tenant.read")
        if isinstance(tenant, Refused):
            return self.door.refuse(tenant)
        if not _may_on(asked, "tenant.read"):
            return self.door.refuse(await asked.refuse("tenant.read", who=str(tenant.number)))
        return reply(admins_body(await _admins(asked, tenant)))

    async def set_admins(self, asked: Asked) -> Response:
        """PUT /api/admin/tenants/{id}/admins: users of the system's tenant gain or lose it, its own stay."""
        wanted = read_numbers(await json_object(asked.request), "admins")
        tenant = await self._tenant(asked, "tenant.appoint")
        if isinstance(tenant, Refused):
            return self.door.refuse(tenant)
        if not _may_on(asked, "tenant.appoint"):
            return self.door.refuse(await asked.refuse("tenant.appoint", who=str(tenant.number)))
        named = await self._users(asked, wanted, SYSTEM_TENANT, tenant.number)
        if isinstance(named, Refused):
            return self.door.refuse(named)
        new = [user for user in named if user.tenant != tenant.number and tenant.number not in user.administers]
        old = [user async for user in everybody(asked.within(SYSTEM_TENANT)) if tenant.number in user.administers]
        changes = [*new, *(user for user in old if user.number not in wanted)]
        barred = await _barred(asked, changes)
        if barred is not None:
            return self.door.refuse(barred)
        for user in changes:
            await asked.administration().appoint(user.uid, user.administers ^ {tenant.number})
        return reply(admins_body(await _admins(asked, tenant)))

    async def administered(self, asked: Asked) -> Response:
        """GET /api/admin/users/{id}/tenantsadministered"""
        user = await asked.directory().find(segment(asked.request, "id"))
        return reply(administered_body(user)) if user is not None else await self._no_user(asked)

    async def set_administered(self, asked: Asked) -> Response:
        """PUT /api/admin/users/{id}/tenantsadministered: rights in one's own tenant are permissions, and stay."""
        wanted = read_numbers(await json_object(asked.request), "tenantsAdministered")
        user = await asked.directory().find(segment(asked.request, "id"))
        if user is None:
            return await self._no_user(asked)
        if wanted - {user.tenant} != user.administers or not NEEDS["tenant.appoint"] <= asked.actor.rights:
            refused = await _appoint(asked, user, wanted - {user.tenant})
            if refused is not None:
                return self.door.refuse(refused)
        now = replace(user, administers=wanted - {user.tenant})
        return reply(administered_body(now))

    async def _tenant(self, asked: Asked, verb: str) -> Tenant | Refused:
        """The tenant that the path names."""
        wanted = segment(asked.request, "id")
        reached = await asked.administration().tenants()
        found = next((tenant for tenant in reached if str(tenant.number) == wanted), None)
        return found or await asked.refuse(verb, "there is no such tenant", wanted, Reason.NO_SUCH_TENANT)

    async def _users(self, asked: Asked, wanted: frozenset[int], *tenants: int) -> Sequence[User] | Refused:
        """Users by number, each of whom must be in one of these tenants."""
        found = []
        for number in sorted(wanted):
            there = await asked.at_home_of(str(number))
            user = await there.directory().find(str(number)) if there.actor.tenant in tenants else None
            if user is None:
                return await asked.refuse("tenant.appoint", "there is no such user", str(number), Reason.NO_SUCH_USER)
            found.append(user)
        return found

    async def _inactive(self, asked: Asked, verb: str, sent: SentTenant) -> Response:
        text = "Tenants are active here; disable their users"
        return self.door.refuse(await asked.refuse(verb, text, sent.name, Reason.UNSUPPORTED))

    async def _no_user(self, asked: Asked) -> Response:
        return self.door.refuse(await asked.unseen(segment(asked.request, "id")))


def _may_on(asked: Asked, operation: str) -> bool:
    """Whether the one who asks may do this to tenants and see who administers them, which takes the list of users."""
    needed = NEEDS[operation] | NEEDS["user.list"]
    return asked.actor.tenant == SYSTEM_TENANT and needed <= asked.actor.rights


async def _barred(asked: Asked, users: Sequence[User]) -> Refused | None:
    """Whom of several the one who asks may not appoint: known before the first is, so that nothing is half done."""
    for user in users:
        target = Target.SELF if user.uid == asked.actor.id else Target.OTHER
        if not may(asked.actor, "tenant.appoint", target, user.effective, user.administers):
            return await asked.refuse("tenant.appoint", who=str(user.number))
    return None


async def _admins(asked: Asked, tenant: Tenant) -> list[int]:
    """Who has rights over the users of a tenant: those of the tenant itself, and those of the system's tenant."""
    places = dict.fromkeys((SYSTEM_TENANT, tenant.number))
    people = [user for place in places async for user in everybody(asked.within(place))]
    return [user.number for user in people if tenant.number in administered(user)]


async def _appoint(asked: Asked, user: User, tenants: frozenset[int]) -> Refused | None:
    outcome = await asked.administration().appoint(user.uid, tenants)
    if not isinstance(outcome, Refused):
        return None
    if outcome.reason is Reason.NO_SUCH_TENANT:
        known = {tenant.number for tenant in await asked.administration().tenants()}
        return replace(outcome, who=str(min(tenants - known)))
    return replace(outcome, who=str(user.number))
