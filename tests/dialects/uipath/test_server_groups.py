"""Groups through the UiPath door: who is in them, from both sides, and that they give nobody what the giver lacks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from keyturn.core.commands import CreateUser
from keyturn.core.outcomes import Created
from keyturn.core.permissions import Actor
from keyturn.core.storage import Tenant
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Group, Profile, Right, Stamp
from tests.dialects.uipath.kit import GOOD, client_of, code, fresh, reasons, stored, token_of
from tests.support.server import Answer, OpenDoor, served

NOBODY = "5f0a8f6e-2f4e-4c3f-8f0e-00000000000c"
API = "/identity_/api/Group"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with a second organization."""
    with served(tmp_path_factory.mktemp("uipath")) as door:
        with door.house.store.writing() as transaction:
            transaction.tenants.put(Tenant(2, "acme", "33333333-3333-4333-8333-333333333333", {}))
        yield door


@pytest.fixture(scope="module")
def token(door: OpenDoor) -> str:
    """The token of a client that may do everything."""
    return token_of(door, client_of(door))


def uid_of(door: OpenDoor, who: str) -> str:
    """The GUID of somebody."""
    user = stored(door, who)
    assert user is not None
    return user.uid


def make(door: OpenDoor, token: str, *members: str, name: str = "") -> str:
    """The id of a new group."""
    body = {"id": str(uuid4()), "name": name or f"g{uuid4().hex[:12]}", "directoryUserMemberIDs": [*members]}
    answer = door.ask("POST", API, token=token, send={**body, "partitionGlobalId": "default"})
    assert answer.status == 200, answer
    assert answer.json["id"] != body["id"]
    return str(answer.json["id"])


def inside(door: OpenDoor, token: str, group: str) -> list[str]:
    """The ids of those in a group."""
    shown = door.ask("GET", f"{API}/default/{group}", token=token).json
    return [member["identifier"] for member in shown["members"]]


def test_a_group_shows_what_is_known_of_its_members(door: OpenDoor, token: str) -> None:
    """People with their names and addresses, groups with their name."""
    sent = {"userName": "hermione", "name": "Hermione", "surname": "Granger", "email": "hermione@example.com"}
    hermione = door.ask("POST", "/identity_/api/User", token=token, send=sent).json["user"]["id"]
    inner = make(door, token, name="Prefects")
    outer = make(door, token, hermione, inner.upper(), name="House")
    shown = door.ask("GET", f"{API}/default/{outer.upper()}", token=token).json
    assert (shown["name"], shown["displayName"], shown["type"]) == ("House", "House", 1)
    group, person = shown["members"]
    assert group == {"objectType": "DirectoryGroup", "source": "local", "identifier": inner, "name": "Prefects",
                     "displayName": "Prefects", "email": None}  # fmt: skip
    assert (person["identifier"], person["name"], person["objectType"]) == (hermione, "hermione", "DirectoryUser")
    assert (person["firstName"], person["lastName"], person["email"]) == ("Hermione", "Granger", sent["email"])
    listed = door.ask("GET", f"{API}/default", token=token).json
    [same] = [one for one in listed if one["id"] == outer]
    assert [member["identifier"] for member in same["members"]] == [inner, hermione]
    assert same["members"][1]["firstName"] is None


def test_members_come_page_by_page(door: OpenDoor, token: str) -> None:
    """Ten unless more are asked for; ids and account types alone."""
    people = [uid_of(door, fresh(door)) for _ in range(11)]
    inner = make(door, token)
    group = make(door, token, inner, *people)
    path = f"{API}/default/{group}/Members"
    first, rest = door.ask("GET", path, token=token).json, door.ask("GET", f"{path}?top=50&skip=10", token=token).json
    assert (first["totalCount"], len(first["results"]), len(rest["results"])) == (12, 10, 2)
    types = {member["id"]: member["type"] for member in first["results"] + rest["results"]}
    assert types == {inner: 3, **dict.fromkeys(people, 0)}


def test_membership_changes_from_the_group_and_from_the_user(door: OpenDoor, token: str) -> None:
    """Both sides show it."""
    who = fresh(door)
    uid, group = uid_of(door, who), make(door, token, name="Ticket Admins")
    change = {"name": "Ticket Managers", "directoryUserIDsToAdd": [uid], "directoryUserIDsToRemove": []}
    answer = door.ask("PUT", f"{API}/{group}", token=token, send=change)
    assert (answer.status, answer.json["name"]) == (200, "Ticket Managers")
    assert door.ask("GET", f"/identity_/api/User/{who}", token=token).json["groupIDs"] == [group]
    left = {"groupIDsToRemove": [group], "name": "Nobody's"}
    assert door.ask("PUT", f"/identity_/api/User/{who}", token=token, send=left).status == 200
    assert inside(door, token, group) == []
    joined = {"groupIDsToAdd": [group.upper()]}
    assert door.ask("PUT", f"/identity_/api/User/{who}", token=token, send=joined).status == 200
    assert inside(door, token, group) == [uid]
    assert door.ask("GET", f"/identity_/api/User/{who}", token=token).json["name"] == "Nobody's"


