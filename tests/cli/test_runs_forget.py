"""`keyturn runs forget`: what goes, what stays, and what is said of it afterwards."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.forgetting import sweep
from keyturn.store.journal import open_journal
from tests.cli.runs_kit import Place, Typing, place, typing
from tests.cli.test_runs_resume import ask, stopped

__all__ = ["place", "typing"]

RUN = ("-t", "there", "--yes", "--no-input")


def ran(place: Place, text: str = "userid\nannika\nbodil\n", *flags: str, code: int = 0) -> RunFolder:
    """A run; its folder."""
    place.call("reset", place.file(text), *RUN, *flags, code=code)
    return RunFolder(place.run_folder())


def aged(folder: RunFolder, days: int) -> None:
    """Let a run have ended so many days ago."""
    with closing(open_journal(folder.journal)) as journal:
        journal.note({"ended": (datetime.now(UTC) - timedelta(days=days)).isoformat()})


@pytest.mark.proves("V14.2.7")
def test_a_forgotten_run_leaves_a_stone_and_nothing_else(place: Place) -> None:
    """Key, journal, reports and handout are gone; resume and handout say so plainly."""
    folder = ran(place)
    said = place.call("runs", "forget", folder.run, "--delete-handout", "--confirm", folder.run).stderr
    assert f"{folder.run} is forgotten" in said
    assert [path.name for path in folder.path.iterdir()] == ["forgotten.json"]
    assert b"annika" not in place.everything()
    for command in (["resume", folder.run], ["handout", "open", folder.run], ["runs", "show", folder.run]):
        done = place.call(*command, code=2)
        assert f"error[KT-RUN-070]: run {folder.run} was forgotten on " in done.stderr
    [told] = json.loads(place.call("runs", "list", "--json").stdout)
    assert (told["run"], told["state"], "outcomes" in told) == (folder.run, "forgotten", False)
    [note] = [json.loads(line) for line in (place.home / "state" / "notes.jsonl").read_text().splitlines()]
    assert (note["what"], note["run"], note["rows"], note["handout"]) == ("run.forget", folder.run, 2, "deleted")
    assert (place.home / "state" / "notes.jsonl").stat().st_mode & 0o777 == 0o600


def test_counts_and_handout_stay_where_that_is_wished_for(place: Place) -> None:
    """The handout is then opened as a file."""
    place.server.unknown = {"bodil"}
    folder = ran(place, code=3)
    place.call("runs", "forget", folder.run, "--keep-counts", "--keep-handout", "--confirm", folder.run)
    [told] = json.loads(place.call("runs", "list", "--json").stdout)
    assert (told["outcomes"]["changed"], told["outcomes"]["failed"], told["done"]) == (1, 1, 1)
    assert f"its handout was kept: {folder.handout}" in place.call("handout", "open", folder.run, code=2).stderr
    [line] = place.lines("handout", "open", str(folder.handout))
    assert line["user"] == "annika"
    assert b"bodil" not in place.everything()


def test_open_rows_are_not_forgotten_just_so(place: Place) -> None:
    """Neither what is not tried nor its key."""
    run = stopped(place)
    wanted = ("runs", "forget", run, "--delete-handout", "--confirm", run)
    done = place.call(*wanted, code=2)
    assert "error[KT-RUN-071]" in done.stderr
    assert "Nothing was deleted." in done.stderr
    place.call("resume", run, "--no-input", code=3)
    place.server.unknown = set()
    place.call(*wanted)


def test_open_rows_are_forgotten_when_that_is_said(place: Place) -> None:
    """And noted."""
    run = stopped(place)
    place.call("runs", "forget", run, "--delete-handout", "--even-if-open", "--confirm", run)
    assert json.loads((place.home / "state" / "notes.jsonl").read_text())["open"] > 0
    assert "there is no run to resume" in place.call("resume", "--no-input", code=2).stderr


def test_forgetting_asks_for_the_handout_and_for_the_name(
    place: Place, typing: Typing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody to ask, or another word: nothing is deleted."""
    folder = ran(place)
    before = sorted(path.name for path in folder.path.iterdir())
    assert "--delete-handout" in place.call("runs", "forget", folder.run, code=8).stderr
    assert f"--confirm {folder.run}" in place.call("runs", "forget", folder.run, "--keep-handout", code=8).stderr
    done = place.call("runs", "forget", folder.run, "--keep-handout", "--confirm", "yes", code=8)
    assert "Nothing was deleted." in done.stderr
    assert sorted(path.name for path in folder.path.iterdir()) == before
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    typing(f"y\n{folder.run}\n")
    ask(place, "runs", "forget", folder.run)
    assert not folder.handout.exists()


@pytest.mark.proves("V14.2.7")
def test_old_runs_are_named_and_reduced_to_their_counts_when_told(place: Place) -> None:
    """Finished ones alone, and none by itself."""
    folder = ran(place)
    assert "nothing to forget" in place.call("runs", "forget", "--old").stderr
    aged(folder, 91)
    assert "1 finished run is older than 90 days:  keyturn runs forget --old" in place.call("runs", "list").stderr
    assert folder.journal.exists()
    place.call("runs", "forget", "--old", "--delete-handout", "--confirm", "2", code=8)
    [told] = place.lines("runs", "forget", "--old", "--delete-handout", "--confirm", "1", "--json")
    assert told == {"forgotten": [folder.run]}
    [left] = json.loads(place.call("runs", "list", "--json").stdout)
    assert left["outcomes"]["changed"] == 2


