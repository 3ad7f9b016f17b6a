"""A second factor: asked for after the password, good once, under one budget, and never lost by a reset."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from keyturn.core.budget import FREE_GUESSES
from keyturn.core.commands import Origin, ResetPassword, SetStatus
from keyturn.core.factors import FactorKind
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor, Proof
from keyturn.core.ports import Check, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.users import Status
from tests.core.test_signin import with_act
from tests.support.house import GOOD, OTHER, House, reason
from tests.support.person import STEP, Person, details

WRONG = Secret("a wrong guess of mine")


@pytest.fixture
def amal(house: House) -> Person:
    """Somebody with a password."""
    return Person(house)


@pytest.mark.proves("V6.3.3")
def test_a_right_password_buys_half_a_session_until_the_code_is_shown(amal: Person, house: House) -> None:
    amal.enrol()
    half = amal.sign_in()
    assert (half.must_change, half.actor.proof) == (False, Proof.HALF)
    assert half.factors == (FactorKind.TOTP, FactorKind.RECOVERY)
    held = house.signing_in.actor(half.token)
    assert held is not None
    assert (held.proof, held.confined) == (Proof.HALF, True)
    whole = amal.show(held, amal.now())
    assert isinstance(whole, SignedIn)
    actor = house.signing_in.actor(whole.token)
    assert actor is not None
    assert (actor.proof, actor.id) == (Proof.SESSION, held.id)
    assert house.signing_in.actor(half.token) is None
    assert details(house, "factor.show") == [("changed", "totp")]


@pytest.mark.proves("V6.5.1", "N3.1.4.1")
def test_each_code_is_taken_once(amal: Person) -> None:
    amal.enrol()
    one, two = amal.sign_in().actor, amal.sign_in().actor
    code = amal.now()
    assert isinstance(amal.show(one, code), SignedIn)
    assert reason(amal.show(two, code)) is Reason.NOT_SIGNED_IN


def test_the_code_that_confirmed_the_app_signs_nobody_in(amal: Person, house: House) -> None:
    amal.enrol()
    house.clock.advance(-STEP)
    assert reason(amal.show(amal.sign_in().actor, amal.now())) is Reason.NOT_SIGNED_IN


@pytest.mark.proves("V6.5.1", "N3.1.4.1")
def test_of_many_at_once_one_code_signs_in_one(amal: Person) -> None:
    amal.enrol()
    halves = [amal.sign_in().actor for _ in range(4)]
    code = amal.now()
    with ThreadPoolExecutor(4) as pool:
        came = list(pool.map(lambda half: amal.show(half, code), halves))
    assert sum(isinstance(one, SignedIn) for one in came) == 1


@pytest.mark.proves("V6.5.5", "V6.5.8")
@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(amal: Person, house: House, steps: int, *, good: bool) -> None:
    amal.enrol()
    house.clock.advance(4 * STEP)
    shown = amal.show(amal.sign_in().actor, amal.app.code(house.clock.now() + steps * STEP))
    assert isinstance(shown, SignedIn) is good


@pytest.mark.proves("V6.5.1", "N3.1.2.1", "N3.1.2.2")
def test_a_recovery_code_stands_in_once_however_it_is_typed(amal: Person, house: House) -> None:
    amal.enrol()
    assert len({code.reveal() for code in amal.codes}) == 10
    sloppy = Secret(amal.codes[3].reveal().lower().replace("-", " ").replace("1", "l").replace("0", "o"))
    assert isinstance(amal.show(amal.sign_in().actor, sloppy), SignedIn)
    assert reason(amal.show(amal.sign_in().actor, amal.codes[3])) is Reason.NOT_SIGNED_IN
    assert isinstance(amal.show(amal.sign_in().actor, amal.codes[4]), SignedIn)
    assert ("changed", "recovery") in details(house, "factor.show")


def test_failures_look_alike_and_cost_the_budget_of_the_account(amal: Person, house: House) -> None:
    amal.enrol()
    half = amal.sign_in().actor
    wrong = [amal.show(half, Secret(text)) for text in ("000000", "", "12345", "no code", "٣٤٥٦٧٨")]
    assert {(r.reason, r.text) for r in wrong if isinstance(r, Refused)} == {
        (Reason.NOT_SIGNED_IN, "the sign-in was refused")
    }
    assert len(wrong) == 5
    assert reason(amal.show(half, amal.now())) is Reason.NOT_SIGNED_IN
    assert reason(house.sign_in("amal", GOOD)) is Reason.NOT_SIGNED_IN
    house.clock.advance(timedelta(seconds=31))
    assert isinstance(amal.show(half, amal.now()), SignedIn)


def test_a_known_password_buys_no_fresh_guesses_at_codes(amal: Person, house: House) -> None:
    half = amal.enrol().actor
    with house.parts.store.writing() as transaction:
        for _ in range(90):
            transaction.users.count_failure(half.id, house.clock.now())
    evaluated = 0
    for _ in range(15):
        signed = house.sign_in("amal", GOOD)
        if isinstance(signed, SignedIn):
            amal.show(signed.actor, Secret("000000"))
            evaluated += 1
        house.clock.advance(timedelta(hours=1, seconds=1))
    user = house.directory().find("amal")
    assert user is not None
    assert user.status is Status.DISABLED
    assert evaluated < 10


@pytest.mark.proves("AU-4", "V6.3.1")
def test_a_known_password_makes_no_address_one_of_the_persons(amal: Person, house: House) -> None:
    places = [f"198.51.100.{number}" for number in range(3)]
    amal.enrol()
    halves = [(place, amal.sign_in(source=place).actor) for place in places]
    for _ in range(10):
        for place, half in halves:
            amal.show(half, Secret("000000"), place)
    user = house.directory().find("amal")
    assert user is not None
    assert user.failures == FREE_GUESSES


def test_a_right_password_takes_its_own_guess_back_and_no_other(amal: Person, house: House) -> None:
    amal.enrol()
    for _ in range(3):
        house.sign_in("amal", WRONG)
    for _ in range(10):
        amal.sign_in()
    user = house.directory().find("amal")
    assert user is not None
    assert user.failures == 3
    half = amal.sign_in().actor
    assert isinstance(amal.show(half, amal.now()), SignedIn)
    user = house.directory().find("amal")
    assert user is not None
    assert user.failures == 0


def test_what_somebody_else_guesses_meanwhile_stays_counted(amal: Person, house: House) -> None:
    actor = amal.enrol().actor

    def struck(check: Check) -> Check:
        with house.parts.store.writing() as transaction:
            transaction.users.count_failure(actor.id, house.clock.now())
        return check

    signed = with_act(house, struck).with_password("amal", GOOD, door="test", origin=Origin())
    assert isinstance(signed, SignedIn)
    user = house.directory().find("amal")
    assert user is not None
    assert user.failures == 1


def test_half_a_session_ends_after_ten_minutes(amal: Person, house: House) -> None:
    amal.enrol()
    half = amal.sign_in()
    house.clock.advance(timedelta(minutes=10))
    assert house.signing_in.actor(half.token) is None


def test_only_half_a_session_that_stands_can_show(amal: Person, house: House) -> None:
    whole = amal.enrol().actor
    assert reason(amal.show(whole, amal.now())) is Reason.NOT_SIGNED_IN
    half = amal.sign_in().actor
    house.directory().execute([ResetPassword("amal", OTHER, permanent=True)])
    assert reason(amal.show(half, amal.now())) is Reason.NOT_SIGNED_IN


@pytest.mark.proves("V6.4.3")
def test_a_reset_leaves_the_factors_and_the_next_sign_in_asks_for_them(amal: Person, house: House) -> None:
    amal.enrol()
    house.directory().execute([ResetPassword("amal", OTHER)])
    assert amal.sign_in(OTHER).actor.proof is Proof.RESTRICTED
    house.directory().execute([ResetPassword("amal", OTHER, permanent=True)])
    assert amal.sign_in(OTHER).actor.proof is Proof.HALF


def test_at_a_door_that_knows_a_password_alone_it_looks_like_a_wrong_one(amal: Person, house: House) -> None:
    def knock() -> Actor | Refused:
        return house.signing_in.knock("amal", GOOD, door="test", origin=Origin())

    assert isinstance(knock(), Actor)
    amal.enrol()
    alone = house.signing_in.with_password("amal", GOOD, door="test", origin=Origin(), restricted=False)
    wrong = house.sign_in("amal", WRONG)
    assert alone == wrong == knock()
    found = [detail for outcome, detail in details(house, "session.start") if outcome == "refused"]
    assert found == ["right, but a password alone opens nothing for this account", "", found[0]]


def test_a_locked_account_shows_nothing(amal: Person, house: House) -> None:
    amal.enrol()
    half = amal.sign_in().actor
    house.directory().execute([SetStatus("amal", Status.LOCKED)])
    assert reason(amal.show(half, amal.now())) is Reason.NOT_SIGNED_IN
