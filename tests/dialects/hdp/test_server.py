"""The server half beyond what documents print: refusals in the vendor's envelope, and nothing given away."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.responses import Response

from keyturn.app.keeping.init import FOUNDER
from keyturn.core.commands import CreateUser, UpdateUser
from keyturn.core.errors import Busy
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Contact, Profile
from keyturn.dialects.hdp.server_asking import Asked, Door, reply
from keyturn.dialects.hdp.server_system import System
from keyturn.dialects.hdp.server_users import Users
from tests.dialects.hdp.kit import GOOD, OTHER, USERS, ask, at, do, events, fresh, is_fault, stored, told
from tests.support.server import OpenDoor, served


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with its door."""
    with served(tmp_path_factory.mktemp("hdp")) as door:
        yield door


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/admin/nothing", None, 404),
        ("GET", "/api/mgmt/nothing", None, 404),
        ("PATCH", USERS, {}, 405),
        ("GET", "/api/admin/users/1/resetpassword", None, 405),
        ("GET", USERS + "?details=perhaps", None, 400),
        ("GET", USERS + "?details=true&details=true", None, 400),
        ("PUT", "/api/admin/users/1/resetpassword", {}, 400),
        ("PUT", "/api/admin/users/1/resetpassword", {"newPassword": ["x"]}, 400),
        ("PUT", "/api/admin/users/1/statusinfo", {}, 400),
        ("PUT", "/api/admin/users/1", {"statusInfo": {"status": 1}, "tenantId": 2}, 400),
        ("POST", USERS, {"userName": "x", "statusInfo": {"status": 1}, "tenantId": 2}, 404),
        ("POST", USERS, {"userName": "x", "statusInfo": {"status": 1}, "tenantId": "1"}, 400),
        ("PUT", "/api/admin/users/1/authinfo", {}, 400),
        ("PUT", "/api/admin/users/1/authinfo", {"authUsers": [{"authUserName": ""}]}, 400),
        ("PUT", "/api/admin/users/1/authinfo", {"authUsers": [{"authUserName": "x" * 129}]}, 400),
        ("PUT", "/api/admin/users/1/authinfo", {"authUsers": [{"authUserName": "x", "authServiceId": 0}]}, 400),
        ("PUT", "/api/admin/users/1/authinfo", {"authUsers": [{"authUserName": "x", "authServiceId": 2**31}]}, 400),
        ("PUT", "/api/admin/users/1/permissions", {"permissions": [-1]}, 400),
        ("PUT", "/api/admin/users/1/permissions", {"permissions": [10**18]}, 400),
        ("PUT", "/api/admin/users/1/permissions", {"roles": [10**18]}, 400),
        ("GET", "/api/admin/permissions/99", None, 404),
        ("GET", "/api/admin/permissions/012", None, 404),
        ("GET", "/api/admin/permissions/" + "1" * 5000, None, 404),
    ],
)
def test_what_cannot_be_understood_is_refused_in_the_envelope(
    door: OpenDoor, method: str, path: str, body: object, status: int
) -> None:
    """Also addresses that nobody answers."""
    answer = ask(door, method, path, body)
    assert is_fault(answer, status), answer
    assert ("allow" in answer.headers) == (status == 405)


def test_a_body_that_is_no_json_has_the_vendor_s_code(door: OpenDoor) -> None:
    """222207007, as its own pages name it."""
    packed = base64.b64encode(f"{door.made.admin}:{door.made.password.reveal()}".encode()).decode()
    headers = {"authorization": f"Basic {packed}", "content-type": "application/json"}
    for body in (b"{", b'{"newPassword":"a","newPassword":"b"}', b"[]"):
        answer = door.ask("PUT", f"{USERS}/1/resetpassword", headers=headers, body=body)
        assert is_fault(answer, 400, 222207007)
        assert answer.json["error"]["message"]["value"].startswith("Invalid JSON Input: ")


