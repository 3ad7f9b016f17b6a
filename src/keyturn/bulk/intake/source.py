"""Reads the file of a run: every cell is text, and what is in the cell is what will be sent.

A fault of the file (letters, quoting, header, number of cells) raises SourceError: nothing was sent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from keyturn.bulk.formulas import restored
from keyturn.bulk.intake.columns import ID, REASON_COLUMN, Matched, match
from keyturn.bulk.intake.content import Content, Kept, OnDisk
from keyturn.bulk.intake.delimited import read_delimited
from keyturn.bulk.intake.encodings import Letters, bytes_of, letters_of
from keyturn.bulk.intake.kinds import Kind, kind_of
from keyturn.bulk.intake.objects import read_objects
from keyturn.bulk.intake.selection import Selection, chooser
from keyturn.bulk.intake.table import Mark, Record, Table
from keyturn.bulk.intake.workbook import read_workbook
from keyturn.bulk.job import Reading
from keyturn.core.errors import SourceError

_FAULTS: Final[Mapping[Mark, tuple[str, str]]] = {
    Mark.LONG: ("KT-IN-007", "a number of 16 digits or more: a sheet keeps 15 of them, the last ones are gone"),
    Mark.FRACTION: ("KT-IN-018", "a number with a fraction: 1.10 and 1.1 are the same to a sheet"),
    Mark.DATE: ("KT-IN-018", "a date: the sheet holds a number of days, and shows it in the way of each reader"),
    Mark.TRUTH: ("KT-IN-018", "a truth value, which each language writes in its own words"),
    Mark.ERROR: ("KT-IN-018", "an error of a formula"),
    Mark.SHOWN: ("KT-IN-018", "a number that the sheet shows otherwise than it is, as 000007 for 7"),
    Mark.EMPTY: ("KT-IN-018", "a formula that was never worked out"),
}
_AS_TEXT: Final = "set the column to Text in the sheet and enter these cells again, or save the sheet as CSV UTF-8"
_SHOWN: Final = 5
_JUDGED_BY_ROW: Final = (Mark.LONG, Mark.ERROR)
"""Marks of an id that the plan tells of together with other rows of the kind."""

NOTHING: Final[frozenset[Mark]] = frozenset()


class SourceRow(NamedTuple):
    """A line of the file: a tuple, because there may be millions.

    number: as a sheet counts (header is 1).  cells: by field; record: all, as they stand.
    left_out: it is not meant by `--where`, `--rows` or `--limit`; hidden: the sheet does not show it.
    mark: what the id was where it was no text.
    """

    number: int
    cells: Mapping[str, str]
    record: tuple[str, ...]
    left_out: bool = False
    hidden: bool = False
    mark: Mark | None = None

    def __repr__(self) -> str:
        """Its number: cells may hold passwords."""
        return f"SourceRow({self.number})"


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was found readable to its end: letters, header and what its columns mean are known.

    reading: as it was asked for.  kept: what was piped in, and is to be kept with a run.
    """

    path: Path
    letters: Letters
    table: Table
    matched: Matched
    reading: Reading = field(default_factory=Reading)
    kept: Kept | None = field(default=None, repr=False)

    @property
    def as_read(self) -> Reading:
        """How it was read, with all that was found out, so that the same will be read of it again."""
        columns = {name: column.header for name, column in self.matched.columns.items()}
        return replace(
            self.reading, columns=columns, delimiter=self.delimiter, encoding=self.encoding, sheet=self.sheet
        )

    @property
    def returns(self) -> bool:
        """Whether keyturn wrote it for a sheet, and so defused what a sheet would compute."""
        return any(cell.strip() == REASON_COLUMN for cell in self.table.header)

    @property
    def selection(self) -> Selection:
        """Which rows are meant."""
        return _selection(self.reading)

    @property
    def sha256(self) -> str:
        """The digest of the bytes: the same file, or another one."""
        return self.letters.sha256

    @property
    def encoding(self) -> str:
        """How the letters are written; empty for a workbook."""
        return self.letters.encoding

    @property
    def delimiter(self) -> str:
        """What stands between the cells; empty where nothing does."""
        return self.table.delimiter

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns, as they stand."""
        return _header(self.table)

    @property
    def sheet(self) -> str:
        """Which sheet of a workbook; empty for every other kind."""
        return self.table.sheet

    def without(self, name: str) -> "Source":
        """The same file, with the column that was matched with a field left alone."""
        columns = {field: column for field, column in self.matched.columns.items() if field != name}
        return replace(self, matched=replace(self.matched, columns=columns))

    def rows(self) -> Iterator[SourceRow]:
        """Every row behind the header, blank ones too, streamed from the file anew."""
        places = [(name, column.index) for name, column in self.matched.columns.items()]
        width, returns = len(self.table.header), self.returns
        chosen = chooser(self.selection, self.header, self.path.name) if self.selection else None
        for record in self.table.records():
            number, _, cells, marks, hidden = record
            if returns:
                cells = list(map(restored, cells))
            if len(cells) != width or not (marks or any(cells)):
                yield SourceRow(number, {}, ())
            elif chosen is not None and not (any(map(str.strip, cells)) and chosen(number, cells)):
                yield SourceRow(number, {}, (), left_out=True)
            else:
                found = {name: cells[index] for name, index in places}
                mark = self._judge(record, places) if marks else None
                yield SourceRow(number, found, tuple(cells), False, hidden, mark)

    def _judge(self, record: Record, places: list[tuple[str, int]]) -> Mark | None:
        """What the id was.  A cell that is read and cannot be taken stops."""
        for name, index in places:
            mark = record.marks.get(index)
            if mark is not None and mark in _FAULTS and not (name == ID and mark in _JUDGED_BY_ROW):
                self._refuse(record, index, mark)
        return record.marks.get(next(index for name, index in places if name == ID))

    def _refuse(self, record: Record, index: int, mark: Mark) -> NoReturn:
        code, why = _FAULTS[mark]
        rows = [each.number for each in self.table.records() if each.marks.get(index) is mark]
        several = f", and {len(rows):,} cells of this column in all: rows " if len(rows) > 1 else ""
        shown = ", ".join(map(str, rows[:_SHOWN])) if several else ""
        raise SourceError(
            f"a cell of {self.path.name} is no text, and its text is not certain",
            code=code,
            where=f"{self.table.place(record, index)}{several}{shown}{' ...' if len(rows) > _SHOWN else ''}",
            why=f"it is {why}",
            fix=_AS_TEXT,
        )


def read_source(path: Path | Content, reading: Reading | None = None) -> Source:
    """Find out how the file is written and what its columns mean.  Raises SourceError."""
    reading = reading or Reading()
    content = OnDisk(path) if isinstance(path, Path) else path
    letters, table = _read(content, reading)
    header = _header(table)
    chooser(_selection(reading), header, content.path.name)
    matched = match(header, reading.columns, file=content.path.name)
    return Source(content.path, letters, table, matched, reading, content if isinstance(content, Kept) else None)


def header_of(path: Path, encoding: str | None = None) -> tuple[str, ...]:
    """The header of a file, whatever its columns mean.  Raises SourceError."""
    return _header(_read(OnDisk(path), Reading(encoding=encoding))[1])


def _selection(reading: Reading) -> Selection:
    return Selection(reading.where, reading.rows, reading.limit)


def _header(table: Table) -> tuple[str, ...]:
    """The header as it was meant: a file that we wrote for a sheet has its names defused, too."""
    names = table.header
    ours = any(name.strip() == REASON_COLUMN for name in names)
    return tuple(map(restored, names)) if ours else names


def _read(content: Content, reading: Reading) -> tuple[Letters, Table]:
    kind, path = kind_of(content), content.path
    letters = bytes_of(content) if kind is Kind.WORKBOOK else letters_of(content, reading.encoding)
    if letters.size == 0:
        raise _nothing_in(path, f"{path.name} is empty")
    if reading.sheet and kind is not Kind.WORKBOOK:
        what = f"{path.name} has no sheets"
        raise SourceError(what, code="KT-IN-017", where=str(path), fix="leave --sheet away")
    table = _table(kind, content, letters, reading)
    if table is None:
        raise _nothing_in(path, f"{path.name} holds no header")
    return letters, table


def _table(kind: Kind, content: Content, letters: Letters, reading: Reading) -> Table | None:
    if kind is Kind.WORKBOOK:
        return read_workbook(content, reading.sheet)
    if kind is Kind.TEXT:
        return read_delimited(content, letters.encoding, reading.columns, reading.delimiter)
    return read_objects(content, letters.encoding, letters.size, lines=kind is Kind.LINES)


def _nothing_in(path: Path, what: str) -> SourceError:
    why = "the first line that is not blank must name the columns"
    return SourceError(what, code="KT-IN-013", where=str(path), why=why, fix="export it again, with a header")
