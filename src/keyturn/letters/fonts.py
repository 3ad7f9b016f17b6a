"""The fonts that ship with keyturn, and which of them prints a letter; one that none prints is shown as its code.

Latin with all accents, Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic are in DejaVu; Chinese, Japanese and
Korean in Droid Sans Fallback.  The note beside the files says where they are from.
"""

from collections.abc import Iterator, Mapping
from enum import Enum, unique
from functools import cache
from importlib.resources import files
from typing import Final

from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]  # reportlab ships no annotations
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]  # the same

from keyturn.letters.scripts import visible

_SANS: Final = "DejaVuSansCondensed"
_WIDE: Final = "DroidSansFallback"


@unique
class Face(Enum):
    """How a text looks, with the fonts that are asked for a letter, in this order.

    MONO: for what is typed; 0 and O, and 1, l and I, cannot be taken for one another in it.
    """

    SANS = (_SANS, _WIDE)
    BOLD = ("DejaVuSansCondensed-Bold", _SANS, _WIDE)
    MONO = ("DejaVuSansMono-Bold", _SANS, _WIDE)


@cache
def _glyphs(font: str) -> Mapping[int, int]:
    """The letters that a font prints; loads it, which for the largest takes a third of a second."""
    with (files("keyturn.letters") / "fonts" / f"{font}.ttf").open("rb") as file:
        loaded = TTFont(font, file)
    pdfmetrics.registerFont(loaded)
    found: Mapping[int, int] = loaded.face.charToGlyph
    return found


def _font(letter: str, face: Face) -> str:
    """The first font that prints a letter; empty when none does."""
    return next((font for font in face.value if ord(letter) in _glyphs(font)), "")


def unprintable(text: str) -> str:
    """The letters of a text that no font prints, each once."""
    return "".join(dict.fromkeys(letter for letter in visible(text) if not _font(letter, Face.SANS)))


def pieces(text: str, face: Face) -> Iterator[tuple[str, str]]:
    """The text in pieces of one font each, in the order of paper; what no font prints as `[U+20BB7]`."""
    if text.isascii() and text.isprintable():  # every font but the wide one has these
        if text:
            _glyphs(face.value[0])
            yield face.value[0], text
        return
    last, piece = "", ""
    for letter in visible(text):
        font = _font(letter, face)
        shown = letter if font else f"[U+{ord(letter):04X}]"
        font = font or _SANS
        if font != last and piece:
            yield last, piece
            piece = ""
        last, piece = font, piece + shown
    if piece:
        yield last, piece


def width(text: str, face: Face, size: float) -> float:
    """How wide a text is, in points."""
    return sum(float(pdfmetrics.stringWidth(piece, font, size)) for font, piece in pieces(text, face))
