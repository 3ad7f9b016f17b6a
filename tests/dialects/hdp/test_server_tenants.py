"""Tenants at the Hybrid Data Pipeline door: who makes them, who works in them; a foreign one looks like none."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from keyturn.core.commands import Command, CreateUser, DeleteUser, ResetPassword
from keyturn.core.outcomes import Changed, Created
from keyturn.core.secret import Secret
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Handle, Profile, Right, User, Window
from keyturn.dialects.hdp.client import HdpDirectory
from keyturn.dialects.hdp.client_people import HdpSettings
from keyturn.http.call import Site
from tests.dialects.hdp.kit import GOOD, USERS, ask, at, events, fresh, is_fault, stored, told
from tests.support.server import OpenDoor, served

TENANTS = "/api/admin/tenants"
NEW = {"statusInfo": {"status": 1}, "permissions": {"roles": [2]}}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with its door."""
    with served(tmp_path_factory.mktemp("hdp"), profile="vendor") as door:
        yield door


def tenant(door: OpenDoor, **more: object) -> int:
    """The number of a new tenant."""
    answer = ask(door, "POST", TENANTS, {"name": f"T{uuid4().hex[:10]}", "parentTenant": 1, **more})
    assert answer.status == 200, answer.body
    return int(answer.json["id"])


def inhabitant(door: OpenDoor, number: int, *rights: int, password: str = GOOD) -> tuple[str, int]:
    """Login and number of a new user of a tenant, whose password is their own already."""
    login = f"i{uuid4().hex[:10]}"
    body = {**NEW, "userName": login, "tenantId": number, "permissions": {"permissions": list(rights)}}
    made = ask(door, "POST", USERS, {**body, "passwordInfo": {"password": password + "!"}})
    assert (made.status, made.json["tenantId"]) == (200, number), made.body
    change = {"currentPassword": password + "!", "newPassword": password}
    changed = ask(door, "PUT", "/api/admin/userdetails/changePassword", change, who=(login, password + "!"))
    assert changed.status == 200, changed.body
    return login, int(made.json["id"])


def appointed(door: OpenDoor, *tenants: int, rights: frozenset[Right] = USER_RIGHTS) -> str:
    """The login of a user of the system's tenant who administers these."""
    login = fresh(door, *rights, password=GOOD)
    sent = {"tenantsAdministered": list(tenants)}
    assert ask(door, "PUT", at(door, login, "/tenantsadministered"), sent).status == 200
    return login


def found(door: OpenDoor, number: int) -> User | None:
    """Somebody of whichever tenant as the store keeps them."""
    with door.house.store.reading() as view:
        home = view.users.home(str(number), Handle.NUMBER)
        return view.users.get(home, str(number), Handle.NUMBER) if home is not None else None


def test_a_tenant_is_made_shown_and_changed(door: OpenDoor) -> None:
    """With the settings of the system's tenant, since policies are the system's."""
    name = f"T{uuid4().hex[:10]}"
    sent = {"name": name, "description": "Org A", "parentTenant": 1, "status": 1, "importedRoles": [2, 3]}
    made = ask(door, "POST", TENANTS, sent)
    number = made.json["id"]
    told_of = {"id": number, "name": name, "description": "Org A", "parentTenant": 1, "status": 1}
    assert (made.status, made.json) == (200, {**told_of, "roles": [1, 2, 3], "admins": []})
    assert made.headers["location"] == f"{TENANTS}/{number}"
    assert ask(door, "GET", f"{TENANTS}/{number}").json == told_of
    assert ask(door, "GET", f"{TENANTS}/1").json["parentTenant"] is None
    changed = ask(door, "PUT", f"{TENANTS}/{number}", {"name": name + "x", "description": "B", "status": 1})
    assert changed.json == {**told_of, "name": name + "x", "description": "B"}
    assert ask(door, "PUT", f"{TENANTS}/{number}", {"name": name, "status": 1}).json["description"] == "B"
    assert {"id": number, "name": name} in ask(door, "GET", TENANTS).json["tenants"]
    with door.house.store.reading() as view:
        settings = next(one.settings for one in view.tenants.all() if one.number == number)
    assert (settings["profile"], settings["description"]) == ("vendor", "B")


@pytest.mark.parametrize(
    ("odd", "status", "code"),
    [
        ({"name": None}, 400, 222207007),
        ({"name": "a b"}, 400, 222207007),
        ({"name": "default"}, 400, 222299003),
        ({"parentTenant": 2}, 400, 222207007),
        ({"status": 2}, 400, 222207007),
        ({"status": 0}, 501, 222299031),
        ({"importedRoles": [9]}, 400, 222207007),
        ({"admins": [9999]}, 404, 222207916),
    ],
)
def test_a_tenant_that_cannot_be_is_not_made(door: OpenDoor, odd: dict[str, object], status: int, code: int) -> None:
    """And nothing is left of it."""
    before = ask(door, "GET", TENANTS).json
    name = f"T{uuid4().hex[:10]}"
    assert is_fault(ask(door, "POST", TENANTS, {"name": name, "parentTenant": 1, **odd}), status, code)
    assert ask(door, "GET", TENANTS).json == before


