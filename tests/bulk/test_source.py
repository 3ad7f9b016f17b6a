"""Reading files: every cell is text, and a fault of the file stops before anything is sent."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyturn.bulk.intake.delimited import DELIMITERS
from keyturn.bulk.intake.source import Source, read_source
from keyturn.bulk.job import Reading
from keyturn.core.errors import SourceError
from tests.bulk.desk import write

IDS = ["007", "1E5", "0x1F", "12345678901234567890", "1.10", "x%41y", "a#b", "a?b", "müller", "john doe", "a+b@x.com"]


def ids(source: Source) -> list[str]:
    """The id cells."""
    return [row.cells["id"] for row in source.rows() if row.record]


def refused(path: Path, reading: Reading | None = None) -> SourceError:
    """The fault of a file."""
    with pytest.raises(SourceError) as caught:
        list(read_source(path, reading).rows())
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_odd_ids_arrive_as_they_stand_in_every_encoding(tmp_path: Path, encoding: str, newline: str) -> None:
    """No number is guessed, whatever the file is written in."""
    path = write(tmp_path, newline.join(["userid", *IDS, "", ""]).encode(encoding))
    assert ids(read_source(path)) == IDS


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_the_delimiter_is_the_one_under_which_the_header_makes_sense(tmp_path: Path, delimiter: str) -> None:
    """Comma, semicolon, tab and bar give the same rows."""
    lines = [delimiter.join(["User ID", "Mail"]), *(delimiter.join([who, "m@x.com"]) for who in IDS)]
    source = read_source(write(tmp_path, "\n".join(lines)))
    assert source.delimiter == delimiter
    assert ids(source) == IDS


def test_a_named_delimiter_and_encoding_are_taken(tmp_path: Path) -> None:
    """What the person says goes."""
    path = write(tmp_path, "userid^mail\nmüller^x\n".encode("cp1252"))
    assert ids(read_source(path, Reading(delimiter="^", encoding="cp1252"))) == ["müller"]


def test_rows_are_numbered_as_a_sheet_numbers_them(tmp_path: Path) -> None:
    """The header is row 1, and blank rows count."""
    source = read_source(write(tmp_path, 'userid,name\na,"two\nlines"\n\n   \nb,x\n'))
    assert [(row.number, row.cells.get("id")) for row in source.rows()] == [(2, "a"), (3, None), (4, None), (5, "b")]


def test_blank_lines_before_the_header_are_passed_over(tmp_path: Path) -> None:
    """The first line that says something is the header."""
    source = read_source(write(tmp_path, "\n\nuserid\na\n"))
    assert [(row.number, row.cells["id"]) for row in source.rows()] == [(4, "a")]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))] * 3)),
    delimiter=st.sampled_from(sorted(DELIMITERS)),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_is_in_the_cells_comes_out_again(
    tmp_path: Path, rows: list[tuple[str, str, str]], delimiter: str, encoding: str
) -> None:
    """Quotes, delimiters, line ends and letters of any kind survive the way through a file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("userid", "display name", "password"), *rows])
    source = read_source(write(tmp_path, text.getvalue().encode(encoding)))
    read = [row.record for row in source.rows()]
    assert len(read) == len(rows)
    for found, given_row in zip(read, rows, strict=True):
        assert found == given_row or (found == () and not any(given_row))


def test_a_legacy_encoding_is_asked_for_with_the_candidates_shown(tmp_path: Path) -> None:
    """The first line that needs a decision is shown in each reading."""
    fault = refused(write(tmp_path, "userid\nplain\nmüller\n".encode("cp1252")))
    assert fault.code == "KT-IN-003"
    assert fault.where.startswith("line 3")
    assert "cp1252    müller" in fault.where
    assert "cp1251    mьller" in fault.where
    assert "--encoding cp1252" in fault.fix


def test_candidates_that_do_not_fit_are_not_shown(tmp_path: Path) -> None:
    """A byte that an encoding does not know, or that it reads as a control, is no candidate."""
    fault = refused(write(tmp_path, b"userid\n\x81\xa0\n"))
    assert "cp1252 " not in fault.where
    assert "cp437 " in fault.where


