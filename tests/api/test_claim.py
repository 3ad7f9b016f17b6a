"""The page behind a mailed link: a plain form, harmless to look at, good for one new password."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from keyturn.api.pages import sentence
from keyturn.app.languages import languages
from keyturn.core.outcomes import Reason, Refused
from tests.api.conftest import PHRASE
from tests.api.test_sessions import problem
from tests.support.server import Answer, Door, OpenDoor

FRESH = "twenty yellow trams in the fog"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def mailed_link(door: OpenDoor, admin: str, login: str) -> str:
    """The path of a link that a reset with a known value has just mailed."""
    send = {"new": PHRASE + " again", "notify": True}
    assert door.ask("POST", f"/keyturn/v1/users/{login}/reset", token=admin, send=send).json["delivery"] == "mailed"
    return f"/claim/{door.link_of(login).reveal()}"


def fill_in(door: Door, path: str, new: str, again: str) -> Answer:
    """Send the form."""
    return door.ask("POST", path, headers=FORM, body=urlencode({"new": new, "again": again}).encode())


@pytest.mark.proves("CN-1")
def test_looking_at_a_link_changes_nothing_and_tells_nothing(door: OpenDoor, admin: str) -> None:
    """A scanner that opens every link of a mail must not use it up, nor learn which links are good."""
    path = mailed_link(door, admin, "kira")
    good, unknown = door.ask("GET", path), door.ask("GET", "/claim/never-was-a-link")
    assert (good.status, unknown.status) == (200, 200)
    assert good.body == unknown.body
    assert fill_in(door, path, FRESH, FRESH).status == 200


@pytest.mark.proves("CN-1", "V3.6.1")
def test_the_page_has_no_script_and_nothing_from_elsewhere(door: OpenDoor) -> None:
    page = door.ask("GET", "/claim/x")
    assert "<script" not in page.text
    assert "http" not in page.text
    assert "src=" not in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"


def test_a_link_sets_a_password_once(door: OpenDoor, admin: str) -> None:
    path = mailed_link(door, admin, "luz")
    done = fill_in(door, path, FRESH, FRESH)
    assert done.status == 200
    assert "Your password is set" in done.text
    signed = door.sign_in("luz", FRESH)
    assert (signed.status, signed.json["must_change"]) == (201, False)
    assert door.sign_in("luz", PHRASE + " again").status == 401
    used = fill_in(door, path, "another fine phrase of words", "another fine phrase of words")
    assert used.status == 410
    assert "no longer works" in used.text
    assert door.sign_in("luz", FRESH).status == 201


def test_a_refused_password_names_the_rule_and_leaves_the_link_good(door: OpenDoor, admin: str) -> None:
    path = mailed_link(door, admin, "mio")
    different = fill_in(door, path, FRESH, FRESH + "!")
    assert (different.status, "are not the same" in different.text) == (422, True)
    short = fill_in(door, path, "short", "short")
    assert (short.status, "shorter than 15 characters" in short.text) == (422, True)
    assert 'role="alert"' in short.text
    assert ">short<" not in short.text
    empty = door.ask("POST", path, headers=FORM, body=b"")
    assert empty.status == 400
    garbled = door.ask("POST", path, headers=FORM, body="new=\u00fc&again=\u00fc".encode())
    assert garbled.status == 400
    twice = door.ask("POST", path, headers=FORM, body=b"new=a&new=b&again=a")
    assert twice.status == 400
    assert fill_in(door, path, FRESH, FRESH).status == 200


def test_a_program_may_send_json(door: OpenDoor, admin: str) -> None:
    path = mailed_link(door, admin, "nour")
    assert problem(door.ask("POST", path, send={"new": "short"})) == (422, "KT-POL-001")
    assert door.ask("POST", path, send={"new": FRESH}).status == 204
    assert problem(door.ask("POST", path, send={"new": FRESH})) == (410, "KT-AUTH-007")
    assert door.sign_in("nour", FRESH).status == 201


@pytest.mark.parametrize("token", ["x", "%00", "a%2Fb", "%F0%9F%94%91"])
def test_a_link_that_never_was_is_gone_like_a_used_one(door: OpenDoor, token: str) -> None:
    assert fill_in(door, f"/claim/{token}", FRESH, FRESH).status in (400, 410)


def test_a_link_that_is_used_twice_at_once_sets_one_password(door: OpenDoor, admin: str) -> None:
    """Both are let in before either is done; the directory decides, not the page."""
    path = mailed_link(door, admin, "oda")
    phrases = [f"number {number} of many fine phrases" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda phrase: fill_in(door, path, phrase, phrase).status, phrases))
    assert sorted(statuses) == [200, 410, 410, 410, 410, 410]
    assert door.sign_in("oda", phrases[statuses.index(200)]).status == 201


SPOKEN = {"de-CH,de;q=0.9": ("de", "Neues Passwort"), "ja": ("ja", "新しいパスワード"), "pt-BR": ("en", "New password")}


@pytest.mark.parametrize("accepts", sorted(SPOKEN))
def test_the_page_is_in_the_language_that_the_browser_asks_for(door: OpenDoor, accepts: str) -> None:
    tag, label = SPOKEN[accepts]
    for path in ("/claim/x", "/"):
        page = door.ask("GET", path, headers={"accept-language": accepts})
        assert f'<html lang="{tag}">' in page.text
        assert label in page.text
        assert page.headers["content-language"] == tag


def test_the_link_of_a_letter_keeps_the_language_of_the_letter(door: OpenDoor) -> None:
    asked = {**FORM, "accept-language": "de"}
    assert 'lang="fr"' in door.ask("GET", "/claim/x?lang=fr", headers={"accept-language": "de"}).text
    gone = door.ask("POST", "/claim/x?lang=fr", headers=asked, body=urlencode({"new": FRESH, "again": FRESH}).encode())
    assert (gone.status, "Ce lien ne fonctionne plus" in gone.text) == (410, True)
    assert 'lang="en"' in door.ask("GET", '/claim/x?lang="><script>').text


def test_a_refusal_is_told_in_the_language_of_the_page(door: OpenDoor, admin: str) -> None:
    path = mailed_link(door, admin, "uma") + "?lang=de"
    assert "mindestens 15 Zeichen" in fill_in(door, path, "short", "short").text
    assert "nicht gleich" in fill_in(door, path, FRESH, FRESH + "!").text
    control = FRESH + "\x07"
    assert "nicht überall eingeben" in fill_in(door, path, control, control).text
    assert "ist festgelegt" in fill_in(door, path, FRESH, FRESH).text


def test_a_refusal_that_no_catalogue_knows_is_still_said() -> None:
    german = languages().words("de")
    assert sentence(german, Refused("amal", Reason.OTHER, "the moon is full")) == "Dieses Passwort wurde abgelehnt."
    assert sentence(german, Refused("amal", Reason.TOO_SHORT, "too short")) == "Dieses Passwort wurde abgelehnt."
    assert sentence(languages().words("en"), Refused("amal", Reason.OTHER, "")) == "This password was refused."