def test_a_tenant_that_cannot_be_so_is_not_changed(door: OpenDoor) -> None:
    """Inactive ones are not kept here, and names are used once."""
    number = tenant(door)
    assert is_fault(ask(door, "PUT", f"{TENANTS}/{number}", {"name": "x", "status": 0}), 501)
    assert is_fault(ask(door, "PUT", f"{TENANTS}/{number}", {"name": "default"}), 400, 222299003)
    assert told(events(door)[-1]) == ("tenant.update", "refused", "default", "exists")


@pytest.mark.parametrize("part", ["", "/admins"])
def test_a_foreign_tenant_and_a_missing_one_look_the_same(door: OpenDoor, part: str) -> None:
    """To whom it is foreign; each try is in the audit."""
    number = tenant(door)
    login, _ = inhabitant(door, tenant(door), 13, 14, 15, 16)
    for wanted in (number, 9999, "01", "x"):
        body = {"name": "x", "admins": []}
        for method, sent in (("GET", None), ("PUT", body)):
            answer = ask(door, method, f"{TENANTS}/{wanted}{part}", sent, who=(login, GOOD))
            assert is_fault(answer, 404, 222208573)
            assert answer.json["error"]["message"]["value"] == f"There is no Tenant with that id: {wanted}."
            assert events(door)[-1].reason == "no-such-tenant"


def test_only_administrators_of_the_system_make_tenants_and_appoint(door: OpenDoor) -> None:
    """13 to 16 and administration of the tenant are not enough; each refusal is audited."""
    number = tenant(door)
    me = (appointed(door, number), GOOD)
    for method, path, body, verb in (
        ("POST", TENANTS, {"name": "x"}, "tenant.create"),
        ("PUT", f"{TENANTS}/{number}", {"name": "x"}, "tenant.update"),
        ("GET", f"{TENANTS}/{number}/admins", None, "tenant.read"),
        ("PUT", f"{TENANTS}/{number}/admins", {"admins": []}, "tenant.appoint"),
        ("PUT", at(door, fresh(door), "/tenantsadministered"), {"tenantsAdministered": [number]}, "tenant.appoint"),
        ("PUT", at(door, fresh(door), "/tenantsadministered"), {"tenantsAdministered": []}, "tenant.appoint"),
    ):
        assert is_fault(ask(door, method, path, body, who=me), 403), path
        assert (events(door)[-1].verb, events(door)[-1].reason) == (verb, "not-allowed")
    assert [one["id"] for one in ask(door, "GET", TENANTS, who=me).json["tenants"]] == [1, number]
    details = ask(door, "GET", f"{TENANTS}/{number}?details=true", who=me).json
    assert (details["roles"], "admins" in details) == ([1, 2, 3], False)


def test_the_administrators_of_a_tenant_are_listed_and_replaced(door: OpenDoor) -> None:
    """Users of the system's tenant come and go; whoever has rights in the tenant itself stays."""
    one, two = fresh(door, *USER_RIGHTS), fresh(door)
    first, second = stored(door, one).number, stored(door, two).number
    number = tenant(door, admins=[first])
    _, own = inhabitant(door, number, 15)
    _, plain = inhabitant(door, number)
    assert ask(door, "GET", f"{TENANTS}/{number}/admins").json == {"admins": sorted([first, own])}
    answer = ask(door, "PUT", f"{TENANTS}/{number}/admins", {"admins": [second, plain]})
    assert (answer.status, answer.json) == (200, {"admins": sorted([second, own])})
    assert ask(door, "GET", f"{TENANTS}/{number}?details=true").json["admins"] == sorted([second, own])
    assert ask(door, "GET", at(door, one, "/tenantsadministered")).json == {"tenantsAdministered": [1]}
    assert ask(door, "GET", at(door, two) + "?details=true").json["tenantsAdministered"] == [number]
    _, stranger = inhabitant(door, tenant(door), 15)
    for wanted in (9999, stranger):
        assert is_fault(ask(door, "PUT", f"{TENANTS}/{number}/admins", {"admins": [first, wanted]}), 404, 222207916)
    for odd in ({}, {"admins": None}, {"admins": 7}):
        assert is_fault(ask(door, "PUT", f"{TENANTS}/{number}/admins", odd), 400)
    assert stored(door, one).administers == frozenset()


