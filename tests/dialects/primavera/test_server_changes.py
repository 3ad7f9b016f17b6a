"""New, changed and deleted users, and what a job tells of them to whom."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import pytest
from starlette.requests import Request
from starlette.types import Message

from keyturn.app.keeping.init import FOUNDER
from keyturn.core.commands import Commands, CreateUser, Origin, ResetPassword, SetStatus
from keyturn.core.errors import StoreError
from keyturn.core.membership import GroupChange
from keyturn.core.outcomes import Outcome
from keyturn.core.permissions import Actor
from keyturn.core.ports import Administration, Directory, Gate
from keyturn.core.secret import Secret
from keyturn.core.users import USER_RIGHTS, Group, Profile, Right, Status, User
from keyturn.dialects.primavera.server_asking import Asked, Door
from keyturn.dialects.primavera.server_changes import Changes
from keyturn.dialects.primavera.server_sets import PART
from keyturn.dialects.primavera.wire import DOOR, SERVED
from tests.dialects.primavera.asking import API, Administrator, do
from tests.dialects.primavera.test_server import added, stored
from tests.support.server import OpenDoor, Person, served

GOOD = "nine green bottles on a wall"
ADMIN = {"displayName": "Primavera Administration", "id": "1", "name": "PrimaveraCloudAdmin"}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with one person."""
    with served(tmp_path_factory.mktemp("primavera"), users=[Person("amal", "amal@example.com")]) as door:
        yield door


@pytest.fixture(scope="module")
def admin(door: OpenDoor) -> Administrator:
    """Its first administrator."""
    return Administrator(door, door.made.admin, door.made.password.reveal())


def another(door: OpenDoor, login: str, rights: frozenset[Right] = USER_RIGHTS) -> Administrator:
    """Somebody else with a password."""
    do(door, CreateUser(login, Profile(login), rights=rights))
    do(door, ResetPassword(login, Secret(GOOD), permanent=True))
    return Administrator(door, login, GOOD)


def test_one_call_adds_modifies_and_deletes(door: OpenDoor, admin: Administrator) -> None:
    """Each with its verdict, in the result of the job."""
    admin.change({"added": [added("old"), added("gone")]})
    told = admin.change(
        {
            "added": [added("new", roles=[{"name": "PrimaveraCloudAdmin"}]), added("old")],
            "modified": [{"loginId": "old", "lastName": "Other"}, {"loginId": "nobody"}],
            "deleted": ["gone", "nobody"],
        },
    )
    assert [each["statusInfo"][:10] for each in told["added"]] == ["", "KTPRM1004E"]
    assert [each["statusInfo"][:10] for each in told["modified"]] == ["", "KTPRM1003E"]
    assert told["deleted"] == ["gone"]
    assert [each["loginId"] for each in told["deleteFailed"]] == ["nobody"]
    assert (told["added"][0]["lastAction"], told["modified"][0]["lastAction"]) == ("Created", "Updated")
    assert "lastAction" not in told["added"][1]
    assert stored(door, "old").profile.display_name == "New Other"
    assert stored(door, "new").rights == USER_RIGHTS
    assert not stored(door, "new").has_password


@pytest.mark.parametrize("root", [API, f"{API}/v3", f"/default{API}", f"/default{API}/v3"])
def test_a_job_is_asked_for_where_its_call_was_made(admin: Administrator, root: str) -> None:
    """The body is its number; both spellings of the address lead to the same result."""
    accepted = admin.ask("POST", "/user", {"added": [added(f"job{len(root)}")]}, root=root)
    number = accepted.json
    assert (accepted.status, accepted.headers["location"]) == (202, f"{root}/user/status/{number}")
    one, other = (admin.ask("GET", f"/{word}/status/{number}", root=root) for word in ("user", "users"))
    assert (one.status, one.body) == (200, other.body)
    assert one.json["added"][0]["statusInfoOK"] is True
    assert one.headers["content-type"] == "application/json"
    assert one.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("wish", ["wait", "respond-async, Wait=10", "handling=lenient,wait ; x=1"])
def test_whoever_prefers_to_wait_gets_the_result_at_once(admin: Administrator, wish: str) -> None:
    """And no job is kept."""
    headers = {**admin.headers(), "prefer": wish}
    answer = admin.door.ask("POST", f"{API}/user", headers=headers, send={"deleted": ["nobody"]})
    assert (answer.status, answer.headers["preference-applied"]) == (200, "wait")
    assert [each["loginId"] for each in answer.json["deleteFailed"]] == ["nobody"]
    other = admin.door.ask("POST", f"{API}/user", headers={**headers, "prefer": "waiting"}, send={})
    assert other.status == 202


