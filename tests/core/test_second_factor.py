"""A second factor: asked for after the password, good once, under one budget, and never lost by a reset."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Origin, ResetPassword, SetStatus
from keyturn.core.enrolling import LocalFactors
from keyturn.core.factors import FactorKind
from keyturn.core.outcomes import Changed, Reason, Refused, Unchanged
from keyturn.core.permissions import Actor, Proof
from keyturn.core.personal import Enrolled, NewApp
from keyturn.core.ports import SignedIn
from keyturn.core.proving import Proving
from keyturn.core.secret import Secret
from keyturn.core.steps import Caller
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Handle, Right, Status
from tests.support.authenticator import App
from tests.support.house import GOOD, OTHER, House, reason

WRONG = Secret("a wrong guess of mine")
STEP = timedelta(seconds=30)


@dataclass
class Person:
    """Somebody who signs in, and what they were shown."""

    house: House
    name: str = "amal"
    rights: frozenset[Right] = frozenset()
    app: App = field(init=False)
    codes: tuple[Secret, ...] = ()

    def __post_init__(self) -> None:
        self.house.add(self.name, rights=self.rights, mail=f"{self.name}@example.com")
        self.house.directory().execute([ResetPassword(self.name, GOOD, permanent=True)])

    def sign_in(self, password: Secret = GOOD) -> SignedIn:
        """A sign-in with the password, which must be right."""
        signed = self.house.sign_in(self.name, password)
        assert isinstance(signed, SignedIn), signed
        return signed

    def factors(self, actor: Actor | None = None) -> LocalFactors:
        """The factors as somebody may use them: the person, just signed in."""
        who = actor or self.sign_in().actor
        rules = self.house.parts.rules(who.tenant)
        return LocalFactors(self.house.signing_in, Caller(who, Capabilities(frozenset()), "test", Origin(), rules))

    def enrol(self, actor: Actor | None = None) -> SignedIn:
        """Add an authenticator app."""
        factors = self.factors(actor)
        made = factors.propose("phone")
        assert isinstance(made, NewApp), made
        self.app = App(made.secret)
        done = factors.confirm(self.app.code(self.house.clock.now()))
        assert isinstance(done, Enrolled), done
        self.codes = done.codes or self.codes
        self.house.clock.advance(STEP)
        return done.signed

    def show(self, half: Actor, code: Secret) -> SignedIn | Refused:
        """One try to show the second factor."""
        return Proving(self.house.signing_in).with_code(half, code, door="test", origin=Origin())

    def now(self) -> Secret:
        """The code that the app shows now."""
        return self.app.code(self.house.clock.now())

    def whole(self) -> SignedIn:
        """A sign-in with both factors."""
        signed = self.show(self.sign_in().actor, self.now())
        assert isinstance(signed, SignedIn), signed
        self.house.clock.advance(STEP)
        return signed


@pytest.fixture
def amal(house: House) -> Person:
    """Somebody with a password."""
    return Person(house)


def details(house: House, verb: str) -> list[tuple[str, str]]:
    """Outcome and detail of the events of a verb."""
    with house.parts.store.reading() as view:
        return [(e.event.outcome, e.event.detail) for e in view.audit.entries(0, 1000) if e.event.verb == verb]


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
    amal.enrol()
    evaluated = 0
    for _ in range(150):
        signed = house.sign_in("amal", GOOD)
        if isinstance(signed, SignedIn):
            amal.show(signed.actor, Secret("000000"))
            evaluated += 1
        house.clock.advance(timedelta(hours=1, seconds=1))
    user = house.directory().find("amal")
    assert user is not None
    assert user.status is Status.DISABLED
    assert evaluated <= 100


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


@pytest.mark.parametrize(
    ("setting", "rights", "wanted"),
    [
        ("off", ALL_RIGHTS, False),
        ("administrators", frozenset(), False),
        ("administrators", frozenset({Right.AUDIT}), True),
        ("everyone", frozenset(), True),
    ],
)
@pytest.mark.proves("V6.3.3")
def test_of_whom_a_second_factor_is_required_is_the_tenants_to_say(
    house: House, setting: str, rights: frozenset[Right], *, wanted: bool
) -> None:
    person = Person(house, rights=rights)
    knocked = house.signing_in.knock("amal", GOOD, door="test", origin=Origin())
    assert isinstance(knocked, Actor)
    house.set(second_factor=setting)
    signed = person.sign_in()
    assert signed.actor.proof is (Proof.ENROLLING if wanted else Proof.SESSION)
    held = house.signing_in.actor(signed.token)
    assert held is not None
    assert held.confined is wanted
    again = house.signing_in.knock("amal", GOOD, door="test", origin=Origin())
    assert isinstance(again, Refused) is wanted
    alone = house.signing_in.with_password("amal", GOOD, door="test", origin=Origin(), restricted=False)
    assert isinstance(alone, Refused) is wanted


def test_who_must_add_a_factor_adds_it_and_goes_on(house: House) -> None:
    house.set(second_factor="everyone")
    person = Person(house)
    signed = person.enrol(person.sign_in().actor)
    actor = house.signing_in.actor(signed.token)
    assert actor is not None
    assert actor.proof is Proof.SESSION
    gone = person.factors(actor).remove(_id(person, actor))
    assert reason(gone) is Reason.POLICY


def _id(person: Person, actor: Actor) -> str:
    found = person.factors(actor).own()
    assert not isinstance(found, Refused)
    return next(each.id for each in found if each.kind is FactorKind.TOTP)


def test_a_new_factor_ends_all_sessions_but_the_new_one(amal: Person, house: House) -> None:
    before = amal.sign_in()
    after = amal.enrol()
    assert house.signing_in.actor(before.token) is None
    assert house.signing_in.actor(after.token) is not None


def test_a_wrong_code_confirms_nothing_and_a_proposal_opens_nothing(amal: Person) -> None:
    factors = amal.factors()
    assert isinstance(factors.propose("old phone"), NewApp)
    made = factors.propose("phone")
    assert isinstance(made, NewApp)
    assert reason(factors.confirm(Secret("000000"))) is Reason.INVALID
    assert amal.sign_in().actor.proof is Proof.SESSION
    found = factors.own()
    assert not isinstance(found, Refused)
    assert [(each.name, each.active) for each in found] == [("phone", False)]
    assert made.uri.reveal().startswith("otpauth://totp/keyturn%20default:amal?")


def test_the_last_factor_takes_the_recovery_codes_with_it(amal: Person) -> None:
    amal.enrol()
    amal.codes = ()
    second = amal.enrol(amal.whole().actor)
    assert amal.codes == ()
    gone = amal.factors(second.actor).remove(_id(amal, second.actor))
    assert isinstance(gone, Enrolled)
    last = amal.factors(gone.signed.actor).remove(_id(amal, gone.signed.actor))
    assert isinstance(last, Enrolled)
    assert amal.factors(last.signed.actor).own() == []
    assert amal.sign_in().actor.proof is Proof.SESSION


def test_new_recovery_codes_end_the_ones_before(amal: Person) -> None:
    assert reason(amal.factors().codes()) is Reason.INVALID
    signed = amal.enrol()
    made = amal.factors(signed.actor).codes()
    assert not isinstance(made, Refused)
    assert reason(amal.show(amal.sign_in().actor, amal.codes[0])) is Reason.NOT_SIGNED_IN
    assert isinstance(amal.show(amal.sign_in().actor, made[0]), SignedIn)


CHANGES: list[Callable[[LocalFactors], object]] = [
    lambda factors: factors.propose("phone"),
    lambda factors: factors.confirm(Secret("000000")),
    lambda factors: factors.remove("nothing"),
    lambda factors: factors.codes(),
]


@pytest.mark.parametrize("change", CHANGES)
def test_factors_are_changed_by_their_owner_within_ten_minutes_of_a_sign_in(
    amal: Person, house: House, change: Callable[[LocalFactors], object]
) -> None:
    actor = amal.sign_in().actor
    key = replace(actor, proof=Proof.KEY, key="a-default-x")
    nobody = Actor("nobody", "nobody", 1, ALL_RIGHTS, Proof.SESSION)
    for who in (key, nobody, replace(actor, since=None), replace(actor, session="gone")):
        assert reason(change(amal.factors(who))) is Reason.NOT_ALLOWED
    house.clock.advance(timedelta(minutes=10, seconds=1))
    late = change(amal.factors(actor))
    assert isinstance(late, Refused)
    assert late.text.startswith("sign in again first")


@pytest.mark.parametrize("name", ["x" * 65, "two\nlines"])
def test_a_name_is_one_short_line(amal: Person, name: str) -> None:
    assert reason(amal.factors().propose(name)) is Reason.INVALID


def test_there_is_room_for_ten_factors(amal: Person) -> None:
    actor = amal.enrol().actor
    for _ in range(9):
        actor = amal.enrol(actor).actor
    assert reason(amal.factors(actor).propose("one more")) is Reason.INVALID


def test_what_is_not_there_is_not_removed(amal: Person) -> None:
    signed = amal.enrol()
    assert reason(amal.factors(signed.actor).remove("nothing")) is Reason.NO_SUCH_USER


def administrator(house: House, rights: frozenset[Right] = ALL_RIGHTS, tenant: int = 1) -> LocalFactors:
    """The factors as an administrator may use them."""
    actor = Actor("root", "root", tenant, rights)
    rules = house.parts.rules(tenant)
    return LocalFactors(house.signing_in, Caller(actor, Capabilities(frozenset()), "test", Origin(), rules))


def test_an_administrator_takes_the_factors_from_who_lost_them(amal: Person, house: House) -> None:
    signed = amal.enrol()
    door = administrator(house)
    assert len(door.of("amal", Handle.KEY)) == 11  # type: ignore[arg-type]  # a refusal has no length and fails here
    assert door.remove_all("amal", Handle.KEY) == Changed("amal")
    assert door.remove_all("amal", Handle.KEY) == Unchanged("amal")
    assert house.signing_in.actor(signed.token) is None
    assert amal.sign_in().actor.proof is Proof.SESSION
    assert details(house, "factor.remove") == [("changed", "all of them and the recovery codes"), ("unchanged", "")]


def test_factors_are_nobodys_business_who_lacks_what_their_owner_holds(house: House) -> None:
    boss = Person(house, "boss", rights=ALL_RIGHTS)
    boss.enrol()
    assert reason(administrator(house, USER_RIGHTS).remove_all("boss", Handle.KEY)) is Reason.NOT_ALLOWED
    assert reason(administrator(house, frozenset()).remove_all("nobody", Handle.KEY)) is Reason.NOT_ALLOWED
    assert reason(administrator(house).remove_all("nobody", Handle.KEY)) is Reason.NO_SUCH_USER
    assert reason(administrator(house, tenant=2).remove_all("boss", Handle.KEY)) is Reason.NO_SUCH_USER
    assert reason(boss.factors(boss.whole().actor).remove_all("boss", Handle.KEY)) is Reason.NOT_ALLOWED
    assert reason(administrator(house, frozenset()).of("boss", Handle.KEY)) is Reason.NOT_ALLOWED
    assert reason(administrator(house).of("nobody", Handle.KEY)) is Reason.NO_SUCH_USER
    assert reason(administrator(house).own()) is Reason.NOT_ALLOWED


def test_a_locked_account_shows_nothing(amal: Person, house: House) -> None:
    amal.enrol()
    half = amal.sign_in().actor
    house.directory().execute([SetStatus("amal", Status.LOCKED)])
    assert reason(amal.show(half, amal.now())) is Reason.NOT_SIGNED_IN
