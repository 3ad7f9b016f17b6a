"""How much mail one address gets in an hour, and how much leaves in all: the rest waits and is not lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.app.languages import languages
from keyturn.core.commands import CreateUser, ResetPassword
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.users import Contact, Profile
from keyturn.mail.allowance import HOUR, QUIET, Pace
from keyturn.mail.courier import BATCH, Courier
from keyturn.mail.relay import Relay
from tests.mail.test_courier import SECRET, a_mail, courier, outbox, reset, states, uid_of
from tests.support.house import House, SetClock
from tests.support.mailsink import MailSink
from tests.support.stores import only_sqlite

store = only_sqlite

SECOND = timedelta(seconds=1)


async def storm(house: House, sink: MailSink, count: int) -> None:
    """So many resets of Amal, a second apart, while the courier works."""
    for _ in range(count):
        reset(house)
        await courier(house, sink).run_once()
        house.clock.advance(SECOND)


@pytest.mark.proves("ML-9", "V2.4.1")
async def test_of_fifty_resets_three_are_mailed_in_the_hour_and_the_last_one_is_good(
    amal: House, sink: MailSink
) -> None:
    """The last of the three waits for a minute without a newer reset, so that it is the one that counts."""
    await storm(amal, sink, 50)
    assert len(sink.received) == 2
    [waiting] = [mail for mail in outbox(amal) if mail.state == "waiting"]
    assert waiting.error == "held: 3 mails an hour go to one address"
    assert waiting.attempts == 0
    amal.clock.advance(QUIET)
    assert await courier(amal, sink).run_once() == 1
    assert len(sink.received) == 3
    [last] = set(SECRET.findall(sink.received[-1].body("plain")))
    assert isinstance(amal.sign_in("amal", Secret(last)), SignedIn)
    assert sorted(set(states(amal))) == ["cancelled", "sent"]


@pytest.mark.proves("ML-9")
async def test_what_is_over_the_limit_waits_for_its_hour_and_is_sent(amal: House, sink: MailSink) -> None:
    for _ in range(3):
        reset(amal)
        amal.clock.advance(QUIET)
        assert await courier(amal, sink).run_once() == 1
    reset(amal)
    assert await courier(amal, sink).run_once() == 0
    [waiting] = [mail for mail in outbox(amal) if mail.state == "waiting"]
    assert waiting.not_before == outbox(amal)[0].settled + HOUR  # type: ignore[operator]  # it was sent
    amal.clock.time = waiting.not_before - SECOND
    assert await courier(amal, sink).run_once() == 0
    amal.clock.time = waiting.not_before
    assert await courier(amal, sink).run_once() == 1
    [last] = set(SECRET.findall(sink.received[-1].body("plain")))
    assert isinstance(amal.sign_in("amal", Secret(last)), SignedIn)


async def test_a_newer_reset_takes_the_place_of_one_that_is_held(amal: House, sink: MailSink) -> None:
    await storm(amal, sink, 4)
    assert states(amal) == ["sent", "sent", "cancelled", "waiting"]


async def test_a_courier_that_starts_does_not_let_out_what_is_held(amal: House, sink: MailSink) -> None:
    await storm(amal, sink, 3)
    assert await courier(amal, sink).run_once(ahead=timedelta(minutes=10)) == 0
    assert states(amal) == ["sent", "sent", "waiting"]


async def test_notices_to_one_address_are_few_as_well_and_the_newest_stands_for_the_others(
    house: House, sink: MailSink
) -> None:
    both = (Contact("amal@example.org", "work", primary=True), Contact("amal@home.example", "home"))
    house.directory().execute([CreateUser("amal", Profile(display_name="Amal", emails=both))])
    await storm(house, sink, 6)
    house.clock.advance(QUIET)
    await courier(house, sink).run_once()
    assert len(sink.to("amal@home.example")) == 3
    held = [mail for mail in outbox(house) if mail.template == "notice" and mail.state != "sent"]
    assert [mail.state for mail in held] == ["cancelled", "cancelled", "waiting"]
    assert held[0].error == "a newer one says the same"
    house.clock.advance(HOUR)
    await courier(house, sink).run_once()
    assert len(sink.to("amal@home.example")) == 4


async def test_what_tells_of_a_change_is_not_held_up_by_resets_that_somebody_had_mailed(
    amal: House, sink: MailSink
) -> None:
    amal.set(mail_per_hour="1")
    await storm(amal, sink, 3)
    assert states(amal) == ["sent", "cancelled", "waiting"]
    now = amal.clock.now()
    told = replace(outbox(amal)[0], id="told", template="factor", state="waiting", settled=None, not_before=now)
    with amal.parts.store.writing() as transaction:
        transaction.outbox.put([told])
    assert await courier(amal, sink).run_once() == 1


async def test_many_who_share_a_mailbox_are_not_in_each_other_s_way(house: House, sink: MailSink) -> None:
    for number in range(6):
        house.add(f"user{number}", mail="desk@example.org")
        reset(house, f"user{number}")
    assert await courier(house, sink).run_once() == 6


async def test_a_tenant_says_how_many(amal: House, sink: MailSink) -> None:
    amal.set(mail_per_hour="1")
    await storm(amal, sink, 3)
    assert states(amal) == ["sent", "cancelled", "waiting"]
    amal.set(mail_per_hour="0")
    amal.clock.advance(HOUR)
    await storm(amal, sink, 8)
    assert states(amal).count("sent") == 9


@pytest.mark.proves("ML-9")
async def test_two_resets_of_one_user_in_one_batch_are_one_mail(amal: House, sink: MailSink) -> None:
    amal.directory().execute([ResetPassword("amal", notify=True)] * 2)
    assert await courier(amal, sink).run_once() == 1
    assert sorted(states(amal)) == ["cancelled", "sent"]
    [found] = set(SECRET.findall(sink.received[0].body("plain")))
    assert isinstance(amal.sign_in("amal", Secret(found)), SignedIn)


def test_a_pace_lets_out_so_many_a_minute_and_saves_little_up() -> None:
    clock = SetClock()
    pace = Pace(60, clock)
    assert pace.room(16) == 1
    pace.spend(1)
    assert (pace.room(16), pace.pause()) == (0, 1.0)
    clock.advance(3 * SECOND)
    assert pace.room(16) == 3
    clock.advance(timedelta(hours=1))
    assert pace.room(16) == 11
    assert pace.room(4) == 4
    assert (Pace(0, clock).room(16), Pace(0, clock).pause()) == (16, 0.0)


@pytest.mark.proves("ML-9")
async def test_in_all_no_more_leaves_than_the_server_is_told(amal: House, sink: MailSink) -> None:
    uid = uid_of(amal)
    with amal.parts.store.writing() as transaction:
        mails = [a_mail(uid, "notice", f"user{number}@example.org", number=number) for number in range(2 * BATCH)]
        transaction.outbox.put(mails)
    relay = Relay("127.0.0.1", sink.port, "keyturn@example.org", timeout=5)
    slow = Courier(amal.parts, relay, "https://id.example.org/", languages(), per_minute=60)
    sent = []
    for _ in range(10):
        sent.append(await slow.run_once())
        amal.clock.advance(SECOND)
    assert sent == [1] * 10
    assert {mail.attempts for mail in outbox(amal) if mail.state == "waiting"} == {0}
