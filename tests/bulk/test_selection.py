"""Choosing rows: few words, read in one way only, and counts that still add up to the file."""

from pathlib import Path

import pytest

from keyturn.bulk.intake.selection import Selection, chooser, conditions_of, ranges_of
from keyturn.bulk.intake.source import read_source
from keyturn.bulk.job import Reading
from keyturn.bulk.planning.plan import Destination, Plan, make_plan
from keyturn.core.errors import SourceError
from tests.bulk.desk import RESET, NoBlocklist, write
from tests.support.memory_directory import ABLE

HEADER = ("userid", "Cost centre", "site")
ROWS = [
    ("a", "1", "Lyon"),
    ("b", "2", " Lyon "),
    ("c", "2", "Oslo"),
    ("", "", ""),
    ("d", "3", "lyon"),
    ("a", "4", "Oslo"),
]


def plan_of(tmp: Path, reading: Reading) -> Plan:
    """The plan for the chosen rows."""
    text = "\n".join(",".join(row) for row in [HEADER, *ROWS]) + "\n"
    return make_plan(read_source(write(tmp, text), reading), RESET, [Destination("there", ABLE)], NoBlocklist())


@pytest.mark.parametrize(
    ("where", "rows", "limit", "chosen"),
    [
        ('site == "Lyon"', "", None, "ab"),
        ("site != 'Lyon'", "", None, "cda"),
        ('site in ("Oslo", "lyon")', "", None, "cda"),
        ('"Cost centre" == "2" and site == "Lyon"', "", None, "b"),
        ('userid != "and"', "", None, "abcda"),
        ('site=="Oslo"and userid!="c"', "", None, "a"),
        ("", "2-3", None, "ab"),
        ("", "3,6", None, "bd"),
        ("", " 6- , 2 ", None, "ada"),
        ("", "", 2, "ab"),
        ('site == "Oslo"', "3-", 1, "c"),
        ("", "4-", 2, "cd"),
        ('site == "Paris"', "", None, ""),
    ],
)
def test_rows_are_chosen_and_the_others_are_counted(
    tmp_path: Path, where: str, rows: str, limit: int | None, chosen: str
) -> None:
    """All of it must hold; the rest is skipped with its reason, and blank rows stay blank."""
    plan = plan_of(tmp_path, Reading(where=where, rows=rows, limit=limit))
    found = list(plan.rows())
    assert "".join(row.who for row in found if row.reason in ("", "duplicate")) == chosen
    assert [row.reason for row in found if row.number == 5] == ["blank"]
    assert plan.total == len(ROWS)
    assert all(row.reason == "left-out" for row in found if not row.who and row.number != 5)


def test_who_is_left_out_repeats_nobody(tmp_path: Path) -> None:
    """The second row of a user counts where the first is not meant."""
    assert plan_of(tmp_path, Reading(rows="7")).change == 1
    assert plan_of(tmp_path, Reading()).change == 4


@pytest.mark.proves("RN-1")
@pytest.mark.parametrize(
    "where",
    [
        'site = "Lyon"', "site == Lyon", "site ==", "site", '== "Lyon"', 'site == "Lyon" or site == "Oslo"',
        'site == "Lyon" site == "Oslo"', 'site == "Lyon" and', 'site in ("Lyon"', 'site in "Lyon"', "site in ()",
        'site in ("Lyon" "Oslo")', 'site == "Lyon', 'not site == "Lyon"', 'site > "L"', 'site == "a" == "b"',
        'lower(site) == "lyon"', "and", "()", 'site is "Lyon"', 'in == "x"', '"site" "==" "x"',
    ],
)  # fmt: skip
def test_anything_else_is_refused(where: str) -> None:
    """Nobody is meant by accident."""
    with pytest.raises(SourceError) as caught:
        chooser(Selection(where=where), HEADER, "users.csv")
    assert caught.value.code == "KT-IN-020"
    assert caught.value.fix


@pytest.mark.parametrize("rows", ["9-2", "0", "0-3", "a", "1-2-3", "-5", "1;2", ",", "1.5", "0x2", "99999999999"])
def test_numbers_of_rows_that_are_none_are_refused(rows: str) -> None:
    """With how they are written."""
    with pytest.raises(SourceError) as caught:
        ranges_of(rows)
    assert caught.value.code == "KT-IN-020"


def test_a_column_that_is_not_there_and_one_of_passwords_are_refused() -> None:
    """What is compared stands on the command line and in the record of the run."""
    with pytest.raises(SourceError, match="has no column Site"):
        chooser(Selection(where='Site == "x"'), HEADER, "users.csv")
    with pytest.raises(SourceError) as caught:
        chooser(Selection(where='"New password" == "x"'), ("userid", "New password"), "users.csv")
    assert "passwords" in caught.value.fix


def test_nothing_asked_for_chooses_everything() -> None:
    """And says nothing."""
    assert not Selection()
    assert conditions_of("  ") == []
    assert str(Selection('a == "b"', "", 5)) == '--where a == "b", --limit 5'
