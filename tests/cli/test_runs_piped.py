"""What is piped in where a file is named: read as a file is, kept sealed until the run is closed, and then gone."""

import csv
import io
import json
import os
import sys
from pathlib import Path

import pytest

from keyturn.bulk.intake.content import BLOCK, PIPE, Keeper, Kept, OnDisk, blocks, piped
from keyturn.bulk.record.piped import open_input, seal_input
from keyturn.cli.desk.flags import Asked
from keyturn.cli.desk.piping import taken_in
from keyturn.core.errors import ConfigError, KeyFolderError, StoreError
from keyturn.crypto.runkeys import RunKeys
from tests.cli.runs_kit import Place, Typing, place, typing

__all__ = ["place", "typing"]

CLEAR = "a quite unusual pass phrase"
ROWS = "userid,pw\n" + "".join(f"user{n},{CLEAR} {n}\n" for n in range(5))


def test_a_pipe_is_read_as_a_file_is(place: Place) -> None:
    """Text and JSON lines; the plan calls it standard input, and nothing is left of it when the run is closed."""
    told = place.call("plan", "reset", "-", "-t", "there", typed="userid\n007\n").output
    assert "standard input, 1 row" in told
    assert "keyturn reset - -t there" in told
    lines = '{"userid": "007"}\n{"userid": "008"}\n'
    place.call("reset", "-", "-t", "there", "--expect", "2", typed=lines)
    assert set(place.server.passwords) == {"007", "008"}
    folder = place.run_folder()
    assert not (folder / "input.sealed").exists()
    shown = place.call("runs", "show").output
    assert "standard input" in shown


@pytest.mark.proves("ST-6")
def test_a_run_from_a_pipe_is_resumed_from_what_was_kept_sealed(place: Place) -> None:
    """The pipe is gone by then; no password of it is anywhere in clear, and none is sent twice."""
    place.server.signed_out = True
    flags = ("--password", "column:pw", "-j", "1")
    place.call("reset", "-", "-t", "there", "--expect", "5", *flags, code=4, typed=ROWS)
    kept = place.run_folder() / "input.sealed"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert CLEAR.encode() not in place.everything()
    place.server.signed_out = False
    place.call("resume", code=0)
    assert place.server.passwords == {f"user{n}": [f"{CLEAR} {n}"] for n in range(5)}
    assert not kept.exists()
    assert CLEAR.encode() not in place.everything()


def test_the_same_rows_are_meant_when_a_run_is_resumed(place: Place) -> None:
    """`--where`, `--rows` and `--limit` are pinned; all rows of the file are in the report."""
    text = "userid,site\n" + "".join(f"user{n},{'Lyon' if n % 2 else 'Oslo'}\n" for n in range(10))
    chosen = ("--where", 'site == "Lyon"', "--rows", "2-8", "--limit", "2")
    place.server.signed_out = True
    place.call("reset", place.file(text), "-t", "there", "--expect", "2", *chosen, code=4)
    place.server.signed_out = False
    place.call("resume")
    assert set(place.server.passwords) == {"user1", "user3"}
    report = (place.run_folder() / "report.csv").read_text("utf-8-sig")
    assert [row["reason"] for row in csv.DictReader(io.StringIO(report))] == ["left-out", "", "left-out", ""] + [
        "left-out"
    ] * 6


def test_rows_that_are_not_done_come_back_from_a_pipe(place: Place) -> None:
    """In a file to mend, in the same columns, which is read again unchanged."""
    place.server.unknown = {"ghost"}
    objects = [{"userid": "ghost", "note": "=x"}, {"userid": "amal", "note": ""}]
    text = json.dumps(objects)
    place.call("reset", "-", "-t", "there", "--expect", "2", code=3, typed=text)
    retry = place.run_folder() / "retry.csv"
    place.server.unknown = set()
    place.call("reset", str(retry), "-t", "there", "--expect", "1")
    assert set(place.server.passwords) == {"ghost", "amal"}


@pytest.mark.parametrize("flag", ["--token-stdin", "--password-stdin"])
def test_one_pipe_is_not_two_things(place: Place, flag: str) -> None:
    """A secret would be read as users, or the reverse."""
    told = place.call("reset", "-", "-t", "there", "--password", "same", flag, code=2, typed="userid\na\n").output
    assert "standard input cannot be both" in told