def test_nobody_appoints_whom_they_may_not_touch_and_nothing_is_half_done(door: OpenDoor) -> None:
    """Neither the tenant nor the first of several administrators is there after a refusal."""
    plain, mighty = stored(door, fresh(door)).number, stored(door, fresh(door, *ALL_RIGHTS)).number
    number, name = tenant(door), f"T{uuid4().hex[:10]}"
    rights = USER_RIGHTS | {Right.TENANTS}
    me = (fresh(door, *rights, password=GOOD), GOOD)
    assert is_fault(ask(door, "POST", TENANTS, {"name": name, "admins": [plain, mighty]}, who=me), 403)
    assert told(events(door)[-1]) == ("tenant.appoint", "refused", str(mighty), "not-allowed")
    assert is_fault(ask(door, "PUT", f"{TENANTS}/{number}/admins", {"admins": [plain, mighty]}, who=me), 403)
    assert name not in ask(door, "GET", TENANTS).text
    assert ask(door, "GET", f"{TENANTS}/{number}/admins").json == {"admins": []}
    myself = stored(door, me[0]).number
    answer = ask(door, "PUT", f"{TENANTS}/{number}/admins", {"admins": [plain, myself]}, who=me)
    assert answer.json == {"admins": sorted([plain, myself])}


def test_tenants_that_somebody_administers_are_replaced_as_a_list(door: OpenDoor) -> None:
    """As the vendor prints it; a tenant that is not there changes nothing."""
    login, one, two = fresh(door), tenant(door), tenant(door)
    path = at(door, login, "/tenantsadministered")
    for wanted in ([one, two], [two], []):
        answer = ask(door, "PUT", path, {"tenantsAdministered": wanted})
        assert (answer.status, answer.json) == (200, {"tenantsAdministered": wanted})
        assert ask(door, "GET", path).json == answer.json
    refused = ask(door, "PUT", path, {"tenantsAdministered": [one, 9999]})
    assert is_fault(refused, 404, 222208573)
    assert "9999" in refused.text
    assert stored(door, login).administers == frozenset()
    assert is_fault(ask(door, "PUT", path, {"tenantsAdministered": ["1"]}), 400)
    for method, sent in (("GET", None), ("PUT", {"tenantsAdministered": []})):
        assert is_fault(ask(door, method, f"{USERS}/9999/tenantsadministered", sent), 404, 222207916)


def test_users_of_a_tenant_administer_no_other(door: OpenDoor) -> None:
    """Naming their own changes nothing."""
    number = tenant(door)
    _, user = inhabitant(door, number, 15)
    path = f"{USERS}/{user}/tenantsadministered"
    assert ask(door, "PUT", path, {"tenantsAdministered": [number]}).json == {"tenantsAdministered": [number]}
    assert is_fault(ask(door, "PUT", path, {"tenantsAdministered": [1, number]}), 403)


def test_whoever_administers_a_tenant_works_in_it_as_far_as_their_permissions_go(door: OpenDoor) -> None:
    """Lists, makes, reads, resets and deletes its users; in another tenant there is nobody."""
    number, other = tenant(door), tenant(door)
    me = (appointed(door, number), GOOD)
    _, inside = inhabitant(door, number)
    _, outside = inhabitant(door, other)
    login = f"n{uuid4().hex[:10]}"
    made = ask(door, "POST", USERS, {**NEW, "userName": login, "tenantId": number}, who=me)
    assert (made.status, made.json["tenantId"]) == (200, number)
    listed = ask(door, "GET", f"{USERS}?tenantID={number}&details=true", who=me).json["users"]
    assert {inside, made.json["id"]} == {user["id"] for user in listed}
    everyone = {user["tenantId"] for user in ask(door, "GET", USERS, who=me).json["users"]}
    assert everyone == {1, number}
    assert ask(door, "PUT", f"{USERS}/{inside}/resetpassword", {"newPassword": "tempsecret"}, who=me).status == 204
    assert ask(door, "PUT", f"{USERS}/{inside}/statusinfo", {"status": 0}, who=me).json["status"] == 0
    assert ask(door, "DELETE", f"{USERS}/{inside}", who=me).status == 204
    for method, part, body in (("GET", "", None), ("DELETE", "", None), ("GET", "/permissions", None),
                               ("PUT", "/resetpassword", {"newPassword": "tempsecret"})):  # fmt: skip
        foreign = ask(door, method, f"{USERS}/{outside}{part}", body, who=me)
        missing = ask(door, method, f"{USERS}/9999{part}", body, who=me)
        assert is_fault(foreign, 404, 222207916)
        assert foreign.text.replace(str(outside), "9999") == missing.text
    for wanted in (other, 9999, -1):
        refused = ask(door, "POST", USERS, {**NEW, "userName": "x", "tenantId": wanted}, who=me)
        assert is_fault(refused, 404, 222208573)
    assert found(door, outside) is not None


