"""Turns what a workbook stores of a cell into text, or says why its text may not be what people see there."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum, unique
from typing import Final, Protocol

from keyturn.bulk.intake.table import Mark

EXACT: Final = 15
"""Digits that a sheet keeps of a number; a longer one has lost those behind them."""


class Damaged(Exception):
    """What is wrong with a part of a workbook, in a few words."""


@unique
class Shape(StrEnum):
    """How the number format of a cell shows a number."""

    PLAIN = "plain"
    DATE = "date"
    OTHER = "other"


_PLAIN: Final = re.compile(r"\s*(general|@|[#?, ]*0?(\.[0#?]*)?(e[+-]0+)?)\s*", re.IGNORECASE)
_QUIET: Final = re.compile(r"_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]", re.IGNORECASE)
_LITERAL: Final = re.compile(r'"[^"]*"|\\.')
_TIMES: Final = re.compile(r"[ymdhs]", re.IGNORECASE)
_BUILT_IN_DATES: Final = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_BUILT_IN_OTHER: Final = frozenset({9, 10})
_ESCAPE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LONGEST: Final = 40

Reading = tuple[str, Mark | None]


def shape_of(number: int, code: str | None) -> Shape:
    """What a format does to a number.  number: its id; code: as it is written, where it is not one of the built-in.

    >>> str(shape_of(0, None)), str(shape_of(164, "000000")), str(shape_of(165, "#,##0.00")), str(shape_of(14, None))
    ('plain', 'other', 'plain', 'date')
    """
    if code is None:
        known = Shape.DATE if number in _BUILT_IN_DATES else Shape.PLAIN
        return Shape.OTHER if number in _BUILT_IN_OTHER else known
    quiet = _QUIET.sub("", code).partition(";")[0]
    bare = _LITERAL.sub("", quiet)
    if bare == quiet and _PLAIN.fullmatch(bare):
        return Shape.PLAIN
    return Shape.DATE if _TIMES.search(bare.casefold().replace("general", "")) else Shape.OTHER


def unescaped(text: str) -> str:
    """Text as people see it: `_x000D_` stands for a character that XML cannot hold."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def number_of(raw: str, shape: Shape, epoch: datetime) -> Reading:
    """The text of a number.  Whole numbers have no point; what is shown otherwise, or not exact, is marked."""
    if len(raw) <= EXACT and raw.isdecimal() and raw.isascii() and (raw[0] != "0" or raw == "0"):
        return (raw, Mark.NUMBER) if shape is Shape.PLAIN else _shaped(Decimal(raw), raw, shape, epoch)
    try:
        value = Decimal(raw)
    except InvalidOperation:
        raise Damaged(f"a number is written {raw[:_LONGEST]!r}") from None
    if not value.is_finite() or len(raw) > _LONGEST:
        return raw, Mark.LONG
    return _shaped(value, raw, shape, epoch)


def _shaped(value: Decimal, raw: str, shape: Shape, epoch: datetime) -> Reading:
    if shape is Shape.DATE:
        return _date(value, raw, epoch), Mark.DATE
    if value.adjusted() >= EXACT:
        return raw, Mark.LONG
    if value != value.to_integral_value():
        return raw, Mark.FRACTION
    text = str(int(value))
    odd = shape is Shape.OTHER or (raw[:1] == "0" and raw != text and raw[1:2].isdigit())
    return text, Mark.SHOWN if odd else Mark.NUMBER


def _date(days: Decimal, raw: str, epoch: datetime) -> str:
    try:
        moment = epoch + timedelta(days=float(days))
    except OverflowError:
        return raw
    return f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00")


class Texts(Protocol):
    """Texts by their number."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def __getitem__(self, place: int, /) -> str:
        """One of them.  Raises IndexError."""
        ...


class Values:
    """Reads the cells of one workbook.  shared: its shared texts; shapes: by the number of a cell's style."""

    def __init__(self, shared: Texts, shapes: Sequence[Shape], *, since_1904: bool) -> None:
        self._shared = shared
        self._shapes = shapes
        self._epoch = datetime(1904, 1, 1, tzinfo=UTC) if since_1904 else datetime(1899, 12, 30, tzinfo=UTC)
        self._by: Mapping[str, Callable[[str, str], Reading]] = {
            "s": self._from_shared, "inlineStr": self._text, "str": self._text, "b": self._truth,
            "e": self._error, "d": self._written_date, "n": self._number,
        }  # fmt: skip

    def read(self, kind: str, raw: str, style: str, *, formula: bool) -> Reading:
        """Text and mark of a cell; an empty text with no mark for an empty cell."""
        if raw == "":
            return "", Mark.EMPTY if formula and kind != "str" else None
        if kind not in self._by:
            raise Damaged(f"nobody knows cells of the kind {kind[:_LONGEST]!r}")
        return self._by[kind](raw, style)

    def _from_shared(self, raw: str, _: str) -> Reading:
        try:
            return self._shared[int(raw) if raw.isdecimal() else len(self._shared)], None
        except IndexError:
            raise Damaged(f"there is no shared text {raw[:_LONGEST]!r}") from None

    def _text(self, raw: str, _: str) -> Reading:
        return unescaped(raw), None

    def _truth(self, raw: str, _: str) -> Reading:
        return "TRUE" if raw == "1" else "FALSE", Mark.TRUTH

    def _error(self, raw: str, _: str) -> Reading:
        return raw, Mark.ERROR

    def _written_date(self, raw: str, _: str) -> Reading:
        return raw, Mark.DATE

    def _number(self, raw: str, style: str) -> Reading:
        place = int(style) if style.isdecimal() else 0
        shape = self._shapes[place] if place < len(self._shapes) else Shape.PLAIN
        return number_of(raw, shape, self._epoch)
