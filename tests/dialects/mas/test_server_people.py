"""The server half as Manage of MAS 9.1: what IBM's client sends and expects, and nothing given away."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from keyturn.core.capabilities import Usual
from keyturn.core.commands import CreateUser, ResetPassword
from keyturn.core.outcomes import Changed, Created, Reason, Refused
from keyturn.core.secret import Secret
from keyturn.core.users import USER_RIGHTS, Contact, Handle, Profile, User
from keyturn.dialects.mas.client import MasDirectory
from keyturn.dialects.mas.client_session import MasSettings
from keyturn.dialects.mas.wire_manage import CAPABILITIES_THERE
from keyturn.http.call import Site
from tests.support.manage_server import EXCHANGES
from tests.support.server import Answer, OpenDoor, served
from tests.support.transcripts import unlike

PEOPLE = "/maximo/api/os/masperuser"
KNOWN = Secret("nine green bottles on a wall")
MERGE = {"x-method-override": "PATCH", "patchtype": "MERGE"}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with its MAS door."""
    with served(tmp_path_factory.mktemp("mas")) as door:
        yield door


@pytest.fixture(scope="module")
def key(door: OpenDoor) -> str:
    """The first API key as Manage's clients show one: id and token in one text."""
    return f"{door.made.key.key.id}:{door.made.key.token.reveal()}"


def ask(door: OpenDoor, key: str, method: str, target: str, send: object = None, **more: Any) -> Answer:
    """One request with the key in its own header."""
    return door.ask(method, target, headers={"apikey": key, **more.get("headers", {})}, send=send)


def fresh() -> str:
    """An id that nobody has."""
    return f"u{uuid4().hex[:12]}"


def person(who: str, **account: object) -> dict[str, Any]:
    """A new user as IBM's client sends one."""
    body: dict[str, Any] = json.loads(EXCHANGES["A new user"].body.replace('"amal"', f'"{who}"'))
    body["primaryemail"] = f"{who}@example.com"
    body["maxuser"] |= account
    return body


def stored(door: OpenDoor, who: str) -> User | None:
    """Somebody as the store keeps them."""
    with door.house.store.reading() as view:
        return view.users.get(1, who, Handle.KEY)


def test_the_recorded_exchanges_are_answered_as_recorded(door: OpenDoor, key: str) -> None:
    """In the order in which IBM's client makes them for one user, from nobody to a mailed password."""
    filled = {"key": key, "id": "amal", "name": "Amal Haddad", "resource": ""}
    for title in ("Nobody yet", "A new user", "There", "Where somebody is", "A local sign-in", "No key"):
        exchange = EXCHANGES[title]
        target = exchange.target.replace("_QU1BTA--", filled["resource"])
        headers = {name: exchange.filled(text, filled) for name, text in exchange.headers.items()}
        answer = door.ask(exchange.method, target, headers=headers, body=exchange.body.encode() or None)
        assert answer.status == exchange.status, (title, answer.body)
        assert answer.headers["cache-control"] == "no-store"
        if "location" in answer.headers:
            filled["resource"] = answer.headers["location"].rpartition("/")[2]
        told = json.loads(exchange.filled(exchange.answer, filled)) if exchange.answer else None
        if told is None:
            assert answer.body == b""
            continue
        for member in told.get("member", []):
            member["href"] = "any text"
        assert unlike(told, answer.json) == []
    amal = stored(door, "amal")
    assert amal is not None
    assert amal.has_password
    with door.house.store.reading() as view:
        [mail] = [mail for mail in view.outbox.list(1) if mail.login == "amal"]
    assert mail.recipient == "amal@example.com"


async def test_the_client_half_works_on_the_server_half(door: OpenDoor, key: str) -> None:
    """Create with a given password, find, reset; the given one signs in."""
    settings = MasSettings(
        Site(door.url), key_id=door.made.key.key.id, token=door.made.key.token, version="9.1", manage_key=Secret(key)
    )
    directory, who = MasDirectory(settings), fresh()
    mail = (Contact(f"{who}@example.com", "Work", primary=True),)
    command = CreateUser(who, Profile(who, "Amal", "Haddad", emails=mail), password=KNOWN, rights=USER_RIGHTS)
    [created] = await directory.execute([command])
    [again] = await directory.execute([command])
    found = await directory.find(who)
    [reset] = await directory.execute([ResetPassword(who)])
    probe = await directory.probe()
    await directory.close()
    assert isinstance(created, Created)
    assert isinstance(again, Refused)
    assert again.reason is Reason.EXISTS
    assert found is not None
    assert (found.key, found.profile.display_name) == (who, who)
    assert isinstance(reset, Changed)
    assert reset.secret is not None
    assert probe.account == door.made.key.key.id
    user = stored(door, who)
    assert user is not None
    assert (user.profile, user.rights) == (command.profile, USER_RIGHTS)


