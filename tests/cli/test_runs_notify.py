"""`keyturn runs notify`: reset now, tell later, by mail without a secret or by the target itself."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keyturn.bulk.record.facts import KEY
from keyturn.store.journal import open_journal
from tests.cli.directory_kit import Run, running
from tests.cli.runs_kit import Place, place
from tests.support.mailsink import Faults, MailSink

__all__ = ["place"]

RUN = ("-t", "there", "--yes", "--no-input")
PEOPLE = (
    "userid,email,Display Name,language\nann,ann@example.org,Ann Ø,de\nbo,bo@example.org,,\n"
    "cy,,,\ndi,di@example.org,,xx\n"
)
PAST = "2026-01-01T08:00+00:00"


@pytest.fixture
def sink(place: Place) -> Iterator[MailSink]:
    """A relay that the settings name."""
    with MailSink() as found:
        head = f'[runs]\nnotice_relay = "127.0.0.1:{found.port}"\nnotice_from = "desk@example.org"'
        place.configure(head=head)
        yield found


def key_of(place: Place) -> str:
    """What the journal keeps of the key of the run."""
    with closing(open_journal(place.run_folder() / "journal.db")) as journal:
        return journal.facts().get(KEY, "")


def test_people_are_told_by_a_mail_without_any_secret(place: Place, sink: MailSink) -> None:
    """Once each, in their language; whoever has no address is named."""
    place.call("reset", place.file(PEOPLE), *RUN)
    [told] = place.lines("runs", "notify", "--expect", "4", "--rate", "1000/s", "--json", code=3)
    assert (told["told"], [each["user"] for each in told["passed"]]) == (3, ["cy"])
    letters = sink.wait_for(3)
    assert [letter.recipients for letter in letters] == [
        ("ann@example.org",), ("bo@example.org",), ("di@example.org",),
    ]  # fmt: skip
    ann, bo, _ = letters
    assert ann.message["Subject"] == "Ihr Passwort wurde zurückgesetzt"
    assert "Guten Tag Ann Ø," in ann.body("plain")
    assert bo.message["From"] == "desk@example.org"
    for words in ("Hello bo,", "not in this mail", "there", f"{datetime.now(UTC):%Y}"):
        assert words in bo.body("plain")
        assert words in bo.body("html")
    secrets = [values[0].encode() for values in place.server.passwords.values()]
    assert not any(secret in letter.data for secret in secrets for letter in letters)
    place.call("runs", "notify", "--expect", "1", code=3)
    assert len(sink.received) == 3


def test_an_interrupted_notice_goes_out_again_as_the_same_letter(place: Place, sink: MailSink) -> None:
    """The relay took it and its yes was lost; the others are told once."""
    place.call("reset", place.file(PEOPLE.replace("cy,,,\n", "")), *RUN)
    sink.faults = Faults(drop="after", only=frozenset({"bo@example.org"}), times=1)
    done = place.call("runs", "notify", "--yes", "--rate", "1000/s", code=6)
    assert "error[KT-RUN-075]" in done.stderr
    assert "1 of 3 people were told; the same command goes on." in done.stderr
    place.call("runs", "notify", "--yes", "--rate", "1000/s")
    assert [len(sink.to(f"{who}@example.org")) for who in ("ann", "bo", "di")] == [1, 2, 1]
    first, second = sink.to("bo@example.org")
    assert first.data == second.data
    assert "nobody is left to be told" in place.call("runs", "notify").stderr


def test_notices_wait_for_their_hour_and_for_a_number(place: Place, sink: MailSink) -> None:
    """And say how to leave the waiting to the machine."""
    place.call("reset", place.file(PEOPLE), *RUN)
    assert "--expect 4" in place.call("runs", "notify", "--no-input", code=8).stderr
    soon = datetime.now(UTC) + timedelta(seconds=1.2)
    done = place.call("runs", "notify", "--at", soon.isoformat(), "--yes", "--rate", "1000/s", code=3)
    assert "waiting until" in done.stderr
    assert "systemd-run --user --on-calendar='" in done.stderr
    assert datetime.now(UTC) >= soon
    assert len(sink.received) == 3
    assert "is not a time" in place.call("runs", "notify", "--at", "tomorrow", code=2).stderr


@pytest.mark.proves("RN-4")
def test_a_planned_notice_keeps_the_key_of_a_run_until_it_is_sent(place: Place, sink: MailSink) -> None:
    """And not longer; a run without plans is closed at its end."""
    whole = PEOPLE.replace("cy,,,\n", "")
    begun = place.call("reset", place.file(whole), *RUN, "--notify-at", PAST)
    assert key_of(place)
    run = place.run_folder().name
    assert f"Nobody was told yet; for that:  keyturn runs notify {run}" in begun.stderr
    forget = ("runs", "forget", run, "--delete-handout", "--confirm", run)
    assert f"notices of run {run} are still to be sent" in place.call(*forget, code=2).stderr
    wrong = place.call("runs", "notify", "--by", "relay", "--expect", "9", code=8).stderr
    assert wrong.endswith("Nobody was told.\n")
    place.call("runs", "notify", "--by", "relay", "--yes", "--rate", "1000/s")
    assert key_of(place) == ""
    place.call(*forget)


def test_planned_notices_can_be_dropped(place: Place) -> None:
    """Then the run is closed; without a plan there is no key, and so no notice by the target."""
    place.call("reset", place.file(PEOPLE), *RUN, "--notify-at", PAST)
    assert "4 people were not told" in place.call("runs", "notify", "--drop").stderr
    assert key_of(place) == ""
    assert "error[KT-RUN-074]" in place.call("runs", "notify", "--by", "target", code=2).stderr
    assert "error[KT-CFG-071]" in place.call("runs", "notify", "--by", "relay", code=2).stderr
    done = place.call("reset", place.file(PEOPLE), *RUN, "--new-run", "--email", "--notify-at", PAST, code=2)
    assert "error[KT-CFG-072]" in done.stderr


def test_a_file_without_addresses_names_nobody_to_be_told(place: Place, sink: MailSink) -> None:
    """Before anything is sent."""
    place.call("reset", place.file("userid\nann\n"), *RUN)
    done = place.call("runs", "notify", "--by", "relay", code=2)
    assert "has no column of mail addresses" in done.stderr
    assert "Nobody was told." in done.stderr


@dataclass(frozen=True)
class Own:
    """A directory of our own as the target `here`, with the command that works on it."""

    run: Run
    folder: Path

    def call(self, *args: str, code: int = 0) -> str:
        """A command on runs; what it printed."""
        return self.run(*args, code=code, KEYTURN_DATA="").output

    def mails(self) -> list[tuple[str, str]]:
        """Who was mailed what."""
        found = json.loads(self.run("mail", "list", "--json").stdout)["mails"]
        return sorted((mail["login"], mail["template"]) for mail in found)


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """Three users with addresses, and one without."""
    run = running(tmp_path)
    run("init", "--json")
    for who in ("ann", "bo", "di"):
        run("user", "create", who, "--address", f"{who}@example.org")
    run("user", "create", "cy")
    (tmp_path / "home").mkdir(exist_ok=True)
    table = f'[targets.here]\nkind = "local"\ndata = "{tmp_path / "directory"}"\n'
    (tmp_path / "home" / "config.toml").write_text(table)
    (tmp_path / "users.csv").write_text("userid\nann\nbo\ncy\ndi\n")
    return Own(run, tmp_path)


def test_the_target_mails_what_it_was_given_before(own: Own) -> None:
    """Nothing is in the way at the reset, and each is mailed once, whoever asks how often."""
    path = str(own.folder / "users.csv")
    own.call("reset", path, "-t", "here", "--yes", "--no-input", "--notify-at", PAST)
    assert own.mails() == []
    told = own.call("runs", "notify", "--yes", "--rate", "1000/s", code=3)
    assert "3 told, 1 could not be" in told
    assert "cy" in told
    assert own.mails() == [("ann", "link"), ("bo", "link"), ("di", "link")]
    [folder] = (own.folder / "home" / "state" / "runs").iterdir()
    with closing(open_journal(folder / "journal.db")) as journal:
        lost = [row.number for row in journal.rows() if row.who == "ann"]
        noticed = [row.who for row in journal.rows() if row.noticed]
        assert noticed == ["ann", "bo", "di"]
        [row] = [row for row in journal.rows() if row.number in lost]
        journal.settle([row])  # as if we had been killed before the note
    own.call("runs", "notify", "--yes", "--rate", "1000/s", code=3)
    assert len(own.mails()) == 3
