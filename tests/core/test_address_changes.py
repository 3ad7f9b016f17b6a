"""Whoever changes the address of a user decides who can get in: the old one hears of it, and the new one waits."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from keyturn.core.commands import CreateUser, DeleteUser, ResetPassword, UpdateUser
from keyturn.core.outbox import Mail
from keyturn.core.outcomes import Changed, Created, Delivery, Outcome
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Contact, Profile, Right, same_address
from tests.support.house import GOOD, House
from tests.support.stores import only_sqlite

store = only_sqlite

DESK = USER_RIGHTS
"""The rights of a service desk, which does not decide over the policy."""

DAY = timedelta(hours=24)


def addressed(*mails: str, language: str = "") -> Profile:
    """Amal's profile with these addresses, the first one the primary."""
    contacts = tuple(Contact(mail, "work", primary=not number) for number, mail in enumerate(mails))
    return Profile(display_name="Amal", emails=contacts, language=language)


def readdress(house: House, *mails: str, rights: frozenset[Right] = DESK, language: str = "") -> None:
    """Change Amal's addresses."""
    profile = addressed(*mails, language=language)
    [outcome] = house.directory(rights=rights).execute([UpdateUser("amal", profile=profile)])
    assert isinstance(outcome, Changed), outcome


def reset(house: House, rights: frozenset[Right] = DESK) -> Outcome:
    """Reset Amal's password by mail."""
    [outcome] = house.directory(rights=rights).execute([ResetPassword("amal", notify=True)])
    return outcome


def mails(house: House) -> Sequence[Mail]:
    """Every mail, oldest first."""
    with house.parts.store.reading() as view:
        return list(reversed(view.outbox.list(1)))


@pytest.fixture
def amal(house: House) -> House:
    """A house in which Amal lives, with an address."""
    house.add("amal", mail="amal@example.org")
    return house


@pytest.mark.proves("AZ-4")
def test_a_reset_right_after_a_change_of_address_is_mailed_nowhere_new(amal: House) -> None:
    readdress(amal, "eve@example.org")
    amal.clock.advance(timedelta(minutes=1))
    outcome = reset(amal)
    assert isinstance(outcome, Changed)
    assert outcome.delivery is Delivery.HELD
    assert outcome.secret is None
    notice, held = mails(amal)
    assert (notice.template, notice.recipient, notice.not_before) == ("address", "amal@example.org", notice.created)
    assert (held.template, held.recipient, held.state) == ("secret", "eve@example.org", "waiting")
    assert held.not_before == notice.created + DAY
    assert held.error.startswith("held: the address is new")
    assert held.expires == held.created + DAY, "its life is no longer for it"


@pytest.mark.proves("AZ-4")
def test_the_day_after_mail_goes_to_the_new_address(amal: House) -> None:
    readdress(amal, "amal@new.example")
    amal.clock.advance(DAY)
    outcome = reset(amal)
    assert isinstance(outcome, Changed)
    assert outcome.delivery is Delivery.MAILED
    assert mails(amal)[-1].not_before == amal.clock.now()


@pytest.mark.proves("AZ-4")
def test_whoever_may_set_the_policy_stands_for_an_address_and_the_old_one_still_hears_of_it(amal: House) -> None:
    readdress(amal, "eve@example.org")
    readdress(amal, "amal@new.example", rights=ALL_RIGHTS)
    outcome = reset(amal)
    assert isinstance(outcome, Changed)
    assert outcome.delivery is Delivery.MAILED
    assert [(mail.template, mail.recipient) for mail in mails(amal)] == [
        ("address", "amal@example.org"),
        ("address", "eve@example.org"),
        ("secret", "amal@new.example"),
    ]


@pytest.mark.proves("AZ-4")
def test_an_address_that_is_taken_away_first_is_not_a_first_address_after(amal: House) -> None:
    readdress(amal)
    readdress(amal, "eve@example.org")
    outcome = reset(amal)
    assert isinstance(outcome, Changed)
    assert outcome.delivery is Delivery.HELD
    assert [mail.recipient for mail in mails(amal) if mail.template == "address"] == ["amal@example.org"]


def test_the_hold_is_of_the_change_and_not_of_who_resets(amal: House) -> None:
    """An administrator who resets a thousand users does not know whose address somebody has just turned."""
    readdress(amal, "eve@example.org")
    outcome = reset(amal, ALL_RIGHTS)
    assert isinstance(outcome, Changed)
    assert outcome.delivery is Delivery.HELD


@pytest.mark.proves("AZ-4")
def test_making_another_address_the_primary_one_is_a_change_too(house: House) -> None:
    both = (Contact("amal@example.org", "work", primary=True), Contact("eve@example.org", "home"))
    house.directory().execute([CreateUser("amal", Profile(display_name="Amal", emails=both))])
    readdress(house, "eve@example.org", "amal@example.org")
    outcome = reset(house)
    assert isinstance(outcome, Changed)
    assert outcome.delivery is Delivery.HELD


def test_first_addresses_and_other_changes_are_never_held(house: House) -> None:
    house.add("amal")
    readdress(house, "amal@example.org")
    readdress(house, "AMAL@Example.org", "amal@home.example", language="de")
    outcome = reset(house)
    assert isinstance(outcome, Changed)
    assert outcome.delivery is Delivery.MAILED
    assert [mail.template for mail in mails(house)] == ["secret", "notice"]
    [created] = house.directory(rights=DESK).execute([CreateUser("bo", addressed("bo@example.org"), notify=True)])
    assert isinstance(created, Created)
    assert created.delivery is Delivery.MAILED


@pytest.mark.proves("AZ-4")
def test_the_notice_outlives_a_reset_without_mail_and_the_end_of_the_account(amal: House) -> None:
    readdress(amal, "eve@example.org")
    amal.directory().execute([ResetPassword("amal", GOOD), DeleteUser("amal")])
    assert [(mail.template, mail.state) for mail in mails(amal)] == [("address", "waiting")]


def test_a_tenant_says_for_how_long_or_not_at_all(amal: House) -> None:
    readdress(amal, "amal@new.example")
    amal.set(mail_hold="1")
    reset(amal)
    assert mails(amal)[-1].not_before == mails(amal)[0].created + timedelta(hours=1)
    amal.set(mail_hold="168")
    reset(amal)
    assert mails(amal)[-1].not_before == mails(amal)[-1].expires, "it cannot be sent before it is worthless"
    amal.set(mail_hold="0")
    outcome = reset(amal)
    assert isinstance(outcome, Changed)
    assert outcome.delivery is Delivery.MAILED


def test_the_notice_is_in_the_language_of_its_reader_else_of_the_tenant(amal: House) -> None:
    readdress(amal, "one@example.org", language="ja_JP")
    amal.set(language="de-CH")
    readdress(amal, "two@example.org")
    readdress(amal, "three@example.org", language="pt")
    assert [mail.language for mail in mails(amal)] == ["ja", "de", "de"]


def test_addresses_are_the_same_only_when_they_surely_are() -> None:
    assert same_address("Amal@Example.org", "amal@example.ORG")
    assert same_address("müller@example.org", "müller@example.org")
    assert not same_address("amal@example.org", "amal@example.com")
    assert not same_address("MIKE@example.org", "m\u0131ke@example.org"), "a letter that only folds into another"
