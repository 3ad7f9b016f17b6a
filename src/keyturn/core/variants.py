"""What a password becomes when the tricks are taken back that programs try on every word of their lists.

The tricks: digits and signs in front or behind, signs for letters (`p@ssw0rd`), separators, writing it backwards,
writing it twice.  Pure text; whoever calls knows which words are weak.
"""

from collections.abc import Iterator, Set
from itertools import product
from typing import Final

from keyturn.core.patterns import filler, slack

MOST_SLACK: Final = 4
"""How many digits and signs that belong to no pattern a variant may have beside its word; with more it is let pass."""

SHORTEST_WORD: Final = 4
"""A word of a list that is shorter is not looked for inside a candidate."""

SHORTEST_NAME: Final = 3
"""A name that is shorter is only refused as the whole candidate."""

_ENDS: Final = 7
"""From so many digits and signs on, a run of them at an end is taken off as a whole or not further than this."""

_LOOKS_LIKE: Final = {
    "a": "4@", "b": "8", "e": "3€", "g": "69", "i": "1!|", "l": "1!|", "o": "0", "s": "5$", "t": "7+", "z": "2",
}  # fmt: skip
_SIGNS: Final = frozenset("".join(_LOOKS_LIKE.values()))
_AS_I: Final = str.maketrans({sign: letter for letter, signs in reversed(_LOOKS_LIKE.items()) for sign in signs})
_AS_L: Final = str.maketrans({sign: letter for letter, signs in _LOOKS_LIKE.items() for sign in signs})


def joined(text: str) -> str:
    """The text without separators; signs that stand for letters stay."""
    return text if text.isalnum() else "".join(char for char in text if char.isalnum() or char in _SIGNS)


def bases(text: str) -> Iterator[str]:
    """What a folded text may have been made of, each once and forwards; the text itself comes first."""
    seen: set[str] = set()
    for core in _cores(text):
        whole = joined(core)
        for form in (core, whole, *_letters(core), _unit(whole)):
            if form not in seen:
                seen.add(form)
                yield form


def _cores(text: str) -> Iterator[str]:
    """The text without so many digits and signs at its ends as a variant may have."""
    yield text
    if not any(map(str.isalpha, text)):
        return  # a number has no word in it
    for lead, tail in list(product(_cuts(text), _cuts(text[::-1])))[1:]:
        end = len(text) - tail
        if end - lead >= SHORTEST_WORD and slack(text[:lead]) + slack(text[end:]) <= MOST_SLACK:
            yield text[lead:end]


def _cuts(text: str) -> list[int]:
    """How much of a text may be padding in front of a word: digits, signs, keys in a row."""
    found, place = [0], 0
    while place < len(text):
        size = filler(text, place)
        if not size and text[place].isalpha():
            break
        place += 1 if not text[place].isalpha() else size
        found.append(place)
    return found if len(found) <= _ENDS else [*found[:_ENDS], found[-1]]


def _letters(core: str) -> Iterator[str]:
    """The core with letters in place of the signs that look like them, both ways where a sign looks like two."""
    if not core.isalpha():
        for table in (_AS_I, _AS_L):
            yield joined(core.translate(table))


def _unit(text: str) -> str:
    """The shortest piece whose repetition the text is; the text itself when there is none."""
    size = (text + text).find(text, 1)
    return text[:size] if size > 0 else text


def made_of(text: str, words: Set[str]) -> bool:
    """Whether a folded text is nothing but these words, patterns, years and a few digits and signs, in whatever order.

    One word at least must be in it.  The words are joined ones.
    """
    whole = joined(text)
    if text in words or whole in words:
        return True
    pieces = [word for word in words if len(word) >= SHORTEST_NAME]
    return bool(pieces) and _covered(whole, pieces)


def _covered(text: str, pieces: list[str]) -> bool:
    """Walks through the text; per place the least slack on the way there, without and with a word."""
    none = MOST_SLACK + 1
    ways = [[none, none] for _ in range(len(text) + 1)]
    ways[0][0] = 0
    for place, (bare, named) in enumerate(ways[:-1]):
        if min(bare, named) == none:
            continue
        for word in pieces:
            if _stands_at(text, place, word):
                _better(ways[place + len(word)], none, min(bare, named))
        size = filler(text, place)
        if size:
            _better(ways[place + size], bare, named)
        if not text[place].isalpha():
            _better(ways[place + 1], min(none, bare + 1), min(none, named + 1))
    return ways[-1][1] < none


def _better(way: list[int], bare: int, named: int) -> None:
    way[0], way[1] = min(way[0], bare), min(way[1], named)


def _stands_at(text: str, place: int, word: str) -> bool:
    """Whether a word stands at a place, perhaps with signs that look like its letters."""
    if len(text) - place < len(word):
        return False
    return all(
        text[place + at] == letter or text[place + at] in _LOOKS_LIKE.get(letter, "") for at, letter in enumerate(word)
    )
