"""Slips: eight people on a sheet, with marks to cut along, for those who are handed theirs by hand."""

from collections.abc import Sequence
from typing import Final

from keyturn.core.handout import Handed
from keyturn.letters.fonts import Face
from keyturn.letters.letter import SMALL, TINY, draw_password, password_lines
from keyturn.letters.sheet import Hand, Sheets, fitted
from keyturn.letters.told import UNCERTAIN, Told

ACROSS: Final = 2
DOWN: Final = 4
PER_SHEET: Final = ACROSS * DOWN
_RIM: Final = 9.0
_NAME: Final = Hand(11.0, Face.BOLD)
_TYPED: Final = Hand(10.0, Face.MONO)
_LINE: Final = Hand(9.0)


def draw_slips(sheets: Sheets, people: Sequence[Handed], told: Told, lines: Sequence[str]) -> None:
    """One sheet of at most eight.  lines: for each person what stands below the name."""
    sheets.shared("cuts", lambda: _cuts(sheets))
    wide, high = sheets.paper.wide / ACROSS, sheets.paper.high / DOWN
    for number, handed in enumerate(people):
        with sheets.moved((number % ACROSS) * wide, (number // ACROSS) * high):
            _slip(sheets, handed, told, lines[number], wide - 2 * _RIM)
    sheets.turn()


def _cuts(sheets: Sheets) -> None:
    wide, high = sheets.paper.wide, sheets.paper.high
    for column in range(1, ACROSS):
        sheets.line((column * wide / ACROSS, 0), (column * wide / ACROSS, high), dashed=True)
    for row in range(1, DOWN):
        sheets.line((0, row * high / DOWN), (wide, row * high / DOWN), dashed=True)


def _slip(sheets: Sheets, handed: Handed, told: Told, line: str, room: float) -> None:
    words, address = told.words(handed), told.address(handed)
    sheets.text(_RIM, 12, fitted(handed.person, room, _NAME), _NAME)
    sheets.text(_RIM, 16.5, fitted(line, room, SMALL), SMALL)
    sheets.text(_RIM, 22.5, words("Sign-in name"), TINY)
    sheets.text(_RIM, 27, fitted(handed.sign_in, room, _TYPED), _TYPED)
    sheets.text(_RIM, 32.5, words("Password"), TINY)
    y = 39.5
    for groups in password_lines(handed.password):
        draw_password(sheets, _RIM, y, groups, None, size=16.0, step=18.5)
        y += 6.5
    side = 21.0 if address else 0.0
    if address:
        corner = sheets.paper.wide / ACROSS - _RIM - side + 2, sheets.paper.high / DOWN - side - 3
        sheets.shared(("code", handed.target), lambda: sheets.code(*corner, side, address))
    if handed.state == UNCERTAIN:
        doubt = words("If it is refused, your former password still works.")
        y = sheets.paragraph(_RIM, y - 1.5, doubt, room, TINY) + 1.5
    text = told.help_text or words("Ask whoever gave you this letter.")
    y = sheets.paragraph(_RIM, y, address, room - side, _LINE) if address else y
    sheets.paragraph(_RIM, y, " ".join(text.split()), room - side, TINY)
