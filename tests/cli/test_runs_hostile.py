"""A run whose surroundings fail: flags that make no sense, folders that take nothing, outputs that nobody reads."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.cli.runs_kit import Place, place

__all__ = ["place"]

KEYTURN = str(Path(sys.executable).parent / "keyturn")
RUN = ("-t", "there", "--yes", "--no-input")


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--report", "pdf", "there is no report pdf"),
        ("--report-dir", "users.csv/reports", "reports cannot be written there"),
        ("--timeout", "nan", "is not a time"),
    ],
)
def test_what_would_break_at_the_end_is_refused_at_the_beginning(
    place: Place, flag: str, value: str, words: str
) -> None:
    """Not after every password was changed."""
    path = place.file("userid\nann\n")
    value = str(place.tmp / value) if flag == "--report-dir" else value
    done = place.call("reset", path, *RUN, flag, value, code=2)
    assert words in done.stderr
    assert place.server.requests == 0
    assert not (place.home / "state" / "runs").exists()


@pytest.mark.proves("V5.3.2")
def test_a_name_of_a_run_is_no_way_out_of_its_folder(place: Place) -> None:
    """Folders and files are named by ids of ours, whatever people call the run or the file."""
    path = place.file("userid\nann\n", "..evil users.csv")
    place.call("reset", path, *RUN, "--name", "../../evil", "--report", "html,csv,jsonl")
    assert [found for found in place.tmp.rglob("*evil*") if str(found) != path] == []
    assert place.run_folder().parent == place.home / "state" / "runs"


def test_a_report_that_cannot_be_written_costs_no_password(place: Place, tmp_path: Path) -> None:
    """The handout is sealed first, the message does not say that nothing was sent, and resume does the rest."""
    in_the_way = tmp_path / "out" / "report.html" / "x"
    in_the_way.mkdir(parents=True)
    done = place.call("reset", place.file("userid\nann\n"), *RUN, "--report-dir", str(tmp_path / "out"), code=1)
    assert "error[KT-SRV-012]: the system refused: Is a directory" in done.stderr
    assert f"Rows may have been sent; what became of each:  keyturn resume {place.run_folder().name}" in done.stderr
    [handout] = place.run_folder().glob("handout-*.age")
    [line] = place.lines("handout", "open", str(handout))
    assert [line["password"]] == place.server.passwords["ann"]
    sent = place.server.requests
    place.call("resume", "--no-input")
    assert place.server.requests == sent


def test_a_folder_that_cannot_be_made_is_no_fault_of_ours(place: Place) -> None:
    """The system's own word for it."""
    done = place.call("init", "--data", place.file("x") + "/data", code=2)
    assert "error[KT-CFG-073]: the folder cannot be made there" in done.stderr
    assert "why    Not a directory\n  fix    name a folder where you may write: keyturn init --data DIR" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_closed_stream_ends_no_run(place: Place, closed: str) -> None:
    """No socket takes the number of a standard stream."""
    line = f'"$0" "$@" {closed}'
    command = ["/bin/sh", "-c", line, KEYTURN, "reset", place.file("userid\nann\n"), *RUN]
    done = subprocess.run(command, env=place.environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(place.server.passwords["ann"]) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_output_ends_in_words_and_the_run_is_whole(place: Place) -> None:
    """Nobody hears the summary; every row is done all the same."""
    command = [KEYTURN, "--json", "reset", place.file("userid\nann\n"), *RUN]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command, env=place.environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr
    assert "is finished; nothing was sent" in place.call("resume", "--no-input").stderr


def test_a_reader_that_goes_away_does_not_stop_the_run_half_way(place: Place) -> None:
    """`| head -1`: the rows go on, and each outcome is written down."""
    path = place.file("userid\n" + "".join(f"u{n:03}\n" for n in range(40)))
    line = '"$0" "$@" | head -1'
    command = ["/bin/sh", "-c", line, KEYTURN, "--output", "jsonl", "reset", path, *RUN[:2], "--expect", "40"]
    subprocess.run(
        command, env=place.environment, capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL
    )
    assert len(place.server.passwords) == 40
    [told] = place.lines("runs", "show", "--json")
    assert (told["state"], told["done"]) == ("finished", 40)


@pytest.mark.parametrize(("unknown", "code"), [(set(), 0), ({"ann"}, 3)])
def test_a_run_that_nobody_reads_ends_with_the_code_of_the_run(place: Place, unknown: set[str], code: int) -> None:
    """The reader goes away in the middle; what the code says of the rows is what became of them."""
    place.server.unknown, place.server.delay = unknown, 1.0
    command = [KEYTURN, "reset", place.file("userid\nann\n"), *RUN]
    reader, writer = os.pipe()
    with subprocess.Popen(command, env=place.environment, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer) as at:
        os.close(writer)
        place.server.seen.wait(60)
        os.close(reader)
        assert at.wait(60) == code


def test_foreign_text_moves_no_cursor(place: Place) -> None:
    """An id from a file and the words of a target are shown spelt out; machines get them as they are."""
    path = place.file("userid\n\x1b]0;mine\x07ann\nbob\n")
    place.call("reset", path, *RUN, "--name", "a\x1bb", code=3)
    shown = place.call("runs", "rows").stdout
    assert "\\x1b]0;mine\\x07ann" in shown
    listed = place.call("runs", "list").stdout
    assert "a\\x1bb" in listed
    assert "a\\x1bb" in place.call("runs", "show").stdout
    header = place.call("plan", "reset", place.file("\x1b]0;x\x07,b\n1,2\n"), "-t", "there", code=5).stderr
    assert not {"\x1b", "\x07"} & set(shown + listed + header)
    assert place.lines("runs", "rows", "--json")[0]["user"] == "\x1b]0;mine\x07ann"


def test_a_damaged_journal_hides_no_other_run(place: Place) -> None:
    """The list says which one it is."""
    place.call("reset", place.file("userid\nann\n"), *RUN)
    damaged = place.run_folder()
    (damaged / "journal.db").write_bytes(b"nothing of ours")
    place.call("reset", place.file("userid\nann\n"), *RUN)
    listed = place.call("runs", "list").stdout.splitlines()
    assert [line.split()[1] for line in listed[1:]] == ["finished", "damaged"]
    assert listed[2].startswith(damaged.name)


def test_recipients_that_are_not_there_are_not_replaced_by_this_machine(place: Place, tmp_path: Path) -> None:
    """Who named a file of keys did not mean our own."""
    (tmp_path / "keys.txt").write_text("# nobody yet\n")
    flags = ("--handout", f"age:@{tmp_path}/keys.txt")
    done = place.call("reset", place.file("userid\nann\n"), *RUN, *flags, code=2)
    assert "no recipient is named there" in done.stderr
    assert place.server.requests == 0


def test_a_full_disk_leaves_no_half_handout(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to do is said, and once there is room a resume seals, sending nothing again."""
    monkeypatch.setattr("keyturn.crypto.handout.AgeSealer.seal", _full)
    said = place.call("reset", place.file("userid\nann\n"), *RUN, code=1).stderr
    run = place.run_folder()
    assert f"error[KT-SRV-012]: the system refused: No space left on device\n  where  {run}/handout-" in said
    assert "fix    Free space" in said
    assert f"keyturn resume {run.name}" in said
    assert [path.name for path in run.iterdir() if "handout" in path.name] == []
    monkeypatch.undo()
    sent = place.server.requests
    place.call("resume", "--no-input")
    [line] = place.lines("handout", "open", run.name)
    assert [line["password"]] == place.server.passwords["ann"]
    assert place.server.requests == sent


def _full(_: object, lines: Iterable[bytes], recipients: Sequence[str], file: BinaryIO) -> None:
    file.write(b"age-encryption.org/v1")
    raise OSError(errno.ENOSPC, "No space left on device")
