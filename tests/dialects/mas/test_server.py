"""The server half beyond what documents print: refusals in the vendor's shape, and nothing given away."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.responses import Response

from keyturn.core.errors import Busy
from keyturn.core.users import Right
from keyturn.dialects.mas.server_asking import Door, reply
from keyturn.dialects.mas.wire_user import PERMISSIONS
from tests.support.server import Answer, OpenDoor, Person, add_people, served

GOOD = "nine green bottles on a wall"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with its MAS door."""
    with served(tmp_path_factory.mktemp("mas")) as door:
        yield door


@pytest.fixture(scope="module")
def token(door: OpenDoor) -> str:
    """The token of the first API key, which may do everything."""
    return door.key_token()


def fresh(door: OpenDoor, *, mail: str = "", password: str = "") -> str:
    """The id of a new user."""
    who = f"u{uuid4().hex[:12]}"
    add_people(door.house, [Person(who, mail, password)])
    return who


def ask(door: OpenDoor, token: str, method: str, path: str, send: object = None, **headers: str) -> Answer:
    """One request with the token in its own header."""
    extra = {name.replace("_", "-"): value for name, value in headers.items()}
    return door.ask(method, path, headers={"x-access-token": token, **extra}, send=send)


def key_of(door: OpenDoor, token: str, **permissions: bool) -> str:
    """The token of a new API key with these permissions."""
    made = ask(door, token, "POST", "/v1/apikeys", {"permissions": permissions}).json
    return sign_in(door, made["id"], made["token"])


def sign_in(door: OpenDoor, name: str, key: str) -> str:
    """A token for an API key."""
    basic = base64.b64encode(f"{name}:{key}".encode()).decode()
    return str(door.ask("GET", "/v1/authenticate", headers={"authorization": f"Basic {basic}"}).json["token"])


def is_fault(answer: Answer, status: int) -> bool:
    """Whether a refusal has the vendor's shape: the code stands in `id` and begins the message."""
    body: Mapping[str, Any] = answer.json
    return answer.status == status and body["message"].startswith(body["exception"]["id"] + ": ")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v3/users/x/password?emailPassword=true&emailPassword=true", 400),
        ("POST", "/v3/users/x/password?emailPassword=yes", 400),
        ("POST", "/v3/users/a%00b/password", 400),
        ("POST", "/v3/nothing", 404),
        ("GET", "/v3/users/x/password", 405),
        ("TRACE", "/v3/users", 405),
        ("GET", "/v1/apikeys/a/refresh", 405),
        ("GET", "/v3/users?limit=many", 400),
    ],
)
def test_what_no_command_refuses_is_refused_in_the_vendor_s_shape(
    door: OpenDoor, token: str, method: str, path: str, status: int
) -> None:
    """Also addresses that nobody answers."""
    answer = ask(door, token, method, path, {})
    assert is_fault(answer, status), answer
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-access-token": "rubbish"},
        {"authorization": "Bearer rubbish"},
        {"authorization": "Basic YTpi"},
        {"authorization": "rubbish"},
    ],
)
def test_without_a_good_token_nothing_is_told(door: OpenDoor, headers: Mapping[str, str]) -> None:
    """401, the same for all."""
    answer = door.ask("GET", "/v3/users", headers=headers)
    assert is_fault(answer, 401)


def test_two_tokens_that_contradict_each_other_are_refused(door: OpenDoor, token: str) -> None:
    """400; the same token twice is fine."""
    assert is_fault(ask(door, token, "GET", "/v3/users", authorization="Bearer other"), 400)
    assert ask(door, token, "GET", "/v3/users", authorization=f"Bearer {token}").status == 200


def test_who_must_change_the_password_gets_no_token(door: OpenDoor) -> None:
    """At this door there is no way to change it."""
    who = fresh(door, password=GOOD)
    answer = door.ask("POST", "/logininitial", send={"username": who, "password": GOOD})
    assert is_fault(answer, 401)
    assert is_fault(door.ask("POST", "/logininitial", send={"username": who, "password": "wrong"}), 401)
    assert is_fault(door.ask("POST", "/logininitial", send={"username": who, "password": 7}), 400)
    assert is_fault(door.ask("GET", "/v1/authenticate"), 401)


