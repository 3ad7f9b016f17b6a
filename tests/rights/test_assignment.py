"""Nobody gets a right by writing it into a new user: whatever could confer one, sent by every role at every door."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final

import pytest

from keyturn.core.users import ALL_RIGHTS, Handle, Right, User
from tests.rights.stage import OTHER, Stage
from tests.rights.table import ROLES

numbers = count()
MAKERS: Final = ("anybody", "creator", "modifier", "user-administrator", "administrator")
"""Roles that may make users, or change them, or neither; `test_doors` asks for a plain creation on behalf of all."""
OURS: Final[dict[str, object]] = {
    "number": 1, "tenant": 2, "tenantId": 2, "epoch": 99, "version": 99, "added": {"by": "root"},
    "rights": ["users", "keys", "policy", "tenants", "audit"], "administers": [1, 2], "must_change": False,
}  # fmt: skip
"""Facts of our own that no client sets at any door, whatever it calls them."""


def bodies(name: str, group: str, who: str) -> Iterator[tuple[str, str, object]]:
    """Method, path and body of creations with each privileged field of a door, one after the other and all at once."""
    patient = {"password": OTHER, "token": OTHER}
    base: dict[str, object]
    roles: dict[str, object]
    match name:
        case "mas":
            base = {"id": who, "username": who, "displayName": who}
            rights = {"permissions": dict.fromkeys(("systemAdmin", "userAdmin", "apikeyAdmin", "tokenAdmin"), True)}
            fields: list[Mapping[str, object]] = [rights, {"workspaces": {"main": rights}}, {"groups": [group]}]
            made = "POST", "/v3/users"
        case "hdp":
            base = {"userName": who, "statusInfo": {"status": 1}, "permissions": {"roles": [2]}}
            roles = {"permissions": {"roles": [1, 2, 3], "permissions": [*range(1, 40)], "tenantsAdministered": [1, 2]}}
            fields = [roles, {"tenantId": 2}, {"tenantsAdministered": [1, 2]}, {"id": 1}]
            made = "POST", "/api/admin/users"
        case "uipath":
            base = {"userName": who, "email": f"{who}@example.com"}
            fields = [{"groupIDs": [group]}, {"legacyId": 1}, {"isHost": True, "tenantId": 2, "bypass": 1}]
            made = "POST", "/identity_/api/User"
        case "primavera":
            base = {"loginId": who, "firstName": "A", "lastName": "B", "emailAddress": f"{who}@example.com",
                    "disabled": False, "organization": {"id": "1"}}  # fmt: skip
            roles = {"roles": [{"name": "PrimaveraCloudAdmin"}, {"name": group}]}
            fields = [roles, {"userType": "ADMIN", "id": 1}]
            made = "POST", "/default/cloudapi/restapi/user"
        case "scim":
            base = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": who}
            fields = [{"groups": [{"value": group}]}, {"roles": [{"value": "administrator"}]}]
            made = "POST", "/scim/v2/Users"
        case _:
            base = {"id": who}
            fields = [{"rights": OURS["rights"]}, {"groups": [group]}]
            made = "POST", "/keyturn/v1/users"
    all_at_once: dict[str, object] = {name: part for one in fields for name, part in one.items()} | OURS | patient
    for more in ({}, *fields, OURS, all_at_once):
        body = {**base, **more}
        yield *made, {"added": [body]} if name == "primavera" else body


@pytest.mark.proves("AZ-3", "V15.3.3", "V8.2.3")
def test_a_new_user_holds_nothing_that_its_maker_lacks(stage: tuple[str, Stage]) -> None:
    """Whatever was sent: rights, roles, groups, tenants and ids are what the role may give, or nobody was made."""
    name, on = stage
    group, wrong, made = on.group("above"), [], 0
    for role in MAKERS:
        rights = ROLES[role]
        _, headers = on.actor(role)
        for index in range(20):
            sent = [*bodies(name, group, who := f"new{next(numbers)}")]
            if index >= len(sent):
                break
            method, path, body = sent[index]
            answer = on.door.ask(method, path, headers=headers, send=body)
            assert answer.status < 500, answer
            user = found(on, who)
            made += user is not None
            # Who holds all rights in the first tenant works in the others, at the one door that knows of several.
            tenants = {1, 2} if name == "hdp" and rights == ALL_RIGHTS else {1}
            if user is not None and not (fits(user, rights) and user.tenant in tenants):
                wrong.append((role, body, user))
    assert wrong == []
    assert made, "somebody could make users"


def found(stage: Stage, who: str) -> User | None:
    """The user of this name in any tenant."""
    with stage.door.house.store.reading() as view:
        every = [view.users.get(tenant, who, Handle.LOGIN) for tenant in (1, 2)]
    return next((user for user in every if user is not None), None)


def fits(user: User, rights: frozenset[Right]) -> bool:
    """Whether somebody with these rights could have made such a user, and chose no fact of ours."""
    ours = user.number > 1 and user.version < 99 and user.added.by != "root"
    return ours and user.effective <= rights and not user.administers
