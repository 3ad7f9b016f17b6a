"""Reads text in which a character stands between the cells: comma, semicolon, tab or bar."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn, TextIO

from keyturn.bulk.intake.columns import score
from keyturn.bulk.intake.content import Content
from keyturn.bulk.intake.table import Record
from keyturn.core.errors import SourceError

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_PREAMBLE: Final = re.compile(r"version:v\d+(\.\d+)*|#TYPE [\w.`+\[\], =]+")
"""Lines that may stand before the header: `version:v1.0` in the templates of one cloud directory
(learn.microsoft.com/entra/identity/users/users-bulk-add), `#TYPE ...` in what Export-Csv of Windows PowerShell writes
(learn.microsoft.com/powershell/module/microsoft.powershell.utility/export-csv).  Both read 29 November 2026."""


@dataclass(frozen=True, slots=True)
class Delimited:
    """A text file with rows of cells.  first: the number of its header's row."""

    content: Content
    encoding: str
    delimiter: str
    first: int
    header: tuple[str, ...]
    sheet: str = ""

    @property
    def how(self) -> str:
        """The letters and what stands between the cells."""
        return f"{self.encoding}, {DELIMITERS.get(self.delimiter, self.delimiter)}"

    def place(self, record: Record, column: int | None = None) -> str:
        """The line on which it begins."""
        return f"line {record.line}"

    def records(self) -> Iterator[Record]:
        """Every row behind the header; one of another width than the header stops."""
        width = len(self.header)
        with _text(self.content, self.encoding) as file:
            for number, (line, cells) in enumerate(_records(file, self.delimiter, self._name), start=1):
                if number <= self.first:
                    continue
                record = Record(number, line, cells)
                if len(cells) != width and any(map(str.strip, cells)):
                    self._wrong_width(record)
                yield record

    @property
    def _name(self) -> str:
        return self.content.path.name

    def _wrong_width(self, record: Record) -> NoReturn:
        raise SourceError(
            f"a row of {self._name} has {len(record.cells)} cells, its header has {len(self.header)}",
            code="KT-IN-006",
            where=self.place(record),
            why="a missing or spare delimiter moves the cells behind it into other columns",
            fix=f"put cells that hold a {DELIMITERS.get(self.delimiter, 'delimiter')} in quotes, or export again",
        )


def read_delimited(
    content: Content, encoding: str, asked: Mapping[str, str], delimiter: str | None = None
) -> Delimited | None:
    """The delimiter under which the header holds most names we know; None when there is no header.

    asked: field to header, as the person named them.  Raises SourceError for quotes that make no sense.
    """
    found: list[tuple[int, str, int, tuple[str, ...]]] = [(0, ",", 0, ())]
    fault: SourceError | None = None
    for each in [delimiter] if delimiter else DELIMITERS:
        try:
            first, cells = _first_record(content, encoding, each)
        except SourceError as error:
            fault = fault or error  # quotes that make no sense under this delimiter may do so under another
            continue
        found.append((score(cells, asked), each, first, cells))
    best, sep, first, cells = max(found, key=lambda each: (each[0], bool(each[3])))
    if fault is not None and best == 0:
        raise fault
    return Delimited(content, encoding, sep, first, cells) if cells else None


def _first_record(content: Content, encoding: str, delimiter: str) -> tuple[int, tuple[str, ...]]:
    with _text(content, encoding) as file:
        for number, (_, record) in enumerate(_records(file, delimiter, content.path.name), start=1):
            filled = [cell for cell in record if cell.strip()]
            if filled and not (number == 1 and len(filled) == 1 and _PREAMBLE.fullmatch(filled[0].strip())):
                return number, tuple(record)
    return 0, ()


def _text(content: Content, encoding: str) -> TextIO:
    return io.TextIOWrapper(content.open(), encoding=encoding, newline="")


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
