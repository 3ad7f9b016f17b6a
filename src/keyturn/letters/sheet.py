"""Paper, measured in millimetres from its upper left corner, and a file of many such sheets."""

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, unique
from itertools import groupby
from typing import Any, BinaryIO, Final, TypeVar, cast

import segno
from reportlab import rl_config  # type: ignore[import-untyped]  # reportlab ships no annotations
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]  # the same

from keyturn.letters.fonts import Face, pieces, width

T = TypeVar("T")

MM: Final = 72 / 25.4
"""Points in a millimetre."""

BLACK: Final = 0.0
GREY: Final = 0.38
FAINT: Final = 0.72
_NOT_FIRST: Final = "、。，．・：；？！」』）】〕ー"  # noqa: RUF001  # Japanese signs, not ours
"""Signs that never begin a line of Japanese."""


@unique
class Paper(Enum):
    """A size of paper: width and height in millimetres."""

    A4 = (210.0, 297.0)
    LETTER = (215.9, 279.4)

    @property
    def wide(self) -> float:
        """From left to right."""
        return self.value[0]

    @property
    def high(self) -> float:
        """From top to bottom."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Hand:
    """How something is written."""

    size: float = 10.5
    face: Face = Face.SANS
    shade: float = BLACK

    @property
    def leading(self) -> float:
        """Millimetres from one line to the next."""
        return self.size * 1.38 / MM


class Sheets:
    """A PDF with one sheet after the other.  What many sheets share is written once.

    >>> import io
    >>> sheets = Sheets(io.BytesIO(), Paper.A4, "keyturn")
    >>> sheets.text(20, 20, "Hello")
    >>> sheets.turn()
    >>> sheets.close()
    1
    """

    def __init__(self, file: BinaryIO, paper: Paper, title: str) -> None:
        rl_config.useA85 = 0  # else every stream is written in letters: a quarter longer, and a third of the time
        self.paper = paper
        self._canvas = Canvas(file, pagesize=(paper.wide * MM, paper.high * MM), pageCompression=1)
        self._canvas.setTitle(title)
        self._canvas.setAuthor("keyturn")
        self._canvas.setCreator("keyturn")
        self._shared: dict[object, tuple[str, Any]] = {}
        self._count = 0

    def text(self, x: float, y: float, text: str, hand: Hand = Hand(), *, right: bool = False) -> None:
        """A line of text; y is where its letters stand.  right: it ends at x."""
        at = x * MM - (width(text, hand.face, hand.size) if right else 0.0)
        canvas = self._canvas
        line = canvas.beginText(at, self._up(y))
        line.setFillGray(hand.shade)
        for font, piece in pieces(text, hand.face):
            line.setFont(font, hand.size)
            line.textOut(piece)
        canvas.drawText(line)

    def paragraph(self, x: float, y: float, text: str, wide: float, hand: Hand = Hand()) -> float:
        """Lines no wider than that; answers where the next line would stand."""
        for part in text.splitlines():
            for line in wrapped(part, wide, hand):
                self.text(x, y, line, hand)
                y += hand.leading
        return y

    def line(self, *ends: tuple[float, float], shade: float = FAINT, dashed: bool = False) -> None:
        """A thin straight line from the first to the second point."""
        (x, y), (to_x, to_y) = ends
        self._canvas.setStrokeGray(shade)
        self._canvas.setLineWidth(0.4)
        self._canvas.setDash(*((2, 3) if dashed else ()))
        self._canvas.line(x * MM, self._up(y), to_x * MM, self._up(to_y))

    def box(self, x: float, y: float, wide: float, high: float) -> None:
        """A shaded box with a frame."""
        self._canvas.setStrokeGray(FAINT)
        self._canvas.setFillGray(0.965)
        self._canvas.setLineWidth(0.6)
        self._canvas.setDash()
        self._canvas.roundRect(x * MM, self._up(y + high), wide * MM, high * MM, 2 * MM, stroke=1, fill=1)

    def code(self, x: float, y: float, side: float, address: str) -> None:
        """A QR code of an address, with the free rim that readers need inside of that side."""
        matrix = segno.make(address, micro=False, error="m").matrix
        dot = side / (len(matrix) + 8)
        self._canvas.setFillGray(BLACK)
        for row, dots in enumerate(matrix, start=5):
            for dark, run in groupby(enumerate(dots, start=4), key=lambda dot: dot[1]):
                columns = [column for column, _ in run]
                if dark:
                    left, low, wide = (x + columns[0] * dot) * MM, self._up(y + row * dot), len(columns) * dot * MM
                    self._canvas.rect(left, low, wide, dot * MM, stroke=0, fill=1)

    def shared(self, name: object, draw: Callable[[], T], *, right: float = 0.0, down: float = 0.0) -> T:
        """What is there many times: drawn at the first, referred to at the others, so far right and low.

        Answers what the drawing answered.  It saves nearly all of the time that a sheet takes.
        """
        if name not in self._shared:
            form = f"shared{len(self._shared)}"
            wide, high = self.paper.wide * MM, self.paper.high * MM
            # Room on all sides: a viewer cuts what stands out of it, and letters at the upper edge do.
            self._canvas.beginForm(form, -wide, -high, 2 * wide, 2 * high)
            drawn = draw()
            self._canvas.endForm()
            self._shared[name] = form, drawn
        form, drawn = self._shared[name]
        with self.moved(right, down):
            self._canvas.doForm(form)
        return cast("T", drawn)

    @contextmanager
    def moved(self, right: float, down: float) -> Iterator[None]:
        """Everything inside stands that much further right and lower."""
        self._canvas.saveState()
        self._canvas.translate(right * MM, -down * MM)
        yield
        self._canvas.restoreState()

    def turn(self) -> None:
        """End this sheet."""
        self._canvas.showPage()
        self._count += 1

    def close(self) -> int:
        """Write the file; answers how many sheets are in it."""
        self._canvas.save()
        return self._count

    def _up(self, y: float) -> float:
        return (self.paper.high - y) * MM


def wrapped(text: str, wide: float, hand: Hand) -> Iterator[str]:
    """A paragraph in lines that are no wider; broken between words, and between any two signs of the East."""
    line = ""
    for word in _words(text):
        if line and width((line + word).rstrip(), hand.face, hand.size) > wide * MM:
            yield line.rstrip()
            line = ""
        line += word
    yield line.rstrip()


def fitted(text: str, wide: float, hand: Hand) -> str:
    """As much of a line as fits, with an ellipsis where something was left away."""
    if width(text, hand.face, hand.size) <= wide * MM:
        return text
    while text and width(f"{text}…", hand.face, hand.size) > wide * MM:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _words(text: str) -> Iterator[str]:
    word = ""
    for sign in text:
        eastern = unicodedata.east_asian_width(sign) in "WF"
        if word and ((eastern and sign not in _NOT_FIRST) or (word[-1] == " " and sign != " ")):
            yield word
            word = ""
        word += sign
    if word:
        yield word