def test_a_one_time_secret_is_not_used_up_at_a_door_that_cannot_take_it(door: OpenDoor, token: str) -> None:
    """However often it is tried; at our own door it still works, once."""
    who = fresh(door)
    secret = ask(door, token, "POST", f"/v3/users/{who}/password", {}).json["token"]
    for _ in range(6):
        assert is_fault(door.ask("POST", "/logininitial", send={"username": who, "password": secret}), 401)
    assert door.sign_in(who, secret).json["must_change"] is True
    assert door.sign_in(who, secret).status == 401


def test_a_session_that_must_change_the_password_opens_nothing_here(door: OpenDoor) -> None:
    """Although its token is good elsewhere."""
    who = fresh(door, password=GOOD)
    session = door.sign_in(who, GOOD).json["token"]
    assert is_fault(ask(door, session, "GET", f"/v3/users/{who}"), 401)
    assert ask(door, session, "GET", "/maximo/api/os/mxapiapikey").status == 401


@pytest.mark.parametrize("key", ["x" * 256, "a\tb"])
def test_an_operation_id_must_be_one_short_text(door: OpenDoor, token: str, key: str) -> None:
    """400; two of them cannot both be meant."""
    assert is_fault(ask(door, token, "DELETE", "/v3/users/nobody", idempotency_key=key), 400)


@pytest.mark.parametrize(("body", "status"), [('{"a":1,"a":2}', 400), ("x" * 70_000, 413), ("", 400)])
def test_a_body_that_cannot_be_read_changes_nothing(door: OpenDoor, token: str, body: str, status: int) -> None:
    """In the vendor's shape, without a part of what was sent."""
    headers = {"x-access-token": token, "content-type": "application/json"}
    answer = door.ask("POST", f"/v3/users/{fresh(door)}/password", headers=headers, body=body.encode())
    assert is_fault(answer, status)
    assert door.ask("POST", "/v3/users", headers={"x-access-token": token}, body=b"{}").status == 415


def test_a_generated_password_is_told_only_when_it_is_not_mailed(door: OpenDoor, token: str) -> None:
    """And a known one never."""
    with_mail, without = fresh(door, mail=f"{uuid4().hex}@example.com"), fresh(door)
    for path in ("password", "idps/local"):
        method = "POST" if path == "password" else "PUT"
        mailed = ask(door, token, method, f"/v3/users/{with_mail}/{path}?emailPassword=True", {})
        told = ask(door, token, method, f"/v3/users/{without}/{path}?emailPassword=True", {})
        assert mailed.json == {"id": with_mail, "emailed": True}
        assert set(told.json) == {"id", "emailed", "token"}
    known = ask(door, token, "POST", f"/v3/users/{without}/password", {"token": GOOD})
    assert known.json == {"id": without, "emailed": False}


def test_a_user_with_a_given_password_is_not_shown_it(door: OpenDoor, token: str) -> None:
    """Neither when made nor when read."""
    who = f"u{uuid4().hex[:12]}"
    made = ask(door, token, "POST", "/v3/users", {"id": who, "username": who, "token": GOOD})
    assert made.status == 201
    assert "token" not in made.json
    assert GOOD not in ask(door, token, "GET", f"/v3/users/{who}").text


def test_who_sends_a_version_is_told_when_it_is_old(door: OpenDoor, token: str) -> None:
    """409, once, without trying again."""
    who = fresh(door)
    user = ask(door, token, "GET", f"/v3/users/{who}").json
    assert ask(door, token, "PUT", f"/v3/users/{who}", {**user, "title": "Dr"}).status == 200
    assert is_fault(ask(door, token, "PUT", f"/v3/users/{who}", {**user, "title": "Prof"}), 409)


def test_a_change_of_a_stranger_is_a_404(door: OpenDoor, token: str) -> None:
    """For every part of a user."""
    for method, path in (("PATCH", ""), ("PUT", ""), ("GET", ""), ("GET", "/workspaces"), ("DELETE", "")):
        send: object = {} if method in ("PATCH", "PUT") else None
        assert is_fault(ask(door, token, method, f"/v3/users/nobody{path}", send), 404)


