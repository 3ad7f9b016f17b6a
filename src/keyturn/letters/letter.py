"""A letter: one sheet for one person, folded twice into an envelope with a window, the password in the middle part."""

from functools import partial
from typing import Final

from keyturn.core.handout import Handed
from keyturn.core.languages import Words
from keyturn.core.secret import Secret
from keyturn.letters.fonts import Face
from keyturn.letters.sheet import FAINT, GREY, Hand, Paper, Sheets, fitted
from keyturn.letters.spelling import groups, spelt
from keyturn.letters.told import UNCERTAIN, Told

LEFT: Final = 25.0
WINDOW: Final = 50.0
"""Where the address begins; it shows in the windows of DL, C6/5 (DIN 5008 form B) and #10 envelopes."""

SMALL: Final = Hand(8.0, shade=GREY)
TINY: Final = Hand(7.0, shade=GREY)
NAME: Final = Hand(11.5, Face.BOLD)
TITLE: Final = Hand(16.0, Face.BOLD)
HEADING: Final = Hand(10.5, Face.BOLD)
TYPED: Final = Hand(13.0, Face.MONO)
PLAIN: Final = Hand()
_SPELT: Final = Hand(8.0)
_SIGN: Final = Hand(8.0, Face.MONO)
_PER_LINE: Final = 4
_MOST_SPELT: Final = 32
"""A longer password is not spelt out: it would not fit on the sheet."""


def draw_letter(sheets: Sheets, handed: Handed, told: Told, *, place: str, lines: tuple[str, ...]) -> None:
    """One sheet.  place: which letter of how many; lines: what stands in the window below the name."""
    words = told.words(handed)
    wide = sheets.paper.wide - 2 * LEFT
    sheets.shared(("frame", words.tag), lambda: _frame(sheets, told))
    sheets.text(LEFT, WINDOW + 8, fitted(handed.person, 82, NAME), NAME)
    for number, line in enumerate(lines[:3], start=1):
        sheets.text(LEFT, WINDOW + 8 + 5.5 * number, fitted(line, 82, PLAIN), PLAIN)
    edge = sheets.paper.wide - LEFT
    for number, line in enumerate((words.moment(told.written), told.name, place)):
        sheets.text(edge, WINDOW + 8 + 4.2 * number, line, SMALL, right=True)
    y = _fold(sheets.paper) + 9
    sheets.text(LEFT, y, words("Your new password"), TITLE)
    y = sheets.paragraph(LEFT, y + 9, words("Hello %(name)s,") % {"name": handed.person}, wide)
    text = _opening(handed, words)
    y += sheets.shared(text, lambda: sheets.paragraph(LEFT, 1, text, wide), down=y)
    y = _box(sheets, handed, words, y)
    sheets.shared(
        ("below", words.tag, handed.target), lambda: _below(sheets, words, told, told.address(handed)), down=y
    )
    sheets.turn()


def _fold(paper: Paper) -> float:
    """Where the sheet is folded first."""
    return 105.0 if paper is Paper.A4 else paper.high / 3


def _opening(handed: Handed, words: Words) -> str:
    text = words("a new password was made for your account. Sign in with it, and then choose one that only you know.")
    if handed.state == UNCERTAIN:
        doubt = words("It may be that it does not hold yet: if it is refused, your former password still works.")
        text = f"{text} {doubt}"
    return text


def _frame(sheets: Sheets, told: Told) -> None:
    """Who writes, and where to fold."""
    if told.head:
        sheets.text(LEFT, WINDOW, fitted(told.head, 82, TINY), TINY)
        sheets.line((LEFT, WINDOW + 1.4), (LEFT + 82, WINDOW + 1.4))
    first = _fold(sheets.paper)
    for y in (first, 2 * first):
        sheets.line((4, y), (9, y))


def _box(sheets: Sheets, handed: Handed, words: Words, y: float) -> float:
    """What to type, in a box; answers where it ends."""
    spelled = password_lines(handed.password)
    spelling = sum(map(len, spelled)) * 4 <= _MOST_SPELT
    step = 32.0 if spelling else 14.0
    high = 34.0 + step * len(spelled)
    wide = sheets.paper.wide - 2 * LEFT
    sheets.shared(("box", words.tag, high), lambda: _empty_box(sheets, words, wide, high), down=y)
    sheets.text(LEFT, y + 13.5, fitted(handed.sign_in, wide, TYPED), TYPED)
    below = y + 32
    for line in spelled:
        draw_password(sheets, LEFT, below, line, words if spelling else None, size=25.0, step=wide / _PER_LINE)
        below += step
    return y + high


def _empty_box(sheets: Sheets, words: Words, wide: float, high: float) -> None:
    sheets.box(LEFT - 5, 0, wide + 10, high)
    sheets.text(LEFT, 7, words("Sign-in name"), SMALL)
    sheets.text(LEFT, 22, words("Password"), SMALL)
    note = words("The gaps are not part of the password. Capital letters are spelt in capitals.")
    sheets.text(LEFT, high - 3.5, note, SMALL)


def password_lines(password: Secret) -> list[list[str]]:
    """The password as it is written down: lines of groups of four.  The one look at it that paper takes."""
    parts = groups(password.reveal())
    return [list(parts[start : start + _PER_LINE]) for start in range(0, len(parts), _PER_LINE)]


def draw_password(
    sheets: Sheets, x: float, y: float, line: list[str], words: Words | None, *, size: float, step: float
) -> None:
    """A line of groups, together also for programs that read sheets aloud; below, with words, how each is said."""
    places = [(x + number * step, group) for number, group in enumerate(line)]
    for left, group in places:
        sheets.text(left, y, group.replace(" ", "␣"), Hand(size, Face.MONO))
    for left, group in places:
        for row, (sign, name) in enumerate(spelt(group, words) if words is not None else (), start=1):
            draw = partial(_spell, sheets, sign, name, step)
            sheets.shared(("spelt", sign, name), draw, right=left, down=y + 2.5 + 3.9 * row)


def _spell(sheets: Sheets, sign: str, name: str, room: float) -> None:
    """One sign and how it is said; written once for all letters, which saves most of their time."""
    sheets.text(0.5, 0, sign.replace(" ", "␣"), _SIGN)
    sheets.text(4.5, 0, fitted(name, room - 6, _SPELT), _SPELT)


def _below(sheets: Sheets, words: Words, told: Told, address: str) -> None:
    """What to do, where, and whom to call; the same for all of a target and a language."""
    wide = sheets.paper.wide - 2 * LEFT
    side = 33.0 if address else 0.0
    sheets.text(LEFT, 9, words("What to do"), HEADING)
    y = 15.0
    steps = [words("Sign in with the name and the password above."), words("Choose a new password that only you know.")]
    for number, step in enumerate([*steps, words("Destroy this letter.")], start=1):
        sheets.text(LEFT, y, f"{number}.")
        y = sheets.paragraph(LEFT + 6, y, step, wide - side - 10)
        if number == 1 and address:
            y = sheets.paragraph(LEFT + 6, y, address, wide - side - 10, Hand(10.5, Face.BOLD))
    if address:
        sheets.code(sheets.paper.wide - LEFT - side + 4, 4, side, address)
    sheets.text(LEFT, y + 3, words("Help"), HEADING)
    asked = told.help_text or words("Ask whoever gave you this letter.")
    y = sheets.paragraph(LEFT, y + 8.5, asked, wide - side - 4)
    sheets.line((LEFT, y), (LEFT + wide, y), shade=FAINT)
    sheets.paragraph(LEFT, y + 4.5, words("Nobody will ever ask you for what is in this letter."), wide, SMALL)
