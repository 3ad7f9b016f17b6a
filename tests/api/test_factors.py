"""Second factors over our own API: added, asked for, lost, taken away; and keys where a password alone is known."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from keyturn.core.commands import ResetPassword, UpdateUser
from keyturn.core.permissions import Actor
from keyturn.core.secret import Secret
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS
from tests.api.test_sessions import problem
from tests.support.authenticator import App, Passkey
from tests.support.server import Answer, OpenDoor, Person, served

PHRASE = "nine green bottles on a wall"
V1 = "/keyturn/v1"
NAMES = "amal bo chika dara emre farah"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with people whose passwords are not to be changed."""
    folder: Path = tmp_path_factory.mktemp("factors")
    with served(folder, users=[Person(name, f"{name}@example.com") for name in NAMES.split()]) as open_door:
        house = open_door.house.directory(Actor("root", "root", 1, ALL_RIGHTS), "test")
        house.execute([ResetPassword(name, Secret(PHRASE), permanent=True) for name in NAMES.split()])
        house.execute([UpdateUser("emre", rights=USER_RIGHTS)])
        yield open_door


def signed(door: OpenDoor, login: str) -> str:
    """The token of a sign-in with the password alone."""
    answer = door.sign_in(login, PHRASE)
    assert answer.status == 201, answer
    return str(answer.json["token"])


def enrol(door: OpenDoor, token: str) -> tuple[App, Answer]:
    """Add an authenticator app; the answer to its first code."""
    made = door.ask("POST", f"{V1}/me/factors/totp", token=token, send={"name": "phone"})
    assert (made.status, made.headers["cache-control"]) == (201, "no-store")
    assert made.json["uri"].startswith("otpauth://totp/keyturn%20default:")
    app = App(Secret(made.json["secret"]))
    return app, door.ask("POST", f"{V1}/me/factors/totp/confirm", token=token, send={"code": code_of(door, app, -1)})


def code_of(door: OpenDoor, app: App, steps: int = 0) -> str:
    """What the app shows, so many steps away from now: each code is good once."""
    return app.code(door.house.parts.clock.now() + steps * timedelta(seconds=30)).reveal()


def show(door: OpenDoor, token: str, code: str) -> Answer:
    """Show a second factor."""
    return door.ask("POST", f"{V1}/sessions/current/second-factor", token=token, send={"code": code})


@pytest.mark.proves("V6.3.3")
def test_who_added_an_app_signs_in_with_both(door: OpenDoor) -> None:
    before = signed(door, "amal")
    app, enrolled = enrol(door, before)
    assert (enrolled.status, len(enrolled.json["recovery_codes"])) == (201, 10)
    assert problem(door.ask("GET", f"{V1}/me", token=before)) == (401, "KT-AUTH-001")
    assert door.ask("GET", f"{V1}/me", token=enrolled.json["token"]).status == 200
    half = door.sign_in("amal", PHRASE).json
    assert half["second_factor"] == ["totp", "recovery"]
    assert (half["must_change"], half["must_enrol"]) == (False, False)
    for method, path in (("GET", "/me"), ("GET", "/users"), ("POST", "/me/password"), ("GET", "/me/factors")):
        assert problem(door.ask(method, V1 + path, token=half["token"])) == (403, "KT-AUTH-009")
    form = urlencode({"login": "amal", "present": PHRASE, "new": PHRASE + "!", "again": PHRASE + "!"}).encode()
    page = door.ask("POST", "/", headers={"content-type": "application/x-www-form-urlencoded"}, body=form)
    assert (page.status, "has a second factor" in page.text) == (403, True)
    assert problem(show(door, half["token"], "000000")) == (401, "KT-AUTH-001")
    whole = show(door, half["token"], code_of(door, app))
    assert (whole.status, whole.json["second_factor"]) == (201, [])
    assert door.ask("GET", f"{V1}/me", token=whole.json["token"]).json["name"] == "amal"
    listed = door.ask("GET", f"{V1}/me/factors", token=whole.json["token"]).json
    assert [(one["kind"], one["name"]) for one in listed["factors"]] == [("totp", "phone")]
    assert listed["recovery_codes_left"] == 10


