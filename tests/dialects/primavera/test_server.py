"""The server half: who is let in, what each user is told, and what nobody is told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pytest
from starlette.requests import Request

from keyturn.core.commands import CreateUser, DeleteUser, Origin, ResetPassword, SetStatus
from keyturn.core.errors import Busy
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.ports import Gate, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.users import Handle, Profile, Status, User
from keyturn.dialects.primavera.server import routes as _routes
from keyturn.dialects.primavera.server import say
from tests.dialects.primavera.asking import API, Administrator, basic, do
from tests.support.server import OpenDoor, Person, served

GOOD = "nine green bottles on a wall"
PEOPLE = [Person("amal", "amal@example.com"), Person("bert"), Person("temp", password="temporary words for temp")]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with a few people."""
    with served(tmp_path_factory.mktemp("primavera"), users=PEOPLE) as door:
        yield door


@pytest.fixture(scope="module")
def admin(door: OpenDoor) -> Administrator:
    """Its first administrator."""
    return Administrator(door, door.made.admin, door.made.password.reveal())


def stored(door: OpenDoor, login: str) -> User:
    """Somebody as they are kept."""
    with door.house.store.reading() as view:
        user = view.users.get(1, login, Handle.LOGIN)
    assert user is not None
    return user


async def signs_in(door: OpenDoor, login: str, password: str) -> SignedIn | None:
    """One try to sign in."""
    signed = await door.house.gate.sign_in(login, Secret(password), door="test", origin=Origin())
    return None if isinstance(signed, Refused) else signed


def added(login: str, **more: Any) -> dict[str, Any]:
    """A new user as the vendor writes one."""
    return {"loginId": login, "firstName": "New", "lastName": login, "emailAddress": f"{login}@example.com", **more}


async def test_a_known_password_is_for_good(door: OpenDoor, admin: Administrator) -> None:
    """As the page says: `changePwdAtNextLogin` is always false."""
    sent = [{"loginId": "amal", "password": [*GOOD], "changePwdAtNextLogin": True}]
    [told] = admin.ask("PUT", "/user/manual-reset-pwd/false", sent).json
    assert (told["statusInfoOK"], told["changePwdAtNextLogin"], told["emailed"]) == (True, False, False)
    signed = await signs_in(door, "amal", GOOD)
    assert signed is not None
    assert not signed.must_change


def test_each_user_gets_a_verdict(admin: Administrator) -> None:
    """In the order of the request, under 200; nothing of a password is told."""
    sent = [
        {"loginId": "nobody", "password": GOOD},
        {"loginId": "bert", "password": [*GOOD]},
        {"loginId": "amal", "password": "short"},
    ]
    answer = admin.ask("PUT", "/user/manual-reset-pwd/TRUE", sent)
    assert answer.status == 200
    assert [(each["loginId"], each["statusInfoOK"], each["statusInfo"][:10]) for each in answer.json] == [
        ("nobody", False, "KTPRM1003E"),
        ("bert", True, ""),
        ("amal", False, "KTPRM2001E"),
    ]
    assert "bottles" not in answer.text
    assert [each.get("password") for each in answer.json] == [None, "password", None]


def test_a_call_without_a_usable_password_is_the_vendor_s_400(door: OpenDoor, admin: Administrator) -> None:
    """With its words, and beside them why, user by user; nobody is touched."""
    sent = [{"loginId": "amal", "password": [*"password"]}, {"loginId": "bert", "password": [*"password"]}]
    before = [stored(door, who).version for who in ("amal", "bert")]
    answer = admin.ask("PUT", "/user/manual-reset-pwd/true", sent)
    assert (answer.status, answer.json["message"]) == (400, "KTPRM3003E: Invalid input, Please check.")
    assert [(each["loginId"], each["statusInfoOK"], each["statusInfo"][:10]) for each in answer.json["users"]] == [
        ("amal", False, "KTPRM2001E"),
        ("bert", False, "KTPRM2001E"),
    ]
    assert [stored(door, who).version for who in ("amal", "bert")] == before


def test_the_answer_tells_who_is_disabled_or_locked(door: OpenDoor, admin: Administrator) -> None:
    """A new password makes nobody active."""
    admin.change({"added": [added("dora")]})
    admin.ask("PUT", "/user/change-status", [{"loginId": "dora", "disabled": True}])
    [told] = admin.ask("PUT", "/user/manual-reset-pwd/false", [{"loginId": "dora", "password": GOOD}]).json
    assert (told["disabled"], told["locked"]) == (True, False)
    assert stored(door, "dora").status is Status.DISABLED


@pytest.mark.parametrize("path", ["/user/manual-reset-pwd/false", "/user/auto-reset-pwd", "/user/change-lock"])
def test_an_empty_list_asks_for_nothing(admin: Administrator, path: str) -> None:
    answer = admin.ask("PUT", path, [])
    assert (answer.status, answer.json in ([], {})) == (200, True)


