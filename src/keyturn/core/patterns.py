"""What looks long and is not: repetitions, walks over a keyboard, counting, and what people put around a word."""

from typing import Final

UNIT: Final = 15
"""A repeated piece shorter than this is refused: the whole is no stronger than the piece (NIST's own minimum)."""

STRETCH: Final = 3
"""The shortest piece of a line that counts as a walk."""

_YEAR: Final = ("19", "20")
_ROWS: Final = (
    "1234567890-=", "qwertyuiop[]\\", "asdfghjkl;'", "zxcvbnm,./",
    "qwertzuiopü+", "asdfghjklöä#", "yxcvbnm,.-",
    "azertyuiop^$", "qsdfghjklmù*", "wxcvbn,;:!",
    "!@#$%^&*()_+", "abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "0987654321098765432109876543210",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0",
    "qawsedrftgyhujikolp", "zaq1xsw2cde3vfr4bgt5nhy6mju7", "qazwsxedcrfvtgbyhnujmik,ol.p;/",
    "a1b2c3d4e5f6g7h8i9j0", "1a2b3c4d5e6f7g8h9i0j", "147258369", "159357", "741852963",
)  # fmt: skip
_LINES: Final = _ROWS + tuple(row[::-1] for row in _ROWS)
_STARTS: Final = frozenset(line[at : at + STRETCH] for line in _LINES for at in range(len(line) - STRETCH + 1))


def repeats(text: str) -> bool:
    """Whether a short piece, twice or more, makes up the whole (the last time perhaps cut)."""
    longest = min(len(text) // 2, UNIT - 1)
    return any(text[size:] == text[:-size] for size in range(1, longest + 1))


def walks(text: str) -> bool:
    """Whether the folded text is nothing but stretches of neighbouring keys, letters or digits."""
    place = 0
    while place < len(text):
        size = stretch(text, place)
        if size < STRETCH:
            return False
        place += size
    return place > 0


def stretch(text: str, place: int) -> int:
    """How long a piece of one line begins at a place; 0 when it is shorter than counts."""
    if text[place : place + STRETCH] not in _STARTS:
        return 0
    size = STRETCH
    while place + size < len(text) and any(text[place : place + size + 1] in line for line in _LINES):
        size += 1
    return size


def filler(text: str, place: int) -> int:
    """How many characters from a place on hide nothing: counting, keys in a row, one sign again and again, a year."""
    size = 1
    while place + size < len(text) and text[place + size] == text[place]:
        size += 1
    year = text[place : place + 4]
    years = 4 if len(year) == 4 and year.isdecimal() and year.startswith(_YEAR) else 0
    return max(size if size >= STRETCH else 0, years, stretch(text, place))


def slack(text: str) -> int:
    """How many characters of a padding are neither of a pattern nor of a year: what somebody would have to guess.

    >>> slack("2024!!!"), slack("123456"), slack("7$x")
    (0, 0, 3)
    """
    place = loose = 0
    while place < len(text):
        size = filler(text, place)
        loose += size == 0
        place += size or 1
    return loose
