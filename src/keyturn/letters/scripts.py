"""Turns text into the order and the shapes in which it stands on paper: Arabic joined, right-to-left scripts turned.

A name, not a paragraph: one line, without nested quotations.  Whole bidirectional text needs more than this.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

_RIGHT: Final = ("R", "AL", "AN")
_LEFT: Final = ("L", "EN")
_MIRRORED: Final = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_LAM: Final = "\N{ARABIC LETTER LAM}"


def visible(text: str) -> str:
    """A line of text as it is drawn from left to right; nothing invisible is left in it.

    >>> visible("Zoe\\u0308")
    'Zoë'
    """
    if text.isascii() and text.isprintable():
        return text
    plain = unicodedata.normalize("NFC", " ".join(text.split()))
    if any(unicodedata.bidirectional(sign) in _RIGHT for sign in plain):
        plain = _turned(_joined(plain))
    return "".join(sign for sign in plain if unicodedata.category(sign) not in ("Cc", "Cf"))


@cache
def _forms() -> Mapping[str, Mapping[str, str]]:
    """The shapes of Arabic letters and of lam with alef, by letter and place, as Unicode lists them."""
    found: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFF00)):
        place, *letters = unicodedata.decomposition(chr(code)).split()[:3] or [""]
        text = "".join(chr(int(letter, 16)) for letter in letters)
        if place in ("<isolated>", "<initial>", "<medial>", "<final>") and (len(text) == 1 or text[0] == _LAM):
            found.setdefault(text, {})[place] = chr(code)
    return found


def _joined(text: str) -> str:
    """Arabic letters in the shapes that fit their neighbours."""
    forms, letters = _forms(), _ligated(text)
    bases = [index for index, letter in enumerate(letters) if not unicodedata.combining(letter[0])]
    shaped = list(letters)
    for place, index in enumerate(bases):
        mine = forms.get(letters[index], {})
        before = forms.get(letters[bases[place - 1]], {}) if place else {}
        after = forms.get(letters[bases[place + 1]], {}) if place + 1 < len(bases) else {}
        backward = "<initial>" in before and "<final>" in mine
        forward = "<initial>" in mine and "<final>" in after
        name = {(True, True): "<medial>", (True, False): "<final>", (False, True): "<initial>"}
        shaped[index] = mine.get(name.get((backward, forward), "<isolated>"), letters[index])
    return "".join(shaped)


def _ligated(text: str) -> Sequence[str]:
    """The letters, lam with alef taken as one, as Arabic demands."""
    forms, found = _forms(), list[str]()
    for letter in text:
        if found and found[-1] == _LAM and _LAM + letter in forms:
            found[-1] += letter
        else:
            found.append(letter)
    return found


def _turned(text: str) -> str:
    """The line as the eye meets it from left to right."""
    runs = list(_runs(text))
    ordered = reversed(runs) if _leads_right(text) else runs
    return "".join(_reversed(run) if right else run for right, run in ordered)


def _leads_right(text: str) -> bool:
    strong = (unicodedata.bidirectional(sign) for sign in text)
    return next((kind in _RIGHT for kind in strong if kind in ("L", *_RIGHT)), False)


def _runs(text: str) -> Iterator[tuple[bool, str]]:
    """Pieces of one direction; brackets go with the line, other signs with their neighbours when those agree."""
    whole = _leads_right(text)
    sides = [whole if ord(sign) in _MIRRORED else _side(sign) for sign in text]
    start = 0
    for index, side in enumerate(sides):
        if side is None:
            before = sides[index - 1] if index else whole
            after = next((later for later in sides[index:] if later is not None), whole)
            sides[index] = before if before == after else whole
        if sides[index] != sides[start]:
            yield bool(sides[start]), text[start:index]
            start = index
    if text:
        yield bool(sides[start]), text[start:]


def _side(sign: str) -> bool | None:
    kind = unicodedata.bidirectional(sign)
    return True if kind in _RIGHT else False if kind in _LEFT else None


def _reversed(run: str) -> str:
    """A run turned round, each mark kept behind the letter that it stands over."""
    clusters: list[str] = []
    for sign in run:
        if clusters and unicodedata.combining(sign):
            clusters[-1] += sign
        else:
            clusters.append(sign)
    return "".join(reversed(clusters)).translate(_MIRRORED)
