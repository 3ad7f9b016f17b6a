"""What a run leaves, opened in a real sheet: no cell is a formula, and the file to mend comes back as it was.

Needs LibreOffice; `make office` gets it.  What needs none is in tests/bulk/test_formulas.py.
"""

import csv
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from keyturn.bulk.intake.source import Source, read_source
from keyturn.bulk.record.differing import Difference, Differences, End, write_differences
from keyturn.bulk.record.facts import Facts
from keyturn.bulk.record.report import Told, write_reports
from keyturn.bulk.record.retry import write_retry
from keyturn.core.journal import Row, RowState
from tests.bulk.desk import RESET, write
from tests.support.memory_journal import MemoryJournal

SOFFICE = shutil.which("soffice")
pytestmark = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed: make office")

SIGNS = (
    "=",
    "+",
    "-",
    "@",
    "\t=",
    "\r=",
    "\n=",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
    "  =",
    "\u00a0=",
    "\u3000-",
    "'=",
)
HOSTILE = (
    *(f"{sign}1+1" for sign in SIGNS),
    "=cmd|'/C calc'!A0", "=HYPERLINK(\"http://127.0.0.1/\")", "a,=1+1", "a;=1+1", "a\t=1+1", 'a"=1+1', "a|=1+1",
    "x\n=1+1", "007", "1E5", "O'Neil", "Øyvind", "#REF!", "TRUE", "1/2",
)  # fmt: skip
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"

COMMA = "44"
EVERY = "44/59/9/124"
"""Comma, semicolon, tab and bar: what the dialogue offers, all ticked."""


def opened(path: Path, folder: Path, separators: str) -> list[ET.Element]:
    """The cells of a file as LibreOffice takes them, told to compute whatever looks like a formula."""
    options = f"CSV:{separators},34,76,1,,0,false,true,true,false,false,0,true"
    copy = folder / f"{path.stem}-{separators.replace('/', '-')}.csv"
    copy.write_bytes(path.read_bytes())
    subprocess.run(
        [
            str(SOFFICE), "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            f"--infilter={options}", "--convert-to", "fods", "--outdir", str(folder), str(copy),
        ],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return list(ET.parse(copy.with_suffix(".fods")).getroot().iter(f"{TABLE}table-cell"))


def computed(cells: list[ET.Element]) -> list[str]:
    """The formulas among them."""
    return [formula for cell in cells if (formula := cell.get(f"{TABLE}formula")) is not None]


def shown(cells: list[ET.Element]) -> str:
    """All their text."""
    return "\n".join("".join(line.itertext()) for cell in cells for line in cell.iter(f"{TEXT}p"))


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Source]:
    """The reports of a run in which everything is hostile: ids, targets, what the target answered, the run's name."""
    folder = tmp_path_factory.mktemp("office")
    text = folder / "users.csv"
    with text.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("userid", "=note"), *((who, who) for who in HOSTILE)])
    source = read_source(text)
    journal = MemoryJournal()
    rows = [line for line in source.rows() if line.record]
    journal.plan([
        Row(line.number, line.cells["id"], RowState.FAILED, "other", text=who, target=who)
        for line, who in zip(rows, HOSTILE, strict=True)
    ])  # fmt: skip
    facts = Facts({"operation": "reset", "target": "=there", "name": "=1+1", "file": "=1+1.csv"})
    told = Told("rabcdef", facts, journal.counts(), journal.reasons(), 3)
    write_reports(journal, told, folder, ["csv", "junit", "md"])
    write_retry(journal, source, RESET, folder / "retry.csv")
    changed = [Difference(who, who, End(2, RowState.FAILED, who), End(3, RowState.CHANGED)) for who in HOSTILE]
    with (folder / "differences.csv").open("wb") as raw:
        write_differences(raw, Differences({}, {}, changed))
    return folder, source


def test_a_sheet_computes_what_is_not_defused(tmp_path: Path) -> None:
    """So that the other tests could fail."""
    cells = opened(write(tmp_path, "userid\n=1+1\n", "plain.csv"), tmp_path, COMMA)
    assert computed(cells) == ["of:=1+1"]


@pytest.mark.proves("RN-10", "V1.2.10")
@pytest.mark.parametrize("separators", [COMMA, EVERY])
@pytest.mark.parametrize("name", ["report.csv", "retry.csv", "differences.csv", "report.junit.xml", "report.md"])
def test_no_cell_is_a_formula(left: tuple[Path, Source], tmp_path: Path, name: str, separators: str) -> None:
    """However the sheet splits the file."""
    folder, _ = left
    cells = opened(folder / name, tmp_path, separators)
    assert computed(cells) == []
    assert len(cells) > len(HOSTILE) or name == "report.md"
    assert "1+1" in shown(cells).replace("\\", "")


@pytest.mark.proves("RN-10")
def test_the_file_to_mend_goes_round_three_times_without_change(left: tuple[Path, Source], tmp_path: Path) -> None:
    """Written, opened and saved by the sheet as text, run again and written again: the same cells each time."""
    folder, source = left
    first = [line.record for line in source.rows() if line.record]
    path = folder / "retry.csv"
    for turn in range(3):
        saved = saved_by_sheet(path, tmp_path / f"turn{turn}")
        source = read_source(saved)
        again = [line.record[:2] for line in source.rows() if line.record]
        assert [_flat(record) for record in again] == [_flat(record) for record in first]
        assert source.header[:2] == ("userid", "=note")
        journal = MemoryJournal()
        rows = [line for line in source.rows() if line.record]
        journal.plan([Row(line.number, line.cells["id"], RowState.FAILED, "other") for line in rows])
        path = write_retry(journal, source, RESET, tmp_path / f"retry{turn}.csv")


def saved_by_sheet(path: Path, folder: Path) -> Path:
    """The file, opened with every column as text, and saved as CSV UTF-8."""
    columns = "/".join(f"{number}/2" for number in range(1, 4))
    subprocess.run(
        [
            str(SOFFICE), "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            f"--infilter=CSV:44,34,76,1,{columns},0,false,false", "--convert-to",
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true", "--outdir", str(folder), str(path),
        ],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return folder / path.name


def _flat(record: tuple[str, ...]) -> list[str]:
    """A sheet writes each line break in a cell as one and the same."""
    return [cell.replace("\r\n", "\n").replace("\r", "\n") for cell in record]
