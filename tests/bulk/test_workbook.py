"""Workbooks: text as it stands, whole numbers without a point, and everything else decided openly."""

import io
import zipfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest

from keyturn.bulk.intake.source import Source, read_source
from keyturn.bulk.intake.values import shape_of
from keyturn.bulk.job import Reading
from keyturn.bulk.record.retry import write_retry
from keyturn.core.errors import SourceError
from keyturn.core.journal import Row as JournalRow
from keyturn.core.journal import RowState
from tests.bulk.desk import RESET, plan_of, write
from tests.bulk.test_artefacts import journal_of
from tests.support.workbook import Cell, Row, sheet, workbook, zipped

DATE, ZEROS, PREFIXED = 2, 1, 3
X = '<c r="B2" t="inlineStr"><is><t xml:space="preserve">x</t></is>'


def of(tmp: Path, *rows: Row, name: str = "users.xlsx") -> Path:
    """A workbook of one sheet."""
    return write(tmp, workbook({"Users": rows}), name)


def ids(source: Source) -> list[str]:
    """The id cells."""
    return [row.cells["id"] for row in source.rows() if row.record]


def refused(path: Path, reading: Reading | None = None) -> SourceError:
    """The fault of a file, wherever on the way to a plan it is found."""
    with pytest.raises(SourceError) as caught:
        plan_of(path, columns=reading.columns if reading else None) if not reading else read_source(path, reading)
    return caught.value


def changed(path: Path, old: str, new: str, part: str = "xl/worksheets/sheet1.xml") -> Path:
    """The same workbook with a piece of a part replaced."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old.encode() in parts[part]
    parts[part] = parts[part].replace(old.encode(), new.encode())
    return write(path.parent, zipped(parts), path.name)


def sharing(path: Path, texts: str) -> Path:
    """The same workbook with texts that its cells share."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    relations = "xl/_rels/workbook.xml.rels"
    more = b'<Relationship Id="rIdT" Type="x/sharedStrings" Target="/xl/shared.xml"/></Relationships>'
    parts[relations] = parts[relations].replace(b"</Relationships>", more)
    return write(path.parent, zipped({**parts, "xl/shared.xml": texts.encode()}), path.name)


@pytest.mark.proves("RN-1")
def test_text_stands_as_it_is_and_whole_numbers_have_no_point(tmp_path: Path) -> None:
    """`007` that is text keeps its zeros; a numeric 7 is `7`, and the plan says that it was a number."""
    odd: Sequence[str | Cell] = ["007", "1E5", "x%41y", " padded ", "müller", Cell("7"), Cell("1E5"), Cell("7.0")]
    path = of(tmp_path, ["userid"], *[[cell] for cell in odd], [Cell("123456789012345")])
    assert ids(read_source(path)) == [
        "007", "1E5", "x%41y", " padded ", "müller", "7", "100000", "7", "123456789012345",
    ]  # fmt: skip
    [noted] = [each.text for each in plan_of(path).warnings if each.code == "KT-IN-025"]
    assert noted.startswith("3 ids are numbers in the sheet")


@pytest.mark.proves("RN-1")
@pytest.mark.parametrize(
    ("cell", "code", "words"),
    [
        (Cell("1234567890123456"), "KT-IN-007", "rows 3"),
        (Cell("1.2345678901234568E+19"), "KT-IN-007", "rows 3"),
        (Cell("1E+999999999"), "KT-IN-007", "rows 3"),
        (Cell("7.5"), "KT-IN-018", "fraction"),
        (Cell("45000", style=DATE), "KT-IN-018", "date"),
        (Cell("2026-01-01", "d"), "KT-IN-018", "date"),
        (Cell("1", "b"), "KT-IN-018", "truth"),
        (Cell("7", style=ZEROS), "KT-IN-018", "otherwise than it is"),
        (Cell("7", style=PREFIXED), "KT-IN-018", "otherwise than it is"),
        (Cell("007"), "KT-IN-018", "otherwise than it is"),
        (Cell("", formula="B1"), "KT-IN-018", "never worked out"),
    ],
)
def test_an_id_that_a_sheet_has_made_into_something_else_stops_the_run(
    tmp_path: Path, cell: Cell, code: str, words: str
) -> None:
    """With the cell, as the sheet calls it, and a way out."""
    fault = refused(of(tmp_path, ["userid", "n"], ["a", "x"], [cell, "x"], ["b", "x"]))
    assert fault.code == code
    assert words in f"{fault.where} {fault.why}"
    assert "A3" in fault.where or "rows 3" in fault.where
    assert fault.fix


