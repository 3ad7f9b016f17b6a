"""What became of mails, and a hand on one of them: under rights, in the audit, and never past the life of a secret."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core.commands import ResetPassword, UpdateUser
from keyturn.core.outbox import Mail
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Contact, Profile, Right
from tests.support.house import GOOD, House, reason
from tests.support.stores import only_sqlite

store = only_sqlite


def reset(house: House, who: str = "amal", *, rights: frozenset[Right] = ALL_RIGHTS) -> None:
    """A reset that is mailed."""
    house.directory(rights=rights).execute([ResetPassword(who, notify=True)])


def mails(house: House, *, who: str = "", state: str = "") -> list[Mail]:
    """The mails as an administrator sees them, newest first."""
    found = house.administration().mails.list(who, state)
    assert not isinstance(found, Refused)
    return list(found)


@pytest.fixture
def amal(house: House) -> House:
    """A house in which Amal and Bo live, with an address each, and Amal was just reset."""
    house.add("amal", mail="amal@example.org")
    house.add("bo", mail="bo@example.org")
    reset(house)
    return house


@pytest.mark.proves("ML-10")
def test_a_reset_is_done_while_its_mail_still_waits_and_both_can_be_seen(amal: House) -> None:
    [mail] = mails(amal, who="amal")
    assert (mail.state, mail.attempts, mail.settled) == ("waiting", 0, None)
    with amal.parts.store.reading() as view:
        credential = view.users.by_uid([mail.uid])[mail.uid].credential
    assert credential is not None
    assert credential.operation == mail.operation


def test_mails_are_listed_by_user_and_by_state(amal: House) -> None:
    reset(amal, "bo")
    assert [mail.login for mail in mails(amal)] == ["bo", "amal"]
    assert [mail.login for mail in mails(amal, who="bo")] == ["bo"]
    assert mails(amal, who="nobody") == []
    assert mails(amal, state="sent") == []
    assert list(amal.administration(tenant=2).mails.list()) == []  # type: ignore[arg-type]  # it is not refused


def test_a_value_that_is_sealed_in_a_mail_is_not_shown_with_it(amal: House) -> None:
    amal.set(mail="contract")
    amal.directory().execute([ResetPassword("bo", GOOD, notify=True)])
    assert mails(amal, who="bo")[0].sealed is None


@pytest.mark.proves("AZ-4")
def test_a_held_mail_is_let_go_by_whoever_may_set_the_policy_alone(amal: House) -> None:
    moved = Profile(display_name="Amal", emails=(Contact("new@example.org", "work", primary=True),))
    amal.directory(rights=USER_RIGHTS).execute([UpdateUser("amal", profile=moved)])
    reset(amal, rights=USER_RIGHTS)
    held = next(mail for mail in mails(amal) if mail.state == "waiting" and mail.template == "secret")
    assert held.not_before > amal.clock.now()
    assert reason(amal.administration(rights=USER_RIGHTS).mails.retry(held.id)) is Reason.NOT_ALLOWED
    let_go = amal.administration().mails.retry(held.id[:12])
    assert isinstance(let_go, Mail)
    assert let_go.not_before == amal.clock.now()
    assert next(mail for mail in mails(amal) if mail.id == held.id).not_before == amal.clock.now()
    assert amal.events()[-1][:3] == ("mail.retry", "changed", "amal")


def test_a_mail_is_cancelled_by_hand_once(amal: House) -> None:
    [mail] = mails(amal)
    done = amal.administration().mails.cancel(mail.id)
    assert isinstance(done, Mail)
    assert done.state == "cancelled"
    assert [(one.state, one.error) for one in mails(amal)] == [("cancelled", "cancelled by hand")]
    again = amal.administration().mails.cancel(mail.id)
    assert isinstance(again, Refused)
    assert again.text == "it is cancelled"
    retried = amal.administration().mails.retry(mail.id)
    assert isinstance(retried, Refused)
    assert retried.text == "it is cancelled"
    assert [event[:2] for event in amal.events()[-3:]] == [
        ("mail.cancel", "changed"), ("mail.cancel", "refused"), ("mail.retry", "refused"),
    ]  # fmt: skip


def test_a_mail_whose_secret_is_dead_is_not_sent_again(amal: House) -> None:
    [mail] = mails(amal)
    amal.clock.advance(timedelta(hours=24))
    over = amal.administration().mails.retry(mail.id)
    assert isinstance(over, Refused)
    assert over.text == "its time is up"


def test_a_mail_must_be_named_so_that_one_is_meant(amal: House) -> None:
    [mail] = mails(amal)
    with amal.parts.store.writing() as transaction:
        transaction.outbox.put([replace(mail, id="ff" + "0" * 30, uid="gone"), replace(mail, id="ff" + "1" * 30)])
    for start, text in (("ff", "more than one mail"), ("zz", "no such mail"), ("", "no such mail")):
        missing = amal.administration().mails.cancel(start)
        assert isinstance(missing, Refused)
        assert text in missing.text
    cancelled = amal.administration().mails.cancel("ff0")
    assert isinstance(cancelled, Mail), "although there is no such user any more"
