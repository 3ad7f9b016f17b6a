"""Spells a password out, to be read over a telephone, and takes it apart into groups that the eye can hold."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from keyturn.core.languages import Words, marked

GROUP: Final = 4

ALPHABET: Final = (
    "Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima", "Mike",
    "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "X-ray",
    "Yankee", "Zulu",
)  # fmt: skip
"""The spelling alphabet of aviation (ICAO Annex 10, volume II, 5.2.1.3), which is taught in every country."""

_DIGITS: Final = (
    marked("zero"), marked("one"), marked("two"), marked("three"), marked("four"),
    marked("five"), marked("six"), marked("seven"), marked("eight"), marked("nine"),
)  # fmt: skip
_SIGNS: Final[Mapping[str, str]] = {
    "-": marked("dash"), "_": marked("underscore"), ".": marked("dot"), " ": marked("space"),
    ",": marked("comma"), "!": marked("exclamation mark"), "?": marked("question mark"), "#": marked("hash"),
    "@": marked("at sign"), "$": marked("dollar"), "%": marked("percent"), "&": marked("ampersand"),
    "*": marked("asterisk"), "+": marked("plus"), "=": marked("equals"), "/": marked("slash"),
    ":": marked("colon"), ";": marked("semicolon"),
}  # fmt: skip


def groups(text: str) -> Sequence[str]:
    """A text in groups of four.

    >>> groups("Kt7-vqRm2")
    ['Kt7-', 'vqRm', '2']
    """
    return [text[start : start + GROUP] for start in range(0, len(text), GROUP)]


def spelt(text: str, words: Words) -> Iterator[tuple[str, str]]:
    """Each sign with its name: capital letters in capitals.

    >>> list(spelt("Kt7-", Words()))
    [('K', 'KILO'), ('t', 'tango'), ('7', 'seven'), ('-', 'dash')]
    """
    for sign in text:
        if sign.isascii() and sign.isalpha():
            name = ALPHABET[ord(sign.lower()) - ord("a")]
            yield sign, name.upper() if sign.isupper() else name.lower()
        elif sign.isascii() and sign.isdecimal():
            yield sign, words(_DIGITS[int(sign)])
        else:
            yield sign, words(_SIGNS[sign]) if sign in _SIGNS else unicodedata.name(sign, "").lower()
