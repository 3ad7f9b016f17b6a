"""A handout in parts: each password is in the part of its group and in no other, whatever became of the run since."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.app.clock import SystemClock
from keyturn.bulk.intake.source import Source, read_source
from keyturn.bulk.record.folder import RunFolder, make_run_folder
from keyturn.bulk.record.handing import Handing
from keyturn.bulk.record.handout import Handout
from keyturn.core.journal import Row, RowState
from keyturn.crypto.handout import AgeSealer, new_identity
from keyturn.crypto.runkeys import RunKeys
from tests.bulk.desk import write
from tests.cli.runs_kit import Place, place
from tests.support.memory_journal import MemoryJournal

__all__ = ["place"]

TEXT = "userid,Site\namal,Lyon\nbela,Nantes\ncora,Lyon\n"
RUN = ("-t", "there", "--no-input", "--expect", "3", "-j", "1", "--retries", "0")


def split(place: Place) -> tuple[str, ...]:
    """The flags of a run whose handout is in two parts, both of which this machine opens."""
    keys = {}
    for site in ("Lyon", "Nantes"):
        keys[site] = new_identity(place.tmp / f"{site}.txt")
    return (
        "--handout-split",
        "Site",
        *(word for site, key in keys.items() for word in ("--handout", f"{site}=age:{key}")),
    )


def parts(place: Place) -> dict[str, list[str]]:
    """Who is in which part."""
    found = {}
    for site in ("Lyon", "Nantes"):
        for path in place.run_folder().glob(f"handout-*-{site.casefold()}.age"):
            lines = AgeSealer().open(path.read_bytes(), place.tmp / f"{site}.txt").decode().splitlines()
            found[site] = [json.loads(line)["user"] for line in lines]
    return found


def test_a_part_that_would_be_empty_now_is_gone(place: Place) -> None:
    """What it held is nobody's password: the uncertain row turned out to be of no user."""
    place.server.lose = {"bela"}
    place.call("reset", place.file(TEXT), *RUN, *split(place), code=9)
    assert parts(place) == {"Lyon": ["amal", "cora"], "Nantes": ["bela"]}
    place.server.unknown = {"bela"}
    place.call("resume", "--no-input", code=3)
    assert parts(place) == {"Lyon": ["amal", "cora"]}


def test_corrected_rows_leave_everybody_in_the_part_of_their_group(place: Place) -> None:
    """The new file does not even have the column; those who are done are not in what it is made to."""
    place.server.unknown = {"bela"}
    place.call("reset", place.file(TEXT), *RUN, "--max-failures", "1", *split(place), code=7)
    assert parts(place) == {"Lyon": ["amal"]}
    place.server.unknown = set()
    fixed = place.file("userid\nbela\ncora\n", "fixed.csv")
    place.call("resume", "--rebase", fixed, "--no-input", "--expect", "2")
    assert parts(place) == {"Lyon": ["amal", "cora"], "Nantes": ["bela"]}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run."""
    return make_run_folder(tmp_path / "runs", SystemClock().now())


def test_without_its_file_nobody_s_part_is_taken_away(tmp_path: Path, folder: RunFolder) -> None:
    """All passwords are in the file of the whole run then, and each part stays as it was."""
    path, journal = write(tmp_path, TEXT), MemoryJournal()
    rows = [Row(number, who, RowState.CHANGED, delivery="handout", target="there")
            for number, who in enumerate(("amal", "bela", "cora"), start=2)]  # fmt: skip
    journal.plan(rows)
    whole, lyon = new_identity(tmp_path / "whole.txt"), new_identity(tmp_path / "Lyon.txt")
    handing = Handing(split="Site", groups={"Lyon": (lyon, whole)})
    keys = RunKeys(b"k" * 32)

    def handout(source: Source) -> Handout:
        return Handout(
            folder, source, AgeSealer(), [whole], handing, lambda row: keys.password(folder.run, row.number), dict
        )

    def users_of(file: Path, identity: str) -> list[str]:
        opened = AgeSealer().open(file.read_bytes(), tmp_path / identity).decode().splitlines()
        return [json.loads(line)["user"] for line in opened]

    source = read_source(path)
    assert handout(source).write(journal) == 3
    part = folder.handout.with_stem(f"{folder.handout.stem}-lyon")
    before = part.read_bytes()
    assert (users_of(folder.handout, "whole.txt"), users_of(part, "Lyon.txt")) == (["bela"], ["amal", "cora"])
    path.unlink()
    assert handout(source).write(journal) == 3
    assert users_of(folder.handout, "whole.txt") == ["amal", "bela", "cora"]
    assert part.read_bytes() == before
    write(tmp_path, TEXT.replace("bela", "dita"))
    journal.settle([replace(row, state=RowState.FAILED) for row in rows])
    assert handout(source).write(journal) == 0
    assert folder.handouts() == []