def test_a_job_is_told_to_nobody_else(door: OpenDoor, admin: Administrator) -> None:
    """As if it were not there, whatever the other one may do; also what is no number."""
    number = admin.ask("POST", "/user", {"deleted": ["nobody"]}).json
    other = another(door, "curious")
    for who, job in [
        (other, number),
        (admin, number + 1),
        (admin, "x"),
        (admin, "9" * 30),
        (admin, "²"),
        (admin, "-1"),
    ]:
        for path in (f"/user/status/{job}", f"/users/status/{job}/draft"):
            answer = who.ask("GET", path.replace("²", "%C2%B2"))
            assert (answer.status, answer.json["exception"]) == (404, "KTPRM1003E")
    assert door.ask("GET", f"{API}/user/status/{number}").status == 401


def test_the_draft_is_a_sheet_of_those_who_failed(admin: Administrator) -> None:
    """As they were sent, and nothing in it is a formula."""
    bad = added("amal", lastName="=1+1", organization={"name": "sfo"}, userType="Employee", disabled=True)
    number = admin.ask("POST", "/user", {"added": [added("drafty"), bad]}).json
    draft = admin.ask("GET", f"/user/status/{number}/draft")
    assert (draft.status, draft.headers["content-type"]) == (200, "application/octet-stream")
    assert "attachment" in draft.headers["content-disposition"]
    header, *lines = csv.reader(io.StringIO(draft.text))
    assert ",".join(header) == "Last Name,First Name,Email,Username,Company,User Type,Locked,Active"
    assert lines == [["'=1+1", "New", "amal@example.com", "amal", "sfo", "Employee", "false", "false"]]


def test_no_result_holds_a_password(admin: Administrator) -> None:
    """A creation that brings one is refused; what is hidden deeper is not kept."""
    assert admin.ask("POST", "/user", {"added": [added("x", password=[*GOOD])]}).status == 400
    told = admin.change({"added": [added("secretive", organization={"name": "sfo", "password": GOOD})]})
    assert GOOD not in json.dumps(told)


def test_a_call_that_may_do_nothing_makes_no_job(door: OpenDoor) -> None:
    """It is refused at once."""
    weak = another(door, "feeble", frozenset({Right.VIEW_USERS}))
    assert weak.ask("POST", "/user", {"deleted": ["amal"]}).status == 403
    assert weak.ask("PUT", "/user/change-lock", [{"loginId": "amal"}]).status == 403
    do(door, SetStatus("amal", Status.LOCKED))
    assert weak.ask("PUT", "/user/change-status", [{"loginId": "amal", "disabled": False}]).status == 403
    do(door, SetStatus("amal", Status.ACTIVE))


async def grouped(door: OpenDoor, name: str, rights: frozenset[Right] = frozenset()) -> Group:
    """A new group."""
    administration = door.house.gate.administration(FOUNDER, "test", Origin())
    group = await administration.create_group(name, rights)
    assert isinstance(group, Group)
    return group


async def test_groups_are_roles(door: OpenDoor, admin: Administrator) -> None:
    """In the list of roles, of a user, and of somebody new; by name in any letters, or by id."""
    planners, buyers = await grouped(door, "Planners"), await grouped(door, "Buyers")
    roles = admin.ask("GET", "/roles").json
    assert roles[0] == ADMIN
    assert {"displayName": "Planners", "id": planners.uid, "name": "Planners"} in roles
    sent = [{"name": "planners"}, {"id": buyers.uid}, {"name": "PrimaveraUnifierProduction", "id": "77"}]
    told = admin.change({"added": [added("grouped", roles=sent)]})
    shown = [role["name"] for role in told["added"][0]["roles"]]
    assert shown == ["Buyers", "Planners", "PrimaveraUnifierProduction"]
    assert {one.name for one in stored(door, "grouped").groups} == {"Buyers", "Planners"}


