"""Permission numbers, roles and what each of them buys at the Hybrid Data Pipeline door; every refusal is audited."""

from collections.abc import Iterator

import pytest

from keyturn.core.commands import UpdateUser
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Profile, Right
from tests.dialects.hdp.kit import GOOD, USERS, ask, at, do, events, fresh, heard, is_fault, stored, told
from tests.support.server import OpenDoor, served


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with its door."""
    with served(tmp_path_factory.mktemp("hdp")) as door:
        yield door


NEW = {"statusInfo": {"status": 1}}
WHOLE = {"statusInfo": {"status": 1}, "userName": "other"}
CALLS: dict[str, tuple[str, str, object, frozenset[Right]]] = {
    "list": ("GET", "", None, frozenset({Right.VIEW_USERS})),
    "create": ("POST", "", NEW, frozenset({Right.CREATE_USERS})),
    "read": ("GET", "/{id}", None, frozenset({Right.VIEW_USERS})),
    "status": ("GET", "/{id}/statusinfo", None, frozenset({Right.VIEW_USERS})),
    "password": ("GET", "/{id}/passwordinfo", None, frozenset({Right.VIEW_USERS})),
    "permissions": ("GET", "/{id}/permissions", None, frozenset({Right.VIEW_USERS})),
    "authentication": ("GET", "/{id}/authinfo", None, frozenset({Right.VIEW_USERS})),
    "replace": ("PUT", "/{id}", WHOLE, frozenset({Right.VIEW_USERS, Right.MODIFY_USERS})),
    "confer": ("PUT", "/{id}/permissions", {"roles": [2]}, frozenset({Right.VIEW_USERS, Right.MODIFY_USERS})),
    "sign-ins": ("PUT", "/{id}/authinfo", {"authUsers": []}, frozenset({Right.VIEW_USERS, Right.MODIFY_USERS})),
    "lock": ("PUT", "/{id}/statusinfo", {"status": 1, "accountLocked": True}, frozenset({Right.MODIFY_USERS})),
    "enable": ("PUT", "/{id}/statusinfo", {"status": 1}, frozenset({Right.VIEW_USERS, Right.MODIFY_USERS})),
    "reset": ("PUT", "/{id}/resetpassword", {"newPassword": GOOD}, frozenset({Right.MODIFY_USERS})),
    "delete": ("DELETE", "/{id}", None, frozenset({Right.DELETE_USERS})),
}
"""Each call on somebody else, and the rights it needs: those of the vendor's pages, and 14 where it reads first."""


HELD = [
    *(frozenset({right}) for right in sorted(USER_RIGHTS, key=str)),
    frozenset({Right.VIEW_USERS, Right.MODIFY_USERS}),
    USER_RIGHTS,
    frozenset({Right.AUDIT}),
]


@pytest.fixture(scope="module")
def askers(door: OpenDoor) -> dict[frozenset[Right], str]:
    """Somebody for each set of rights: a password is checked once, and then remembered for a while."""
    return {held: fresh(door, *held, password=GOOD) for held in HELD}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("held", HELD, ids=lambda held: "+".join(sorted(right.name.lower() for right in held)))
def test_each_permission_buys_its_own_calls(
    door: OpenDoor, askers: dict[frozenset[Right], str], name: str, held: frozenset[Right]
) -> None:
    """13 creates, 14 views, 15 modifies, 16 deletes; what is refused is 403 and in the audit."""
    method, part, body, needed = CALLS[name]
    other = fresh(door)
    sent = {**body, "userName": f"{other}n"} if isinstance(body, dict) and "statusInfo" in body else body
    before = heard(door)
    path = USERS + part.format(id=stored(door, other).number)
    answer = ask(door, method, path, sent, who=(askers[held], GOOD))
    if needed <= held:
        assert answer.status in (200, 204), answer.body
        return
    assert is_fault(answer, 403)
    refused = [event.reason for event in events(door, before) if event.outcome == "refused"]
    assert refused == ["not-allowed"]
    assert stored(door, other).version == 1


