"""Reads the XML of a workbook as a stream: a part is never held as a whole, and no part is trusted.

A library that lays a sheet out as a block of cells was measured and left: two cells at opposite corners of a sheet
made it ask for 512 GiB and end the process (docs/decisions/0037).
"""

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from xml.parsers import expat

from keyturn.bulk.intake.table import Mark
from keyturn.bulk.intake.values import Damaged, Values, unescaped

ROWS: Final = 1_048_576
COLUMNS: Final = 16_384
LONGEST: Final = 131_072
"""Characters of a cell; sheets allow 32,767, and a CSV file is read up to this many."""

MOST_SHARED: Final = 128 << 20
"""Bytes of all texts that cells share, which are held in memory: 128 for each row that a sheet can have."""

_PLACE: Final = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_TEXTS: Final = frozenset({"v", "t"})


@dataclass(slots=True)
class SheetRow:
    """A row that is not blank: its number, its cells by column, and marks of cells that are no text."""

    number: int
    cells: dict[int, str] = field(default_factory=dict)
    marks: dict[int, Mark] = field(default_factory=dict)
    hidden: bool = False


def letters(column: int) -> str:
    """What a column is called.

    >>> letters(0), letters(27)
    ('A', 'AB')
    """
    before, last = divmod(column, 26)
    return (letters(before - 1) if before else "") + chr(ord("A") + last)


@lru_cache(maxsize=COLUMNS)
def column_of(name: str) -> int:
    """The place of a column.

    >>> column_of("A"), column_of("AB")
    (0, 27)
    """
    place = 0
    for letter in name:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _local(name: str) -> str:
    return name[name.rfind(" ") + 1 :]