def test_many_cells_of_one_fault_are_told_of_together(tmp_path: Path) -> None:
    """How many, the first five, one fix."""
    fault = refused(of(tmp_path, ["userid"], *[[Cell("7", style=ZEROS)]] * 30))
    assert fault.where == 'sheet "Users", cell A2, and 30 cells of this column in all: rows 2, 3, 4, 5, 6 ...'


def test_what_no_run_reads_may_be_anything(tmp_path: Path) -> None:
    """A date of entry stops nobody; it stands in the retry file as people write it."""
    row: Row = [
        "a",
        Cell("45000", style=DATE),
        Cell("45000.5", style=DATE),
        Cell("1", "b"),
        Cell("1.5"),
        Cell("#N/A", "e"),
    ]
    source = read_source(of(tmp_path, ["userid", "since", "seen", "paid", "share", "site"], row))
    [read] = source.rows()
    assert read.record == ("a", "2023-03-15", "2023-03-15 12:00:00", "TRUE", "1.5", "#N/A")


def test_an_error_in_the_id_blocks_its_row_and_elsewhere_stops(tmp_path: Path) -> None:
    """As a CSV that was made of the sheet would."""
    path = of(tmp_path, ["userid"], [Cell("#N/A", "e")], ["b"], [Cell("#NEWEST!", "e")])
    assert [row.reason for row in plan_of(path).rows()] == ["placeholder", "", "placeholder"]
    assert refused(of(tmp_path, ["userid", "mail"], ["a", Cell("#REF!", "e")])).code == "KT-IN-018"


def test_what_a_formula_came_to_is_what_the_person_sees(tmp_path: Path) -> None:
    """Text or a whole number, as it was when the workbook was saved."""
    path = of(tmp_path, ["userid"], [Cell("amal", "str", formula="A9")], [Cell("12", formula="6*2")])
    assert ids(read_source(path)) == ["amal", "12"]


def test_rows_have_the_numbers_of_the_sheet(tmp_path: Path) -> None:
    """Blank rows between count, those behind the last do not; the header may stand lower."""
    path = of(tmp_path, [], ["", " "], ["userid"], ["a"], [], [None], ["b"], [" "])
    source = read_source(path)
    assert [(row.number, row.cells.get("id")) for row in source.rows()] == [(4, "a"), (5, None), (6, None), (7, "b")]


def test_hidden_rows_are_told_of(tmp_path: Path) -> None:
    """A filter that somebody set does not leave a row out of the file."""
    path = changed(of(tmp_path, ["userid"], ["a"], ["b"]), '<row r="3">', '<row r="3" hidden="1">')
    [told] = [each.text for each in plan_of(path).warnings if each.code == "KT-IN-026"]
    assert told.startswith("1 row is hidden")


def test_the_sheet_is_the_only_one_that_holds_something_or_the_one_that_is_named(tmp_path: Path) -> None:
    """Two would do: the person chooses.  A hidden one is taken when it is named."""
    rows: Sequence[Row] = [["userid"], ["a"]]
    path = write(tmp_path, workbook({"Empty": [[" "]], "Leavers": rows, "Old": rows}, hidden=["Old"]), "u.xlsx")
    assert read_source(path).table.how == 'sheet "Leavers"'
    assert read_source(path, Reading(sheet="Old")).sheet == "Old"
    fault = refused(path, Reading(sheet="Nobody"))
    assert (fault.code, fault.where) == ("KT-IN-017", "sheets:  Empty | Leavers | Old")
    two = write(tmp_path, workbook({"A": rows, "B": rows}), "two.xlsx")
    assert "--sheet" in refused(two).fix
    assert refused(write(tmp_path, workbook({"A": [], "B": [[None]]}), "none.xlsx")).code == "KT-IN-013"
    assert refused(write(tmp_path, "userid\na\n"), Reading(sheet="A")).code == "KT-IN-017"