def test_new_users_join_groups_all_or_none(door: OpenDoor, token: str) -> None:
    """A group that is none fails the whole batch."""
    group, names = make(door, token), [f"u{uuid4().hex}" for _ in range(2)]
    users = [{"userName": name} for name in names]
    bad = {"users": users, "groupIDs": [group, NOBODY]}
    answer = door.ask("POST", "/identity_/api/User/BulkCreate", token=token, send=bad)
    assert (answer.status, code(answer), stored(door, names[0])) == (400, "GroupNotFound", None)
    good = {"users": users, "groupIDs": [group]}
    made = door.ask("POST", "/identity_/api/User/BulkCreate", token=token, send=good).json["users"]
    assert [user["groupIDs"] for user in made] == [[group]] * 2
    assert set(inside(door, token, group)) == {user["id"] for user in made}


def test_a_name_is_taken_once_and_a_member_must_be_there(door: OpenDoor, token: str) -> None:
    """In the codes that the stock server has for roles; whatever the letter case."""
    group = make(door, token, name="Once")

    def ask(**body: object) -> Answer:
        return door.ask("POST", API, token=token, send=body)

    assert code(ask(name="ONCE")) == "DuplicateRoleName"
    assert code(ask(name=" ")) == "InvalidRoleName"
    assert code(ask(name="Other", directoryUserMemberIDs=[NOBODY])) == "InvalidRoleName"
    assert ask(name="Other", directoryUserMemberIDs=["harry"]).json["errors"].keys() == {"directoryUserMemberIDs"}
    assert ask(directoryUserMemberIDs=[]).json["errors"].keys() == {"name"}
    other = make(door, token)
    assert code(door.ask("PUT", f"{API}/{other}", token=token, send={"name": "once"})) == "DuplicateRoleName"
    itself = {"name": "Once", "directoryUserIDsToAdd": [group]}
    assert code(door.ask("PUT", f"{API}/{group}", token=token, send=itself)) == "InvalidRoleName"


def test_groups_are_deleted_one_by_one_or_some_together(door: OpenDoor, token: str) -> None:
    """Nothing is answered; of several, each that is not there is told.  Without a list nothing is deleted."""
    one, two, three = make(door, token), make(door, token), make(door, token)
    assert door.ask("DELETE", f"{API}/default/{one}", token=token).status == 204
    again = door.ask("DELETE", f"{API}/default/{one}", token=token)
    assert (again.status, code(again)) == (404, "GroupNotFound")
    some = door.ask("DELETE", f"{API}/default", token=token, send={"groupIDs": [one, two.upper()]})
    assert (some.status, code(some), len(some.json["errors"])) == (400, "GroupNotFound", 1)
    for ids in ([], [str(uuid4()) for _ in range(1001)]):
        answer = door.ask("DELETE", f"{API}/default", token=token, send={"groupIDs": ids})
        assert answer.json["errors"].keys() == {"groupIDs"}
    left = {group["id"] for group in door.ask("GET", f"{API}/default", token=token).json}
    assert left & {one, two, three} == {three}
    assert door.ask("DELETE", f"{API}/default", token=token, send={"groupIDs": [three]}).status == 204


@pytest.mark.parametrize("name", [NOBODY, "no-guid"])
def test_a_group_that_is_not_there_is_not_found(door: OpenDoor, token: str, name: str) -> None:
    """By every call that names one."""
    for method, path, send in (
        ("GET", f"default/{name}", None),
        ("GET", f"default/{name}/Members", None),
        ("PUT", name, {"name": "x"}),
        ("DELETE", f"default/{name}", None),
    ):
        answer = door.ask(method, f"{API}/{path}", token=token, send=send)
        assert (answer.status, code(answer)) == (404, "GroupNotFound")