def test_a_lost_phone_is_replaced_with_a_recovery_code(door: OpenDoor) -> None:
    _, enrolled = enrol(door, signed(door, "bo"))
    codes = enrolled.json["recovery_codes"]
    whole = show(door, signed(door, "bo"), codes[0])
    assert whole.status == 201
    assert problem(show(door, signed(door, "bo"), codes[0])) == (401, "KT-AUTH-001")
    token = whole.json["token"]
    fresh = door.ask("POST", f"{V1}/me/factors/recovery", token=token)
    assert (fresh.status, len(fresh.json["recovery_codes"])) == (201, 10)
    [lost] = door.ask("GET", f"{V1}/me/factors", token=token).json["factors"]
    gone = door.ask("DELETE", f"{V1}/me/factors/{lost['id']}", token=token)
    assert gone.status == 201
    assert door.ask("GET", f"{V1}/me/factors", token=gone.json["token"]).json["factors"] == []
    bare = gone.json["token"]
    assert problem(door.ask("POST", f"{V1}/me/factors/recovery", token=bare)) == (409, "KT-AUTH-012")
    wrong = door.ask("POST", f"{V1}/me/factors/totp/confirm", token=bare, send={"code": "000000"})
    assert problem(wrong) == (409, "KT-AUTH-012")
    assert problem(door.ask("DELETE", f"{V1}/me/factors/nothing", token=bare)) == (404, "KT-TGT-030")
    assert door.sign_in("bo", PHRASE).json["second_factor"] == []


def test_an_administrator_takes_the_factors_from_who_lost_everything(door: OpenDoor) -> None:
    enrol(door, signed(door, "chika"))
    admin = door.admin_token()
    assert door.ask("DELETE", f"{V1}/users/chika/factors", token=admin).status == 204
    assert door.sign_in("chika", PHRASE).json["second_factor"] == []
    assert problem(door.ask("DELETE", f"{V1}/users/nobody/factors", token=admin)) == (404, "KT-TGT-030")


def test_where_the_tenant_requires_it_a_sign_in_without_a_factor_can_only_add_one(door: OpenDoor) -> None:
    store, clock = door.house.store, door.house.parts.clock
    with store.reading() as view:
        [tenant, *_] = view.tenants.all()
    rules = door.house.parts.rules
    assert rules(1).second_factor.value == "off"
    with store.writing() as transaction:
        transaction.tenants.put(replace(tenant, settings={**tenant.settings, "second_factor": "everyone"}))
    until = clock.monotonic() + 5
    while rules(1).second_factor.value == "off":
        assert clock.monotonic() < until
    try:
        answer = door.sign_in("dara", PHRASE)
        assert answer.json["must_enrol"] is True
        token = answer.json["token"]
        assert problem(door.ask("GET", f"{V1}/users", token=token)) == (403, "KT-AUTH-010")
        assert door.ask("GET", f"{V1}/me/factors", token=token).json["factors"] == []
        changed = door.ask("POST", f"{V1}/me/password", token=token, send={"new": "a phrase of blue words", "old": "x"})
        assert problem(changed) == (403, "KT-AUTH-004")
        _, enrolled = enrol(door, token)
        assert door.ask("GET", f"{V1}/me", token=enrolled.json["token"]).status == 200
    finally:
        with store.writing() as transaction:
            transaction.tenants.put(tenant)
        while rules(1).second_factor.value != "off":
            assert clock.monotonic() < until


