"""A relay that misbehaves, at every point of the conversation: no mail is lost, and no copy is another letter."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from keyturn.app.languages import languages
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.mail.courier import Courier
from keyturn.mail.relay import Relay, Tls
from tests.mail.test_courier import SECRET, outbox, reset, states
from tests.support.certificate import make_certificate
from tests.support.house import House
from tests.support.mailsink import Faults, MailSink
from tests.support.stores import only_sqlite

store = only_sqlite

PEOPLE = ("amal", "bo", "cleo")
PASSING = {
    "421 at the greeting": Faults(greeting="421 too busy"),
    "554 at the greeting": Faults(greeting="554 no service here"),
    "421 at MAIL": Faults(mail="421 closing"),
    "450 at MAIL": Faults(mail="450 greylisted"),
    "452 at MAIL": Faults(mail="452 out of space"),
    "550 at MAIL": Faults(mail="550 who are you"),
    "421 at RCPT": Faults(rcpt="421 closing"),
    "450 at RCPT": Faults(rcpt="450 greylisted"),
    "452 at RCPT": Faults(rcpt="452 mailbox full"),
    "421 after DATA": Faults(data="421 closing"),
    "451 after DATA": Faults(data="451 try later"),
    "452 after DATA": Faults(data="452 out of space"),
    "drop before the final dot": Faults(drop="before"),
    "drop after the final dot": Faults(drop="after"),
    "silence at the greeting": Faults(silent="greeting"),
    "silence at MAIL": Faults(silent="mail"),
    "silence at RCPT": Faults(silent="rcpt"),
    "silence at DATA": Faults(silent="data"),
    "silence after the final dot": Faults(silent="dot"),
}
TAKEN = {"drop after the final dot", "silence after the final dot"}
"""Where the relay had the letter: the one case in which a second copy comes."""


def courier(house: House, sink: MailSink, tls: Tls = Tls.AUTO, bundle: Path | None = None) -> Courier:
    """A courier that does not wait long."""
    relay = Relay("127.0.0.1", sink.port, "keyturn@example.org", tls=tls, ca_bundle=bundle, timeout=0.3)
    return Courier(house.parts, relay, "https://id.example.org/", languages())


@pytest.fixture
def people(house: House) -> House:
    """A house with three people who were just reset."""
    for who in PEOPLE:
        house.add(who, mail=f"{who}@example.org")
        reset(house, who)
    return house


@pytest.mark.proves("ML-7", "ML-10")
@pytest.mark.parametrize("fault", PASSING)
async def test_a_trouble_that_passes_loses_no_mail(people: House, sink: MailSink, fault: str) -> None:
    sink.faults = replace(PASSING[fault], times=1)
    await courier(people, sink).run_once()
    assert {mail.state for mail in outbox(people)} <= {"sent", "waiting"}
    people.clock.advance(timedelta(minutes=2))
    await courier(people, sink).run_once()
    assert states(people) == ["sent"] * 3
    copies = {who: sink.to(f"{who}@example.org") for who in PEOPLE}
    assert sum(map(len, copies.values())) == 3 + (fault in TAKEN)
    for who, letters in copies.items():
        assert len(set(letters)) == 1, "every copy is the same, to the byte"
        [found] = set(SECRET.findall(letters[0].body("plain")))
        assert isinstance(people.sign_in(who, Secret(found)), SignedIn)


@pytest.mark.parametrize("fault", [Faults(rcpt="550 no such mailbox"), Faults(data="554 not wanted")])
async def test_a_refusal_for_good_concerns_one_mail_and_is_said(people: House, sink: MailSink, fault: Faults) -> None:
    sink.faults = replace(fault, only=frozenset({"bo@example.org"}))
    assert await courier(people, sink).run_once() == 2
    assert states(people) == ["sent", "failed", "sent"]
    assert outbox(people)[1].error.startswith(("550", "554"))


@pytest.mark.proves("ML-6", "V12.3.1")
async def test_where_the_offer_of_encryption_was_stripped_no_byte_of_a_letter_leaves(
    people: House, sink: MailSink
) -> None:
    assert await courier(people, sink, Tls.STARTTLS).run_once() == 0
    assert (sink.letters_begun, sink.received, states(people)) == (0, [], ["waiting"] * 3)
    assert "STARTTLS" in outbox(people)[0].error


ROGUES: dict[str, dict[str, Any]] = {
    "nobody vouches for it": {},
    "it is another host's": {"host": 2},
    "its time is over": {"age": timedelta(hours=2)},
}


@pytest.mark.proves("ML-6", "V12.3.2")
@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("rogue", ROGUES)
async def test_a_relay_with_a_certificate_that_is_not_good_gets_nothing(
    people: House, tmp_path: Path, rogue: str, *, implicit: bool
) -> None:
    shown = make_certificate(tmp_path / "shown", **ROGUES[rogue])
    trusted = make_certificate(tmp_path / "ours").certificate if not ROGUES[rogue] else shown.certificate
    with MailSink(shown, implicit=implicit) as sink:
        carrier = courier(people, sink, Tls.IMPLICIT if implicit else Tls.STARTTLS, trusted)
        assert await carrier.run_once() == 0
        assert (sink.letters_begun, sink.received, states(people)) == (0, [], ["waiting"] * 3)
    assert "certificate" in outbox(people)[0].error