def test_a_password_is_made_up_only_for_who_can_be_mailed(door: OpenDoor, admin: Administrator) -> None:
    """Else nobody would ever see it; and it is never in the answer."""
    answer = admin.ask("PUT", "/user/auto-reset-pwd", ["bert", "amal", "nobody"])
    told = answer.json
    assert (told["amal"], told["bert"][:10], told["nobody"][:10]) == ("", "KTPRM3002E", "KTPRM1003E")
    with door.house.store.reading() as view:
        reasons = {one.event.who: one.event.reason for one in view.audit.entries(0, 100_000, verb="password.reset")}
        assert (reasons["bert"], reasons["nobody"]) == ("no-mail-address", "no-such-user")
        mails = [mail for mail in view.outbox.list(1, count=1000) if mail.login == "amal" and mail.state == "waiting"]
    assert [mail.template for mail in mails] == ["secret"]
    assert stored(door, "amal").must_change


def test_one_user_s_password_is_made_up_by_a_call_of_its_own(admin: Administrator) -> None:
    """Text when it is done; the JSON of a refusal when it is not."""
    assert admin.ask("PUT", "/user/amal/auto-reset-pwd").text == "Success"
    assert admin.ask("PUT", "/user/nobody/auto-reset-pwd").status == 404
    assert admin.ask("PUT", "/user/bert/auto-reset-pwd").status == 400


def test_status_and_lock_are_two_things(door: OpenDoor, admin: Administrator) -> None:
    """Activating does not unlock, unlocking does not activate."""

    def told(path: str, **more: object) -> str:
        return str(admin.ask("PUT", f"/user/{path}", [{"loginId": "cleo", **more}]).json["cleo"])

    admin.change({"added": [added("cleo")]})
    do(door, SetStatus("cleo", Status.LOCKED))
    assert told("change-status", status="Active") == ""
    assert stored(door, "cleo").status is Status.LOCKED
    assert told("change-lock", locked=True, id="3473") == ""
    assert stored(door, "cleo").status is Status.ACTIVE
    assert told("change-status", disabled=True) == ""
    assert told("change-lock", locked=False) == ""
    assert stored(door, "cleo").status is Status.DISABLED
    assert told("change-status", disabled=False) == ""
    do(door, SetStatus("cleo", Status.LOCKED))
    assert told("change-status", status="Inactive") == ""
    assert stored(door, "cleo").status is Status.DISABLED


def test_every_user_is_in_the_list(door: OpenDoor, admin: Administrator) -> None:
    """The vendor knows no parts of it."""
    do(door, *(CreateUser(f"crowd{number}", Profile("Crowd")) for number in range(1001)))
    listed = [each["loginId"] for each in admin.ask("GET", "/user").json]
    assert len(listed) == len(set(listed)) > 1000
    assert {"amal", "crowd1000"} <= set(listed)
    do(door, *(DeleteUser(f"crowd{number}") for number in range(1001)))


@pytest.mark.parametrize("root", [API, f"{API}/v3", f"/default{API}", f"/default{API}/v3", f"//default/{API}//v3"])
def test_every_generation_of_the_paths_is_answered(door: OpenDoor, admin: Administrator, root: str) -> None:
    """With and without the tenant's segment, by name and password and by token; `Version` changes nothing."""
    assert admin.ask("GET", "/roles", root=root).status == 200
    headers = {"authorization": f"Bearer {door.admin_token()}", "Version": "2"}
    assert door.ask("GET", f"{root}/roles?lean=1", headers=headers).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Basic eA=="},
        {"authorization": "Bearer x"},
        basic("nobody", GOOD),
        basic("temp", "wrong words for temp"),
        basic("temp", "temporary words for temp"),
    ],
)
def test_without_a_good_sign_in_nothing_is_told(door: OpenDoor, headers: Mapping[str, str]) -> None:
    """Not even why; whoever must change the password first is nobody here."""
    answer = door.ask("GET", f"{API}/roles", headers=headers)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert answer.json == {
        "exception": "KTPRM1001E",
        "localizedException": False,
        "message": "KTPRM1001E: Not signed in",
    }


def test_the_tenant_of_the_address_must_be_one_s_own(door: OpenDoor, admin: Administrator) -> None:
    """Also for a token, which would be good elsewhere."""
    assert admin.ask("GET", "/roles", root=f"/other{API}").status == 401
    assert door.ask("GET", f"/other{API}/roles", token=door.admin_token()).status == 401
    assert door.ask("GET", f"/default{API}/roles", token="none").status == 401