def basic(login: str, password: str) -> dict[str, str]:
    """The header that carries a name and a password."""
    return {"authorization": "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()}


CALLS = {
    "hdp": "/api/admin/users",
    "primavera": "/cloudapi/restapi/user",
    "scim": "/scim/v2/Users",
}


def test_at_doors_that_know_a_password_alone_a_key_takes_its_place(door: OpenDoor) -> None:
    _, enrolled = enrol(door, signed(door, "emre"))
    token = enrolled.json["token"]
    assert problem(door.ask("POST", f"{V1}/me/keys", token=token, send={"kind": ""})) == (400, "KT-SRV-400")
    made = {
        kind: door.ask("POST", f"{V1}/me/keys", token=token, send={"kind": kind, "description": "nightly"})
        for kind in (*CALLS, "mas")
    }
    assert all(one.status == 201 and one.headers["cache-control"] == "no-store" for one in made.values())
    for kind, path in CALLS.items():
        assert door.ask("GET", path, headers=basic("emre", PHRASE)).status == 401, kind
        assert door.ask("GET", path, headers=basic("emre", made["mas"].json["token"])).status == 401, kind
        assert door.ask("GET", path, headers=basic("emre", made[kind].json["token"])).status == 200, kind
    listed = door.ask("GET", f"{V1}/me/keys", token=token).json["keys"]
    assert [one["kind"] for one in listed] == [*CALLS, "mas"]
    wrong = door.ask("POST", "/logininitial", send={"username": "emre", "password": PHRASE})
    assert wrong.status == 401
    key = made["mas"].json
    entered = door.ask("GET", "/v1/authenticate", headers=basic(key["id"], key["token"]))
    assert entered.status == 200
    who = door.ask("GET", f"{V1}/me", token=entered.json["token"]).json
    assert who["name"] == "emre"
    by_key = entered.json["token"]
    for path, sent in (
        ("/me/factors/totp", {}),
        ("/me/factors/totp/confirm", {"code": "1"}),
        ("/me/keys", {"kind": "mas"}),
    ):
        assert problem(door.ask("POST", V1 + path, token=by_key, send=sent)) == (403, "KT-AUTH-003")
    automation = door.key_token()
    assert problem(door.ask("GET", f"{V1}/me/factors", token=automation)) == (403, "KT-AUTH-003")
    assert door.ask("DELETE", f"{V1}/me/keys/{key['id']}", token=token).status == 204
    assert door.ask("GET", f"{V1}/me", token=entered.json["token"]).status == 401
    assert problem(door.ask("DELETE", f"{V1}/me/keys/{key['id']}", token=token)) == (404, "KT-TGT-030")


def test_a_passkey_opens_the_second_half_of_a_sign_in(door: OpenDoor) -> None:
    site = "http://localhost:8765"
    token = signed(door, "farah")
    assert problem(door.ask("POST", f"{V1}/me/factors/passkeys/options", token=token)) == (400, "KT-TGT-034")
    door.house.threads.address = site
    passkey = Passkey(site)
    asked = door.ask("POST", f"{V1}/me/factors/passkeys/options", token=token)
    made = {"passkey": passkey.make(asked.json["publicKey"]), "name": "stick"}
    added = door.ask("POST", f"{V1}/me/factors/passkeys", token=token, send=made)
    assert (added.status, len(added.json["recovery_codes"])) == (201, 10)
    half = door.sign_in("farah", PHRASE).json
    assert half["second_factor"] == ["passkey", "recovery"]
    path = f"{V1}/sessions/current/second-factor"
    for odd in ({}, {"code": "1", "passkey": {}}, {"passkey": "x"}):
        assert problem(door.ask("POST", path, token=half["token"], send=odd)) == (400, "KT-SRV-400")
    assert problem(door.ask("POST", path, token=half["token"], send={"passkey": {}})) == (401, "KT-AUTH-001")
    options = door.ask("POST", path + "/challenge", token=half["token"]).json["publicKey"]
    whole = door.ask("POST", path, token=half["token"], send={"passkey": passkey.show(options)})
    assert whole.status == 201
    assert door.ask("GET", f"{V1}/me", token=whole.json["token"]).json["name"] == "farah"
    enrol(door, signed_with(door, passkey, "farah"))
    app_alone = door.sign_in("amal", PHRASE).json["token"]
    assert problem(door.ask("POST", path + "/challenge", token=app_alone)) == (401, "KT-AUTH-001")


def signed_with(door: OpenDoor, passkey: Passkey, login: str) -> str:
    """The token of a sign-in with password and passkey."""
    half, path = signed(door, login), f"{V1}/sessions/current/second-factor"
    options = door.ask("POST", path + "/challenge", token=half).json["publicKey"]
    return str(door.ask("POST", path, token=half, send={"passkey": passkey.show(options)}).json["token"])
