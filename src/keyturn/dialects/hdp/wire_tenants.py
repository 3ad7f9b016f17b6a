"""Tenants of Hybrid Data Pipeline and who administers them, as JSON.  Pure.

Sources: "Get tenants", "Create a tenant", "Get information on a tenant", "Update a tenant", "Get the list of
administrators for a tenant", "Update the list of administrators on a tenant", "Get" and "Update tenants administered"
(docs.progress.com, Hybrid Data Pipeline 5.0, read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from keyturn.core.permissions import SYSTEM_TENANT
from keyturn.core.storage import Tenant
from keyturn.core.users import USER_RIGHTS, User
from keyturn.dialects.hdp.wire_rights import ROLES, numbers
from keyturn.dialects.hdp.wire_shapes import Body, Unreadable, number_text, text_of, whole_of

DESCRIPTION: Final = "description"
"""The setting of a tenant that holds what is said of it."""

ACTIVE: Final = 1


@dataclass(frozen=True, slots=True)
class SentTenant:
    """A tenant as somebody sends it.  description None: not said.  admins: numbers of users, of a new tenant alone."""

    name: str
    description: str | None
    active: bool
    admins: tuple[int, ...] = ()


def tenants_list(tenants: Sequence[Tenant]) -> Body:
    """The answer to `GET /admin/tenants`."""
    return {"tenants": [{"id": tenant.number, "name": tenant.name} for tenant in tenants]}


def tenant_body(tenant: Tenant) -> Body:
    """A tenant: all of them are active, and children of the system's tenant."""
    return {
        "id": tenant.number,
        "name": tenant.name,
        "description": tenant.settings.get(DESCRIPTION, ""),
        "parentTenant": None if tenant.number == SYSTEM_TENANT else SYSTEM_TENANT,
        "status": ACTIVE,
    }


def read_tenant(body: Mapping[str, object], *, new: bool) -> SentTenant:
    """The tenant that was sent.  Raises Unreadable: for another parent than the system's tenant, or unknown roles."""
    name, parent = text_of(body, "name"), whole_of(body, "parentTenant", SYSTEM_TENANT)
    status = whole_of(body, "status", ACTIVE)
    if not name:
        raise Unreadable("name is missing")
    if parent != SYSTEM_TENANT:
        raise Unreadable("parentTenant must be 1, the system's tenant")
    if status not in (0, ACTIVE):
        raise Unreadable("status must be 0 (inactive) or 1 (active)")
    if set(numbers(body, "importedRoles")) - set(ROLES):
        raise Unreadable("there is no such role")
    description = text_of(body, DESCRIPTION) if DESCRIPTION in body else None
    return SentTenant(name, description, status == ACTIVE, tuple(numbers(body, "admins")) if new else ())


def admins_body(users: Sequence[int]) -> Body:
    """Who administers a tenant."""
    return {"admins": sorted(users)}


def administered(user: User) -> frozenset[int]:
    """The tenants in which somebody has rights over users: their own, and those that they were given."""
    own = frozenset({user.tenant}) if user.effective & USER_RIGHTS else frozenset()
    return user.administers | own


def administered_body(user: User) -> Body:
    """The tenants that somebody administers."""
    return {"tenantsAdministered": sorted(administered(user))}


def read_numbers(body: Mapping[str, object], name: str) -> frozenset[int]:
    """A list of numbers that must be there.  Raises Unreadable."""
    if body.get(name) is None:
        raise Unreadable(f"{name} is missing")
    return frozenset(numbers(body, name))


def read_tenants(value: object) -> Mapping[str, int]:
    """The numbers of tenants by name and by number as text, of an answer; a name that two have stands for none.

    Raises Unreadable when it is no list of tenants.
    """
    tenants = value.get("tenants") if isinstance(value, Mapping) else None
    if not isinstance(tenants, list):
        raise Unreadable("there is no list of tenants")
    found: dict[str, int] = {}
    numbered: dict[str, int] = {}
    twice: set[str] = set()
    for entry in tenants:
        body = entry if isinstance(entry, Mapping) else {}
        number, name = number_text(body.get("id")), text_of(body, "name")
        if not number or not name:
            raise Unreadable("a tenant has no id or no name")
        twice |= {name} & found.keys()
        found[name] = numbered[number] = int(number)
    return {name: number for name, number in found.items() if name not in twice} | numbered