def test_shared_texts_are_read_without_how_they_are_said(tmp_path: Path) -> None:
    """Runs of letters are put together, a phonetic guide is no part of the text, escapes are what they stand for."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    shared = (
        f'<sst xmlns="{main}"><si><t>userid</t></si><si><r><t>am</t></r><r><t>al</t></r>'
        "<rPh><t>AMARU</t></rPh></si><si><t>a_x0041_b</t></si></sst>"
    )
    path = sharing(of(tmp_path, [Cell("0", "s")], [Cell("1", "s")], [Cell("2", "s")]), shared)
    assert ids(read_source(path)) == ["amal", "aAb"]


@pytest.mark.proves("V5.2.2")
@pytest.mark.parametrize(
    ("text", "count", "why"),
    [("x" * 131_000, 1100, "share more than 128 MiB of text"), ("x" * 131_073, 1, "text 2 is longer than any cell")],
)
def test_texts_that_would_fill_the_memory_are_refused(tmp_path: Path, text: str, count: int, why: str) -> None:
    """They are small in the archive, since they repeat; a list of a million users has far less."""
    shared = f"<sst><si><t>userid</t></si>{f'<si><t>{text}</t></si>' * count}</sst>"
    fault = refused(sharing(of(tmp_path, [Cell("0", "s")], [Cell("1", "s")]), shared))
    assert fault.code == "KT-IN-012"
    assert why in fault.why
    assert "CSV UTF-8" in fault.fix


@pytest.mark.proves("RN-1", "V5.2.2")
def test_what_is_no_workbook_is_said_to_be_none(tmp_path: Path) -> None:
    """Whatever its name says."""
    good = workbook({"Users": [["userid"], ["a"]]})
    listed = b"PK\x01\x02\x14\x03\x14\x00"
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
    for name, content, words in [
        ("users.csv", good, "is an Excel workbook"),
        ("users.xlsx", b"userid\na\n", "no workbook"),
        ("users.xlsx", ole + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("users.xls", ole, "old kind"),
        ("users.xls", b"<html><table><tr><td>userid</td></tr></table></html>", "web page"),
        ("users.ods", zipped({"mimetype": b"x"}), "OpenDocument"),
        ("users.xlsx", good[:200], "cannot be read"),
        ("users.xlsx", b"PK\x03\x04rest", "cannot be read"),
        ("users.xlsx", zipped({"a.txt": b"x"}), "cannot be read"),
        ("users.xlsx", zipped({"_rels/.rels": b"<R><Relationship Type='x/other' Target='y'/></R>"}), "cannot be read"),
        ("users.xlsx", good.replace(listed + b"\x00", listed + b"\x01"), "password"),
    ]:
        fault = refused(write(tmp_path, content, name))
        assert fault.code == "KT-IN-012", (name, fault)
        assert words in fault.what, (name, fault)
        assert fault.fix


@pytest.mark.proves("RN-1")
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('<row r="2">', '<row r="1">', "stands behind"),
        ('<row r="2">', '<row r="9999999">', "stands behind"),
        ('r="A2"', 'r="A7"', "out of its place"),
        ('r="B2"', 'r="A2"', "out of its place"),
        ('r="B2"', 'r="XFE2"', "out of its place"),
        ('r="B2"', 'r="XFD2"', "far from all others"),
        ("</sheetData>", "", "XML is broken"),
        (X, '<c r="B2" t="s"><v>99</v>', "no shared text"),
        (X, '<c r="B2" t="s"><v>x</v>', "no shared text"),
        (X, '<c r="B2" t="x"><v>99</v>', "cells of the kind"),
        (X, '<c r="B2"><v>x</v>', "is written"),
        (
            '<c r="B2" t="inlineStr"><is><t xml:space="preserve">x',
            '<c r="B2"><is><t></t></is><v>x</v><is><t>',
            "is written",
        ),
        ('<t xml:space="preserve">x', "<t>" + "x" * 140_000, "longer than any sheet"),
        ("<worksheet", "<!DOCTYPE x [<!ENTITY a 'b'>]><worksheet", "document type"),
    ],
)
def test_a_sheet_that_is_not_in_order_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    """A cell in another place would be another user's."""
    fault = refused(changed(of(tmp_path, ["userid", "n"], ["a", "x"]), old, new))
    assert fault.code == "KT-IN-012"
    assert words in fault.why


@pytest.mark.proves("V5.2.1")
def test_two_cells_at_opposite_corners_take_no_memory(tmp_path: Path) -> None:
    """A library that lays the sheet out as a block would ask for half a terabyte."""
    path = changed(
        of(tmp_path, ["userid"], ["a"]),
        "</sheetData>",
        '<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>',
    )
    first, second = islice(read_source(path).rows(), 2)
    assert (first.number, second.number, second.record) == (2, 3, ())