@pytest.mark.parametrize("authorization", ["", "Basic", "Basic !!!", "Basic YQ==", "Bearer x", "Basic bm9ib2R5OngK"])
def test_without_a_good_password_nothing_is_told(door: OpenDoor, authorization: str) -> None:
    """401, and how to sign in."""
    headers = {"authorization": authorization} if authorization else {}
    answer = door.ask("GET", USERS, headers=headers)
    assert is_fault(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_an_access_token_opens_nothing_here(door: OpenDoor) -> None:
    """The vendor knows only names and passwords."""
    assert is_fault(door.ask("GET", USERS, token=door.admin_token()), 401)


def test_a_wrong_password_is_not_told_from_a_wrong_name(door: OpenDoor) -> None:
    """Nor from somebody who is disabled."""
    login = fresh(door, password=GOOD)
    wrong = ask(door, "GET", "/api/mgmt/user", who=(login, "wrong"))
    assert wrong.body == ask(door, "GET", "/api/mgmt/user", who=("nobody", "wrong")).body
    assert ask(door, "PUT", at(door, login, "/statusinfo"), {"status": 0}).status == 200
    assert ask(door, "GET", "/api/mgmt/user", who=(login, GOOD)).body == wrong.body


def test_a_temporary_password_buys_one_change_and_nothing_else(door: OpenDoor) -> None:
    """And is not used up by looking."""
    login = fresh(door, *USER_RIGHTS, password=GOOD, permanent=False)
    for path in (USERS, "/api/mgmt/user", "/api/mgmt/permissions"):
        assert is_fault(ask(door, "GET", path, who=(login, GOOD)), 403)
        assert told(events(door)[-1]) == ("session.use", "refused", "", "not-allowed")
    change = {"currentPassword": GOOD, "newPassword": OTHER}
    path = "/api/admin/userdetails/changePassword"
    assert is_fault(ask(door, "PUT", path, {**change, "currentPassword": "wrong"}, who=(login, GOOD)), 400)
    assert is_fault(ask(door, "PUT", path, {**change, "newPassword": GOOD}, who=(login, GOOD)), 400)
    assert is_fault(ask(door, "PUT", path, {"newPassword": OTHER}, who=(login, GOOD)), 400)
    answer = ask(door, "PUT", path, change, who=(login, GOOD))
    assert (answer.status, answer.json) == (200, {"passwordStatus": 1, "passwordExpiration": None})
    assert ask(door, "GET", USERS, who=(login, OTHER)).status == 200
    assert is_fault(ask(door, "GET", USERS, who=(login, GOOD)), 401)


def test_a_reset_asks_for_a_new_password(door: OpenDoor) -> None:
    """passwordStatus becomes 2, and the answer is empty."""
    login = fresh(door, password=OTHER)
    assert ask(door, "GET", at(door, login, "/passwordinfo")).json["passwordStatus"] == 1
    answer = ask(door, "PUT", at(door, login, "/resetpassword"), {"newPassword": GOOD})
    assert (answer.status, answer.body) == (204, b"")
    assert ask(door, "GET", at(door, login, "/passwordinfo")).json["passwordStatus"] == 2
    assert door.sign_in(login, GOOD).json["must_change"] is True


@pytest.mark.parametrize(
    ("password", "code"),
    [("brief!", 222299011), ("tempsecret", 222299011), ("x" * 33, 222299012), ("1234567890123456", 222299013)],
)
def test_a_password_against_the_policy_is_refused(door: OpenDoor, password: str, code: int) -> None:
    """And not quoted."""
    answer = ask(door, "PUT", at(door, fresh(door), "/resetpassword"), {"newPassword": password})
    assert is_fault(answer, 400, code)
    assert password not in answer.text


@pytest.mark.parametrize("number", ["007", "1e3", "x", "%E2%82%AC", "9" * 30, "1%2Fresetpassword"])
def test_an_id_is_exactly_that_number(door: OpenDoor, number: str) -> None:
    """Nothing is guessed, nobody else is touched."""
    for method, part, body in (
        ("GET", "", None),
        ("DELETE", "", None),
        ("PUT", "/resetpassword", {"newPassword": GOOD}),
    ):
        answer = ask(door, method, f"{USERS}/{number}{part}", body)
        assert is_fault(answer, 404, 222207916), answer
    assert is_fault(ask(door, "PUT", f"{USERS}/{number}/passwordinfo", {"passwordStatus": 2}), 404)
    assert is_fault(ask(door, "PUT", f"{USERS}/{number}", {"statusInfo": {"status": 1}, "userName": "x"}), 404)


def test_a_new_user_is_as_told(door: OpenDoor) -> None:
    """With the number, where it is, roles, and what has no meaning here; never the password."""
    name = f"n{uuid4().hex[:8]}"
    body = {
        "userName": name,
        "tenantId": 1,
        "statusInfo": {"status": 1, "accountLocked": False},
        "passwordInfo": {"password": GOOD, "passwordStatus": 1, "passwordExpiration": None},
        "permissions": {"roles": [2, 3], "permissions": [5]},
        "authenticationInfo": {"authUsers": [{"authUserName": "ldap-name", "authServiceId": 3}]},
        "note": "from HR",
    }
    answer = ask(door, "POST", USERS, body)
    assert answer.status == 200
    assert answer.headers["location"] == f"{USERS}/{answer.json['id']}"
    shown = {key: answer.json[key] for key in body if key != "passwordInfo"}
    assert shown == {key: value for key, value in body.items() if key != "passwordInfo"}
    assert answer.json["passwordInfo"] == {"passwordStatus": 2, "passwordExpiration": None}
    assert GOOD not in answer.text
    assert stored(door, name).rights == USER_RIGHTS
    assert is_fault(ask(door, "POST", USERS, body), 400, 222299003)
    assert ask(door, "DELETE", at(door, name)).status == 204
    assert is_fault(ask(door, "POST", USERS, body), 400, 222299004)


def test_what_others_keep_of_a_user_stays(door: OpenDoor) -> None:
    """An update here takes no name and no address away."""
    login = fresh(door)
    mail = Contact(f"{login}@example.com", "work", primary=True)
    do(door, UpdateUser(login, Profile("Amal Ba", emails=(mail,), more={"other": 1})))
    sent = ask(door, "GET", at(door, login)).json | {"userName": f"{login}2", "note": 7}
    assert ask(door, "PUT", at(door, login), sent).json["note"] == 7
    user = stored(door, f"{login}2")
    assert (user.profile.display_name, user.profile.emails, user.key) == ("Amal Ba", (mail,), login)
    assert user.profile.more["other"] == 1


def test_an_account_is_locked_unlocked_and_disabled(door: OpenDoor) -> None:
    """And whoever does not speak of the lock leaves it."""
    login = fresh(door, password=GOOD)
    path = at(door, login, "/statusinfo")
    for sent, meant in (
        ({"status": 1, "accountLocked": True}, (1, True)),
        ({"status": 1}, (1, True)),
        ({"status": 0}, (0, False)),
        ({"status": 1, "accountLocked": False, "accountLockedUntil": None}, (1, False)),
    ):
        answer = ask(door, "PUT", path, sent)
        assert (answer.json["status"], answer.json["accountLocked"]) == meant
        assert ask(door, "GET", path).json == answer.json
    assert ask(door, "GET", "/api/mgmt/user", who=(login, GOOD)).status == 200


def test_how_a_password_stands_cannot_be_said_without_the_password(door: OpenDoor) -> None:
    """501, also inside of a whole user; nothing is changed."""
    login = fresh(door, password=GOOD)
    assert is_fault(ask(door, "PUT", at(door, login, "/passwordinfo"), {"passwordStatus": 2}), 501)
    whole = {"userName": "x", "statusInfo": {"status": 1}, "passwordInfo": {"passwordStatus": 2}}
    assert is_fault(ask(door, "PUT", at(door, login), whole), 501)
    assert stored(door, login).login == login
    assert is_fault(ask(door, "PUT", at(door, login, "/passwordinfo"), {"passwordStatus": "2"}), 400)


def test_a_repeated_operation_is_answered_alike(door: OpenDoor) -> None:
    """With the same Idempotency-Key; with another body it is refused."""
    path, key = at(door, fresh(door), "/resetpassword"), uuid4().hex
    for _ in range(2):
        assert ask(door, "PUT", path, {"newPassword": GOOD}, idempotency_key=key).status == 204
    assert is_fault(ask(door, "PUT", path, {"newPassword": OTHER}, idempotency_key=key), 409)
    assert is_fault(ask(door, "PUT", path, {"newPassword": GOOD}, idempotency_key="x" * 256), 400)


def test_the_list_holds_everybody(door: OpenDoor) -> None:
    """However many: nobody documents pages."""
    many = [CreateUser(f"m{uuid4().hex}", Profile()) for _ in range(1001)]
    door.house.directory(FOUNDER, "test").execute(many)
    listed = ask(door, "GET", USERS).json["users"]
    assert len({user["id"] for user in listed}) == len(listed) > 1001
    assert all("tenantName" not in user for user in listed)
    assert {user["tenantName"] for user in ask(door, "GET", USERS + "?details=True").json["users"]} == {"default"}


async def test_a_busy_directory_says_when_to_come_back(door: OpenDoor) -> None:
    """503 with the time to wait."""

    async def busy(request: Request) -> Response:
        raise Busy("too much to do")

    answer = await Door(door.house.gate).open(busy)(Request({"type": "http"}))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert reply(None, 429, retry_after=9999.0).headers["retry-after"] == "3600"
    refused = Door(door.house.gate).refuse(Refused("", Reason.TOO_MANY, retry_after=7.0))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")


async def test_somebody_deleted_between_two_looks_has_no_permissions(door: OpenDoor) -> None:
    """And no number."""
    gone = Actor(str(uuid4()), "gone", 1, ALL_RIGHTS)
    asked = Asked(Request({"type": "http", "query_string": b"", "headers": []}), gone, door.house.gate)
    answer = await System(Door(door.house.gate)).user(asked)
    assert json.loads(bytes(answer.body)) == {"userId": 0, "passwordExpiration": None, "permissions": []}


@pytest.mark.parametrize(("meddles", "status", "title"), [((2, 4), 200, "Dr 4"), ((2, 4, 6), 409, "Dr 6")])
async def test_a_change_meanwhile_is_merged_again(
    door: OpenDoor, meddles: tuple[int, ...], status: int, title: str
) -> None:
    """Whoever was quicker keeps what they wrote; three times is enough."""
    login = fresh(door)
    number = str(stored(door, login).number)
    looks = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"statusInfo": {"status": 1}, "note": 1}', "more_body": False}

    class Meddling(Asked):
        """Somebody else changes the user after it was read."""

        def directory(self) -> Any:
            nonlocal looks
            looks += 1
            if looks in meddles:
                do(door, UpdateUser(login, Profile(title=f"Dr {looks}")))
            return super().directory()

    scope = {"type": "http", "method": "PUT", "path_params": {"id": number}, "query_string": b"",
             "headers": [(b"content-type", b"application/json")]}  # fmt: skip
    actor = Actor(stored(door, door.made.admin).uid, "root", 1, ALL_RIGHTS)
    answer = await Users(Door(door.house.gate)).change(Meddling(Request(scope, receive), actor, door.house.gate))
    assert (answer.status_code, looks) == (status, 6)
    profile = stored(door, login).profile
    assert (profile.title, profile.more.get("hdp")) == (title, {"note": 1} if status == 200 else None)
