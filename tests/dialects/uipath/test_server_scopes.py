"""Who gets in through the UiPath door, and how far: client credentials, scopes, and no way around them."""

import base64
from collections.abc import Iterator
from urllib.parse import quote_plus

import pytest

from keyturn.core.users import USER_RIGHTS, Right
from tests.dialects.uipath.kit import GOOD, OTHER, ask_for_token, client_of, form_of, fresh, reasons, token_of
from tests.support.server import OpenDoor, served


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with its UiPath door."""
    with served(tmp_path_factory.mktemp("uipath")) as door:
        yield door


@pytest.fixture(scope="module")
def token(door: OpenDoor) -> str:
    """The token of a client that may do everything."""
    return token_of(door, client_of(door))


@pytest.mark.proves("TK-3", "V10.3.1", "V9.2.4")
def test_a_token_of_a_client_opens_no_other_door(door: OpenDoor, token: str) -> None:
    """There nobody would hold it to its scopes."""
    assert door.ask("GET", "/v3/users/admin", token=token).status == 401
    assert door.ask("GET", "/keyturn/v1/users", token=token).status == 401


@pytest.mark.proves("TK-3", "V10.3.1")
def test_a_client_signs_in_at_no_other_door_and_its_token_opens_none(door: OpenDoor) -> None:
    """Although its id and secret are good: it would be free of its scopes."""
    made = client_of(door, ("PM.User.Read",))
    basic = base64.b64encode(f"{made.key.id}:{made.token.reveal()}".encode()).decode()
    assert door.ask("GET", "/v1/authenticate", headers={"authorization": f"Basic {basic}"}).status == 401
    token = token_of(door, made)
    assert door.ask("PUT", "/v3/users/admin", headers={"x-access-token": token}, send={}).status == 401
    assert door.ask("GET", "/keyturn/v1/keys", token=token).status == 401
    reset = {"password": OTHER}
    assert door.ask("PUT", "/identity_/api/User/admin", token=token, send=reset).status == 403


def test_a_token_without_scopes_opens_nothing_here(door: OpenDoor) -> None:
    """Not even one that may do everything elsewhere."""
    for other in (door.key_token(), door.admin_token()):
        answer = door.ask("GET", "/identity_/api/User/admin", token=other)
        assert answer.status == 403
        assert "Expect to have 'PM.User' or 'PM.User.Read'" in answer.json["errorMessage"]
    assert ask_for_token(door, form_of(client_of(door, ()))).json["error"] == "invalid_scope"
    assert ask_for_token(door, form_of(door.made.key)).json["error"] == "invalid_client", "a key of another door"


def test_who_must_change_the_password_is_not_signed_in_here(door: OpenDoor) -> None:
    """A restricted session is for our own door."""
    who = fresh(door, password=GOOD)
    restricted = door.sign_in(who, GOOD).json["token"]
    assert door.ask("GET", "/identity_/api/User/admin", token=restricted).status == 401


@pytest.mark.proves("TK-3", "V10.3.2")
@pytest.mark.parametrize("scope", ["PM.User.Read", "PM.Group PM.Group.Write"])
def test_a_token_that_may_not_write_is_refused_by_the_directory_and_audited(door: OpenDoor, scope: str) -> None:
    """Every command; and who is there is not told apart from who is not."""
    who, made = fresh(door, password=GOOD), client_of(door, (*scope.split(), "PM.User"))
    weak = token_of(door, made, scope)
    for name in (who, "nobody-here"):
        for method, path, send in (
            ("PUT", f"/{name}", {"password": OTHER}),
            ("PUT", f"/{name}", {"name": "A"}),
            ("PUT", f"/{name}", {"isActive": False}),
            ("POST", f"/{name}/changepassword", {"oldPassword": GOOD, "newPassword": OTHER}),
            ("DELETE", f"/{name}", None),
            ("DELETE", "", {"userIds": [name]}),
            ("POST", "", {"userName": name}),
            ("POST", "/BulkCreate", {"users": [{"userName": name}, {"userName": f"{name}-2"}]}),
        ):
            answer = door.ask(method, f"/identity_/api/User{path}", token=weak, send=send)
            assert (answer.status, [*answer.json]) == (403, ["errorMessage"])
            assert "Expect to have 'PM.User' or 'PM.User.Write'" in answer.json["errorMessage"]
    told = reasons(door, who)
    assert len(told) == 1 + 8 + 5  # its making, the commands, and the scope where the address names somebody
    assert set(told[1:]) == {"not-allowed"}
    assert door.sign_in(who, GOOD).status == 201


def test_a_token_that_may_only_write_reads_nothing(door: OpenDoor) -> None:
    """403 in the words of a real one."""
    writer = token_of(door, client_of(door), "PM.User.Write")
    for path in ("/api/User/admin", "/api/User/users/default", "/api/UserPartition/users/default"):
        answer = door.ask("GET", f"/identity_{path}", token=writer)
        assert answer.status == 403
        assert answer.json["errorMessage"].startswith("Scope(s) 'PM.User.Write' is(are) invalid. ")
    who = fresh(door)
    assert door.ask("PUT", f"/identity_/api/User/{who}", token=writer, send={"password": GOOD}).status == 200


@pytest.mark.proves("TK-3")
def test_scopes_give_no_rights(door: OpenDoor) -> None:
    """A client without the right over users, and one that lacks a right of the target."""
    who = fresh(door, password=GOOD)
    weak = token_of(door, client_of(door, rights=frozenset({Right.AUDIT})))
    middling = token_of(door, client_of(door, rights=USER_RIGHTS))
    reset = {"password": OTHER}
    assert door.ask("PUT", f"/identity_/api/User/{who}", token=weak, send=reset).status == 403
    users = {"users": [{"userName": "x"}]}
    assert door.ask("POST", "/identity_/api/User/BulkCreate", token=weak, send=users).status == 403
    assert door.ask("GET", f"/identity_/api/User/{who}", token=weak).status == 404
    assert door.ask("PUT", "/identity_/api/User/admin", token=middling, send=reset).status == 403
    assert reasons(door, "admin")[-1] == "not-allowed"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"scope": "PM.User PM.Audit"}, "invalid_scope"),
    ],
)
def test_the_entrance_refuses_as_oauth_has_it(door: OpenDoor, change: dict[str, str], error: str) -> None:
    """400 and a code."""
    answer = ask_for_token(door, form_of(client_of(door)) | change)
    assert (answer.status, answer.json["error"]) == (400, error)


def basic_of(name: str, secret: str) -> dict[str, str]:
    """Client credentials as HTTP Basic, form-encoded first as RFC 6749 has it."""
    packed = base64.b64encode(f"{quote_plus(name)}:{quote_plus(secret)}".encode()).decode()
    return {"authorization": f"Basic {packed}"}


def test_a_client_may_come_with_http_basic(door: OpenDoor) -> None:
    """In place of the fields of the body; its own id may be in there as well."""
    made = client_of(door)
    headers = {"content-type": "application/x-www-form-urlencoded", **basic_of(made.key.id, made.token.reveal())}
    for more in ("", f"&client_id={made.key.id}"):
        body = f"grant_type=client_credentials{more}".encode()
        assert door.ask("POST", "/identity_/connect/token", headers=headers, body=body).status == 200


def test_a_client_that_comes_twice_is_an_invalid_request(door: OpenDoor) -> None:
    """With another id, or with the secret in both places."""
    made = client_of(door)
    headers = {"content-type": "application/x-www-form-urlencoded", **basic_of(made.key.id, made.token.reveal())}
    for more in ("client_id=somebody", f"client_secret={made.token.reveal()}"):
        body = f"grant_type=client_credentials&{more}".encode()
        answer = door.ask("POST", "/identity_/connect/token", headers=headers, body=body)
        assert (answer.status, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("scope", "status", "error"), [("", 401, "invalid_client"), ("PM.Audit", 400, "invalid_scope")]
)
def test_who_is_refused_with_http_basic_is_told_of_it(door: OpenDoor, scope: str, status: int, error: str) -> None:
    """401 with the header that the RFC asks for, but only where the client is at fault."""
    made = client_of(door)
    secret = made.token.reveal() if scope else "wrong+secret%"
    headers = {"content-type": "application/x-www-form-urlencoded", **basic_of(made.key.id, secret)}
    body = f"grant_type=client_credentials&scope={scope}".encode()
    answer = door.ask("POST", "/identity_/connect/token", headers=headers, body=body)
    assert (answer.status, answer.json["error"]) == (status, error)
    assert answer.headers.get("www-authenticate", "").startswith("Basic") is (status == 401)


def test_a_form_that_is_none_is_an_invalid_request(door: OpenDoor) -> None:
    """JSON, a parameter twice, and a GET."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    twice = door.ask("POST", "/identity_/connect/token", headers=form, body=b"grant_type=a&grant_type=b")
    json = door.ask("POST", "/identity_/connect/token", send=form_of(client_of(door)))
    assert {twice.json["error"], json.json["error"]} == {"invalid_request"}
    assert door.ask("GET", "/identity_/connect/token").status == 405


@pytest.mark.proves("V10.4.11")
def test_a_client_gets_what_it_asks_for_or_all(door: OpenDoor) -> None:
    """In order, for an hour."""
    made = client_of(door, ("PM.User.Read", "PM.User.Write"))
    assert ask_for_token(door, form_of(made)).json["scope"] == "PM.User.Read PM.User.Write"
    narrow = ask_for_token(door, form_of(made, "PM.User.Read PM.User.Read")).json
    assert (narrow["scope"], narrow["expires_in"], narrow["token_type"]) == ("PM.User.Read", 3600, "Bearer")
