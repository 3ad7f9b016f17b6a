"""Signing in, the session that can only set a password, signing out."""

import pytest

from tests.api.conftest import PHRASE
from tests.support.server import Answer, Door

FRESH = "seven purple kettles on a shelf"


def problem(answer: Answer) -> tuple[int, str]:
    """Status and code of an answer that is problem details; its two statuses agree."""
    assert answer.headers["content-type"] == "application/problem+json", answer
    assert answer.json["status"] == answer.status
    return answer.status, answer.json["code"]


def test_the_administrator_signs_in_and_is_told_who_they_are(door: Door, admin: str) -> None:
    answer = door.ask("GET", "/keyturn/v1/me", token=admin)
    assert answer.status == 200
    assert answer.json["name"] == "admin"
    assert "users" in answer.json["rights"]
    assert answer.json["user"]["id"] == "admin"


def test_a_sign_in_is_never_kept_by_a_cache(door: Door) -> None:
    answer = door.sign_in("admin", door.made.password.reveal())
    assert answer.status == 201
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json["must_change"] is False


@pytest.mark.parametrize(("login", "password"), [("nobody", PHRASE), ("bo", "wrong wrong wrong wrong"), ("bo", "")])
def test_every_failure_to_sign_in_looks_the_same(door: Door, login: str, password: str) -> None:
    answer = door.sign_in(login, password)
    assert problem(answer) == (401, "KT-AUTH-001")
    assert answer.json["detail"] == "the login or the password is wrong"
    assert answer.headers["www-authenticate"] == 'Bearer realm="keyturn"'


def test_a_known_value_buys_a_session_that_can_only_set_a_new_password(door: Door) -> None:
    signed = door.sign_in("amal", PHRASE)
    assert signed.json["must_change"] is True
    token = signed.json["token"]
    for method, path in [
        ("GET", "/me"),
        ("GET", "/users"),
        ("DELETE", "/users/bo"),
        ("GET", "/keys"),
        ("GET", "/audit"),
    ]:
        assert problem(door.ask(method, f"/keyturn/v1{path}", token=token)) == (403, "KT-AUTH-002")
    short = door.ask("POST", "/keyturn/v1/me/password", token=token, send={"new": "short"})
    assert problem(short) == (422, "KT-POL-001")
    assert "15 characters" in short.json["detail"]
    same = door.ask("POST", "/keyturn/v1/me/password", token=token, send={"new": PHRASE})
    assert problem(same) == (422, "KT-POL-006")
    assert door.ask("POST", "/keyturn/v1/me/password", token=token, send={"new": FRESH}).status == 204
    assert problem(door.ask("POST", "/keyturn/v1/me/password", token=token, send={"new": FRESH})) == (
        401,
        "KT-AUTH-001",
    )
    assert door.sign_in("amal", PHRASE).status == 401
    again = door.sign_in("amal", FRESH)
    assert (again.status, again.json["must_change"]) == (201, False)


def test_a_full_session_changes_its_password_only_with_the_old_one(door: Door) -> None:
    restricted = door.sign_in("chika", PHRASE).json["token"]
    door.ask("POST", "/keyturn/v1/me/password", token=restricted, send={"new": FRESH})
    token = door.sign_in("chika", FRESH).json["token"]
    other = "eleven red lanterns in the rain"
    assert problem(door.ask("POST", "/keyturn/v1/me/password", token=token, send={"new": other}))[0] == 403
    changed = door.ask("POST", "/keyturn/v1/me/password", token=token, send={"new": other, "old": FRESH})
    assert changed.status == 204
    assert door.sign_in("chika", other).json["must_change"] is False


@pytest.mark.proves("TK-4", "V7.4.1")
def test_signing_out_ends_the_token(door: Door) -> None:
    token = door.admin_token()
    assert door.ask("DELETE", "/keyturn/v1/sessions/current", token=token).status == 204
    assert problem(door.ask("GET", "/keyturn/v1/me", token=token)) == (401, "KT-AUTH-001")


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_without_a_good_token_nothing_is_told(door: Door, token: str) -> None:
    assert problem(door.ask("GET", "/keyturn/v1/users", token=token)) == (401, "KT-AUTH-001")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"login":"bo","login":"amal","password":"x"}', 400),
        (b'{"login":"bo"}', 400),
        (b'{"login":7,"password":"x"}', 400),
        (b'{"login":"bo","password":"x","tenent":"y"}', 400),
        (b"[]", 400),
        (b"", 400),
        (b'{"login":"' + b"x" * 70_000 + b'"}', 413),
    ],
    ids=["name twice", "missing", "number", "misspelt", "list", "empty", "too large"],
)
def test_a_body_that_two_readers_could_take_differently_is_refused(door: Door, body: bytes, status: int) -> None:
    answer = door.ask("POST", "/keyturn/v1/sessions", headers={"content-type": "application/json"}, body=body)
    assert problem(answer)[0] == status


def test_a_form_is_no_json(door: Door) -> None:
    answer = door.ask("POST", "/keyturn/v1/sessions", headers={"content-type": "text/plain"}, body=b"{}")
    assert problem(answer) == (415, "KT-SRV-415")


def test_a_wrong_method_is_told_the_right_ones(door: Door) -> None:
    answer = door.ask("PUT", "/keyturn/v1/sessions")
    assert problem(answer) == (405, "KT-SRV-405")
    assert answer.headers["allow"] == "POST"


def test_an_address_that_is_none_says_so(door: Door) -> None:
    assert problem(door.ask("GET", "/keyturn/v1/nothing")) == (404, "KT-SRV-404")


def test_every_answer_forbids_guessing_and_framing(door: Door) -> None:
    for path in ("/keyturn/v1/me", "/livez", "/claim/x", "/nothing"):
        answer = door.ask("GET", path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