def test_who_can_sign_in_keeps_the_password_when_the_sign_in_is_asked_for_again(door: OpenDoor, key: str) -> None:
    """IBM's client asks each time it is run; that must not be a reset."""
    who = fresh()
    made = ask(door, key, "POST", f"{PEOPLE}?lean=1", person(who))
    change = {"maxuser": {"userid": who, "masuseridp": [{"idpid": "local", "emailpassword": False}]}}
    target = f"{made.headers['location']}?lean=1&ccm=1"
    assert ask(door, key, "POST", target, {"maxuser": {"grpreassignauth": []}}, headers=MERGE).status == 204
    assert not getattr(stored(door, who), "has_password")  # noqa: B009  # None has none
    assert ask(door, key, "POST", target, change, headers=MERGE).status == 204
    first = stored(door, who)
    assert ask(door, key, "POST", target, change, headers=MERGE).status == 204
    assert first is not None
    assert first.has_password
    assert stored(door, who) == first


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"personid": "x"}, "maxuser"),
        ({"personid": "x", "maxuser": {"userid": "y"}}, "must be one"),
        ({"personid": "x", "maxuser": {"status": "BLOCKED"}}, "ACTIVE"),
        ({"personid": "x", "maxuser": {"status": "ACTIVE", "groupuser": [{"groupname": "MAXADMIN"}]}}, "groups"),
        ({"personid": "x", "maxuser": {"status": "ACTIVE", "groupuser": "MAXADMIN"}}, "groups"),
        ({"personid": 7, "maxuser": {"status": "ACTIVE"}}, "personid"),
    ],
)
def test_a_new_user_that_cannot_be_meant_is_refused(door: OpenDoor, key: str, body: object, said: str) -> None:
    """In the shape of Manage."""
    answer = ask(door, key, "POST", PEOPLE, body)
    assert answer.status == 400
    assert said in answer.json["Error"]["message"]


def test_an_id_that_is_taken_is_refused_in_the_shape_of_manage(door: OpenDoor, key: str) -> None:
    """By the directory, so that it is audited."""
    who = fresh()
    assert ask(door, key, "POST", PEOPLE, person(who)).status == 201
    answer = ask(door, key, "POST", PEOPLE, person(who))
    assert answer.status == 409
    assert answer.json["Error"]["statusCode"] == "409"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"maxuser": {"userid": "somebody"}}, "somebody else"),
        ({"maxuser": {"masuseridp": "local"}}, "list"),
        ({"maxuser": {"masuseridp": [{"idpid": "saml"}]}}, "local"),
        ({"maxuser": {"masuseridp": [{"idpid": "local", "idploginid": "other"}]}}, "idploginid"),
        ({"maxuser": {"masuseridp": [{"idpid": "local", "emailpassword": "yes"}]}}, "emailpassword"),
    ],
)
def test_a_change_that_cannot_be_meant_is_refused(door: OpenDoor, key: str, change: object, said: str) -> None:
    """And nothing is changed."""
    who = fresh()
    where = ask(door, key, "POST", PEOPLE, person(who)).headers["location"]
    answer = ask(door, key, "POST", where, change, headers=MERGE)
    assert answer.status == 400
    assert said in answer.json["Error"]["message"]
    assert ask(door, key, "POST", where, change).status == 400
    assert ask(door, key, "POST", f"{PEOPLE}/{uuid4()}", change, headers=MERGE).status == 404
    user = stored(door, who)
    assert user is not None
    assert not user.has_password


def test_nobody_resets_who_holds_more_in_the_shape_of_manage(door: OpenDoor, key: str) -> None:
    """Law of the directory, through this door as well."""
    where = ask(door, key, "POST", PEOPLE, person(fresh(), systemadmin=True)).headers["location"]
    headers = {"x-access-token": door.key_token()}
    made = door.ask("POST", "/v1/apikeys", headers=headers, send={"permissions": {"userAdmin": True}}).json
    change = {"maxuser": {"masuseridp": [{"idpid": "local", "emailpassword": True}]}}
    for has_password in (False, True):
        if has_password:
            assert ask(door, key, "POST", where, change, headers=MERGE).status == 204
        answer = ask(door, f"{made['id']}:{made['token']}", "POST", where, change, headers=MERGE)
        assert answer.status == 403
        assert answer.json["Error"]["message"]


@pytest.mark.parametrize("query", ["", "?oslc.where=displayname%3D%22a%22", "?oslc.where=personid%3D%22a%22%20or"])
def test_a_question_that_is_not_about_one_user_is_refused(door: OpenDoor, key: str, query: str) -> None:
    """There is no list here."""
    assert ask(door, key, "GET", f"{PEOPLE}{query}").status == 400


def test_the_address_of_a_user_is_shown_and_of_the_rest_what_is_asked_for(door: OpenDoor, key: str) -> None:
    """As IBM's client asks twice: for the address, and for the names."""
    who = fresh()
    ask(door, key, "POST", PEOPLE, person(who))
    where = f"{PEOPLE}?lean=1&oslc.where=personid%3D%22{who}%22"
    [bare] = ask(door, key, "GET", where).json["member"]
    [all_of_it] = ask(door, key, "GET", f"{where}&oslc.select=%2A").json["member"]
    assert bare.keys() == {"href"}
    assert all_of_it == {"personid": who, "displayname": "Amal Haddad", "href": bare["href"]}


@pytest.mark.parametrize("shown", ["wrong", "a-default-abcdefghij:wrong", ":", ""])
def test_without_a_good_key_nothing_is_told(door: OpenDoor, shown: str) -> None:
    """A token that is none, a key with a wrong token, half a key, nothing."""
    answer = ask(door, shown, "GET", f"{PEOPLE}?oslc.where=personid%3D%22amal%22")
    assert answer.status == 401
    assert "member" not in answer.json


def test_a_key_that_may_not_administer_users_makes_none(door: OpenDoor) -> None:
    """The same rights as through every other door."""
    headers = {"x-access-token": door.key_token()}
    made = door.ask("POST", "/v1/apikeys", headers=headers, send={"permissions": {"apikeyAdmin": True}}).json
    answer = ask(door, f"{made['id']}:{made['token']}", "POST", PEOPLE, person(fresh()))
    assert answer.status == 403


def test_capabilities_there_are_those_of_the_door_but_for_what_manage_lacks() -> None:
    """So that a refusal is the directory's."""
    assert not CAPABILITIES_THERE.validates
    assert not CAPABILITIES_THERE.hands_back
    assert CAPABILITIES_THERE.usual == Usual(6, 35)
