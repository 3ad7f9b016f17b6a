"""The courier: never none, never two different secrets, and nothing that is out of date."""

import asyncio
import logging
import re
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.app.languages import languages
from keyturn.core.audit import Event
from keyturn.core.commands import ChangePassword, CreateUser, DeleteUser, ResetPassword
from keyturn.core.errors import StoreError
from keyturn.core.outbox import Mail
from keyturn.core.outcomes import Changed
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.storage import Transaction, View
from keyturn.core.users import Contact, Handle, Profile
from keyturn.mail.courier import AHEAD, BATCH, MOST_ATTEMPTS, Courier
from keyturn.mail.relay import Relay, Tls
from tests.support.house import GOOD, OTHER, START, House
from tests.support.mailsink import Faults, MailSink

SECRET = re.compile(r"[A-Z][0-9A-Z]{4}(?:-[0-9A-Z]{4}){4}-[0-9A-Z]{5}")


def courier(house: House, sink: MailSink, tls: Tls = Tls.AUTO) -> Courier:
    """A courier between the house and the sink."""
    relay = Relay("127.0.0.1", sink.port, "keyturn@example.org", tls=tls, timeout=5)
    return Courier(house.parts, relay, "https://id.example.org/", languages())


def reset(house: House, who: str = "amal", *, operation: str = "") -> None:
    """A reset with a generated secret that is mailed."""
    [outcome] = house.directory().execute([ResetPassword(who, notify=True, operation=operation)])
    assert isinstance(outcome, Changed), outcome


def outbox(house: House) -> list[Mail]:
    """Every mail, oldest first."""
    with house.parts.store.reading() as view:
        return list(reversed(view.outbox.list(1, count=1000)))


def states(house: House) -> list[str]:
    """The state of every mail, oldest first."""
    return [mail.state for mail in outbox(house)]


def mail_events(house: House) -> list[Event]:
    """What the audit says of mails."""
    with house.parts.store.reading() as view:
        events = [entry.event for entry in view.audit.entries(0, 10_000)]
    return [event for event in events if event.verb.startswith("mail.")]


async def test_the_mailed_secret_lets_its_owner_in_to_set_a_password(amal: House, sink: MailSink) -> None:
    reset(amal)
    assert await courier(amal, sink).run_once() == 1
    [letter] = sink.received
    assert letter.recipients == ("amal@example.org",)
    [found] = set(SECRET.findall(letter.body("plain")))
    assert found in letter.body("html")
    signed = amal.sign_in("amal", Secret(found))
    assert isinstance(signed, SignedIn)
    assert signed.must_change
    assert states(amal) == ["sent"]


async def test_a_sent_mail_is_in_the_audit_without_its_secret(amal: House, sink: MailSink) -> None:
    reset(amal)
    await courier(amal, sink).run_once()
    [event] = mail_events(amal)
    assert (event.verb, event.outcome, event.who, event.door) == ("mail.sent", "sent", "amal", "mail")
    [found] = set(SECRET.findall(sink.received[0].body("plain")))
    assert found not in event.detail


async def test_a_mailed_link_is_the_one_that_the_directory_keeps(amal: House, sink: MailSink) -> None:
    amal.set(mail="link")
    reset(amal)
    await courier(amal, sink).run_once()
    [token] = re.findall(r"https://id\.example\.org/claim/([\w-]+)", sink.received[0].body("plain"))
    with amal.parts.store.reading() as view:
        link = view.links.find(amal.parts.hasher.digest(Secret(token)))
        assert link is not None
        assert view.users.by_uid([link.uid])[link.uid].login == "amal"


async def test_a_known_value_is_mailed_only_where_the_contract_says_so_and_then_wiped(
    amal: House, sink: MailSink
) -> None:
    amal.set(mail="contract")
    [outcome] = amal.directory().execute([ResetPassword("amal", GOOD, notify=True)])
    assert isinstance(outcome, Changed)
    assert outbox(amal)[0].sealed is not None
    await courier(amal, sink).run_once()
    assert GOOD.reveal() in sink.received[0].body("plain")
    assert outbox(amal)[0].sealed is None


