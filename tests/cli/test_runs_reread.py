"""`runs verify` brings everything of a run up to date, and can be held, stopped and gone on with from anywhere."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keyturn.bulk.record.facts import KEY
from keyturn.cli.desk.desk import MOST_JOBS
from keyturn.core.journal import RowState, Verified
from keyturn.store.journal import open_journal
from tests.bulk.desk import users, write
from tests.bulk.kit import Kit
from tests.cli.runs_kit import Place, place
from tests.support.password_server import PasswordServer, password_server

__all__ = ["place"]

THREE = "userid\namal\nbela\ncora\n"
UNSURE = ("-t", "there", "--no-input", "--expect", "3", "--verify", "--retries", "0")
PAST = "2026-01-01T08:00+00:00"
ROWS = 60


def key_of(folder: Path) -> str:
    """What the journal keeps of the key of the run."""
    with closing(open_journal(folder / "journal.db")) as journal:
        return journal.facts().get(KEY, "")


def states(place: Place) -> dict[str, str]:
    """What the handout says of each row."""
    return {line["user"]: line["state"] for line in place.lines("handout", "open", place.run_folder().name)}


@pytest.fixture
def unsure(place: Place) -> Place:
    """A run of three, of whom one's answer was lost, read before and not afterwards."""
    place.server.lose, place.server.shown = {"bela"}, 3
    place.call("reset", place.file(THREE), *UNSURE, code=9)
    place.server.shown = 1_000_000
    touched = {"id": "env THERE_TOKEN", "timestamp": datetime.now(UTC).isoformat()}
    place.server.known["bela"] = {"updated": touched}  # by us, while its row was on its way
    assert states(place) == {"amal": "changed", "bela": "uncertain", "cora": "changed"}
    assert (place.run_folder() / "retry.csv").exists()
    return place


def test_what_was_uncertain_and_is_known_now_is_so_in_the_handout_too(unsure: Place) -> None:
    """The same file, sealed anew; the run is closed, and no file asks anybody to do again what is done."""
    folder = unsure.run_folder()
    [before] = folder.glob("handout-*")
    assert unsure.call("runs", "verify").stdout == "3 yes.   exit 0\n"
    assert states(unsure) == dict.fromkeys(("amal", "bela", "cora"), "changed")
    assert list(folder.glob("handout-*")) == [before]
    assert before.stat().st_mode & 0o777 == 0o600
    assert key_of(folder) == ""
    assert not (folder / "retry.csv").exists()


def test_without_the_file_of_the_run_the_handout_stays_and_the_key_with_it(unsure: Place) -> None:
    """Until it is put back: then both are as they should be."""
    folder, file = unsure.run_folder(), unsure.tmp / "users.csv"
    kept = file.rename(unsure.tmp / "elsewhere.csv")
    shown = unsure.call("runs", "verify")
    assert "warning[KT-RUN-042]: the file users.csv cannot be read; the handout stays as it was sealed" in shown.stderr
    assert states(unsure)["bela"] == "uncertain"
    assert key_of(folder)
    kept.rename(file)
    unsure.call("runs", "verify")
    assert states(unsure)["bela"] == "changed"
    assert key_of(folder) == ""


def test_a_reading_does_not_close_a_run_whose_notices_are_still_to_be_sent(place: Place) -> None:
    """They need its key."""
    place.call("reset", place.file(THREE), "-t", "there", "--yes", "--no-input", "--notify-at", PAST)
    assert key_of(place.run_folder())
    place.call("runs", "verify")
    assert key_of(place.run_folder())


def test_a_reading_leaves_a_run_that_stopped_to_its_resume(place: Place) -> None:
    """Its exit code and its key stay; what was read stands in its handout and reports."""
    place.server.unknown = {"amal"}
    place.call("reset", place.file(THREE), "-t", "there", "--no-input", "--expect", "3", "--max-failures", "1",
               "-j", "1", code=7)  # fmt: skip
    place.call("runs", "verify", code=3)
    folder = place.run_folder()
    assert key_of(folder)
    with closing(open_journal(folder / "journal.db")) as journal:
        facts = journal.facts()
    assert (facts["state"], facts["exit"]) == ("stopped", "7")
    place.server.unknown = set()
    place.call("resume", "--no-input", code=3)


@pytest.fixture
def server() -> Iterator[PasswordServer]:
    """A server with nobody else at it."""
    with password_server() as found:
        yield found


@pytest.fixture
def kit(tmp_path: Path, server: PasswordServer) -> Kit:
    """A run that was not read back, on a server that takes its time from now on."""
    kit = Kit(tmp_path / "home", server.url).configure()
    file = write(tmp_path, users(ROWS))
    assert kit.run("reset", file, "-t", "there", "--expect", str(ROWS), "--no-input").code == 0
    server.delay = 0.05
    return kit


def until(so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 30
    while not so():
        assert time.monotonic() < end
        time.sleep(0.02)


def verified(kit: Kit) -> int:
    """How many rows somebody has read back."""
    [folder] = kit.home.glob("state/runs/*")
    with closing(open_journal(folder / "journal.db")) as journal:
        return sum(1 for row in journal.rows((RowState.CHANGED,)) if row.verified is not Verified.NOT_ASKED)


def reading(kit: Kit, server: PasswordServer) -> "subprocess.Popen[str]":
    """A reading that is under way."""
    process = kit.start("runs", "verify", "--rate", "20/s")
    until(lambda: server.looks > 2)
    return process


@pytest.mark.proves("RN-11")
def test_a_reading_is_steered_from_another_terminal(tmp_path: Path, kit: Kit, server: PasswordServer) -> None:
    """Held it reads nobody; stopped it keeps what it read, and the next one goes on there."""
    other = Place(tmp_path, server)
    process = reading(kit, server)
    until(lambda: "reading back" in other.call("runs", "watch", "--once").output)
    assert "reading back" in other.call("runs", "list").output
    assert "pausing: " in other.call("runs", "pause").output
    until(lambda: other.lines("runs", "watch", "--once", "--json")[0]["doing"] == "paused")
    looks = server.looks
    time.sleep(0.5)
    assert server.looks == looks
    assert "going on: " in other.call("runs", "go").output
    until(lambda: server.looks > looks)
    told = other.call("runs", "stop").output
    assert "it has ended" in told or "then  keyturn runs verify" in told
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    assert "stopped by keyturn runs stop" in err
    _goes_on(kit, server)


@pytest.mark.proves("RN-13")
@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
def test_a_reading_that_is_interrupted_keeps_what_it_read(
    kit: Kit, server: PasswordServer, word: signal.Signals
) -> None:
    """And says how to go on."""
    process = reading(kit, server)
    process.send_signal(word)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + word
    assert "Next:  keyturn runs verify" in err
    _goes_on(kit, server)


def _goes_on(kit: Kit, server: PasswordServer) -> None:
    """The rest is read, and nobody twice but those who were behind a gap as it stopped."""
    done, looks = verified(kit), server.looks
    assert 0 < done < ROWS
    server.delay = 0
    assert kit.run("runs", "verify").out == f"{ROWS} cannot tell.   exit 0\n"
    assert ROWS - done <= server.looks - looks <= ROWS - done + MOST_JOBS


def test_a_second_ctrl_c_waits_for_nobody(kit: Kit, server: PasswordServer) -> None:
    """A target that hangs holds up nobody who wants to leave."""
    server.delay = 25
    process = reading(kit, server)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    process.communicate(timeout=30)
    assert (process.returncode, time.monotonic() - began < 5) == (130, True)
