"""The page that a letter with a one-time password leads to: in, and out again with a password of one's own."""

import re
from urllib.parse import urlencode

import pytest

from tests.api.conftest import PHRASE
from tests.support.server import Answer, Door, OpenDoor

FRESH = "thirty orange kites over the dunes"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def fill_in(door: Door, **fields: str) -> Answer:
    """Send the form."""
    return door.ask("POST", "/", headers=FORM, body=urlencode(fields).encode())


def one_time(door: OpenDoor, admin: str, login: str) -> str:
    """The one-time password that a reset has just mailed."""
    assert door.ask("POST", f"/keyturn/v1/users/{login}/reset", token=admin, send={}).status == 200
    with door.house.store.reading() as view:
        [mail] = [m for m in view.outbox.list(1) if (m.login, m.template, m.state) == (login, "secret", "waiting")]
    return door.house.parts.minter.one_time(mail.operation, mail.uid, key_id=mail.derive_id).reveal()


@pytest.mark.proves("CN-1")
def test_the_page_is_as_plain_as_that_of_a_link(door: OpenDoor) -> None:
    page = door.ask("GET", "/")
    assert page.status == 200
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_one_time_password_becomes_ones_own_in_one_step(door: OpenDoor, admin: str) -> None:
    secret = one_time(door, admin, "pia")
    done = fill_in(door, login="pia", present=secret, new=FRESH, again=FRESH)
    assert (done.status, "Your password is set" in done.text) == (200, True)
    assert door.sign_in("pia", FRESH).json["must_change"] is False
    assert fill_in(door, login="pia", present=secret, new=FRESH + "!", again=FRESH + "!").status == 403


def test_a_refused_password_does_not_cost_the_way_in(door: OpenDoor, admin: str) -> None:
    """The one-time password is used up by then; the form carries a session that can only set a password."""
    short = fill_in(door, login="rui", present=one_time(door, admin, "rui"), new="short", again="short")
    assert (short.status, "shorter than 15 characters" in short.text) == (422, True)
    [session] = re.findall(r'name="session" value="([^"]+)"', short.text)
    assert door.ask("GET", "/keyturn/v1/users", token=session).status == 403
    assert fill_in(door, session=session, new=FRESH, again=FRESH + "!").status == 422
    assert fill_in(door, session=session, new="short", again="short").status == 422
    assert fill_in(door, session=session, new=FRESH, again=FRESH).status == 200
    assert fill_in(door, session=session, new=FRESH, again=FRESH).status == 403
    assert door.sign_in("rui", FRESH).status == 201


def test_a_password_of_ones_own_is_changed_here_too(door: OpenDoor) -> None:
    assert fill_in(door, login="sol", present=PHRASE, new=FRESH, again=FRESH).status == 200
    assert fill_in(door, login="sol", present=FRESH, new="short", again="short").status == 422
    other = "fifty green lamps along the pier"
    assert fill_in(door, login="sol", present=FRESH, new=other, again=other).status == 200
    assert door.sign_in("sol", other).status == 201


def test_wrong_names_and_passwords_look_the_same(door: OpenDoor) -> None:
    wrong = fill_in(door, login="tao", present="no such password", new=FRESH, again=FRESH)
    unknown = fill_in(door, login="nobody", present="no such password", new=FRESH, again=FRESH)
    assert (wrong.status, wrong.body) == (unknown.status, unknown.body) == (403, wrong.body)


def test_a_form_that_is_not_this_one_is_refused(door: OpenDoor, admin: str) -> None:
    assert fill_in(door, login="tao", present=PHRASE).status == 400
    assert fill_in(door, login="tao", present=PHRASE, new="a", again="b").status == 422
    assert door.ask("POST", "/", headers=FORM, body=b"login=a&login=b").status == 400
    assert fill_in(door, session=admin, new=FRESH, again=FRESH).status == 403, "a full session is no way in here"
