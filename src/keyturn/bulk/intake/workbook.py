"""Reads a sheet of an Excel workbook: text as it stands, and whatever is no text decided openly."""

import csv
import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, NoReturn

from keyturn.bulk.intake.content import BLOCK, Content, Keeper, Kept
from keyturn.bulk.intake.kinds import locked
from keyturn.bulk.intake.sheet import Packed, SheetRow, elements, letters, rows, shared_texts, styles
from keyturn.bulk.intake.table import NO_MARKS, Mark, Record
from keyturn.bulk.intake.values import Damaged, Values, shape_of
from keyturn.core.errors import SourceError

LARGEST: Final = 1 << 30
"""Bytes of a sheet once unpacked."""

MOST_TEXT: Final = 256 << 20
"""Bytes of the part with the texts that cells share, of which what it tells is held in memory."""

MOST_OTHER: Final = 32 << 20
"""Bytes of every other part: looks, names of sheets, what belongs where."""

_WIDEST: Final = 1000
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


@dataclass(frozen=True, slots=True)
class Workbook:
    """A sheet, taken out of its workbook.  kept: its rows, ready to be read again; first: the row of its header."""

    path: Path
    sheet: str
    header: tuple[str, ...]
    first: int
    kept: Content = field(repr=False)
    delimiter: str = ""

    @property
    def how(self) -> str:
        """Which sheet."""
        return f'sheet "{self.sheet}"'

    def place(self, record: Record, column: int | None = None) -> str:
        """The row or the cell, as the sheet calls it."""
        where = f"row {record.number}" if column is None else f"cell {letters(column)}{record.number}"
        return f"{self.how}, {where}"

    def records(self) -> Iterator[Record]:
        """The rows behind the header to the last that holds anything, with the blank ones between."""
        width, last = len(self.header), self.first
        with io.TextIOWrapper(self.kept.open(), "utf-8", errors="surrogatepass", newline="") as file:
            for told_number, hidden, told_marks, *cells in csv.reader(file):
                number, filler = int(told_number), [""] * (width - len(cells))
                yield from (Record(between, between, ()) for between in range(last + 1, number))
                last = number
                marks = _read_marks(told_marks) if told_marks else NO_MARKS
                yield Record(number, number, [*cells, *filler], marks, hidden == "1")


def read_workbook(content: Content, sheet: str) -> Workbook | None:
    """The named sheet, else the only one that holds anything; None when that one is empty.

    Raises SourceError for a workbook that cannot be read, and where there is more than one sheet to choose from.
    """
    try:
        with content.open() as file, zipfile.ZipFile(file) as archive:
            if any(info.flag_bits & 1 for info in archive.infolist()):
                raise locked(content.path)
            return _Package(archive, content.path).table(sheet)
    except Damaged as error:
        raise _damaged(content.path, str(error)) from None
    except _BROKEN as error:
        raise _damaged(content.path, f"the archive inside is broken: {error}") from None


def _damaged(path: Path, why: str) -> SourceError:
    fix = "open it in a spreadsheet and save it again as .xlsx, or as CSV UTF-8"
    return SourceError(f"{path.name} cannot be read as a workbook", code="KT-IN-012", where=str(path), why=why, fix=fix)