def test_a_key_without_the_right_is_refused_everywhere(door: OpenDoor, token: str) -> None:
    """403 for what it may not do, and it sees nobody."""
    weak = key_of(door, token, userAdmin=False)
    who = fresh(door)
    assert is_fault(ask(door, weak, "POST", f"/v3/users/{who}/password", {}), 403)
    assert is_fault(ask(door, weak, "POST", "/v1/apikeys", {}), 403)
    for method, path in (("GET", ""), ("GET", "/x"), ("PUT", "/x"), ("DELETE", "/x"), ("POST", "/x/refresh")):
        send: object = {} if method == "PUT" else None
        assert is_fault(ask(door, weak, method, f"/v1/apikeys{path}", send), 403)
    assert is_fault(ask(door, weak, "PUT", f"/workspaces/main/users/{who}", {}), 403)
    assert is_fault(ask(door, weak, "PUT", f"/workspaces/main/applications/iot/users/{who}", {"role": "USER"}), 403)
    assert is_fault(ask(door, weak, "GET", f"/v3/users/{who}"), 404)
    assert is_fault(ask(door, weak, "GET", "/v3/users"), 403)
    assert ask(door, weak, "GET", "/workspaces").json == []
    assert is_fault(ask(door, weak, "GET", "/workspaces/main/applications"), 404)


def test_a_key_that_is_not_there_is_a_404(door: OpenDoor, token: str) -> None:
    """For reading, changing, refreshing and deleting."""
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/refresh")):
        send: object = {} if method == "PUT" else None
        assert is_fault(ask(door, token, method, f"/v1/apikeys/a-x-y{path}", send), 404)


def test_a_key_never_confers_a_permission_that_it_lacks(door: OpenDoor, token: str) -> None:
    """Not to another key either."""
    keeper = key_of(door, token, apikeyAdmin=True)
    assert is_fault(ask(door, keeper, "POST", "/v1/apikeys", {"permissions": {"userAdmin": True}}), 403)
    assert is_fault(ask(door, keeper, "POST", "/v1/apikeys", {"permissions": {"userAdmin": "yes"}}), 400)


def test_a_person_sees_the_own_profile_and_workspaces(door: OpenDoor, token: str) -> None:
    """As the web pages of MAS ask for it."""
    admin = door.ask(
        "POST", "/logininitial", send={"username": door.made.admin, "password": door.made.password.reveal()}
    )
    session = admin.json["token"]
    profile = ask(door, session, "GET", "/profile").json
    assert (profile["user"]["id"], profile["user"]["_id"]) == (door.made.admin, door.made.admin)
    assert [place["id"] for place in profile["workspaces"]] == ["main"]


def test_somebody_without_rights_sees_only_the_own_workspaces(door: OpenDoor, token: str) -> None:
    """Membership by a role in the workspace or in an application of it."""
    who = fresh(door, password=GOOD)
    restricted = door.sign_in(who, GOOD).json["token"]
    changed = door.ask("POST", "/keyturn/v1/me/password", token=restricted, send={"new": "another one of mine"})
    assert changed.status in (200, 204)
    session = door.sign_in(who, "another one of mine").json["token"]
    assert ask(door, session, "GET", "/workspaces").json == []
    assert (
        ask(door, token, "PUT", f"/workspaces/main/users/{who}", {"permissions": {"workspaceAdmin": True}}).status
        == 200
    )
    assert [place["id"] for place in ask(door, session, "GET", "/workspaces").json] == ["main"]
    user = ask(door, token, "GET", f"/v3/users/{who}").json
    assert user["workspaces"] == {"main": {"permissions": {"workspaceAdmin": True}}}
    assert ask(door, token, "GET", f"/v3/users/{who}/workspaces").json == [{"id": "main"}]


@pytest.mark.parametrize("body", [{"role": "a b"}, {"role": "USER+MAXADMIN"}, {"role": 7}, {}])
def test_a_role_is_one_word(door: OpenDoor, token: str, body: object) -> None:
    """400 for anything else."""
    who = fresh(door)
    assert is_fault(ask(door, token, "PUT", f"/workspaces/main/applications/iot/users/{who}", body), 400)
    assert is_fault(ask(door, token, "PUT", "/v3/users/utils/resync", {"users": "all"}), 400)