@pytest.mark.proves("ML-4", "V6.3.7")
async def test_other_addresses_get_a_notice_without_the_secret(house: House, sink: MailSink) -> None:
    both = (Contact("amal@example.org", "work", primary=True), Contact("amal@home.example", "home"))
    house.directory().execute([CreateUser("amal", Profile(display_name="Amal", emails=both))])
    reset(house)
    assert await courier(house, sink).run_once() == 2
    [letter], [notice] = sink.to("amal@example.org"), sink.to("amal@home.example")
    assert SECRET.search(letter.body("plain"))
    assert "was reset" in notice.body("plain")
    assert not SECRET.search(notice.data.decode())


def a_mail(uid: str, template: str, recipient: str = "amal@example.org", *, number: int = 0, key: str = "") -> Mail:
    """A mail as the directory would queue it."""
    return Mail(
        f"{number:032x}", 1, uid, template, recipient, "amal", "Amal", "en", "operation", key, created=START,
        not_before=START, expires=START + timedelta(hours=24),
    )  # fmt: skip


def uid_of(house: House, who: str = "amal") -> str:
    """The uid of a user."""
    with house.parts.store.reading() as view:
        return view.users.subjects(1, [who], Handle.KEY)[who].uid


@pytest.mark.proves("ML-7")
async def test_a_secret_that_was_overtaken_is_cancelled_and_only_the_newer_one_leaves(
    amal: House, sink: MailSink
) -> None:
    reset(amal)
    reset(amal)
    await courier(amal, sink).run_once()
    [letter] = sink.received
    [found] = set(SECRET.findall(letter.body("plain")))
    assert states(amal) == ["cancelled", "sent"]
    assert isinstance(amal.sign_in("amal", Secret(found)), SignedIn)


@pytest.mark.parametrize("template", ["secret", "link", "value"])
async def test_what_no_longer_opens_the_account_is_never_sent(amal: House, sink: MailSink, template: str) -> None:
    """Even where a mail was left in the queue: by a restore, or by a fault of ours."""
    uid = uid_of(amal)
    with amal.parts.store.writing() as transaction:
        transaction.outbox.put([a_mail(uid, template, key=amal.parts.minter.key_id)])
    assert await courier(amal, sink).run_once() == 0
    assert states(amal) == ["cancelled"]
    assert sink.connections == 0
    assert mail_events(amal) == []


async def test_a_value_that_was_overtaken_is_never_sent(amal: House, sink: MailSink) -> None:
    amal.set(mail="contract")
    amal.directory().execute([ResetPassword("amal", GOOD, notify=True)])
    [waiting] = outbox(amal)
    amal.clock.advance(timedelta(seconds=1))
    amal.directory().execute([ChangePassword("amal", OTHER, GOOD)])
    with amal.parts.store.writing() as transaction:
        transaction.outbox.put([replace(waiting, id="f" * 32)])
    await courier(amal, sink).run_once()
    assert sink.received == []
    assert set(states(amal)) == {"cancelled"}


async def test_nothing_is_sent_to_a_deleted_user(amal: House, sink: MailSink) -> None:
    reset(amal)
    amal.directory().execute([DeleteUser("amal")])
    await courier(amal, sink).run_once()
    assert sink.received == []
    assert states(amal) == ["cancelled"]


@pytest.mark.proves("ML-10")
async def test_a_relay_that_is_down_keeps_the_mail_waiting(amal: House) -> None:
    with MailSink() as gone:
        pass
    reset(amal)
    assert await courier(amal, gone).run_once() == 0
    [mail] = outbox(amal)
    assert (mail.state, mail.attempts) == ("waiting", 1)
    assert "cannot be reached" in mail.error
    assert mail_events(amal) == []
    with MailSink() as sink:
        assert await courier(amal, sink).run_once() == 0
        amal.clock.advance(timedelta(seconds=31))
        assert await courier(amal, sink).run_once() == 1


async def test_a_relay_that_is_down_is_not_asked_again_for_every_mail(amal: House) -> None:
    uid = uid_of(amal)
    with amal.parts.store.writing() as transaction:
        many = [a_mail(uid, "notice", f"user{number}@example.org", number=number) for number in range(3 * BATCH)]
        transaction.outbox.put(many)
    with MailSink() as gone:
        pass
    assert await courier(amal, gone).run_once() == 0
    assert [mail.attempts for mail in outbox(amal)] == [1] * BATCH + [0] * 2 * BATCH


