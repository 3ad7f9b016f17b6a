"""Hybrid Data Pipeline's permission numbers and default roles, and what they mean for administrative rights.  Pure.

Sources: "Permissions and default roles", "Working with user permissions", "Data source permissions", "Working with
roles" (docs.progress.com, Hybrid Data Pipeline 5.0, read 2026-11-21).  Numbers that no public text gives are marked.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Right
from keyturn.dialects.hdp.wire_shapes import Body, Unreadable

PERMISSIONS: Final[Mapping[int, str]] = {
    1: "CreateDataSource",
    2: "ViewDataSource",
    3: "ModifyDataSource",
    4: "DeleteDataSource",
    5: "UseDataSourceWithJDBC",
    6: "UseDataSourceWithODBC",
    7: "UseDataSourceWithOData",
    8: "WebUI",
    9: "ChangePassword",
    10: "SQLEditorWebUI",
    11: "MgmtAPI",
    12: "Administrator",
    13: "CreateUsers",
    14: "ViewUsers",
    15: "ModifyUsers",
    16: "DeleteUsers",
    17: "CreateRole",
    18: "ViewRole",
    19: "ModifyRole",
    20: "DeleteRole",
    21: "OnBehalfOf",
    25: "TenantAPI",
    26: "RegisterExternalAuthService",
    27: "Limits",
    28: "OAuth",
}
"""22 to 24 and those above 28 exist, but no public text that was found gives their names."""

ADMINISTRATOR: Final = 12
VIEW_ROLE: Final = 18
ON_USERS: Final[Mapping[int, Right]] = {
    13: Right.CREATE_USERS,
    14: Right.VIEW_USERS,
    15: Right.MODIFY_USERS,
    16: Right.DELETE_USERS,
}
"""The permissions over users, each of which is one right here."""

HIGHEST: Final = 99
"""No permission has a higher number; the vendor's pages name none above 30, this bound is ours."""

SYSTEM_ADMINISTRATOR, USER, TENANT_ADMINISTRATOR = 1, 2, 3
_OF_A_USER: Final = frozenset(range(1, 12))
ROLES: Final[Mapping[int, tuple[str, str, frozenset[int]]]] = {
    SYSTEM_ADMINISTRATOR: ("System Administrator", "Has all permissions", frozenset(PERMISSIONS)),
    USER: ("User", "Has the permissions of a user", _OF_A_USER),
    TENANT_ADMINISTRATOR: (
        "Tenant Administrator",
        "Has the permissions of a user and those over a tenant",
        _OF_A_USER | frozenset(range(13, 22)),
    ),
}
"""The default roles with what "Permissions and default roles" ticks for each."""

_ADMINISTRATIVE: Final = frozenset(ON_USERS) | {ADMINISTRATOR}


def permissions_body(rights: frozenset[Right], kept: Mapping[str, object]) -> Body:
    """The `permissions` of a user.  kept: the roles and the permissions on data, as the profile holds them.

    A kept role that would say more than the rights is not shown; a right that no kept role says is shown as a number.
    """
    roles = [role for role in numbers(kept, "roles") or [USER] if _RIGHTS_OF.get(role, frozenset()) <= rights]
    said = frozenset[Right]().union(*(_RIGHTS_OF.get(role, frozenset()) for role in roles))
    shown = set(numbers(kept, "permissions")) - _ADMINISTRATIVE
    if rights >= ALL_RIGHTS:
        shown |= set() if said >= ALL_RIGHTS else {ADMINISTRATOR}
    else:
        shown |= {number for number, right in ON_USERS.items() if right in rights - said}
    return {"roles": roles or [USER], "permissions": sorted(shown)}


def read_rights(body: Mapping[str, object], base: frozenset[Right]) -> frozenset[Right]:
    """The rights after these permissions; what is sent as it is shown changes nothing.  Raises Unreadable."""
    sent, roles = set(numbers(body, "permissions")), numbers(body, "roles")
    said = frozenset[Right]().union(*(_RIGHTS_OF.get(role, frozenset()) for role in roles))
    said |= ALL_RIGHTS if ADMINISTRATOR in sent else frozenset()
    said |= {right for number, right in ON_USERS.items() if number in sent}
    if said == _shown(base):
        return base
    if said >= ALL_RIGHTS:
        return ALL_RIGHTS
    kept = frozenset() if base >= ALL_RIGHTS else base - USER_RIGHTS
    return kept | said


def refuse_odd(body: Mapping[str, object]) -> None:
    """Raises Unreadable for roles that are not here, and for what can be no number of a permission."""
    if set(numbers(body, "roles")) - set(ROLES):
        raise Unreadable("there is no such role")
    if not all(0 < number <= HIGHEST for number in numbers(body, "permissions")):
        raise Unreadable("there is no such permission")


def fits(rights: frozenset[Right]) -> bool:
    """Whether the numbers can say these rights: some of those over users, or all."""
    return rights == _shown(rights)


def read_kept(body: Mapping[str, object]) -> Body:
    """What is kept of permissions beside the rights: the roles and the permissions on data.  Raises Unreadable."""
    roles, data = numbers(body, "roles"), sorted(set(numbers(body, "permissions")) - _ADMINISTRATIVE)
    kept: Body = {"permissions": data} if data else {}
    return kept | ({"roles": list(roles)} if roles not in ([], [USER]) else {})


def effective(permissions: Mapping[str, object]) -> list[int]:
    """All permissions that a user has, through roles and directly."""
    found = set(numbers(permissions, "permissions"))
    for role in numbers(permissions, "roles"):
        found |= ROLES[role][2] if role in ROLES else set()
    return sorted(found | set(PERMISSIONS) if ADMINISTRATOR in found else found)


def permissions_list() -> Body:
    """The answer to `GET /admin/permissions`."""
    return {"permissions": [permission_body(number) for number in PERMISSIONS]}


def permission_body(number: int) -> Body:
    """One permission."""
    name = PERMISSIONS[number]
    return {"id": number, "name": name, "description": name}


def roles_list(tenants: Sequence[int]) -> Body:
    """The default roles, which every tenant shares here."""
    return {"roles": [role_body(number, tenant) for tenant in tenants for number in ROLES]}


def role_body(number: int, tenant: int) -> Body:
    """One role, as the list shows it."""
    name, text, _ = ROLES[number]
    return {"id": number, "name": name, "tenantId": tenant, "description": text}


def numbers(body: Mapping[str, object], name: str) -> Sequence[int]:
    """A list of whole numbers, each once, in the order of the sender; absent is empty.  Raises Unreadable."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, int) and type(entry) is not bool for entry in value):
        raise Unreadable(f"{name} must be a list of numbers")
    return list(dict.fromkeys(value))


_RIGHTS_OF: Final[Mapping[int, frozenset[Right]]] = {
    SYSTEM_ADMINISTRATOR: ALL_RIGHTS,
    TENANT_ADMINISTRATOR: USER_RIGHTS,
}


def _shown(rights: frozenset[Right]) -> frozenset[Right]:
    return ALL_RIGHTS if rights >= ALL_RIGHTS else rights & USER_RIGHTS