def test_a_role_and_the_groups_of_manage_do_not_replace_each_other(door: OpenDoor, token: str) -> None:
    """Joining a group keeps the role, a new role keeps the groups."""
    who = fresh(door)
    role = f"/workspaces/main/applications/manage/users/{who}"
    join = {"groupuser": [{"userid": who}]}
    for group in (1, 4, 1):
        path = f"/maximo/api/os/mxapigroup/{group}?lean=1"
        assert ask(door, token, "POST", path, join, x_method_override="PATCH").status == 204
    assert is_fault(ask(door, token, "GET", role), 404)
    assert ask(door, token, "PUT", role, {"role": "MANAGEUSER"}).status == 200
    assert ask(door, token, "PUT", f"/workspaces/main/users/{who}", {}).status == 200
    assert ask(door, token, "PUT", f"/workspaces/main/applications/iot/users/{who}", {"role": "USER"}).status == 200
    assert ask(door, token, "GET", role).json["role"] == "MANAGEUSER"
    assert ask(door, token, "GET", f"/workspaces/main/applications/iot/users/{who}").json["role"] == "USER"
    for group, inside in ((1, True), (2, False), (4, True)):
        path = f"/maximo/api/os/mxapigroup/{group}/groupuser?lean=1&oslc.where=userid%3D%22{who}%22"
        assert bool(ask(door, token, "GET", path).json["member"]) is inside


MANAGE = "/maximo/api/os/mxapigroup"
JOIN = {"groupuser": [{"userid": "nobody"}]}


@pytest.mark.parametrize(
    ("method", "path", "send", "status"),
    [
        ("POST", f"{MANAGE}/1", JOIN, 404),
        ("POST", f"{MANAGE}/99", JOIN, 400),
        ("POST", f"{MANAGE}/1", {"groupuser": "nobody"}, 400),
        ("POST", f"{MANAGE}/1", {"groupuser": [{"userid": 7}]}, 400),
        ("GET", f"{MANAGE}/1/groupuser", None, 400),
        ("GET", f"{MANAGE}/1/groupuser?oslc.where=userid%3Damal", None, 400),
        ("GET", f"{MANAGE}?oslc.where=maxgroupid%3D%221%22", None, 400),
        ("GET", f"{MANAGE}?lean=1&lean=1", None, 400),
    ],
)
def test_manage_refuses_in_its_own_shape(
    door: OpenDoor, token: str, method: str, path: str, send: object, status: int
) -> None:
    """`Error` with a code, a sentence and the status as text."""
    answer = ask(door, token, method, path, send, x_method_override="PATCH")
    assert answer.status == status
    assert answer.json["Error"]["statusCode"] == str(status)


def test_manage_asks_for_the_override_and_for_a_credential(door: OpenDoor, token: str) -> None:
    """And nobody is in a group of whom nothing is known."""
    assert ask(door, token, "POST", f"{MANAGE}/1", JOIN).status == 400
    assert door.ask("POST", f"{MANAGE}/1", headers={"apikey": "rubbish"}, send=JOIN).status == 401
    assert door.ask("GET", "/maximo/api/os/mxapiapikey", headers={"authorization": "Basic YTpi"}).status == 401
    nobody = ask(door, token, "GET", f"{MANAGE}/1/groupuser?oslc.where=userid%3D%22nobody%22")
    assert nobody.json == {"member": []}
    own = ask(door, token, "GET", "/maximo/api/os/mxapiapikey").json["member"][0]
    assert own["apikey"] == token


def test_the_list_understands_the_usual_words_of_paging(door: OpenDoor, token: str) -> None:
    """How MAS pages is not published."""
    for _ in range(3):
        fresh(door)
    whole = [user["id"] for user in ask(door, token, "GET", "/v3/users?limit=1000").json]
    for query in ("limit=2&offset=1", "_limit=2&offset=1", "size=2&offset=1"):
        answer = ask(door, token, "GET", f"/v3/users?{query}&unknown=1")
        assert [user["id"] for user in answer.json] == whole[1:3]
        assert answer.headers["x-total-count"] == str(len(whole))
    assert [user["id"] for user in ask(door, token, "GET", "/v3/users?page=1&size=2").json] == whole[2:4]


async def test_a_directory_that_is_too_busy_says_when_to_come_back(door: OpenDoor) -> None:
    """503 with Retry-After, also when a read could not be taken in."""

    async def busy(request: Request) -> Response:
        raise Busy("too much to do")

    mas = Door(door.house.gate)
    answer = await mas.open(busy)(Request({"type": "http", "headers": []}))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert mas.say(503, "busy").headers["retry-after"] == "1"
    assert reply({}, 429, retry_after=10**6).headers["retry-after"] == "3600"


def test_every_right_belongs_to_one_permission() -> None:
    """A right that no permission shows could not be given through this door."""
    shown = [right for held in PERMISSIONS.values() for right in held]
    assert sorted(right.value for right in shown) == sorted(right.value for right in Right)
