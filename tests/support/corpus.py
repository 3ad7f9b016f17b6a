"""Broken and odd files of users, made here: what people send, what exports write, what somebody might try."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.support.workbook import Cell, Row, workbook, zipped

USERS: Sequence[tuple[str, str]] = (
    ("007", "a@example.com"),
    ("1E5", "b@example.com"),
    ("0x1F", "c,c@example.com"),
    ("12345678901234567890", 'd "d"@example.com'),
    ("müller", "e@example.com"),
    ("", ""),
    ("007", "again@example.com"),
    ("john doe", ""),
    ("{{userid}}", "f@example.com"),
    ("x%41y", "zeile\nzwei"),
)
"""What every accepted variant holds: odd ids, a blank row, a repeat, a placeholder, a cell of two lines."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
_DATE, _ZEROS = 2, 1


@dataclass(frozen=True)
class Odd:
    """A file.  code: of the error that it must end with; empty where it is accepted.  flags: beside the file."""

    name: str
    content: bytes
    code: str = ""
    flags: tuple[str, ...] = ()
    file: str = "users.csv"


def table(delimiter: str = ",", *, header: Sequence[str] = ("userid", "email"), **how: object) -> str:
    """The users as text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=str(how.get("end", "\n")), quoting=csv.QUOTE_ALL)
    writer.writerows([header, *USERS])
    return text.getvalue()


def objects() -> list[dict[str, str]]:
    """The users as objects; the blank one is none at all."""
    return [{"userid": who, "email": mail} if who or mail else {} for who, mail in USERS]


def book(*rows: Row, **sheets: Sequence[Row]) -> bytes:
    """A workbook of one sheet, or of several."""
    return workbook({"Users": rows, **sheets} if rows else sheets)


def accepted() -> Iterator[Odd]:
    """The same users, written in every way that is read."""
    plain = table()
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield Odd(f"in {encoding}", plain.encode(encoding))
    for encoding in ("cp1252", "iso8859-15", "cp1250", "mac-roman", "cp437"):
        yield Odd(f"in {encoding}, named", plain.encode(encoding), flags=("--encoding", encoding))
    for delimiter, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        yield Odd(f"with {word}", table(delimiter).encode())
    yield Odd("with a delimiter that is named", table("^").encode(), flags=("--delimiter", "^"))
    yield Odd("with lines of Windows", table(end="\r\n").encode())
    yield Odd("with lines of an old Mac", table(end="\r").replace("\n", "\r").encode().replace(b"zeile\r", b"zeile\n"))
    yield Odd("with no line end behind the last", plain.rstrip("\n").encode())
    yield Odd("with blank lines before the header", b"\n\n" + plain.encode())
    yield Odd("with the version line of a template", b"version:v1.0\n" + plain.encode())
    yield Odd("with another spelling of the header", table(header=("User ID", "E-Mail")).encode())
    yield Odd("with a header in capitals", table(header=("USERID", "EMAIL")).encode())
    yield Odd("with a header that is mapped", table(header=("Nr", "Post")).encode(), flags=("--map", "id=Nr"))
    yield Odd("without an ending", plain.encode(), file="users")
    yield Odd("named .txt", plain.encode(), file="users.txt")
    yield Odd("named .tsv", table("\t").encode(), file="users.tsv")
    lines = "\n".join(map(json.dumps, objects()))
    yield Odd("as JSON lines", lines.encode(), file="users.jsonl")
    yield Odd("as JSON lines with a mark", lines.encode("utf-8-sig"), file="users.ndjson")
    yield Odd("as JSON", json.dumps(objects()).encode(), file="users.json")
    yield Odd("as JSON, indented", json.dumps(objects(), indent=4, ensure_ascii=False).encode("utf-16"), file="u.json")
    yield Odd("as JSON lines named .json", lines.encode(), file="users.json")
    rows: Sequence[Row] = [["userid", "email"], *USERS]
    yield Odd("as a workbook", book(*rows), file="users.xlsx")
    yield Odd("as a workbook with macros", book(*rows), file="users.xlsm")
    yield Odd("as a workbook lower down", book([], [None, "  "], *rows), file="users.xlsx")
    yield Odd("on a sheet that is named", book(A=rows, B=[["x"]]), flags=("--sheet", "A"), file="u.xlsx")
    yield Odd("beside an empty sheet", book(Empty=[[""]], Users=rows), file="users.xlsx")


def broken_text() -> Iterator[Odd]:
    """Text with a fault of the file."""
    yield Odd("empty", b"", "KT-IN-013")
    yield Odd("blank", b"\n \n\n", "KT-IN-013")
    yield Odd("a mark alone", b"\xef\xbb\xbf", "KT-IN-013")
    yield Odd("no header", b"amal,a@example.com\nbadr,b@example.com\n", "KT-IN-002")
    yield Odd("a header of other things", b"colour,size\nred,7\n", "KT-IN-002")
    yield Odd("two columns for the id", b"userid,ID\na,b\n", "KT-IN-010")
    yield Odd("two likely columns for the id", b"loginname,empno\na,b\n", "KT-IN-010")
    yield Odd("a header twice", b"userid,mail,mail\na,b,c\n", "KT-IN-008")
    yield Odd("a quote that never closes", b'userid,n\na,"b\nc,d\n', "KT-IN-005")
    yield Odd("a quote that never closes in the header", b'"userid,n\na,b\n', "KT-IN-005")
    yield Odd("letters behind a quote", b'userid,n\na,"b"c\n', "KT-IN-005")
    yield Odd("a cell too many", b"userid,n\na,b\nc,d,e\n", "KT-IN-006")
    yield Odd("a cell too few", b"userid,n\na,b\nc\n", "KT-IN-006")
    yield Odd("another delimiter in the middle", b"userid;n\na;b\nc,d\n", "KT-IN-006")
    yield Odd("a zero byte", b"userid,n\na\0b,c\n", "KT-IN-009")
    yield Odd("a giant cell", b"userid\n" + b"a" * 200_000, "KT-IN-009")
    yield Odd("old letters", "userid\nmüller\n".encode("cp1252"), "KT-IN-003")
    yield Odd("old letters late in the file", b"userid\n" + b"a\n" * 9000 + b"\xe9\n", "KT-IN-003")
    yield Odd("letters against their mark", b"\xef\xbb\xbfuserid\n\xff\n", "KT-IN-004")
    yield Odd("letters cut in two", "userid\nmüller".encode()[:-5], "KT-IN-003")
    yield Odd("half of UTF-16", "userid\namal".encode("utf-16")[:-1], "KT-IN-004")
    yield Odd("letters against their name", b"userid\n\xff\n", "KT-IN-004", ("--encoding", "utf-8"))
    yield Odd("an encoding that is none", b"userid\na\n", "KT-IN-004", ("--encoding", "klingon"))
    yield Odd("lost digits", b"userid\n1.23E+11\n", "KT-IN-007")
    yield Odd("lost digits in another language", b'userid\n"1,23E+11"\n', "KT-IN-007")
    yield Odd("lost digits of a script", b"userid\n1.2e+21\n", "KT-IN-007")
    yield Odd("a mapped column that is not there", b"userid\na\n", "KT-IN-011", ("--map", "id=Nr"))
    yield Odd("a password column that is not there", b"userid\na\n", "KT-IN-011", ("--password", "column:pw"))
    yield Odd("a sheet of a text", b"userid\na\n", "KT-IN-017", ("--sheet", "A"))
    yield Odd("a test of no column", b"userid\na\n", "KT-IN-020", ("--where", 'site == "x"'))
    yield Odd("a test that is no test", b"userid\na\n", "KT-IN-020", ("--where", "userid ~ x"))
    yield Odd("rows that are none", b"userid\na\n", "KT-IN-020", ("--rows", "9-2"))


def broken_objects() -> Iterator[Odd]:
    """JSON with a fault of the file."""
    for name, text in [
        ("a name twice", '[{"userid": "a", "userid": "b"}]'),
        ("no number", '[{"userid": NaN}]'),
        ("a list in an object", '[{"userid": ["a"]}]'),
        ("an object in an object", '[{"userid": "a", "name": {"first": "b"}}]'),
        ("an array of texts", '["a", "b"]'),
        ("an object around the array", '{"users": [{"userid": "a"}]}'),
        ("an array that is not closed", '[{"userid": "a"}'),
        ("a comma too many", '[{"userid": "a"},]'),
        ("a comma too few", '[{"userid": "a"} {"userid": "b"}]'),
        ("something behind it", '[{"userid": "a"}] {"userid": "b"}'),
        ("half a letter", '[{"userid": "\\ud800"}]'),
        ("nothing but a text", '"a"'),
        ("text that is none of it", "userid\na\n"),
        ("a depth without end", '[{"userid": ' + "[" * 100_000),
    ]:
        yield Odd(f"JSON: {name}", text.encode(), "KT-IN-014", file="users.json")
    yield Odd("JSON: a line that is broken", b'{"userid": "a"}\n{"userid":\n', "KT-IN-014", file="users.jsonl")
    yield Odd("JSON: an array where lines were said", b'[{"userid": "a"}]', "KT-IN-014", file="users.jsonl")
    yield Odd("JSON: nobody", b"[]", "KT-IN-013", file="users.json")
    yield Odd("JSON: no id", b'[{"colour": "red"}]', "KT-IN-002", file="users.json")
    yield Odd("JSON: lost digits", b'[{"userid": 1.2e+21}]', "KT-IN-007", file="users.json")


def broken_workbooks() -> Iterator[Odd]:
    """Workbooks with a fault of the file, and what only bears the name of one."""
    good = book(["userid", "n"], ["a", "b"])
    page = b"<html><body><table><tr><td>userid</td></tr></table></body></html>"
    for name, file, content in [
        ("a workbook named .csv", "users.csv", good),
        ("text named .xlsx", "users.xlsx", b"userid\na\n"),
        ("a web page named .xls", "users.xls", page),
        ("a web page named .csv", "users.csv", page),
        ("XML named .xlsx", "users.xlsx", b'<?xml version="1.0"?><Workbook/>'),
        ("an old workbook", "users.xls", _OLE),
        ("a locked workbook", "users.xlsx", _OLE + "EncryptedPackage".encode("utf-16-le")),
        ("a locked workbook named .csv", "users.csv", _OLE),
        ("another archive", "users.xlsx", zipped({"letter.txt": b"x"})),
        ("a sheet of another office", "users.ods", zipped({"mimetype": b"x"})),
        ("a cut workbook", "users.xlsx", good[: len(good) // 2]),
        ("a workbook without its sheet", "users.xlsx", _without(good, "xl/worksheets/sheet1.xml")),
        ("a workbook with entities", "users.xlsx", _with(good, b"<worksheet", b"<!DOCTYPE x><worksheet")),
        ("a workbook with rows in disorder", "users.xlsx", _with(good, b'<row r="2">', b'<row r="1">')),
        ("a workbook with broken XML", "users.xlsx", _with(good, b"</sheetData>", b"")),
        ("a workbook with a cell far away", "users.xlsx", _with(good, b'r="B2"', b'r="XFD2"')),
    ]:
        yield Odd(name, content, "KT-IN-012", file=file)
    for name, cell, code in [
        ("sixteen digits", Cell("1234567890123456"), "KT-IN-007"),
        ("a number of twenty digits", Cell("1.2345678901234567E+19"), "KT-IN-007"),
        ("a fraction", Cell("1.1"), "KT-IN-018"),
        ("a date", Cell("45000", style=_DATE), "KT-IN-018"),
        ("a truth", Cell("1", "b"), "KT-IN-018"),
        ("zeros that are only shown", Cell("7", style=_ZEROS), "KT-IN-018"),
        ("a formula that was never worked out", Cell("", formula="A9"), "KT-IN-018"),
    ]:
        yield Odd(f"a workbook with {name}", book(["userid"], ["a"], [cell]), code, file="users.xlsx")
    rows: Sequence[Row] = [["userid"], ["a"]]
    yield Odd("two sheets", book(A=rows, B=rows), "KT-IN-017", file="users.xlsx")
    yield Odd("a sheet that is not there", book(*rows), "KT-IN-017", ("--sheet", "B"), "users.xlsx")
    yield Odd("an empty workbook", book(A=[]), "KT-IN-013", file="users.xlsx")
    yield Odd("a workbook without an id", book(["colour"], ["red"]), "KT-IN-002", file="users.xlsx")


def broken() -> list[Odd]:
    """Every file that must stop a run before anything is sent."""
    return [*broken_text(), *broken_objects(), *broken_workbooks()]


def _parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _without(content: bytes, part: str) -> bytes:
    return zipped({name: each for name, each in _parts(content).items() if name != part})


def _with(content: bytes, old: bytes, new: bytes) -> bytes:
    part = "xl/worksheets/sheet1.xml"
    parts = _parts(content)
    assert old in parts[part]
    return zipped({**parts, part: parts[part].replace(old, new)})