def test_nothing_is_waited_for_where_nothing_is_piped(typing: Typing) -> None:
    """At a terminal it says what to do."""
    typing("")
    with pytest.raises(ConfigError, match="nothing is piped into standard input"):
        taken_in(Asked(PIPE))


def test_a_plan_from_a_pipe_leaves_nothing_behind(place: Place) -> None:
    """Not even sealed."""
    place.call("plan", "reset", "-", "-t", "there", "--password", "column:pw", typed=ROWS)
    assert not (place.home / "state" / "runs").exists()
    assert CLEAR.encode() not in place.everything()


def test_what_was_sealed_comes_out_whole_or_not_at_all(tmp_path: Path) -> None:
    """Cut, changed, in another order, or under another key: an error, never less than there was."""
    clear = bytes(range(256)) * 12_000
    (tmp_path / "clear").write_bytes(clear)
    path, keys = tmp_path / "input.sealed", RunKeys(b"k" * 32)
    seal_input(OnDisk(tmp_path / "clear"), path, keys)
    with open_input(path, keys).open() as file:
        assert b"".join(blocks(file)) == clear
    sealed = path.read_bytes()
    first = 4 + int.from_bytes(sealed[:4])
    for broken in (sealed[:-1], sealed[:-40], sealed[first:], sealed[: first - 5], b""):
        path.write_bytes(broken)
        with pytest.raises((StoreError, KeyFolderError)):
            open_input(path, keys)
    path.write_bytes(sealed)
    with pytest.raises(KeyFolderError):
        open_input(path, RunKeys(b"x" * 32))
    path.unlink()
    with pytest.raises(StoreError, match="not there any more"):
        open_input(path, keys)
    with pytest.raises(StoreError, match="cannot be kept"):
        seal_input(piped(io.BytesIO(b"x")), tmp_path / "no" / "where", keys)


def test_several_readers_of_a_pipe_do_not_disturb_each_other() -> None:
    """A plan and the orders read it at the same time."""
    kept = piped(io.BytesIO(b"one\ntwo\nthree\n"))
    with kept.open() as first, kept.open() as second:
        assert first.readline() == b"one\n"
        assert second.read() == b"one\ntwo\nthree\n"
        assert first.readline() == b"two\n"
        assert first.seek(-6, io.SEEK_END) == 8
        assert first.read() == b"three\n"
        assert second.seek(0) == 0
        assert second.seek(2, io.SEEK_CUR) == second.tell() == 2


def opened_files() -> set[str]:
    """What this process has open just now, by name."""
    return {os.readlink(path) for path in Path("/proc/self/fd").iterdir() if path.exists() or path.is_symlink()}


@pytest.mark.proves("RN-14", "ST-6")
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_what_is_piped_in_is_on_no_disk_however_much_it_is() -> None:
    """It may hold passwords; a file without a name is on the disk all the same."""
    before = opened_files()
    text = b"".join(b"user%07d,%s\n" % (number, CLEAR.encode()) for number in range(1_000_000))
    kept = piped(io.BytesIO(text))
    assert len(text) > 32 << 20
    with kept.open() as reader:
        assert reader.read() == text
        assert opened_files() <= before


def test_more_than_memory_should_hold_is_refused(monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    """With another way to bring it, and before anything is sent."""
    monkeypatch.setattr("keyturn.bulk.intake.content.MOST", 64)
    told = place.call("reset", "-", "-t", "there", "--expect", "5", code=5, typed=ROWS * 40).stderr
    assert "error[KT-IN-019]: standard input holds more than can be kept in memory" in told
    assert "write it into a CSV file that nobody else can read" in told
    assert place.server.requests == 0


def test_text_is_kept_in_pieces_and_read_as_one() -> None:
    """Whatever the pieces; what has no text has no piece."""
    kept = Kept(Path("book.xlsx"))
    keeper = Keeper(kept)
    keeper.flush()
    keeper.write("ä" * (BLOCK - 1))
    keeper.write("ö\ud800")
    keeper.write("end")
    keeper.flush()
    with kept.open() as reader:
        assert reader.read() == ("ä" * (BLOCK - 1) + "ö\ud800end").encode("utf-8", "surrogatepass")
        assert reader.seek(0, io.SEEK_END) == kept.size == 2 * BLOCK + 6
        assert reader.read(1) == b""