@pytest.mark.proves("ML-6")
async def test_a_relay_without_starttls_gets_not_one_byte_of_a_letter(amal: House, sink: MailSink) -> None:
    reset(amal)
    await courier(amal, sink, Tls.STARTTLS).run_once()
    assert sink.letters_begun == 0
    [mail] = outbox(amal)
    assert mail.state == "waiting"
    assert "STARTTLS" in mail.error


@pytest.mark.parametrize(
    "faults", [Faults(rcpt="452 full", times=1), Faults(data="421 busy", times=1), Faults(drop="before", times=1)]
)
async def test_a_passing_trouble_is_tried_again_with_the_same_letter(
    amal: House, sink: MailSink, faults: Faults
) -> None:
    reset(amal)
    sink.faults = replace(faults)
    await courier(amal, sink).run_once()
    assert states(amal) == ["waiting"]
    amal.clock.advance(timedelta(minutes=1))
    assert await courier(amal, sink).run_once() == 1
    assert states(amal) == ["sent"]
    assert len(sink.received) == 1


@pytest.mark.proves("ML-7")
async def test_a_drop_after_the_final_dot_makes_a_second_copy_that_is_the_same_to_the_byte(
    amal: House, sink: MailSink
) -> None:
    reset(amal)
    sink.faults = Faults(drop="after", times=1)
    await courier(amal, sink).run_once()
    amal.clock.advance(timedelta(minutes=1))
    await courier(amal, sink).run_once()
    first, second = sink.received
    assert first == second
    assert states(amal) == ["sent"]


async def test_a_mail_that_a_killed_courier_left_is_sent_by_the_next(amal: House, sink: MailSink) -> None:
    """Taken and never settled: after ten minutes by anybody, at the start of a courier at once."""
    reset(amal)
    with amal.parts.store.writing() as transaction:
        assert len(transaction.outbox.take(amal.clock.now(), 10)) == 1
    assert await courier(amal, sink).run_once() == 0
    assert await courier(amal, sink).run_once(ahead=AHEAD) == 1


async def test_a_refusal_for_good_fails_the_mail_and_is_audited(amal: House, sink: MailSink) -> None:
    reset(amal)
    sink.faults = Faults(rcpt="550 no such mailbox")
    await courier(amal, sink).run_once()
    [mail] = outbox(amal)
    assert (mail.state, mail.error) == ("failed", "550 recipient refused: no such mailbox")
    [event] = mail_events(amal)
    assert (event.verb, event.outcome) == ("mail.failed", "failed")
    assert "550" in event.detail


async def test_a_mail_is_given_up_after_its_last_try(amal: House, sink: MailSink) -> None:
    reset(amal)
    [mail] = outbox(amal)
    sink.faults = Faults(rcpt="451 later")
    pauses = []
    for _ in range(MOST_ATTEMPTS):
        await courier(amal, sink).run_once()
        [mail] = outbox(amal)
        pauses.append((mail.not_before - amal.clock.now()).total_seconds())
        amal.clock.time = min(mail.not_before, mail.expires - timedelta(seconds=1))
        if mail.state == "failed":
            break
        with amal.parts.store.writing() as transaction:
            transaction.outbox.settle(mail.id, "waiting", not_before=amal.clock.now())
    assert mail.state == "failed"
    assert "given up" in mail.error
    assert pauses[:3] == [30, 120, 480]
    assert max(pauses) == 3600


async def test_a_mail_whose_time_is_up_fails_and_is_never_sent(amal: House, sink: MailSink) -> None:
    reset(amal)
    amal.clock.advance(timedelta(hours=24))
    await courier(amal, sink).run_once()
    assert sink.received == []
    assert states(amal) == ["failed"]
    assert "time was up" in mail_events(amal)[0].detail


