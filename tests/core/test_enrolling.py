"""Second factors are added and removed by their owner, required by a tenant."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Origin, UpdateUser
from keyturn.core.enrolling import LocalFactors
from keyturn.core.factors import FactorKind
from keyturn.core.outcomes import Changed, Reason, Refused, Unchanged
from keyturn.core.permissions import Actor, Proof
from keyturn.core.personal import Enrolled, NewApp
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.steps import Caller
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Contact, Handle, Profile, Right
from tests.support.house import GOOD, House, reason
from tests.support.person import Person, details


@pytest.fixture
def amal(house: House) -> Person:
    """Somebody with a password."""
    return Person(house)


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


@pytest.mark.proves("V6.5.6")
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


@pytest.mark.proves("V6.3.7")
def test_every_change_is_told_to_every_address_of_the_person(house: House) -> None:
    emails = (Contact("amal@example.com", "work", primary=True), Contact("amal@home.example", "home"))
    amal = Person(house)
    house.directory().execute([UpdateUser("amal", Profile("Amal", emails=emails, language="fr"))])
    signed = amal.enrol()
    amal.factors(signed.actor).codes()
    amal.factors(signed.actor).remove(_id(amal, signed.actor))
    amal.enrol()
    administrator(house).remove_all("amal", Handle.KEY)
    with house.parts.store.reading() as view:
        told = [(mail.recipient, mail.template, mail.language) for mail in view.outbox.list(1)]
    assert sorted(told) == sorted([("amal@example.com", "factor", "fr"), ("amal@home.example", "factor", "fr")] * 5)


def test_who_has_no_address_is_told_nothing(house: House) -> None:
    amal = Person(house)
    house.directory().execute([UpdateUser("amal", Profile("Amal"))])
    amal.enrol()
    with house.parts.store.reading() as view:
        assert [mail for mail in view.outbox.list(1) if mail.template == "factor"] == []
