"""Reads the file of a run: every cell is text, and what is in the cell is what will be sent.

A fault of the file (letters, quoting, header, number of cells) raises SourceError: nothing was sent.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NoReturn

from keyturn.bulk.formulas import restored
from keyturn.bulk.intake.columns import REASON_COLUMN, Matched, match, score
from keyturn.bulk.intake.encodings import Letters, letters_of
from keyturn.bulk.job import Reading
from keyturn.core.errors import SourceError

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_LATER: Final = {
    ".xlsx": "an Excel workbook", ".xlsm": "an Excel workbook", ".xls": "an Excel workbook",
    ".ods": "an OpenDocument sheet", ".json": "JSON", ".jsonl": "JSON lines",
}  # fmt: skip
_ZIP: Final = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A line of the file.  number: as a sheet counts (header is 1).  cells: by field; record: all, as they stand."""

    number: int
    cells: Mapping[str, str]
    record: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was found readable to its end: letters, delimiter and header are known.

    reading: as it was asked for.
    """

    path: Path
    letters: Letters
    delimiter: str
    header: tuple[str, ...]
    matched: Matched
    first: int
    reading: Reading = field(default_factory=Reading)

    @property
    def as_read(self) -> Reading:
        """How it was read, with all that was found out, so that the same will be read of it again."""
        columns = {name: column.header for name, column in self.matched.columns.items()}
        return replace(self.reading, columns=columns, delimiter=self.delimiter, encoding=self.encoding)

    @property
    def sha256(self) -> str:
        """The digest of the bytes: the same file, or another one."""
        return self.letters.sha256

    @property
    def encoding(self) -> str:
        """How the letters are written."""
        return self.letters.encoding

    @property
    def returns(self) -> bool:
        """Whether keyturn wrote it for a sheet, and so defused what a sheet would compute."""
        return any(cell.strip() == REASON_COLUMN for cell in self.header)

    def without(self, name: str) -> "Source":
        """The same file, with the column that was matched with a field left alone."""
        columns = {field: column for field, column in self.matched.columns.items() if field != name}
        return replace(self, matched=replace(self.matched, columns=columns))

    def rows(self) -> Iterator[SourceRow]:
        """Every row behind the header, blank ones too, streamed from the file anew."""
        places = [(name, column.index) for name, column in self.matched.columns.items()]
        width = len(self.header)
        with self.path.open(encoding=self.encoding, newline="") as file:
            records = _records(file, self.delimiter, self.path.name)
            for number, (line, written) in enumerate(records, start=1):
                if number <= self.first:
                    continue
                record = _as_meant(written) if self.returns else written
                if not any(record) or (len(record) != width and not any(map(str.strip, record))):
                    yield SourceRow(number, {}, ())
                elif len(record) != width:
                    _wrong_width(self, line, len(record), width)
                else:
                    yield SourceRow(number, {name: record[index] for name, index in places}, tuple(record))


def read_source(path: Path, reading: Reading | None = None) -> Source:
    """Find out how the file is written and what its columns mean.  Raises SourceError."""
    reading = reading or Reading()
    _refuse_other_kinds(path)
    letters = letters_of(path, reading.encoding)
    if letters.size == 0:
        raise _nothing_in(path, f"{path.name} is empty")
    delimiter, first, header = _header(path, letters.encoding, reading)
    if any(cell.strip() == REASON_COLUMN for cell in header):
        header = tuple(_as_meant(header))
    return Source(path, letters, delimiter, header, match(header, reading.columns, file=path.name), first, reading)


def header_of(path: Path) -> tuple[str, ...]:
    """The header of a file, whatever its columns mean.  Raises SourceError."""
    _refuse_other_kinds(path)
    return _header(path, letters_of(path, None).encoding, Reading())[2]


def _as_meant(cells: Sequence[str]) -> list[str]:
    return [restored(cell) for cell in cells]


def _nothing_in(path: Path, what: str) -> SourceError:
    why = "the first line that is not blank must name the columns"
    return SourceError(what, code="KT-IN-013", where=str(path), why=why, fix="export it again, with a header")


def _header(path: Path, encoding: str, reading: Reading) -> tuple[str, int, tuple[str, ...]]:
    """The delimiter under which the header holds most names we know, its row number, and the header."""
    found: list[tuple[int, str, int, tuple[str, ...]]] = [(0, ",", 0, ())]
    fault: SourceError | None = None
    for delimiter in [reading.delimiter] if reading.delimiter else DELIMITERS:
        try:
            first, cells = _first_record(path, encoding, delimiter)
        except SourceError as error:
            fault = fault or error  # quotes that make no sense under this delimiter may do so under another
            continue
        found.append((score(cells, reading.columns), delimiter, first, cells))
    best, delimiter, first, cells = max(found, key=lambda each: (each[0], bool(each[3])))
    if fault is not None and best == 0:
        raise fault
    if not cells:
        raise _nothing_in(path, f"{path.name} holds no header")
    return delimiter, first, cells


def _first_record(path: Path, encoding: str, delimiter: str) -> tuple[int, tuple[str, ...]]:
    with path.open(encoding=encoding, newline="") as file:
        for number, (_, record) in enumerate(_records(file, delimiter, path.name), start=1):
            if any(cell.strip() for cell in record):
                return number, tuple(record)
    return 0, ()


def _records(lines: Iterator[str], delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Records with the line on which each begins.  Strict: Python's default swallows all behind an unclosed quote."""
    reader = csv.reader(_without_nul(lines, name), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            _bad_quoting(name, line, str(error))
        yield line, record
        line = reader.line_num + 1


def _without_nul(lines: Iterator[str], name: str) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if "\0" in line:
            raise SourceError(
                f"{name} holds a zero byte, which no text has",
                code="KT-IN-009",
                where=f"line {number}",
                why="the file is damaged, or it is not a CSV file",
                fix="export it again as CSV UTF-8",
            )
        yield line


def _bad_quoting(name: str, line: int, error: str) -> NoReturn:
    giant = "field larger" in error
    raise SourceError(
        f"a cell of {name} is longer than {csv.field_size_limit():,} characters"
        if giant
        else f"the quotes in {name} do not close",
        code="KT-IN-009" if giant else "KT-IN-005",
        where=f"the row that begins on line {line}",
        why="a quote that is never closed swallows the rows behind it",
        fix='write a quote inside a cell twice ("") and close every cell that begins with one',
    )


def _wrong_width(source: Source, line: int, found: int, wanted: int) -> NoReturn:
    raise SourceError(
        f"a row of {source.path.name} has {found} cells, its header has {wanted}",
        code="KT-IN-006",
        where=f"line {line}",
        why="a missing or spare delimiter moves the cells behind it into other columns",
        fix=f"put cells that hold a {DELIMITERS.get(source.delimiter, 'delimiter')} in quotes, or export again",
    )


def _refuse_other_kinds(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise SourceError(
            f"{path} is not a file",
            code="KT-IN-001",
            where=str(path),
            why="a run reads its file more than once, and must find the same in it each time",
            fix="write it into a file first",
        )
    kind = _LATER.get(path.suffix.lower())
    if kind is None and path.is_file():
        with path.open("rb") as file:
            kind = "a workbook or an archive" if file.read(4) == _ZIP else None
    if kind is not None:
        raise SourceError(
            f"{path.name} is {kind}, which this version does not read",
            code="KT-IN-012",
            where=str(path),
            fix="save it as CSV UTF-8 (in Excel: Save As, CSV UTF-8)",
        )