@pytest.mark.parametrize("part", ["", "/statusinfo", "/passwordinfo", "/permissions", "/authinfo"])
def test_who_may_not_view_learns_nothing_but_about_themselves(door: OpenDoor, part: str) -> None:
    """Not even whether a number is somebody's."""
    login = fresh(door, Right.AUDIT, password=GOOD)
    answers = [
        ask(door, "GET", path, who=(login, GOOD)) for path in (at(door, fresh(door), part), f"{USERS}/9999{part}")
    ]
    assert answers[0].body == answers[1].body
    assert is_fault(answers[0], 403)
    assert told(events(door)[-1]) == ("user.read", "refused", "9999", "not-allowed")
    assert ask(door, "GET", at(door, login, part), who=(login, GOOD)).status == 200


def test_nobody_changes_their_own_roles_and_permissions(door: OpenDoor) -> None:
    """Whichever way; whoever sends them back as they are shown may change the rest."""
    login = fresh(door, *ALL_RIGHTS, password=GOOD)
    me = (login, GOOD)
    shown = ask(door, "GET", at(door, login), who=me).json
    for permissions in (
        {"roles": [2]},
        {"roles": [2], "permissions": [12, 27]},
        {"roles": [2, 3], "permissions": [12]},
    ):
        assert is_fault(ask(door, "PUT", at(door, login, "/permissions"), permissions, who=me), 403)
        assert told(events(door)[-1])[0:2] == ("user.update", "refused")
        whole = {**shown, "permissions": permissions}
        assert is_fault(ask(door, "PUT", at(door, login), whole, who=me), 403)
    assert ask(door, "PUT", at(door, login), {**shown, "note": "mine"}, who=me).json["note"] == "mine"
    assert stored(door, login).rights == ALL_RIGHTS


def test_what_is_shown_of_a_role_that_another_door_took_away_is_no_change(door: OpenDoor) -> None:
    """The kept role would say more than the rights, so it is not shown, and sending that back is nothing new."""
    login = fresh(door, *USER_RIGHTS, password=GOOD)
    do(door, UpdateUser(login, Profile(more={"hdp": {"roles": [1, 2]}})))
    shown = ask(door, "GET", at(door, login)).json
    assert shown["permissions"] == {"roles": [2], "permissions": [13, 14, 15, 16]}
    assert ask(door, "PUT", at(door, login), shown, who=(login, GOOD)).status == 200


def test_authentication_information_is_kept_and_shown(door: OpenDoor) -> None:
    """At first the sign-in name at our own service; nothing else of what is sent is kept."""
    login = fresh(door)
    path, own = at(door, login, "/authinfo"), {"authUserName": login, "authServiceId": 1}
    assert ask(door, "GET", path).json == {"authUsers": [own]}
    sent = {"authUsers": [own, {"authUserName": "odata_*", "authServiceId": 43, "password": GOOD}], "note": 1}
    kept = {"authUsers": [own, {"authUserName": "odata_*", "authServiceId": 43}]}
    for answer in (ask(door, "PUT", path, sent), ask(door, "GET", path)):
        assert (answer.status, answer.json) == (200, kept)
    assert ask(door, "GET", at(door, login)).json["authenticationInfo"] == kept
    assert is_fault(ask(door, "GET", f"{USERS}/9999/authinfo"), 404, 222207916)
    assert is_fault(ask(door, "PUT", f"{USERS}/9999/authinfo", sent), 404, 222207916)