@pytest.mark.proves("ML-5", "V1.3.11")
async def test_one_poisoned_mail_among_many_holds_nobody_up(amal: House, sink: MailSink) -> None:
    uid = uid_of(amal)
    with amal.parts.store.writing() as transaction:
        mails = [a_mail(uid, "notice", f"user{number}@example.org", number=number) for number in range(50)]
        mails[7] = replace(mails[7], name="amal\r\nBcc: eve@example.org")
        mails[9] = replace(mails[9], recipient="not an address")
        transaction.outbox.put(mails)
    assert await courier(amal, sink).run_once() == 48
    assert [number for number, state in enumerate(states(amal)) if state == "failed"] == [7, 9]
    assert {len(letter.recipients) for letter in sink.received} == {1}
    assert len({letter.recipients for letter in sink.received}) == 48
    assert sink.connections <= 4
    assert len(mail_events(amal)) == 50


async def test_a_mail_under_a_key_that_is_not_here_waits_for_the_key(amal: House, sink: MailSink) -> None:
    reset(amal)
    with amal.parts.store.writing() as transaction:
        [mail] = transaction.outbox.take(amal.clock.now(), 1)
        transaction.outbox.cancel([mail.uid])
        strange = replace(mail, id="e" * 32, derive_id="strange1:1", state="waiting", not_before=amal.clock.now())
        transaction.outbox.put([strange])
    assert await courier(amal, sink).run_once() == 0
    waiting = outbox(amal)[-1]
    assert waiting.state == "waiting"
    assert "not in the key folder" in waiting.error


async def test_a_stop_leaves_the_rest_waiting(amal: House, sink: MailSink) -> None:
    uid = uid_of(amal)
    with amal.parts.store.writing() as transaction:
        count = BATCH + 3
        many = [a_mail(uid, "notice", f"user{number}@example.org", number=number) for number in range(count)]
        transaction.outbox.put(many)
    stop = asyncio.Event()
    stop.set()
    assert await courier(amal, sink).run_once(stop, ahead=AHEAD) == 0
    assert states(amal) == ["waiting"] * count
    assert outbox(amal)[0].error == "the server was stopping"


async def test_a_running_courier_sends_what_it_is_told_of_and_stops_when_asked(amal: House, sink: MailSink) -> None:
    carrier, stop = courier(amal, sink), asyncio.Event()
    carrier.poke()
    running = asyncio.create_task(carrier.run(stop))
    reset(amal)
    await asyncio.to_thread(sink.wait_for, 1)
    amal.clock.advance(timedelta(seconds=1))
    reset(amal)
    await asyncio.to_thread(carrier.poke)
    await asyncio.to_thread(sink.wait_for, 2)
    stop.set()
    await asyncio.wait_for(running, 10)
    assert states(amal) == ["sent", "sent"]


class Away:
    """A store whose database cannot be reached."""

    def reading(self) -> AbstractContextManager[View]:
        """No reading."""
        raise StoreError("the disk is full")

    def writing(self) -> AbstractContextManager[Transaction]:
        """No writing."""
        raise StoreError("the disk is full")

    def close(self) -> None:
        """Nothing to close."""


class Told(logging.Handler):
    """Sets an event when the store is said to be away."""

    def __init__(self, event: asyncio.Event) -> None:
        super().__init__()
        self.event = event

    def emit(self, record: logging.LogRecord) -> None:
        """One record of the log."""
        if record.msg == "mail.store_unavailable":
            self.event.set()


async def test_a_store_that_is_away_does_not_end_the_courier(amal: House, sink: MailSink) -> None:
    amal.parts = replace(amal.parts, store=Away())
    carrier, stop = courier(amal, sink), asyncio.Event()
    reported = asyncio.Event()
    log, handler = logging.getLogger("keyturn.mail"), Told(reported)
    log.addHandler(handler)
    running = asyncio.create_task(carrier.run(stop))
    await asyncio.wait_for(reported.wait(), 10)
    stop.set()
    await asyncio.wait_for(running, 10)
    log.removeHandler(handler)


async def test_a_repeat_of_an_operation_mails_nothing_new(amal: House, sink: MailSink) -> None:
    reset(amal, operation="row-7")
    await courier(amal, sink).run_once()
    reset(amal, operation="row-7")
    assert await courier(amal, sink).run_once() == 0
    assert len(sink.received) == 1
