"""Makes a whole file of letters, slips or lists: sorted, in groups, each behind a sheet that says how many it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import BinaryIO, Final

from keyturn.core.errors import ConfigError
from keyturn.core.handout import NAME, Handed
from keyturn.letters.fonts import unprintable
from keyturn.letters.letter import draw_letter
from keyturn.letters.lists import draw_cover, draw_list
from keyturn.letters.sheet import Paper, Sheets
from keyturn.letters.slips import PER_SHEET, draw_slips
from keyturn.letters.told import Told

_SAID: Final = (NAME.casefold(), "row", "user", "target")
"""Columns that need no line of their own in the window of an envelope."""


@unique
class Form(StrEnum):
    """What the file holds."""

    LETTERS = "letters"
    SLIPS = "slips"
    SIGN = "list to sign"


@dataclass(frozen=True, slots=True)
class Order:
    """In which order people come.  by: the column that makes groups; empty: one group.  sort: columns, first first."""

    by: str = ""
    sort: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are asked for."""
        return (*((self.by,) if self.by else ()), *self.sort)


@dataclass(frozen=True, slots=True)
class Strange:
    """A person with letters that no font prints: they stand on paper as their codes.  left_out: the password holds one,
    and a letter that cannot be typed from helps nobody."""

    row: int
    user: str
    letters: str
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """What was written.  groups: how many people are in each, in order."""

    sheets: int
    groups: Sequence[tuple[str, int]]


def grouped(people: Sequence[Handed], order: Order) -> list[tuple[str, list[Handed]]]:
    """The people in groups and in order; without an order as they stand in the file of the run.

    Raises ConfigError for a column that the handout does not have.
    """
    for header in order.columns:
        if not any(handed.column(header) is not None for handed in people):
            raise _no_column(header, people)
    ordered = sorted(people, key=lambda handed: [_key(handed, header) for header in order.columns])
    found: dict[str, list[Handed]] = {}
    for handed in ordered:
        found.setdefault(_value(handed, order.by) if order.by else "", []).append(handed)
    return list(found.items())


def strange(people: Sequence[Handed]) -> list[Strange]:
    """Everybody of whom something cannot be printed; known before a sheet is written."""
    found = []
    for handed in people:
        spoiled = bool(unprintable(handed.password.reveal()))
        shown = "".join((handed.person, handed.sign_in, *handed.columns.values()))
        letters = unprintable(shown)
        if letters or spoiled:
            found.append(Strange(handed.row, handed.user, letters, spoiled))
    return found


Groups = Sequence[tuple[str, Sequence[Handed]]]


def write(file: BinaryIO, form: Form, groups: Groups, told: Told, *, order: Order, paper: Paper) -> Book:
    """Write the PDF."""
    sheets = Sheets(file, paper, f"{told.name}: {form}")
    total, before = sum(len(people) for _, people in groups), 0
    for name, people in groups:
        if form is Form.SIGN:
            draw_list(sheets, name, people, told)
            continue
        draw_cover(sheets, name, people, told)
        if form is Form.SLIPS:
            for start in range(0, len(people), PER_SHEET):
                part = people[start : start + PER_SHEET]
                draw_slips(sheets, part, told, [" · ".join(_lines(handed, order)) for handed in part])
        else:
            for number, handed in enumerate(people, start=before + 1):
                lines = _lines(handed, order)
                draw_letter(sheets, handed, told, place=f"{number} / {total}", lines=lines)
        before += len(people)
    return Book(sheets.close(), [(name, len(people)) for name, people in groups])


def _lines(handed: Handed, order: Order) -> tuple[str, ...]:
    """What is said of where a person is, so that the letter finds its way."""
    wanted = [header for header in order.columns if header.casefold() not in _SAID]
    return tuple(dict.fromkeys(value for header in wanted or handed.columns if (value := _value(handed, header))))


def _value(handed: Handed, header: str) -> str:
    return (handed.column(header) or "").strip()


def _key(handed: Handed, header: str) -> tuple[str, str]:
    value = _value(handed, header)
    return value.casefold(), value


def _no_column(header: str, people: Sequence[Handed]) -> ConfigError:
    known = dict.fromkeys(name for handed in people for name in handed.columns)
    return ConfigError(
        f"the handout has no column {header}",
        code="KT-CFG-043",
        why=f"its columns: {', '.join((NAME, 'user', 'row', 'target', *known))}",
        fix=f"name one of them; a run takes more into its handout with --handout-columns {header}",
    )
