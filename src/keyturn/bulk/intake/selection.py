"""Which rows of a file are meant: those of some numbers, those with a cell that says so, the first few.

The words are few on purpose: what is left out must be plain to whoever reads the command.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from keyturn.bulk.intake.columns import secret
from keyturn.core.errors import SourceError

_RANGE: Final = re.compile(r"(\d{1,9})(?:(-)(\d{1,9})?)?")
_WORD: Final = re.compile(
    r"""\s*(?: (?P<text>"[^"]*"|'[^']*') | (?P<sign>==|!=|\(|\)|,) | (?P<word>[^\s"'=!(),]+) )""", re.VERBOSE
)
_EXAMPLE: Final = '--where \'site == "Lyon" and state in ("new", "moved")\''


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison.  column: the header; values: any of these, or where `but` is set none of them."""

    column: str
    values: frozenset[str]
    but: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for, as it was written; empty texts and no limit choose every row."""

    where: str = ""
    rows: str = ""
    limit: int | None = None

    def __bool__(self) -> bool:
        return bool(self.where or self.rows or self.limit is not None)

    def __str__(self) -> str:
        told = [("--where", self.where), ("--rows", self.rows), ("--limit", self.limit)]
        return ", ".join(f"{flag} {value}" for flag, value in told if value not in ("", None))


Chooses = Callable[[int, Sequence[str]], bool]
"""Whether a row that is not blank is meant: by its number and cells, asked in order."""


def chooser(selection: Selection, header: Sequence[str], file: str) -> Chooses:
    """A new judge of rows, from the first on.  Raises SourceError for what is not understood."""
    ranges = ranges_of(selection.rows)
    tests = [(_index(each, header, file), each) for each in conditions_of(selection.where)]
    left = selection.limit

    def chosen(number: int, cells: Sequence[str]) -> bool:
        nonlocal left
        if ranges and not any(first <= number <= last for first, last in ranges):
            return False
        if any((cells[index].strip() in each.values) is each.but for index, each in tests):
            return False
        if left is not None:
            left -= 1
        return left is None or left >= 0

    return chosen


def ranges_of(text: str) -> list[tuple[int, int]]:
    """The ranges of `2-501,600,700-`.

    >>> ranges_of("2-501, 600")
    [(2, 501), (600, 600)]
    """
    found = []
    for part in filter(None, map(str.strip, text.split(","))):
        range_ = _RANGE.fullmatch(part)
        first = int(range_[1]) if range_ else 0
        last = int(range_[3] or 10**9) if range_ and range_[2] else first
        if range_ is None or last < first or first < 1:
            raise _not_understood(f"--rows {text}", "--rows 2-501,600,700- with the numbers that the sheet shows")
        found.append((first, last))
    if text.strip() and not found:
        raise _not_understood(f"--rows {text}", "--rows 2-501")
    return found


def conditions_of(text: str) -> list[Condition]:
    """The comparisons of a `--where`, all of which must hold.

    >>> conditions_of('Site != "Lyon"')
    [Condition(column='Site', values=frozenset({'Lyon'}), but=True)]
    """
    words = _Words(text)
    found: list[Condition] = []
    while words.left:
        if found:
            words.expect("and")
        found.append(_condition(words))
    return found


def _condition(words: "_Words") -> Condition:
    column = words.column()
    sign = words.next()
    if sign in ("==", "!="):
        return Condition(column, frozenset({words.value()}), but=sign == "!=")
    if sign != "in":
        raise words.wrong()
    words.expect("(")
    values = {words.value()}
    while (sign := words.next()) == ",":
        values.add(words.value())
    if sign != ")":
        raise words.wrong()
    return Condition(column, frozenset(values))


class _Words:
    """The words of a condition, taken one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.left: list[str] = []
        place = 0
        while text[place:].strip():
            found = _WORD.match(text, place)
            if found is None:
                raise self.wrong()
            self.left.append(found[0].strip())
            place = found.end()

    def next(self) -> str:
        """The next word; empty behind the last."""
        return self.left.pop(0) if self.left else ""

    def expect(self, word: str) -> None:
        """Take this word and no other."""
        if self.next() != word:
            raise self.wrong()

    def column(self) -> str:
        """A name of a column, in quotes where it has blanks in it."""
        name = self.next()
        if name[:1] in ('"', "'"):
            return name[1:-1]
        if not name or _WORD.fullmatch(name) is None or name in ("==", "!=", "(", ")", ",", "and", "in"):
            raise self.wrong()
        return name

    def value(self) -> str:
        """A text in quotes."""
        text = self.next()
        if text[:1] not in ('"', "'"):
            raise self.wrong()
        return text[1:-1].strip()

    def wrong(self) -> SourceError:
        """That it is not understood."""
        return _not_understood(f"--where {self._text}", _EXAMPLE)


def _index(condition: Condition, header: Sequence[str], file: str) -> int:
    names = [name.strip() for name in header]
    if secret(condition.column):
        fix = "choose rows by another column: passwords are no words to say"
        raise _not_understood(f"--where with the column {condition.column}", fix)
    if condition.column not in names:
        raise SourceError(
            f"{file} has no column {condition.column}",
            code="KT-IN-020",
            where=f"header:  {' | '.join(names)}",
            fix="--where with a column of the header, in quotes where it has blanks in it",
        )
    return names.index(condition.column)


def _not_understood(what: str, fix: str) -> SourceError:
    return SourceError(f"{what} is not understood", code="KT-IN-020", fix=fix)
