"""Ids that people mix up are told of with their rows, and never taken for one another."""

import tracemalloc
from pathlib import Path

import pytest

from keyturn.bulk.planning.lookalike import shape
from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.planning.screening import _first, _Seen
from tests.bulk.desk import plan_of, write
from tests.support.memory_directory import able

A, OMICRON = "\N{CYRILLIC SMALL LETTER A}", "\N{GREEK SMALL LETTER OMICRON}"


def told(plan: Plan) -> str:
    """What is said of ids that look alike; empty when nothing is."""
    return next((each.text for each in plan.warnings if each.code == "KT-IN-027"), "")


@pytest.mark.proves("RN-1")
def test_neighbours_are_told_of_and_not_merged(tmp_path: Path) -> None:
    """Another script, capitals, full-width letters: all change, and the plan says which rows to compare."""
    lines = ["amal", "badr", f"{A}mal", "Amal", "cole", f"c{OMICRON}le", "amal", f"{A}mal", "\uff41mal"]
    plan = plan_of(write(tmp_path, "userid\n" + "\n".join(lines) + "\n"))
    assert [row.reason for row in plan.rows()] == ["", "", "", "", "", "", "duplicate", "duplicate", ""]
    assert told(plan) == "4 ids look like the id of another user: rows 4 and 2, 5 and 2, 7 and 6, 10 and 2"


def test_where_capitals_do_not_count_they_make_a_repeat_and_no_neighbour(tmp_path: Path) -> None:
    """As the target sees it."""
    path = write(tmp_path, f"userid\nAmal\namal\n{A}MAL\n")
    plan = plan_of(path, capabilities=able(folds_case=True))
    assert [row.reason for row in plan.rows()] == ["", "duplicate", ""]
    assert told(plan) == "1 id looks like the id of another user: rows 4 and 2"


def test_more_than_five_are_counted(tmp_path: Path) -> None:
    """The first five stand there."""
    lines = [f"user{n}" for n in range(9)] + [f"USER{n}" for n in range(9)]
    text = told(plan_of(write(tmp_path, "userid\n" + "\n".join(lines))))
    assert text == "9 ids look like the id of another user: rows 11 and 2, 12 and 3, 13 and 4, 14 and 5, 15 and 6 ..."


def test_what_is_skipped_or_blocked_is_no_neighbour(tmp_path: Path) -> None:
    """Nobody is changed there."""
    plan = plan_of(write(tmp_path, "userid\nsvc-a\nSVC-A\n"), protect=["svc-*"])
    assert told(plan) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("amal", "AMAL"),
        ("Muller", "muller"),
        ("a-b", "a\u2010b"),
        ("xi", "\u0445\u0456"),
        ("PETRA", "\u0420\u0415TR\u0410"),
    ],
)
def test_shapes_are_equal_for_what_looks_equal(one: str, other: str) -> None:
    """And different for what does not."""
    assert shape(one) == shape(other)
    assert shape("m\u00fcller") != shape("muller")


@pytest.mark.parametrize("letters", ["user", "USER", "\N{CYRILLIC SMALL LETTER A}"])
def test_memory_for_it_is_flat(letters: str) -> None:
    """Under 200 bytes for each user in the file, however the ids are written: a million fit 300 MiB."""
    count, seen = 20_000, _Seen()
    tracemalloc.start()
    for number in range(count):
        assert _first(number, f"{letters}{number:06}", "there", seen) == number
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(f"{kept / count:.0f} bytes for each user")
    assert kept < 200 * count
    assert seen.twins == {}