@pytest.mark.proves("V5.2.1", "V5.2.3")
def test_a_part_that_unpacks_without_end_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the archive says of its size; measured with a smaller bound."""
    monkeypatch.setattr("keyturn.bulk.intake.workbook.LARGEST", 1 << 20)
    fault = refused(of(tmp_path, ["userid"], *[["a" * 1000]] * 2000))
    assert fault.code == "KT-IN-019"


def test_how_a_word_is_said_is_no_part_of_it(tmp_path: Path) -> None:
    """Also where the text stands in its cell; a sheet may leave the places of its cells to their order."""
    path = of(tmp_path, ["userid", "n"], ["amal", "x"])
    changed(path, "amal</t>", "am</t><rPh><t>AMARU</t></rPh><r><t>al</t></r>")
    changed(path, '<c r="A2"', "<c")
    assert ids(read_source(path)) == ["amal"]


def test_other_sheets_and_odd_styles_do_no_harm(tmp_path: Path) -> None:
    """A chart is no sheet of cells; a workbook without styles has plain numbers, one with broken ones is refused."""
    path = of(tmp_path, ["userid"], [Cell("7", style=9)])
    sheets = '<sheet name="Chart" sheetId="9" r:id="rId9"/></sheets>'
    changed(path, "</sheets>", sheets, "xl/workbook.xml")
    assert ids(read_source(path)) == ["7"]
    changed(path, 'numFmtId="164"', 'numFmtId="x"', "xl/styles.xml")
    assert "number of a format" in refused(path).why
    changed(path, "/styles", "/other", "xl/_rels/workbook.xml.rels")
    assert ids(read_source(path)) == ["7"]


@pytest.mark.parametrize(
    ("code", "shape"),
    [
        *((code, "plain") for code in ("General", "0", "0.00", "#,##0", "@", "[Red]0", "#,##0_);(#,##0)", "0.00E+00")),
        *((code, "other") for code in ("00000", '"E"0', "0%", "000-00-0000", 'General"!"', "0\\-0")),
        *((code, "date") for code in ("yyyy-mm-dd", "[h]:mm", "d. mmmm yyyy", 'yyyy"y"')),
    ],
)  # fmt: skip
def test_a_format_is_plain_only_where_people_see_the_digits_themselves(code: str, shape: str) -> None:
    """Anything in front, between or behind them makes them other than they are."""
    assert str(shape_of(164, code)) == shape
    assert [str(shape_of(number, None)) for number in (0, 1, 9, 14, 22, 49)] == [
        "plain", "plain", "other", "date", "date", "plain",
    ]  # fmt: skip


def test_days_that_no_calendar_has_stay_numbers(tmp_path: Path) -> None:
    """In a column that nobody reads."""
    path = of(tmp_path, ["userid", "since"], ["a", Cell("9E+99", style=DATE)], ["b", Cell("1" * 50)])
    assert [row.record[1] for row in read_source(path).rows()] == ["9E+99", "1" * 50]


def test_the_old_way_of_counting_days_is_known(tmp_path: Path) -> None:
    """Workbooks that began on an old Mac count from 1904."""
    path = of(tmp_path, ["userid", "since"], ["a", Cell("0", style=DATE)])
    changed(path, "<sheets>", '<workbookPr date1904="1"/><sheets>', "xl/workbook.xml")
    [row] = read_source(path).rows()
    assert row.record == ("a", "1904-01-01")


@pytest.mark.proves("RN-10")
def test_the_rows_of_a_workbook_come_back_in_from_the_retry_file(tmp_path: Path) -> None:
    """As text, in the own columns, three times without change."""
    source = read_source(of(tmp_path, ["userid", "note"], ["007", 'a "b", c'], [Cell("8"), "x"], ["fine", ""]))
    states = [RowState.FAILED, RowState.NOT_TRIED, RowState.CHANGED]
    journal = journal_of(*(JournalRow(n, "x", state) for n, state in enumerate(states, start=2)))
    found = []
    for turn in range(3):
        retry = write_retry(journal, source, RESET, tmp_path / f"retry{turn}.csv")
        source = read_source(retry)
        found.append([row.record[:2] for row in source.rows()])
        journal = journal_of(*(JournalRow(n, "x", RowState.FAILED) for n in (2, 3)))
    assert found == [[("007", 'a "b", c'), ("8", "x")]] * 3


def test_a_sheet_is_xml_that_the_tests_make_themselves() -> None:
    """The reader and the maker share no code."""
    assert '<c r="AB1" t="inlineStr">' in sheet([[*[None] * 27, "x"]])
    assert io.BytesIO(workbook({"A": []})).read(2) == b"PK"
