"""Judges the cell that names a user: kept as it is, trimmed aloud, or refused with the reason."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

LOST_DIGITS: Final = re.compile(r"\d([.,]\d+)?[Ee]\+\d{2,}")
"""A long number as a sheet shows and then saves it (`1.23E+11`), or a script writes it: digits are gone.  `1E5` is an
ordinary id."""

_PLACEHOLDER: Final = re.compile(
    r"\{\{.*\}\}|\$\{.*\}|<[^<>]*>|%[A-Za-z_]+%|null|undefined|NaN|[Ee]xample: .*"
    r"|#(N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!)"
)
_ZEROS: Final = re.compile(r"0\d+")
BLANKS: Final = " \t"


@dataclass(frozen=True, slots=True)
class Id:
    """What a cell says.  reason: why the row is blocked, empty when it is fine; text: the same for people."""

    who: str
    reason: str = ""
    text: str = ""
    trimmed: bool = False
    lost: bool = False
    zeros: bool = False


def read_id(cell: str) -> Id:
    """Judge one id cell.  Blanks around it are trimmed; inside it they stay (`john doe` is an ordinary id)."""
    who = cell.strip(BLANKS)
    trimmed = len(who) != len(cell)
    if not who:
        return Id(who, "empty-id", "the cell of the user id is empty", trimmed)
    if LOST_DIGITS.fullmatch(who):
        return lost_id(cell)
    if not (who.isascii() and who.isprintable()):
        hidden = next((letter for letter in who if _hidden(letter)), None)
        if hidden is not None:
            return Id(who, "invisible-character", f"the id holds an invisible character, {_named(hidden)}", trimmed)
    if _PLACEHOLDER.fullmatch(who):
        return Id(who, "placeholder", "the id is a placeholder that was never filled in", trimmed)
    return Id(who, trimmed=trimmed, zeros=who[0] == "0" and _ZEROS.fullmatch(who) is not None)


def lost_id(cell: str) -> Id:
    """The verdict on a cell of which digits are gone."""
    who = cell.strip(BLANKS)
    return Id(who, "lost-digits", "a spreadsheet has replaced digits of the id", who != cell, lost=True)


def failed_id(cell: str) -> Id:
    """The verdict on a cell in which a formula has failed."""
    return Id(cell, "placeholder", "the cell of the user id holds an error of a formula")


def _hidden(letter: str) -> bool:
    return letter != " " and unicodedata.category(letter) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs")


def _named(letter: str) -> str:
    name = unicodedata.name(letter, "").lower()
    return f"U+{ord(letter):04X} {name}".rstrip()