def test_who_is_turned_away_is_audited(door: OpenDoor) -> None:
    """A bad token, a foreign tenant, a password that must be changed first; who shows nothing has asked for nothing."""

    def told() -> list[tuple[str, str, str, str]]:
        with door.house.store.reading() as view:
            events = [entry.event for entry in view.audit.entries(0, 100_000)]
        return [(one.verb, one.reason, one.who, one.detail) for one in events if one.verb == "session.use"]

    before, restricted = len(told()), door.sign_in("temp", "temporary words for temp").json["token"]
    door.ask("GET", f"{API}/roles", token="none")
    door.ask("GET", f"/other{API}/roles", token=door.admin_token())
    door.ask("GET", f"{API}/roles", token=restricted)
    door.ask("GET", f"{API}/roles", headers=basic("temp", "temporary words for temp"))
    door.ask("GET", f"{API}/roles")
    assert told()[before:] == [
        ("session.use", "not-signed-in", "", "the access token is not good"),
        ("session.use", "not-signed-in", "other", "the tenant that is named is not the caller's"),
        ("session.use", "not-signed-in", "", "the password must be changed first"),
        ("session.use", "not-signed-in", "", "the password must be changed first"),
    ]


def test_who_lacks_the_right_is_refused_as_a_whole(door: OpenDoor) -> None:
    """403, as the vendor says; nothing is listed, and nothing is changed."""
    do(door, CreateUser("weak", Profile("Weak")))
    do(door, ResetPassword("weak", Secret(GOOD), permanent=True))
    weak = Administrator(door, "weak", GOOD)
    calls = [
        weak.ask("PUT", "/user/manual-reset-pwd/false", [{"loginId": "amal", "password": GOOD}]),
        weak.ask("PUT", "/user/auto-reset-pwd", ["amal"]),
        weak.ask("PUT", "/user/amal/auto-reset-pwd"),
        weak.ask("PUT", "/user/change-status", [{"loginId": "amal", "disabled": True}]),
        weak.ask("PUT", "/user/change-lock", [{"loginId": "amal"}]),
        weak.ask("POST", "/user", {"deleted": ["amal"]}),
        weak.ask("GET", "/user"),
    ]
    assert [call.status for call in calls] == [403] * len(calls)
    assert stored(door, "amal").status is Status.ACTIVE


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/user/manual-reset-pwd/perhaps", b"[]", 400),
        ("PUT", "/user/manual-reset-pwd/true", b"", 400),
        ("PUT", "/user/manual-reset-pwd/true", b"{}", 400),
        ("PUT", "/user/manual-reset-pwd/true", b'[{"loginId":"amal","password":["\\ud83d","x"]}]', 400),
        ("POST", "/user", b"[]", 400),
        ("POST", "/user", b'{"added":[{"loginId":"x","password":["x"]}]}', 400),
        ("DELETE", "/user", b"", 405),
        ("GET", "/user/status/0", b"", 404),
        ("PUT", "/user/status/1", b"", 405),
        ("GET", "/nothing", b"", 404),
    ],
)
def test_a_bad_request_is_refused_in_the_shape_of_the_door(
    admin: Administrator, method: str, path: str, body: bytes, status: int
) -> None:
    """Nothing of it is done, and nothing that was sent is repeated."""
    headers = {**basic(admin.name, admin.password), "content-type": "application/json"}
    for root in (API, f"/default{API}"):
        answer = admin.door.ask(method, root + path, headers=headers, body=body or None)
        assert answer.status == status
        assert set(answer.json) == {"exception", "localizedException", "message"}
        assert ("Invalid input, Please check." in answer.json["message"]) == (status == 400)


def test_a_body_that_is_no_json_is_named(admin: Administrator) -> None:
    """By its type, before it is read."""
    headers = {**basic(admin.name, admin.password), "content-type": "text/plain"}
    assert admin.door.ask("POST", f"{API}/user", headers=headers, body=b"{}").status == 415


@dataclass(frozen=True)
class Crowded:
    """A gate at which there is no time for anybody."""

    gate: Gate

    async def actor(self, token: Secret) -> None:
        """Nobody can be looked up just now."""
        raise Busy("too much to do")

    async def knock(self, login: str, password: Secret, **how: object) -> Refused:
        """Nor can a password be checked, which is not to say that it is wrong."""
        return Refused(login, Reason.BUSY, "too much to do", retry_after=1)


@pytest.mark.parametrize("shown", [b"Bearer x", b"Basic eDp5"])
async def test_a_busy_directory_says_when_to_come_again(door: OpenDoor, shown: bytes) -> None:
    """503 with `Retry-After`, from the lookup of who asks as well as from the pools."""
    [route] = [one for one in _routes(cast("Gate", Crowded(door.house.gate))) if one.path.endswith("/roles")]
    scope = {
        "type": "http",
        "method": "GET",
        "headers": [(b"authorization", shown)],
        "path_params": {"tenant": None},
        "path": f"{API}/roles",
    }
    answer = await route.endpoint(Request(scope))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    outside = say(503, "later")
    assert outside.headers["retry-after"] == "1"
