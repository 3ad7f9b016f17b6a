"""Nothing that people wrote is computed by a sheet, and everything comes back as it stood."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from html import unescape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyturn.bulk.formulas import defused, restored
from keyturn.bulk.intake.source import Source, read_source
from keyturn.bulk.record.facts import Facts
from keyturn.bulk.record.report import Told, write_reports
from keyturn.bulk.record.retry import write_retry
from keyturn.core.harmless import harmless
from keyturn.core.journal import Row, RowState
from tests.bulk.desk import RESET, write
from tests.support.memory_journal import MemoryJournal

SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
HOSTILE = st.text(st.sampled_from(SIGNS + " \u00a0\u3000\u200b\ufeff'\"a1,;|<&`\\[]()!#"), max_size=8)
QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def computed(cell: str) -> bool:
    """Whether a sheet takes a cell for a formula; told here in other words than in the code."""
    seen = re.sub("^[\u200b-\u200f\u2060\ufeff\x00 \u00a0\u3000]+", "", cell)
    return seen[:1] in tuple(SIGNS)


def all_failed(source: Source) -> MemoryJournal:
    """A journal in which every row that is not blank failed."""
    journal = MemoryJournal()
    lines = [line.number for line in source.rows() if line.record]
    journal.plan([Row(number, "x", RowState.FAILED, reason="other", text="=no") for number in lines])
    return journal


@pytest.mark.proves("RN-10", "V1.2.10")
@given(cell=HOSTILE)
def test_a_cell_is_defused_and_restored_exactly(cell: str) -> None:
    """However many apostrophes it began with."""
    assert not computed(defused(cell))
    assert restored(defused(cell)) == cell
    assert defused(cell) in (cell, f"'{cell}")


@pytest.mark.parametrize("cell", ["plain", "'quoted'", "a=1", "o'neil", "", "5-6"])
def test_a_cell_that_no_sheet_computes_stays_as_it_is(cell: str) -> None:
    """Both ways."""
    assert defused(cell) == cell
    assert restored(cell) == cell


@pytest.mark.proves("RN-10")
@QUICK
@given(records=st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=6), head=HOSTILE)
def test_a_retry_file_goes_round_three_times_without_change(
    tmp_path: Path, records: list[tuple[str, str]], head: str
) -> None:
    """Headers and cells are what they were each time, no cell is computed, and the third file is the first."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("userid", f"{head} note"), *records])
    source = read_source(write(tmp_path, text.getvalue()))
    journal = all_failed(source)
    first = [line.record for line in source.rows() if line.record]
    written = b""
    for turn in range(3):
        path = write_retry(journal, source, RESET, tmp_path / f"retry{turn}.csv")
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert not any(computed(cell) for record in csv.reader(file) for cell in record)
        source = read_source(path)
        assert source.header[:2] == ("userid", f"{head} note")
        again = [line.record[:2] for line in source.rows() if line.record]
        assert again == first
        journal = all_failed(source)
        assert not written or written == path.read_bytes()
        written = path.read_bytes()


@pytest.mark.proves("RN-10", "V1.2.10")
@QUICK
@given(name=HOSTILE, text=HOSTILE)
def test_every_report_opened_as_a_sheet_computes_nothing_and_reads_back(tmp_path: Path, name: str, text: str) -> None:
    """CSV, JUnit and Markdown, split at every sign at which a sheet may split.

    A sheet is for people: what nobody sees in a name is spelt out there.  As for programs: what was written.
    """
    journal = MemoryJournal()
    journal.plan([Row(2, name, RowState.FAILED, reason="other", text=text, target=name), Row(3, name, RowState.SENT)])
    facts = Facts({"operation": "reset", "target": name, "name": text, "file": name, "targets": ""})
    told = Told("rabcdef", facts, journal.counts(), journal.reasons(), 3)
    sheet, boards, page = write_reports(journal, told, tmp_path, ["csv", "junit", "md"])
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for record in csv.reader(file) for cell in record]
    assert not any(map(computed, cells))
    assert harmless(name) in map(restored, cells)
    assert all(sign.isprintable() or sign == "\u3000" for cell in cells for sign in cell)
    for path in (boards, page):
        for line in path.read_text("utf-8").splitlines():
            assert not any(computed(cell) for cell in re.split("[,;\t]", line)), line
    [failed, doubtful] = ET.parse(boards).getroot().iter("testcase")
    assert failed.get("name") == f"row 2 {name}"
    assert failed[0].get("message") == (text or "other")
    assert doubtful[0].tag == "error"
    plain = unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", page.read_text("utf-8")))
    assert "**2 of 2 rows need you.**" in plain


@pytest.mark.proves("RN-10")
def test_reports_are_for_the_eyes_of_their_owner(tmp_path: Path) -> None:
    """Every kind."""
    journal = MemoryJournal()
    told = Told("rabcdef", Facts({"operation": "reset"}), {}, [], 0)
    paths = write_reports(journal, told, tmp_path, ["html", "csv", "jsonl", "junit", "md"])
    assert [path.name for path in paths] == [
        "report.html", "report.csv", "report.jsonl", "report.junit.xml", "report.md",
    ]  # fmt: skip
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
