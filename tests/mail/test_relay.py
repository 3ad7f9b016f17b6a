"""The relay: encrypted off this machine or not at all, and an honest word about what came of each letter."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.core.errors import ConfigError
from keyturn.core.secret import Secret
from keyturn.mail.relay import Connection, Fate, Receipt, Relay, Tls
from tests.support.certificate import make_certificate
from tests.support.mailsink import Faults, MailSink

LETTER = b"Subject: hello\r\n\r\nA kestrel over the harbour.\r\n"


async def send(relay: Relay, *, times: int = 1, recipient: str = "amal@example.org") -> list[Receipt]:
    """What comes of sending the letter over one connection."""
    async with Connection(relay) as connection:
        return [await connection.send(recipient, LETTER) for _ in range(times)]


def at(sink: MailSink, tls: Tls = Tls.AUTO, ca_bundle: Path | None = None) -> Relay:
    """The sink as a relay."""
    return Relay("127.0.0.1", sink.port, "keyturn@example.org", tls=tls, ca_bundle=ca_bundle, timeout=5)


async def test_a_letter_is_handed_over_to_one_recipient_as_it_is(sink: MailSink) -> None:
    assert await send(at(sink)) == [Receipt(Fate.SENT, "accepted")]
    [letter] = sink.received
    assert letter.sender == "keyturn@example.org"
    assert letter.recipients == ("amal@example.org",)
    assert letter.data == LETTER


async def test_one_connection_carries_many_letters(sink: MailSink) -> None:
    await send(at(sink), times=5)
    assert len(sink.received) == 5
    assert sink.connections == 1


@pytest.mark.proves("ML-6")
@pytest.mark.parametrize(
    ("host", "port", "tls", "expected"),
    [
        ("127.0.0.1", 25, Tls.AUTO, Tls.AUTO),
        ("::1", 25, Tls.AUTO, Tls.AUTO),
        ("localhost", 1025, Tls.AUTO, Tls.AUTO),
        ("localhost", 465, Tls.AUTO, Tls.IMPLICIT),
        ("mail.example.com", 25, Tls.AUTO, Tls.STARTTLS),
        ("mail.example.com", 587, Tls.AUTO, Tls.STARTTLS),
        ("mail.example.com", 465, Tls.AUTO, Tls.IMPLICIT),
        ("10.0.0.5", 25, Tls.AUTO, Tls.STARTTLS),
        ("localhost.example.com", 25, Tls.AUTO, Tls.STARTTLS),
        ("localhost", 25, Tls.STARTTLS, Tls.STARTTLS),
        ("mail.example.com", 2465, Tls.IMPLICIT, Tls.IMPLICIT),
    ],
)
def test_plain_text_stays_on_this_machine(host: str, port: int, tls: Tls, expected: Tls) -> None:
    assert Relay(host, port, tls=tls).encryption() is expected


@pytest.mark.proves("ML-6")
async def test_without_starttls_no_byte_of_a_letter_leaves(sink: MailSink) -> None:
    """As between us and a relay on another machine when somebody strips the offer."""
    [receipt] = await send(at(sink, Tls.STARTTLS))
    assert receipt.fate is Fate.DOWN
    assert "STARTTLS" in receipt.text
    assert sink.letters_begun == 0
    assert sink.received == []


async def test_a_letter_goes_encrypted_to_a_trusted_relay(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with MailSink(certificate) as sink:
        relay = at(sink, Tls.STARTTLS, certificate.certificate)
        assert [receipt.fate for receipt in await send(relay, times=2)] == [Fate.SENT, Fate.SENT]
    with MailSink(certificate, implicit=True) as sink:
        relay = at(sink, Tls.IMPLICIT, certificate.certificate)
        assert [receipt.fate for receipt in await send(relay)] == [Fate.SENT]


@pytest.mark.parametrize("implicit", [False, True])
async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path, *, implicit: bool) -> None:
    with MailSink(make_certificate(tmp_path), implicit=implicit) as sink:
        [receipt] = await send(at(sink, Tls.IMPLICIT if implicit else Tls.STARTTLS))
        assert receipt.fate is Fate.DOWN
        assert "certificate" in receipt.text
        assert sink.letters_begun == 0


async def test_we_sign_in_where_the_relay_wants_it(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with MailSink(certificate, login=("keyturn", "open sesame")) as sink:
        nobody = at(sink, Tls.STARTTLS, certificate.certificate)
        relay = replace(nobody, username="keyturn", password=Secret("open sesame"))
        assert [receipt.fate for receipt in await send(relay)] == [Fate.SENT]
        [receipt] = await send(replace(relay, password=Secret("wrong")))
        assert receipt == Receipt(Fate.DOWN, "the relay refused our sign-in (535)")
        [receipt] = await send(nobody)
        assert receipt.fate is Fate.AGAIN
        assert receipt.text.startswith("530 sender refused")
        assert "sesame" not in repr(relay)


@pytest.mark.parametrize(
    ("faults", "fate", "text"),
    [
        (Faults(rcpt="550 no such mailbox"), Fate.REFUSED, "550 recipient refused: no such mailbox"),
        (Faults(rcpt="452 mailbox full"), Fate.AGAIN, "452 recipient refused: mailbox full"),
        (Faults(rcpt="421 too busy"), Fate.AGAIN, "421 recipient refused: too busy"),
        (Faults(mail="550 who are you"), Fate.AGAIN, "550 sender refused: who are you"),
        (Faults(data="554 spam: A kestrel over the harbour."), Fate.REFUSED, "554 letter refused"),
        (Faults(data="451 try later: A kestrel"), Fate.AGAIN, "451 letter refused"),
    ],
    ids=lambda value: value.text if isinstance(value, Receipt) else None,
)
async def test_an_answer_is_final_or_asks_for_another_try(
    sink: MailSink, faults: Faults, fate: Fate, text: str
) -> None:
    """And nothing of the letter is repeated, whatever the relay says."""
    sink.faults = replace(faults)
    assert await send(at(sink)) == [Receipt(fate, text)]
    assert sink.received == []


@pytest.mark.parametrize(
    "faults", [Faults(rcpt="550 no", times=1), Faults(data="550 no", times=1), Faults(rcpt="421 bye", times=1)]
)
async def test_after_a_refusal_the_next_letter_goes_through(sink: MailSink, faults: Faults) -> None:
    sink.faults = replace(faults)
    assert [receipt.fate for receipt in await send(at(sink), times=2)][1] is Fate.SENT


@pytest.mark.parametrize("drop", ["before", "after"])
async def test_a_connection_that_breaks_is_opened_again_for_the_next_letter(sink: MailSink, drop: str) -> None:
    sink.faults = Faults(drop=drop, times=1)
    first, second = await send(at(sink), times=2)
    assert first.fate is Fate.AGAIN
    assert "the connection broke" in first.text
    assert second.fate is Fate.SENT
    assert len(sink.received) == (2 if drop == "after" else 1)
    assert sink.connections == 2


async def test_a_relay_that_says_nothing_is_left_after_the_timeout(sink: MailSink) -> None:
    sink.faults = Faults(silent="rcpt")
    relay = Relay("127.0.0.1", sink.port, "keyturn@example.org", timeout=0.2)
    [receipt] = await send(relay)
    assert receipt.fate is Fate.AGAIN


async def test_a_relay_that_is_gone_is_down_and_the_connection_is_of_no_more_use() -> None:
    with MailSink() as sink:
        relay = at(sink)
    async with Connection(relay) as connection:
        assert connection.usable
        receipt = await connection.send("amal@example.org", LETTER)
        assert receipt.fate is Fate.DOWN
        assert "cannot be reached" in receipt.text
        assert not connection.usable


async def test_a_relay_that_goes_away_between_letters_does_no_harm_at_the_end() -> None:
    with MailSink() as sink:
        connection = Connection(at(sink))
        assert (await connection.send("amal@example.org", LETTER)).fate is Fate.SENT
    await asyncio.wait_for(connection.__aexit__(None, None, None), 5)


@pytest.mark.parametrize(
    ("address", "host", "port", "sender"),
    [
        ("localhost:1025", "localhost", 1025, "keyturn@localhost"),
        ("mail.example.com", "mail.example.com", 25, "keyturn@mail.example.com"),
        ("mail.example.com:587", "mail.example.com", 587, "keyturn@mail.example.com"),
        ("127.0.0.1:2525", "127.0.0.1", 2525, "keyturn@localhost"),
        ("[::1]:2525", "::1", 2525, "keyturn@localhost"),
        ("::1", "::1", 25, "keyturn@localhost"),
    ],
)
def test_a_relay_is_written_as_host_and_port(address: str, host: str, port: int, sender: str) -> None:
    relay = Relay.at(address)
    assert (relay.host, relay.port, relay.sender) == (host, port, sender)
    assert Relay.at(address, "it@example.org").sender == "it@example.org"


@pytest.mark.parametrize("address", ["", ":25", "host:", "host:x", "host:0", "host:65536"])
def test_what_is_no_relay_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="no mail relay"):
        Relay.at(address)