def test_nobody_confers_or_touches_rights_that_they_lack(door: OpenDoor) -> None:
    """Who administers users does not become system administrator."""
    login, mighty = fresh(door, *USER_RIGHTS, password=GOOD), fresh(door, *ALL_RIGHTS)
    me = (login, GOOD)
    for permissions in ({"permissions": [12]}, {"roles": [1]}):
        new = {"userName": f"{login}x", "statusInfo": {"status": 1}, "permissions": permissions}
        assert is_fault(ask(door, "POST", USERS, new, who=me), 403)
        assert is_fault(ask(door, "PUT", at(door, login, "/permissions"), permissions, who=me), 403)
    for part, body in (("/resetpassword", {"newPassword": GOOD}), ("/statusinfo", {"status": 0}),
                       ("/permissions", {"permissions": []})):  # fmt: skip
        assert is_fault(ask(door, "PUT", at(door, mighty, part), body, who=me), 403)
    assert stored(door, mighty).rights == ALL_RIGHTS


def test_permissions_are_changed_and_shown(door: OpenDoor) -> None:
    """12 is everything, 13 to 16 are each a right, the rest is kept."""
    login = fresh(door, password=GOOD)
    path = at(door, login, "/permissions")
    for sent, rights in (
        ({"roles": [2], "permissions": [1, 12]}, ALL_RIGHTS),
        ({"roles": [2], "permissions": [7, 13, 14, 15, 16]}, USER_RIGHTS),
        ({"roles": [3], "permissions": []}, USER_RIGHTS),
        ({"roles": [2], "permissions": [9]}, set()),
        ({"roles": [2], "permissions": [14]}, {Right.VIEW_USERS}),
        ({"roles": [2], "permissions": [13, 15]}, {Right.CREATE_USERS, Right.MODIFY_USERS}),
        ({"roles": [2], "permissions": [16]}, {Right.DELETE_USERS}),
    ):
        assert ask(door, "PUT", path, sent).json == sent
        assert ask(door, "GET", path).json == sent
        assert stored(door, login).rights == rights
    assert is_fault(ask(door, "PUT", path, {"roles": [4]}), 400)
    assert ask(door, "GET", "/api/mgmt/permissions", who=(login, GOOD)).json["permissions"] == [*range(1, 12), 16]


def test_the_last_administrator_stays(tmp_path_factory: pytest.TempPathFactory) -> None:
    """However they are to go."""
    with served(tmp_path_factory.mktemp("last")) as alone:
        admin = at(alone, alone.made.admin)
        assert is_fault(ask(alone, "PUT", admin + "/statusinfo", {"status": 0}), 403, 222299025)
        assert is_fault(ask(alone, "PUT", admin + "/permissions", {"roles": [2]}), 403, 222299002)
        assert is_fault(ask(alone, "DELETE", admin), 403, 222299025)


def test_roles_are_those_of_one_s_own_tenant(door: OpenDoor) -> None:
    """Of another one nothing is told."""
    assert [role["id"] for role in ask(door, "GET", "/api/admin/roles?tenantID=1").json["roles"]] == [1, 2, 3]
    assert ask(door, "GET", "/api/admin/roles?tenantID=2").json == {"roles": []}


def test_a_role_is_shown_with_its_permissions_and_who_has_it(door: OpenDoor) -> None:
    """Those of one's own tenant, to who may list them."""
    login, plain = fresh(door), fresh(door, password=GOOD)
    assert ask(door, "PUT", at(door, login, "/permissions"), {"roles": [3]}).status == 200
    role = ask(door, "GET", "/api/admin/roles/3").json
    assert (role["name"], role["permissions"]) == ("Tenant Administrator", [*range(1, 12), *range(13, 22)])
    assert role["users"] == [stored(door, login).number]
    assert stored(door, plain).number in ask(door, "GET", "/api/admin/roles/2").json["users"]
    for number in ("4", "03", "x"):
        assert is_fault(ask(door, "GET", f"/api/admin/roles/{number}"), 404)
    assert is_fault(ask(door, "GET", "/api/admin/roles/3", who=(plain, GOOD)), 403)
    assert told(events(door)[-1]) == ("user.list", "refused", "", "not-allowed")