async def test_a_list_of_roles_replaces_the_one_before(door: OpenDoor, admin: Administrator) -> None:
    """Groups left out are left; without a list nothing happens; sent back as it was read, nothing does either."""
    one, two = await grouped(door, "First"), await grouped(door, "Second")
    admin.change({"added": [added("mover", roles=[{"name": "First"}])]})
    admin.change({"modified": [{"loginId": "mover", "lastName": "Same"}]})
    assert [each.uid for each in stored(door, "mover").groups] == [one.uid]
    [shown] = [each for each in admin.ask("GET", "/user").json if each["loginId"] == "mover"]
    admin.change({"modified": [shown]})
    assert [each.uid for each in stored(door, "mover").groups] == [one.uid]
    admin.change({"modified": [{"loginId": "mover", "roles": [{"name": "Second"}, ADMIN]}]})
    assert [each.uid for each in stored(door, "mover").groups] == [two.uid]
    assert stored(door, "mover").rights == USER_RIGHTS


async def test_nobody_gives_by_a_role_what_they_lack(door: OpenDoor, admin: Administrator) -> None:
    """A group that carries a right is more than a name."""
    auditors = await grouped(door, "Auditors", frozenset({Right.AUDIT}))
    users = another(door, "usersonly")
    told = users.change({"added": [added("plain"), added("climber", roles=[{"name": "Auditors"}])]})
    assert [each["statusInfo"][:10] for each in told["added"]] == ["", "KTPRM1002E"]
    administration = door.house.gate.administration(FOUNDER, "test", Origin())
    assert isinstance(await administration.update_group(auditors.uid, GroupChange(members=())), Group)


def test_an_unlock_starts_the_count_of_wrong_passwords_again(door: OpenDoor, admin: Administrator) -> None:
    """Else whoever was unlocked would still have to wait."""
    admin.change({"added": [added("dan")]})
    with door.house.store.writing() as transaction:
        transaction.users.count_failure(stored(door, "dan").uid, stored(door, "dan").added.at)
    do(door, SetStatus("dan", Status.LOCKED))
    assert admin.ask("PUT", "/user/change-lock", [{"loginId": "dan"}]).json == {"dan": ""}
    assert (stored(door, "dan").status, stored(door, "dan").failures) == (Status.ACTIVE, 0)


@dataclass
class Ailing:
    """A directory that cannot keep the second set of commands, nor the result."""

    real: Directory
    sets: int = 0
    wrong: Exception | None = None

    async def find(self, who: str) -> User | None:
        """As it is."""
        return await self.real.find(who)

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """As it is, until it breaks."""
        self.sets += 1
        if isinstance(self.wrong, StoreError) and self.sets > 1:
            raise self.wrong
        return await self.real.execute(commands)


class Forgetful:
    """An administration that cannot keep a result."""

    async def keep_job(self, result: str) -> int:
        """Never."""
        raise StoreError("full")


def asked(directory: Ailing, body: bytes) -> Asked:
    """A request that meets this directory."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    headers = [(b"content-type", b"application/json")]
    request = Request({"type": "http", "method": "POST", "headers": headers, "path_params": {}}, receive)
    actor = Actor("root", "root", 1, frozenset())
    return Asked(request, cast("Directory", directory), cast("Administration", Forgetful()), actor, cast("Gate", None))


async def test_what_was_done_before_the_store_failed_is_told(door: OpenDoor) -> None:
    """A 503 for all of it would say that nothing was done."""
    gate = door.house.gate
    directory = Ailing(gate.directory(FOUNDER, SERVED, DOOR, Origin()), wrong=StoreError("full"))
    body = b'{"added":[{"loginId":"kept"}],"deleted":["amal"]}'
    answer = await Changes(Door(cast("Gate", gate))).change(asked(directory, body))
    assert answer.status_code == 200  # the store cannot keep the job either
    assert b'"deleted":[]' in answer.body
    assert b"KTPRM4002E" in answer.body
    assert stored(door, "kept").login == "kept"
    with pytest.raises(StoreError):
        await Changes(Door(cast("Gate", gate))).change(asked(directory, body))


async def test_a_large_set_is_done_in_parts(door: OpenDoor) -> None:
    """So that others get their turn; all of it is told."""
    gate = door.house.gate
    directory = Ailing(gate.directory(FOUNDER, SERVED, DOOR, Origin()))
    names = [f"part{number}" for number in range(2 * PART + 1)]
    body = json.dumps({"added": [{"loginId": name} for name in names]}).encode()
    answer = await Changes(Door(cast("Gate", gate))).change(asked(directory, body))
    assert [each["loginId"] for each in json.loads(bytes(answer.body))["added"]] == names
    assert directory.sets == 3
