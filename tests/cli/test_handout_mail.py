"""`handout resend` and `shred`: mailed once to each, and what that means is said; deleted, and written down."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn.cli.main import cli
from keyturn.core.errors import PlanError
from tests.cli.runs_kit import Place, Typing, place, typing
from tests.support.mailsink import MailSink

__all__ = ["place", "typing"]

FILE = (
    "userid,Display name,mail,lang\n"
    "u1,Zoë Müller,zoe@example.com,de\n"
    "u2,Amal Haddad,amal@example.com,\n"
    "u3,Bo Li,,\n"
    "u4,Cy Dee,not an address,\n"
)
FLAGS = ("-t", "there", "--no-input", "--expect", "4", "--map", "display_name=Display name", "--map", "language=lang")


@pytest.fixture
def sink() -> Iterator[MailSink]:
    """A relay."""
    with MailSink() as found:
        yield found


def ran(place: Place, sink: MailSink, more: str = "") -> str:
    """A run of four users, and a relay in the settings."""
    place.configure(
        f'sign_in_page = "https://login.example.com"\n[handout]\nsmtp = "127.0.0.1:{sink.port}"\n'
        f'mail_from = "desk@example.com"\n{more}'
    )
    place.call("reset", place.file(FILE), *FLAGS)
    return place.run_folder().name


def test_each_address_gets_one_letter_with_what_is_in_the_handout(place: Place, sink: MailSink) -> None:
    """Nothing is reset; who has no address is named; a second call sends nothing."""
    run = ran(place, sink)
    clear = {line["user"]: line["password"] for line in place.lines("handout", "open", run)}
    before = dict(place.server.passwords)
    done = place.call("handout", "resend", run, "--i-mean-it")
    assert "Each mail holds a password in clear" in done.stderr
    assert "row 4 gets none: no address in the handout" in done.stderr
    assert "row 5 gets none: not an address that mail can be sent to" in done.stderr
    assert done.stdout == "2 mails were sent, 0 refused, 0 are left\n"
    assert place.server.passwords == before
    first, second = sink.received
    assert (first.recipients, second.recipients) == (("zoe@example.com",), ("amal@example.com",))
    assert [clear["u1"] in first.body("plain"), "Guten Tag Zoë Müller" in first.body("plain")] == [True, True]
    assert [clear["u2"] in second.body("html"), "https://login.example.com" in second.body("html")] == [True, True]
    assert first.message["Message-ID"] == f"<handout-{run}-2@example.com>"
    again = place.call("handout", "resend", run, "--i-mean-it")
    assert "0 mails through" in again.stderr
    assert len(sink.received) == 2
    remembered = (place.run_folder() / f"handout-{run}.resent").read_text()
    assert [json.loads(line)["row"] for line in remembered.splitlines()] == [2, 3]
    assert [each for each in clear.values() if each in remembered + done.output] == []


def test_it_goes_on_where_it_ended_and_a_repeat_is_the_same_letter(place: Place, sink: MailSink) -> None:
    """The relay took the letter and hung up before it said so."""
    run = ran(place, sink)
    sink.faults.drop, sink.faults.times = "after", 1
    place.call("handout", "resend", run, "--i-mean-it", code=3)
    sink.faults.drop = ""
    place.call("handout", "resend", run, "--i-mean-it")
    letters = {each.recipients[0]: each for each in sink.received}
    assert set(letters) == {"zoe@example.com", "amal@example.com"}
    for recipient, last in letters.items():
        assert {each.data for each in sink.received if each.recipients == (recipient,)} == {last.data}


def test_a_relay_that_is_down_ends_the_call_and_an_address_that_is_refused_does_not(
    place: Place, sink: MailSink
) -> None:
    run = ran(place, sink)
    sink.faults.rcpt, sink.faults.only = "550 no such mailbox", frozenset({"zoe@example.com"})
    told = json.loads(place.call("handout", "resend", run, "--i-mean-it", "--json", code=3).stdout)
    assert (told["sent"], told["left"], [each["row"] for each in told["refused"]]) == (1, 0, [2])
    sink.faults.only, sink.faults.rcpt, sink.faults.greeting = frozenset(), "", "421 closed"
    down = place.call("handout", "resend", run, "--i-mean-it", code=6)
    assert "warning[KT-CFG-049]: the relay takes no more now" in down.stderr


def test_nobody_is_mailed_a_password_without_a_word(
    place: Place, sink: MailSink, typing: Typing, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ran(place, sink)
    place.call("handout", "resend", run, "--no-input", code=8)
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    typing("7\n")
    with pytest.raises(PlanError, match="not confirmed"):
        cli.main(["handout", "resend", run], standalone_mode=False)
    assert sink.received == []
    typing("2\n")
    assert cli.main(["handout", "resend", run], standalone_mode=False) == 0
    assert len(sink.received) == 2


def test_without_a_relay_it_says_what_to_set(place: Place) -> None:
    place.call("reset", place.file("userid\na\n"), "-t", "there", "--yes")
    done = place.call("handout", "resend", place.run_folder().name, "--i-mean-it", code=2)
    assert "there is no mail relay" in done.stderr


def test_a_handout_is_deleted_once_its_run_is_closed_and_the_journal_says_so(place: Place) -> None:
    place.call("reset", place.file("userid\na\nb\n"), "-t", "there", "--yes")
    folder = place.run_folder()
    place.call("handout", "shred", folder.name, "--no-input", code=8)
    done = place.call("handout", "shred", folder.name, "--yes")
    assert done.stdout == f"deleted: handout-{folder.name}.age\n"
    assert "What the disk or a backup still holds of it is sealed" in done.stderr
    assert list(folder.glob("*.age")) == []
    assert "is gone since 20" in place.call("handout", "shred", folder.name, "--yes", code=2).stderr
    place.call("handout", "open", folder.name, code=2)


def test_a_handout_whose_run_could_write_it_anew_is_not_deleted(place: Place) -> None:
    """That would be no deletion."""
    place.server.unknown = {f"u{n:03}" for n in range(1, 9)}
    text = "userid\n" + "".join(f"u{n:03}\n" for n in range(30))
    flags = ("--no-input", "--expect", "30", "--max-failures", "1", "-j", "1")
    place.call("reset", place.file(text), "-t", "there", *flags, code=7)
    folder = place.run_folder()
    assert "is not closed" in place.call("handout", "shred", folder.name, "--yes", code=2).stderr
    assert list(Path(folder).glob("*.age")) != []