def test_a_foreign_organization_and_its_groups_are_not_found(door: OpenDoor, token: str) -> None:
    """Named in the address, in the body, or met by a group of its own."""
    theirs = token_of(door, client_of(door, tenant=2))
    group = door.ask("POST", "/acme/identity_/api/Group", token=theirs, send={"name": "Theirs"}).json["id"]
    foreign = {"partitionGlobalId": "acme", "name": "x"}
    answers = [
        door.ask("GET", f"{API}/acme", token=token),
        door.ask("GET", f"{API}/acme/{group}", token=token),
        door.ask("GET", f"{API}/acme/{group}/Members", token=token),
        door.ask("POST", API, token=token, send=foreign),
        door.ask("PUT", f"{API}/{group}", token=token, send=foreign),
        door.ask("DELETE", f"{API}/acme/{group}", token=token),
        door.ask("DELETE", f"{API}/acme", token=token, send={"groupIDs": [group]}),
    ]
    assert {(answer.status, answer.text) for answer in answers} == {
        (404, '{"errorMessage":"there is no such organization"}')
    }
    for method, path in (("GET", f"default/{group}"), ("PUT", group), ("DELETE", f"default/{group}")):
        answer = door.ask(method, f"{API}/{path}", token=token, send={"name": "x"} if method == "PUT" else None)
        assert (answer.status, code(answer)) == (404, "GroupNotFound")


def test_the_scopes_of_groups_are_their_own(door: OpenDoor) -> None:
    """Those of users open nothing here, each half opens its half, and what is refused is audited."""
    made = client_of(door)
    users, reader = token_of(door, made, "PM.User"), token_of(door, made, "PM.Group.Read")
    writer, whole = token_of(door, made, "PM.Group.Write"), token_of(door, made, "PM.Group")
    name = f"g{uuid4().hex}"
    for weak, half in ((users, "Read"), (writer, "Read")):
        answer = door.ask("GET", f"{API}/default", token=weak)
        assert (answer.status, f"'PM.Group' or 'PM.Group.{half}'" in answer.json["errorMessage"]) == (403, True)
    for weak in (users, reader):
        answer = door.ask("POST", API, token=weak, send={"name": name})
        assert (answer.status, "'PM.Group.Write'" in answer.json["errorMessage"]) == (403, True)
    assert reasons(door, name) == ["not-allowed"] * 2
    assert door.ask("GET", f"{API}/default", token=reader).status == 200
    group = door.ask("POST", API, token=writer, send={"name": name}).json["id"]
    assert door.ask("DELETE", f"{API}/default/{group}", token=whole).status == 204
    assert door.ask("GET", "/identity_/api/User/admin", token=whole).status == 403


def test_nobody_gives_through_a_group_what_they_lack(door: OpenDoor, token: str) -> None:
    """From the group's side, from the user's, and at the making of a user."""
    administration = door.house.administration(Actor("root", "root", 1, ALL_RIGHTS), "test")
    strong = administration.groups.create("Auditors", frozenset({Right.AUDIT}), (), "")
    assert isinstance(strong, Group)
    who = fresh(door, password=GOOD)
    weak = token_of(door, client_of(door, rights=USER_RIGHTS))
    asked = [
        ("PUT", f"{API}/{strong.uid}", {"name": "Auditors", "directoryUserIDsToAdd": [uid_of(door, who)]}),
        ("PUT", f"/identity_/api/User/{who}", {"groupIDsToAdd": [strong.uid]}),
        ("POST", "/identity_/api/User/BulkCreate", {"users": [{"userName": "x-new"}], "groupIDs": [strong.uid]}),
        ("DELETE", f"{API}/default/{strong.uid}", None),
    ]
    assert [door.ask(method, path, token=weak, send=send).status for method, path, send in asked] == [403] * 4
    assert stored(door, "x-new") is None
    joined = {"name": "Auditors", "directoryUserIDsToAdd": [uid_of(door, who)]}
    assert door.ask("PUT", f"{API}/{strong.uid}", token=token, send=joined).status == 200
    user = stored(door, who)
    assert user is not None
    assert user.through == {Right.AUDIT}
    assert door.ask("PUT", f"/identity_/api/User/{who}", token=weak, send={"password": GOOD}).status == 403


def test_nothing_is_lost_after_the_first_thousand(door: OpenDoor) -> None:
    """Neither groups nor members; here both are read in parts."""
    token = token_of(door, client_of(door, tenant=2))
    root = Actor("root", "root", 2, ALL_RIGHTS)
    stamp = Stamp("root", datetime(2026, 11, 21, tzinfo=UTC))
    crowded = door.house.administration(root, "test").groups.create("Crowd", frozenset(), (), "")
    assert isinstance(crowded, Group)
    with door.house.store.writing() as transaction:
        for number in range(1000):
            transaction.groups.put(Group(str(uuid4()), 2, f"g-{number}", frozenset(), (), stamp, stamp))
    people = [CreateUser(f"u-{number}", Profile(given_name="Ron"), groups=(crowded.uid,)) for number in range(1001)]
    made = door.house.directory(root, "test").execute(people)
    assert {type(outcome) for outcome in made} == {Created}
    assert len(door.ask("GET", f"{API}/acme", token=token).json) >= 1001
    members = door.ask("GET", f"{API}/acme/{crowded.uid}", token=token).json["members"]
    assert (len(members), {member["firstName"] for member in members}) == (1001, {"Ron"})