def _parser() -> expat.XMLParserType:
    """One that knows no document types: with them go all entities that grow."""

    def refuse(*_: object) -> None:
        raise Damaged("it declares a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    return parser


def _feed(parser: expat.XMLParserType, pieces: Iterable[bytes]) -> Iterator[None]:
    """Parse piece by piece; comes back after each, so that what was found so far can be handed on."""
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            yield
        parser.Parse(b"", True)
        yield
    except expat.ExpatError as error:
        raise Damaged(f"its XML is broken: {error}") from None


def elements(pieces: Iterable[bytes], wanted: str) -> list[Mapping[str, str]]:
    """The attributes of every element of this name, each under its name without a namespace."""
    found: list[Mapping[str, str]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == wanted:
            found.append({_local(key): value for key, value in attributes.items()})

    parser = _parser()
    parser.StartElementHandler = start
    for _ in _feed(parser, pieces):
        pass
    return found


def styles(pieces: Iterable[bytes]) -> tuple[Mapping[int, str], list[int]]:
    """The codes of number formats by their id, and the format of each style of a cell."""
    codes: dict[int, str] = {}
    formats: list[int] = []
    inside: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        inside.append(_local(name))
        if inside[-1] == "numFmt":
            codes[int(attributes.get("numFmtId", "0"))] = attributes.get("formatCode", "")
        elif inside[-2:] == ["cellXfs", "xf"]:
            formats.append(int(attributes.get("numFmtId", "0")))

    parser = _parser()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: inside.pop()
    try:
        for _ in _feed(parser, pieces):
            pass
    except ValueError:
        raise Damaged("the number of a format is none") from None
    return codes, formats


class Packed:
    """Many texts in little memory: their bytes one behind the other, and where each ends."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("I")

    def add(self, text: str) -> None:
        """One more.  Raises Damaged where all of them are more than a list of users has."""
        self._bytes += text.encode("utf-8", "surrogatepass")
        if len(self._bytes) > MOST_SHARED:
            raise Damaged(f"its cells share more than {MOST_SHARED >> 20} MiB of text")
        self._ends.append(len(self._bytes))

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, place: int) -> str:
        end = self._ends[place]
        begin = self._ends[place - 1] if place else 0
        return self._bytes[begin:end].decode("utf-8", "surrogatepass")


def shared_texts(pieces: Iterable[bytes]) -> Packed:
    """The texts that cells point at; how a word is read aloud is no part of it."""
    found = Packed()
    parts: list[str] = []
    aloud = size = 0

    def take(text: str) -> None:
        nonlocal size
        size += len(text)
        if size > LONGEST:
            raise Damaged(f"the shared text {len(found) + 1:,} is longer than any cell may be")
        parts.append(text)

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal aloud, size
        local = _local(name)
        if local == "si":
            parts.clear()
            size = 0
        aloud += local == "rPh"
        parser.CharacterDataHandler = take if local == "t" and not aloud else None

    def end(name: str) -> None:
        nonlocal aloud
        local = _local(name)
        parser.CharacterDataHandler = None
        aloud -= local == "rPh"
        if local == "si":
            found.add(unescaped("".join(parts)))

    parser = _parser()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    for _ in _feed(parser, pieces):
        pass
    return found


def rows(pieces: Iterable[bytes], values: Values) -> Iterator[SheetRow]:
    """The rows of a sheet that hold anything, in order.  Raises Damaged."""
    reader = _Reader(values)
    for _ in _feed(reader.parser, pieces):
        yield from reader.ready
        reader.ready.clear()


class _Reader:
    """Puts rows together from what the parser tells.  Called for every element, so that it looks up little."""

    def __init__(self, values: Values) -> None:
        self.ready: list[SheetRow] = []
        self.parser = _parser()
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self._values = values
        self._row = SheetRow(0)
        self._column = -1
        self._cell: Mapping[str, str] = {}
        self._written: list[str] = []
        self._typed: list[str] = []
        self._formula = False
        self._size = 0
        self._aloud = 0
        self._locals: dict[str, str] = {}

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = self._locals.get(name) or self._locals.setdefault(name, _local(name))
        if local == "c":
            self._new_cell(attributes)
        elif local == "v":
            self.parser.CharacterDataHandler = self._take_written
        elif local == "row":
            self._new_row(attributes)
        elif local == "t" and not self._aloud:
            self.parser.CharacterDataHandler = self._take_typed
        else:
            self._formula |= local == "f"
            self._aloud += local == "rPh"

    def _take_written(self, text: str) -> None:
        self._count(text)
        self._written.append(text)

    def _take_typed(self, text: str) -> None:
        self._count(text)
        self._typed.append(text)

    def _count(self, text: str) -> None:
        """Judged piece by piece: a cell that unpacks to gigabytes is refused before it is in memory."""
        self._size += len(text)
        if self._size > LONGEST:
            raise Damaged(f"a cell of row {self._row.number} is longer than any sheet allows")

    def _end(self, name: str) -> None:
        local = self._locals[name]
        if local == "c":
            self._end_cell()
        elif local in _TEXTS:
            self.parser.CharacterDataHandler = None
        elif local == "row":
            self.ready += [self._row] if self._row.cells else []
        elif local == "rPh":
            self._aloud -= 1

    def _new_row(self, attributes: Mapping[str, str]) -> None:
        told = attributes.get("r", str(self._row.number + 1))
        number = int(told) if told.isdecimal() and len(told) < 8 else 0
        if not self._row.number < number <= ROWS:
            raise Damaged(f"row {told[:20]} stands behind row {self._row.number}")
        self._row = SheetRow(number, hidden=attributes.get("hidden", "0") in ("1", "true"))
        self._column = -1

    def _new_cell(self, attributes: Mapping[str, str]) -> None:
        told = attributes.get("r")
        place = _PLACE.fullmatch(told) if told else None
        column = column_of(place[1]) if place else self._column + 1
        if (told and (place is None or int(place[2]) != self._row.number)) or not self._column < column < COLUMNS:
            raise Damaged(f"the cell {(told or '')[:20]} is out of its place in row {self._row.number}")
        self._column, self._cell, self._formula = column, attributes, False
        self._size = 0
        self._written.clear()
        self._typed.clear()

    def _end_cell(self) -> None:
        cell = self._cell
        kind = cell.get("t", "n")
        raw = "".join(self._typed if kind == "inlineStr" else self._written)
        text, mark = self._values.read(kind, raw, cell.get("s", "0"), formula=self._formula)
        if text or mark:
            self._row.cells[self._column] = text
        if mark:
            self._row.marks[self._column] = mark
