"""Passkeys: made and shown for our site alone, each challenge once, and never by a copy."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core.factors import FactorKind
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.passkeys import LocalPasskeys
from keyturn.core.permissions import Actor, Proof
from keyturn.core.personal import Enrolled
from keyturn.core.ports import SignedIn
from keyturn.crypto.passkeys import WebauthnPasskeys
from tests.support.authenticator import Passkey
from tests.support.house import House, reason
from tests.support.person import Person

SITE = "https://id.example.com"


@pytest.fixture
def amal(house: House) -> Person:
    """Somebody with a password, at a tenant that says where it is."""
    house.set(base_url=SITE + "/sign-in")
    return Person(house)


def door(person: Person, actor: Actor | None = None, address: str = "") -> LocalPasskeys:
    """Passkeys as somebody may use them: the person, just signed in."""
    return LocalPasskeys(person.factors(actor), WebauthnPasskeys(), address)


def options(came: Mapping[str, object] | Refused) -> Mapping[str, object]:
    """What a browser is asked."""
    assert not isinstance(came, Refused), came
    return came


def enrolled(person: Person, passkey: Passkey, actor: Actor | None = None) -> SignedIn:
    """Add a passkey."""
    at = door(person, actor)
    done = at.add("stick", passkey.make(options(at.to_make())))
    assert isinstance(done, Enrolled), done
    return done.signed


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.proves("V6.3.3")
def test_a_passkey_is_shown_in_place_of_a_code(amal: Person, house: House, *, counts: bool) -> None:
    passkey = Passkey(SITE, counts=counts)
    enrolled(amal, passkey)
    for _ in range(2):
        half = amal.sign_in()
        assert half.factors == (FactorKind.PASSKEY, FactorKind.RECOVERY)
        at = door(amal, half.actor)
        asked = options(at.to_show())
        assert asked["rpId"] == "id.example.com"
        whole = at.show(passkey.show(asked))
        assert isinstance(whole, SignedIn)
        assert whole.actor.proof is Proof.SESSION
        assert house.signing_in.actor(half.token) is None


@pytest.mark.proves("N3.1.6.1", "N3.2.5")
def test_an_answer_made_for_another_site_is_none(amal: Person) -> None:
    at = door(amal)
    for other in (Passkey("https://id.example.com.evil.example"), Passkey("http://id.example.com")):
        assert reason(at.add("stick", other.make(options(at.to_make())))) is Reason.INVALID
    assert reason(at.add("stick", Passkey(SITE).make(options(at.to_make()), host="evil.example"))) is Reason.INVALID
    passkey = Passkey(SITE)
    enrolled(amal, passkey)
    at = door(amal, amal.sign_in().actor)
    elsewhere = replace(passkey, origin="https://id.example.com:8443")
    assert reason(at.show(elsewhere.show(options(at.to_show())))) is Reason.NOT_SIGNED_IN
    assert reason(at.show(passkey.show(options(at.to_show()), host="evil.example"))) is Reason.NOT_SIGNED_IN
    assert isinstance(at.show(passkey.show(options(at.to_show()))), SignedIn)


@pytest.mark.proves("N3.2.7", "V6.7.2")
def test_each_challenge_is_good_once_in_the_session_that_asked_and_for_ten_minutes(amal: Person, house: House) -> None:
    passkey = Passkey(SITE, counts=False)
    enrolled(amal, passkey)
    one, two = (door(amal, amal.sign_in().actor) for _ in range(2))
    answer = passkey.show(options(one.to_show()))
    assert reason(two.show(answer)) is Reason.NOT_SIGNED_IN
    options(two.to_show())
    assert reason(two.show(answer)) is Reason.NOT_SIGNED_IN
    assert isinstance(one.show(answer), SignedIn)
    assert reason(one.show(answer)) is Reason.NOT_SIGNED_IN
    three = door(amal, amal.sign_in().actor)
    late = passkey.show(options(three.to_show()))
    house.clock.advance(timedelta(minutes=10))
    assert reason(three.show(late)) is Reason.NOT_SIGNED_IN


@pytest.mark.proves("N3.1.6.1")
def test_a_copy_that_counts_from_where_it_was_copied_is_not_taken(amal: Person) -> None:
    passkey = Passkey(SITE)
    enrolled(amal, passkey)
    copy = replace(passkey)
    at = door(amal, amal.sign_in().actor)
    assert isinstance(at.show(passkey.show(options(at.to_show()))), SignedIn)
    at = door(amal, amal.sign_in().actor)
    assert reason(at.show(copy.show(options(at.to_show())))) is Reason.NOT_SIGNED_IN


def test_nobody_shows_a_passkey_of_somebody_else(amal: Person, house: House) -> None:
    theirs, mine = Passkey(SITE), Passkey(SITE)
    enrolled(amal, theirs)
    bo = Person(house, "bo")
    enrolled(bo, mine)
    at = door(bo, bo.sign_in().actor)
    assert reason(at.show(theirs.show(options(at.to_show())))) is Reason.NOT_SIGNED_IN
    forged = replace(mine, key=theirs.key)
    assert reason(at.show(forged.show(options(at.to_show())))) is Reason.NOT_SIGNED_IN


def test_a_passkey_is_here_once(amal: Person, house: House) -> None:
    passkey = Passkey(SITE)
    enrolled(amal, passkey)
    bo = Person(house, "bo")
    at = door(bo)
    assert reason(at.add("stick", passkey.make(options(at.to_make())))) is Reason.INVALID
    assert at.factors.own() == []


def test_a_challenge_for_adding_adds_once(amal: Person) -> None:
    at = door(amal)
    answer = Passkey(SITE).make(options(at.to_make()))
    assert reason(door(amal).add("stick", answer)) is Reason.INVALID
    assert reason(at.add("two\nlines", answer)) is Reason.INVALID
    assert reason(at.add("stick", answer)) is Reason.INVALID
    assert isinstance(at.add("stick", Passkey(SITE).make(options(at.to_make()))), Enrolled)


@pytest.mark.parametrize("odd", [{}, {"id": 7}, {"id": "x", "rawId": "x", "type": "public-key", "response": {}}])
def test_what_no_browser_sends_is_refused_like_the_rest(amal: Person, odd: dict[str, object]) -> None:
    passkey = Passkey(SITE)
    at = door(amal)
    options(at.to_make())
    assert reason(at.add("stick", odd)) is Reason.INVALID
    enrolled(amal, passkey)
    at = door(amal, amal.sign_in().actor)
    options(at.to_show())
    assert reason(at.show({**odd, "id": passkey.show(options(at.to_show()))["id"]})) is Reason.NOT_SIGNED_IN
    options(at.to_show())
    assert reason(at.show(odd)) is Reason.NOT_SIGNED_IN


def test_wrong_passkeys_cost_the_budget_of_the_account(amal: Person) -> None:
    passkey = Passkey(SITE)
    enrolled(amal, passkey)
    at = door(amal, amal.sign_in().actor)
    for _ in range(5):
        assert reason(at.show(Passkey(SITE).show(options(at.to_show())))) is Reason.NOT_SIGNED_IN
    assert reason(at.show(passkey.show(options(at.to_show())))) is Reason.NOT_SIGNED_IN


def test_passkeys_need_an_address_that_no_request_can_choose(house: House) -> None:
    person = Person(house)
    assert reason(door(person).to_make()) is Reason.UNSUPPORTED
    at = door(person, address="http://localhost:8765")
    asked = options(at.to_make())
    assert asked["rp"] == {"id": "localhost", "name": "keyturn"}
    assert isinstance(at.add("", Passkey("http://localhost:8765").make(asked)), Enrolled)
    at = door(person, person.sign_in().actor)
    assert reason(at.to_show()) is Reason.NOT_SIGNED_IN


def test_who_may_not_change_factors_makes_no_passkey_and_shows_none(amal: Person, house: House) -> None:
    actor = amal.sign_in().actor
    for odd in (replace(actor, since=None), replace(actor, id="nobody")):
        at = door(amal, odd)
        assert reason(at.to_make()) is Reason.NOT_ALLOWED
        assert reason(at.add("stick", {})) is Reason.NOT_ALLOWED
        assert reason(at.to_show()) is Reason.NOT_SIGNED_IN
        assert reason(at.show({})) is Reason.NOT_SIGNED_IN