def test_administering_a_tenant_buys_nothing_without_the_permission(door: OpenDoor) -> None:
    """12, or 13, 14, 15, 16 and the tenant: each as at home."""
    number = tenant(door)
    _, inside = inhabitant(door, number)
    me = (appointed(door, number, rights=frozenset({Right.VIEW_USERS})), GOOD)
    assert ask(door, "GET", f"{USERS}/{inside}", who=me).status == 200
    for method, path, body in (
        ("POST", USERS, {**NEW, "userName": "x", "tenantId": number}),
        ("PUT", f"{USERS}/{inside}/resetpassword", {"newPassword": "tempsecret"}),
        ("PUT", f"{USERS}/{inside}/statusinfo", {"status": 0}),
        ("DELETE", f"{USERS}/{inside}", None),
    ):
        assert is_fault(ask(door, method, path, body, who=me), 403)
        assert (events(door)[-1].tenant, events(door)[-1].reason) == (number, "not-allowed")


def test_nobody_confers_in_a_tenant_what_they_lack_there(door: OpenDoor) -> None:
    """Whoever administers a tenant from outside gives rights over its users, and 12 never."""
    number = tenant(door)
    me = (appointed(door, number, rights=ALL_RIGHTS - {Right.TENANTS}), GOOD)
    new = {**NEW, "tenantId": number}
    for permissions, status in (({"permissions": [12]}, 403), ({"roles": [1]}, 403), ({"roles": [3]}, 200)):
        body = {**new, "userName": f"c{uuid4().hex[:10]}", "permissions": permissions}
        assert ask(door, "POST", USERS, body, who=me).status == status


def test_the_system_s_administrator_sees_and_reaches_everybody(door: OpenDoor) -> None:
    """In one list, narrowed by the number or the name of a tenant."""
    number = tenant(door)
    _, inside = inhabitant(door, number)
    name = ask(door, "GET", f"{TENANTS}/{number}").json["name"]
    for query in (f"tenantID={number}", f"tenantName={name}", f"tenantID={number}&tenantName={name}"):
        assert [user["id"] for user in ask(door, "GET", f"{USERS}?{query}").json["users"]] == [inside]
    assert ask(door, "GET", f"{USERS}?tenantID=1&tenantName={name}").json == {"users": []}
    assert inside in {user["id"] for user in ask(door, "GET", USERS).json["users"]}
    assert ask(door, "GET", f"{USERS}/{inside}?details=true").json["tenantName"] == name
    roles = ask(door, "GET", f"/api/admin/roles?tenantName={name}").json["roles"]
    assert [(role["id"], role["tenantId"]) for role in roles] == [(1, number), (2, number), (3, number)]
    shown = ask(door, "GET", f"{USERS}/{inside}").json
    assert ask(door, "PUT", f"{USERS}/{inside}", shown | {"note": 1}).json["note"] == 1
    assert is_fault(ask(door, "PUT", f"{USERS}/{inside}", shown | {"tenantId": 1}), 400)


def test_whoever_signs_in_from_a_tenant_is_at_home_there(door: OpenDoor) -> None:
    """Their list, their policy, their roles; of the system's tenant they see nothing."""
    number = tenant(door)
    login, me = inhabitant(door, number, 14)
    assert {user["id"] for user in ask(door, "GET", USERS, who=(login, GOOD)).json["users"]} == {me}
    assert [one["id"] for one in ask(door, "GET", TENANTS, who=(login, GOOD)).json["tenants"]] == [number]
    assert is_fault(ask(door, "GET", f"{USERS}/1", who=(login, GOOD)), 404, 222207916)
    assert ask(door, "GET", "/api/mgmt/user", who=(login, GOOD)).json["userId"] == me


async def test_the_client_half_works_in_the_tenant_of_its_settings(door: OpenDoor) -> None:
    """Both halves in a row: a name that the system's tenant has too is made, found, reset, deleted in the other."""
    number, login = tenant(door), fresh(door)
    name = ask(door, "GET", f"{TENANTS}/{number}").json["name"]
    directory = HdpDirectory(HdpSettings(Site(door.url), door.made.admin, door.made.password, name))
    commands: list[Command] = [
        CreateUser(login, Profile(), rights=frozenset({Right.VIEW_USERS})),
        ResetPassword(login, Secret("tempsecret")),
        DeleteUser(login),
    ]
    [made], [reset] = [await directory.execute([command]) for command in commands[:2]]
    user = await directory.find(login)
    assert (type(made), type(reset)) == (Created, Changed)
    assert user is not None
    assert (user.tenant, user.rights, user.must_change) == (number, frozenset({Right.VIEW_USERS}), True)
    assert [one.login for one in (await directory.list(Window())).users] == [login]
    assert isinstance((await directory.execute(commands[2:]))[0], Changed)
    await directory.close()
    assert found(door, user.number) is None
    assert stored(door, login).version == 1