@pytest.mark.proves("RN-1")
@pytest.mark.parametrize(
    ("content", "reading", "code"),
    [
        (b"", None, "KT-IN-013"),
        (b"\n  \n", None, "KT-IN-013"),
        (b"user nr,full name\na,b\n", None, "KT-IN-002"),
        (b'userid,name\na,"b\nc,d\n', None, "KT-IN-005"),
        (b'userid,name\na,"b"c\n', None, "KT-IN-005"),
        (b'"userid,name\na,b\n', None, "KT-IN-005"),
        (b"userid,name\na,b,c\n", None, "KT-IN-006"),
        (b"userid,name\na\n", None, "KT-IN-006"),
        (b"userid,name,name\na,b,c\n", None, "KT-IN-008"),
        (b"userid\na\0b\n", None, "KT-IN-009"),
        (b"userid\n" + b"a" * 200_000, None, "KT-IN-009"),
        (b"userid,ID\na,b\n", None, "KT-IN-010"),
        (b"userid\na\n", Reading({"id": "nobody"}), "KT-IN-011"),
        (b"userid\na\n", Reading({"shoe": "userid"}), "KT-IN-011"),
        (b"PK\x03\x04rest", None, "KT-IN-012"),
        (b"userid\na\n", Reading(encoding="klingon"), "KT-IN-004"),
        (b"userid\na\n", Reading(encoding="punycode"), "KT-IN-004"),
        (b"userid\na\n", Reading(encoding="unicode_escape"), "KT-IN-004"),
        (b"userid\n\xff\n", Reading(encoding="utf-8"), "KT-IN-004"),
        (b"\xef\xbb\xbfuserid\n\xff\n", None, "KT-IN-004"),
    ],
)
def test_a_fault_of_the_file_has_its_code_and_a_way_out(
    tmp_path: Path, content: bytes, reading: Reading | None, code: str
) -> None:
    """Nothing is sent, and the message says what to do."""
    fault = refused(write(tmp_path, content), reading)
    assert fault.code == code
    assert fault.fix


@pytest.mark.proves("V5.2.2")
@pytest.mark.parametrize("name", ["users.xlsx", "users.ods", "users.xls"])
def test_other_kinds_of_files_are_named(tmp_path: Path, name: str) -> None:
    """A workbook is not read as text by accident."""
    assert refused(write(tmp_path, "x", name)).code == "KT-IN-012"


@pytest.mark.proves("V5.2.1")
@pytest.mark.parametrize("name", ["/dev/zero", "."])
def test_what_is_no_file_is_not_read_for_ever(name: str) -> None:
    """Devices, pipes and folders give something else each time, or no end."""
    assert refused(Path(name)).code == "KT-IN-001"


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    """With the reason of the system."""
    fault = refused(tmp_path / "nothing.csv")
    assert (fault.code, fault.why) == ("KT-IN-001", "No such file or directory")
    assert fault.fix


@pytest.mark.proves("RN-1")
def test_a_quoting_fault_names_the_line_on_which_the_row_begins(tmp_path: Path) -> None:
    """Not the end of the file, where Python notices it."""
    assert "line 3" in refused(write(tmp_path, 'userid,n\na,b\nc,"d\ne,f\ng,h\n')).where


def test_a_guess_is_shown_as_a_guess_and_a_map_is_none(tmp_path: Path) -> None:
    """Sure names are sure; likely ones are guesses."""
    path = write(tmp_path, "EmpNo,Mail,Site\n1,a@x,L\n")
    source = read_source(path)
    assert source.matched.columns["id"].guess
    assert not source.matched.columns["email"].guess
    assert source.matched.ignored == ("Site",)
    mapped = read_source(path, Reading({"id": "Site"}))
    assert ids(mapped) == ["L"]
    assert not mapped.matched.columns["id"].guess


def test_the_import_files_of_vendors_are_understood(tmp_path: Path) -> None:
    """Both header sets of the same vendor: the id is the id, the sign-in name stands beside it."""
    source = read_source(write(tmp_path, "id,username,displayName,givenName,familyName\n1,l,d,g,f\n"))
    [row] = source.rows()
    expected = {"id": "1", "login": "l", "display_name": "d", "given_name": "g", "family_name": "f"}
    assert dict(row.cells) == expected
    source = read_source(write(tmp_path, "USERID,LOGINID,DISPLAYNAME,FIRSTNAME,LASTNAME\n1,l,d,g,f\n"))
    [row] = source.rows()
    assert dict(row.cells) == expected