class _Package:
    """A workbook that is open."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._archive = archive
        self._path = path
        self._book = self._target("_rels/.rels", "/officeDocument", "")
        folder, _, name = self._book.rpartition("/")
        self._folder = folder
        self._relations = self._list(f"{folder}/_rels/{name}.rels", "Relationship")

    def table(self, wanted: str) -> Workbook | None:
        """The sheet that is meant."""
        sheets = self._sheets()
        if wanted:
            if wanted not in sheets:
                self._choose(f"{self._path.name} has no sheet {wanted}", list(sheets))
            return self._take(wanted, sheets[wanted][0])
        shown = [name for name, (part, hidden) in sheets.items() if not hidden and self._holds(part)]
        if len(shown) > 1:
            self._choose(f"{len(shown)} sheets of {self._path.name} hold something", shown)
        return self._take(shown[0], sheets[shown[0]][0]) if shown else None

    def _choose(self, what: str, names: Sequence[str]) -> NoReturn:
        raise SourceError(
            what,
            code="KT-IN-017",
            where=f"sheets:  {' | '.join(names)}",
            fix=f'say which one, as in --sheet "{names[0] if names else "NAME"}"',
        )

    def _sheets(self) -> Mapping[str, tuple[str, bool]]:
        """The part of each sheet of cells, and whether the sheet is hidden."""
        parts = {
            each.get("Id", ""): self._absolute(each.get("Target", ""))
            for each in self._relations
            if each.get("Type", "").endswith("/worksheet")
        }
        found = {}
        for each in self._list(self._book, "sheet"):
            if each.get("id", "") in parts:
                found[each.get("name", "")] = (parts[each["id"]], each.get("state", "visible") != "visible")
        return found

    def _holds(self, part: str) -> bool:
        """Whether there is a row that is not blank; nothing is read behind it."""
        return any(map(_filled, rows(self._pieces(part, LARGEST), self._values)))

    def _take(self, name: str, part: str) -> Workbook | None:
        kept = Kept(self._path)
        keeper = Keeper(kept)
        writer = csv.writer(keeper)
        header: list[str] = []
        first = width = 0
        for row in rows(self._pieces(part, LARGEST), self._values):
            if not _filled(row):
                continue
            cells = [row.cells.get(column, "") for column in range(max(row.cells) + 1)]
            width = max(width, len(cells))
            if width > _WIDEST:
                raise Damaged(f"row {row.number} has a cell in column {letters(width - 1)}, far from all others")
            if max(map(len, cells)) > csv.field_size_limit():
                raise Damaged(f"a cell of row {row.number} is longer than any sheet allows")
            if not header:
                header, first = cells, row.number
                continue
            writer.writerow([row.number, int(row.hidden), _write_marks(row.marks), *cells])
        keeper.flush()
        header += [""] * (width - len(header))
        return Workbook(self._path, name, tuple(header), first, kept) if header else None

    @cached_property
    def _values(self) -> Values:
        texts = self._optional("/sharedStrings")
        shared = shared_texts(self._pieces(texts, MOST_TEXT)) if texts else Packed()
        looks = self._optional("/styles")
        codes, formats = styles(self._pieces(looks, MOST_OTHER)) if looks else ({}, [])
        old = any(each.get("date1904", "0") in ("1", "true") for each in self._list(self._book, "workbookPr"))
        return Values(shared, [shape_of(each, codes.get(each)) for each in formats], since_1904=old)

    def _optional(self, kind: str) -> str:
        found = [each.get("Target", "") for each in self._relations if each.get("Type", "").endswith(kind)]
        return self._absolute(found[0]) if found else ""

    def _target(self, part: str, kind: str, folder: str) -> str:
        for each in self._list(part, "Relationship"):
            if each.get("Type", "").endswith(kind):
                return posixpath.normpath(posixpath.join(folder, each.get("Target", "").lstrip("/")))
        raise Damaged("it is an archive of something else")

    def _absolute(self, target: str) -> str:
        return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{self._folder}/{target}")

    def _list(self, part: str, wanted: str) -> list[Mapping[str, str]]:
        return elements(self._pieces(part, MOST_OTHER), wanted)

    def _pieces(self, part: str, most: int) -> Iterator[bytes]:
        """A part, piece by piece, and no more of it than is good for us, whatever the archive says of its size."""
        try:
            opened = self._archive.open(part)
        except KeyError:
            raise Damaged(f"its part {part} is missing" if part != "_rels/.rels" else "it is no workbook") from None
        with opened as file:
            size = 0
            while piece := file.read(BLOCK):
                size += len(piece)
                if size > most:
                    raise SourceError(
                        f"a part of {self._path.name} unpacks to more than {most >> 20:,} MiB",
                        code="KT-IN-019",
                        where=f"{self._path}, {part}",
                        why="such a workbook is damaged, or made to fill this machine's memory",
                        fix="save it as CSV UTF-8",
                    )
                yield piece


def _filled(row: SheetRow) -> bool:
    return any(map(str.strip, row.cells.values())) or bool(row.marks)


def _write_marks(marks: Mapping[int, Mark]) -> str:
    return " ".join(f"{column}:{mark}" for column, mark in marks.items())


def _read_marks(text: str) -> Mapping[int, Mark]:
    return {int(column): Mark(mark) for column, _, mark in (each.partition(":") for each in text.split(" "))}