def test_runs_are_kept_for_ever_where_that_is_set_and_open_ones_always(place: Place) -> None:
    """`keep_days = 0`; a run with open rows is named and stays."""
    folder = RunFolder(place.run_folder()) if stopped(place) else None
    assert folder is not None
    with closing(open_journal(folder.journal)) as journal:
        journal.note({"state": "finished"})
    aged(folder, 4000)
    assert "rows are uncertain or not tried" in place.call("runs", "forget", "--old").stderr
    place.configure(head="[runs]\nkeep_days = 0")
    assert "older than" not in place.call("runs", "list").stderr
    assert place.call("runs", "forget", "--old").stderr == "nothing to forget\n"


def test_a_forgetting_that_was_interrupted_is_brought_to_its_end(place: Place, tmp_path: Path) -> None:
    """The stone came first, so the run is forgotten already; what is left goes at the next try."""
    folder = ran(place)
    journal = folder.journal.read_bytes()
    place.call("runs", "forget", folder.run, "--delete-handout", "--confirm", folder.run)
    folder.journal.write_bytes(journal)
    place.call("resume", folder.run, code=2)
    place.call("runs", "forget", folder.run, "--confirm", folder.run)
    assert not folder.journal.exists()
    folder.journal.write_bytes(journal)
    (folder.path / "report.csv").write_text("row,user")
    assert f"{folder.run} was forgotten before" in place.call("runs", "forget", "--old").stderr
    assert [path.name for path in folder.path.iterdir()] == [folder.stone.name]
    assert place.call("runs", "forget", "--old").stderr == "nothing to forget\n"
    sweep(folder)
    place.call("runs", "forget", folder.run, "--confirm", folder.run, code=2)


def test_either_a_run_or_the_old_ones_are_named(place: Place) -> None:
    """Not both, and not neither; a damaged one is passed over among the old."""
    folder = ran(place)
    place.call("runs", "forget", code=2)
    place.call("runs", "forget", folder.run, "--old", code=2)
    folder.journal.write_bytes(b"nothing of the kind" * 1000)
    assert "warning[KT-RUN-034]" in place.call("runs", "forget", "--old").stderr


@pytest.mark.parametrize("damage", ["{", "[]", ""])
def test_a_damaged_stone_hides_no_other_run(place: Place, damage: str) -> None:
    """Forgotten it is all the same, only when and by whom nobody knows any more."""
    folder = ran(place)
    place.call("runs", "forget", folder.run, "--delete-handout", "--confirm", folder.run)
    folder.stone.write_text(damage)
    place.call("reset", place.file("userid\ncilla\n"), *RUN)
    told = {each["run"]: each["state"] for each in json.loads(place.call("runs", "list", "--json").stdout)}
    assert (told.pop(folder.run), [*told.values()]) == ("forgotten", ["finished"])
    assert f"run {folder.run} was forgotten\n" in place.call("runs", "show", folder.run, code=2).stderr


@pytest.mark.parametrize("left", [b"", b"SQLite format 3\0", None])
def test_a_run_that_died_while_its_journal_was_made_never_began(place: Place, left: bytes | None) -> None:
    """It is said that nothing was sent, nothing else is in its way, and it can be forgotten."""
    died = ran(place)
    place.call("handout", "shred", died.run, "--yes")
    died.making.touch()
    died.journal.unlink()
    if left is not None:
        died.journal.write_bytes(left)
    assert f"{died.run}  never began" in place.call("runs", "list").stdout
    for command in (("show",), ("rows",), ("verify",)):
        said = place.call("runs", *command, died.run, code=2).stderr
        assert f"error[KT-RUN-078]: run {died.run} never began" in said
        assert "nothing was sent" in said
    assert "never began; nothing was sent" in place.call("doctor", "--offline").stdout
    assert "never began" not in place.call("handout", "status").stderr
    assert "there is no run to resume" in place.call("resume", "--no-input", code=2).stderr
    sent = place.server.requests
    place.call("reset", place.file("userid\nannika\nbodil\n"), *RUN)
    assert place.server.requests == sent + 2
    place.call("runs", "forget", died.run, "--confirm", died.run)
    assert [path.name for path in died.path.iterdir()] == ["forgotten.json"]
    assert f"{died.run}  forgotten" in place.call("runs", "list").stdout


@pytest.mark.parametrize("whole", [False, True])
def test_a_run_that_is_killed_about_when_its_journal_is_made(
    place: Place, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    """Before it was whole the run never began; right after, it goes on, and nothing was sent in either case."""
    monkeypatch.setattr(f"keyturn.cli.running.carrying.{'mark_made' if whole else 'begin'}", _die)
    place.call("reset", place.file("userid\nannika\n"), *RUN, code=1)
    monkeypatch.undo()
    folder = RunFolder(place.run_folder())
    assert folder.making.exists()
    assert "annika" not in place.server.passwords
    if whole:
        place.call("resume", "--no-input")
        assert "annika" in place.server.passwords
    else:
        assert "never began" in place.call("runs", "list").stdout
        place.call("runs", "forget", folder.run, "--confirm", folder.run)
    assert not folder.making.exists()


def _die(*_: object) -> None:
    raise OSError(28, "No space left on device")
