"""Sheets for those who hand passwords over: one before each group, and a list to sign.  No password is on them."""

from collections.abc import Sequence
from typing import Final

from keyturn.core.handout import Handed
from keyturn.letters.fonts import Face
from keyturn.letters.letter import HEADING, PLAIN, SMALL, TITLE
from keyturn.letters.sheet import Hand, Sheets, fitted
from keyturn.letters.told import UNCERTAIN, Told

LEFT: Final = 20.0
_ROW: Final = 9.5
_SMALLER: Final = Hand(9.0)
_TYPED: Final = Hand(8.5, Face.MONO)


def draw_cover(sheets: Sheets, group: str, people: Sequence[Handed], told: Told) -> None:
    """The sheet before a group: whose it is, how many there are, and who took them."""
    words = told.words()
    edge = sheets.paper.wide - LEFT
    _head(sheets, told)
    sheets.text(LEFT, 70, fitted(group or words("Everybody"), edge - LEFT, Hand(30, Face.BOLD)), Hand(30, Face.BOLD))
    sheets.text(LEFT, 84, words("%(count)s passwords to hand over") % {"count": len(people)}, TITLE)
    unsure = sum(handed.state == UNCERTAIN for handed in people)
    if unsure:
        text = words("%(count)s of them may not hold yet; their letters say so.") % {"count": unsure}
        sheets.paragraph(LEFT, 93, text, edge - LEFT)
    sheets.text(LEFT, 112, words("Handed to"), HEADING)
    for number, label in enumerate((words("Name"), words("Date"), words("Signature"))):
        y = 124 + 16 * number
        sheets.text(LEFT, y, label, SMALL)
        sheets.line((LEFT + 28, y), (edge, y))
    note = words("Whoever holds these sheets can sign in as these people. Keep them closed, and count them.")
    sheets.paragraph(LEFT, 182, note, edge - LEFT)
    sheets.turn()


def draw_list(sheets: Sheets, group: str, people: Sequence[Handed], told: Told) -> None:
    """The list that people sign when they get theirs, over as many sheets as it needs."""
    per_sheet = int((sheets.paper.high - 75) // _ROW)
    sheets_needed = -(-len(people) // per_sheet)
    for number in range(sheets_needed):
        part = people[number * per_sheet : (number + 1) * per_sheet]
        _list_head(sheets, group, told, f"{number + 1} / {sheets_needed}", len(people))
        for line, handed in enumerate(part):
            _entry(sheets, handed, 52 + _ROW * line, number * per_sheet + line + 1)
        sheets.turn()


def _head(sheets: Sheets, told: Told) -> None:
    edge = sheets.paper.wide - LEFT
    sheets.text(LEFT, 18, fitted(told.head, 90, SMALL), SMALL)
    sheets.text(edge, 18, told.name, SMALL, right=True)
    sheets.text(edge, 22.5, told.words().moment(told.written), SMALL, right=True)


def _columns(sheets: Sheets) -> tuple[float, float, float, float]:
    """Where number, name, sign-in name and signature begin."""
    room = sheets.paper.wide - 2 * LEFT
    return LEFT, LEFT + 11, LEFT + room * 0.42, LEFT + room * 0.70


def _list_head(sheets: Sheets, group: str, told: Told, page: str, count: int) -> None:
    words = told.words()
    edge = sheets.paper.wide - LEFT
    _head(sheets, told)
    sheets.text(LEFT, 32, fitted(group or words("Everybody"), edge - LEFT - 30, TITLE), TITLE)
    sheets.text(edge, 32, page, SMALL, right=True)
    sheets.text(LEFT, 37.5, words("%(count)s passwords to hand over") % {"count": count}, PLAIN)
    _, name, login, signed = _columns(sheets)
    for x, label in ((name, words("Name")), (login, words("Sign-in name")), (signed, words("Date, signature"))):
        sheets.text(x, 44, label, SMALL)
    sheets.line((LEFT, 45.5), (edge, 45.5))


def _entry(sheets: Sheets, handed: Handed, y: float, number: int) -> None:
    start, name, login, signed = _columns(sheets)
    sheets.text(start, y, f"{number}", SMALL)
    sheets.text(name, y, fitted(handed.person, login - name - 3, _SMALLER), _SMALLER)
    doubt = " ?" if handed.state == UNCERTAIN else ""
    sheets.text(login, y, fitted(handed.sign_in, signed - login - 6, _TYPED) + doubt, _TYPED)
    edge = sheets.paper.wide - LEFT
    sheets.line((start, y + 3.2), (edge, y + 3.2))
