"""Reads JSON: an array of objects, or an object on each line.  What is written is what is meant, to the digit."""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from keyturn.bulk.intake.content import Content
from keyturn.bulk.intake.table import Record
from keyturn.core.errors import SourceError

MOST_NAMES: Final = 1000
"""Names in all objects together; a file with more is no table."""

MOST_IN_ARRAY: Final = 256 << 20
"""Bytes of an array, which is read as a whole; lines are read one at a time."""

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
_TRUTHS: Final = {True: "true", False: "false", None: ""}


class _Unfit(ValueError):
    """What an object holds that no cell can be; the message says it."""


def _pairs(pairs: Sequence[tuple[str, Any]]) -> dict[str, str]:
    """An object as a row.  Twice the same name: nobody knows which one counts."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise _Unfit(f"the name {json.dumps(name, ensure_ascii=False)} stands twice in one object")
        if isinstance(value, dict | list):
            raise _Unfit(f"{json.dumps(name, ensure_ascii=False)} holds a list or an object, which no cell can be")
        found[name] = value if isinstance(value, str) else _TRUTHS[value]
    return found


def _no_number(text: str) -> str:
    raise _Unfit(f"{text} is no value of JSON")


# Numbers stay as they are written: 1.10 is not 1.1, and no digit of a long one is lost.
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=str, parse_int=str, parse_constant=_no_number
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Objects:
    """A file of objects.  lines: one on each line; else they are in one array.  header: all names, as they come."""

    content: Content
    encoding: str
    lines: bool
    header: tuple[str, ...] = field(default=())
    delimiter: str = ""
    sheet: str = ""

    @property
    def how(self) -> str:
        """Which of the two."""
        return f"{self.encoding}, {'JSON lines' if self.lines else 'JSON'}"

    def place(self, record: Record, column: int | None = None) -> str:
        """The line, and in an array the number of the object."""
        return f"line {record.line}" if self.lines else f"object {record.number}, line {record.line}"

    def records(self) -> Iterator[Record]:
        """The objects, each with a cell for each name; one that is missing is empty."""
        names = self.header
        for number, line, cells in self._each():
            yield Record(number, line, [cells.get(name, "") for name in names] if cells else ())

    def names(self) -> tuple[str, ...]:
        """All names in all objects, in the order in which they come first."""
        found: dict[str, None] = {}
        for number, line, cells in self._each():
            found.update(dict.fromkeys(cells))
            if len(found) > MOST_NAMES:
                what = f"the objects of {self.content.path.name} have more than {MOST_NAMES:,} names"
                raise SourceError(
                    what, code="KT-IN-014", where=self.place(Record(number, line, ())), fix="give a list of users"
                )
        return tuple(found)

    def _each(self) -> Iterator[tuple[int, int, dict[str, str]]]:
        with io.TextIOWrapper(self.content.open(), encoding=self.encoding, newline="\n") as file:
            yield from self._of_lines(file) if self.lines else self._of_array(file.read())

    def _of_lines(self, file: Iterator[str]) -> Iterator[tuple[int, int, dict[str, str]]]:
        for number, text in enumerate(file, start=1):
            stripped = text.strip(" \t\r\n")
            if not stripped:
                yield number, number, {}
                continue
            cells, end = self._object(stripped, 0, number)
            if end != len(stripped):
                raise self._broken(number, "something stands behind the object")
            yield number, number, cells

    def _of_array(self, text: str) -> Iterator[tuple[int, int, dict[str, str]]]:
        place = _after_space(text, 0) + 1
        line = 1 + text.count("\n", 0, place)
        if text[place - 1 : place] != "[":
            raise self._broken(line, "an array of objects is expected, or an object on each line")
        number = 0
        while True:
            number += 1
            start = _after_space(text, place)
            line += text.count("\n", place, start)
            if text[start : start + 1] == "]" and number == 1:
                place = start
                break
            cells, end = self._object(text, start, line)
            yield number, line, cells
            place = _after_space(text, end)
            line += text.count("\n", start, place)
            if text[place : place + 1] != ",":
                break
            place += 1
        if text[place : place + 1] != "]":
            raise self._broken(line, "the array is not closed, or a comma is missing")
        if text[place + 1 :].strip(" \t\r\n"):
            raise self._broken(line, "something stands behind the array")

    def _object(self, text: str, start: int, line: int) -> tuple[dict[str, str], int]:
        if text[start : start + 1] != "{":
            raise self._broken(line, 'each row must be an object, as in {"userid": "amal"}')
        try:
            cells, end = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise self._broken(line + text.count("\n", start, error.pos), error.msg) from None
        except _Unfit as error:
            raise self._broken(line, str(error)) from None
        except RecursionError:
            raise self._broken(line, "an object in an object in an object ...") from None
        if _HALF.search(text, start, end) and not _whole(cells):
            raise self._broken(line, "half a letter (a lone surrogate), which no text has")
        return cells, end

    def _broken(self, line: int, why: str) -> SourceError:
        return SourceError(
            f"the JSON of {self.content.path.name} cannot be read",
            code="KT-IN-014",
            where=f"line {line}",
            why=why,
            fix="one flat object for each user, with texts, numbers, true, false or null; export it again",
        )


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _whole(cells: Mapping[str, str]) -> bool:
    try:
        "".join(chain(cells, cells.values())).encode()
    except UnicodeEncodeError:
        return False
    return True


def read_objects(content: Content, encoding: str, size: int, *, lines: bool) -> Objects | None:
    """The objects of a file with all their names; None when there are none.  Raises SourceError for broken JSON."""
    if not lines and size > MOST_IN_ARRAY:
        raise SourceError(
            f"{content.path.name} is one array of more than {MOST_IN_ARRAY >> 20} MiB",
            code="KT-IN-019",
            where=str(content.path),
            why="an array is read as a whole",
            fix="write an object on each line (JSON lines), as jq -c '.[]' does",
        )
    found = Objects(content, encoding, lines)
    header = found.names()
    return Objects(content, encoding, lines, header) if header else None
