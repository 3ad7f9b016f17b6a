"""The passwords that attackers try first, and what is as weak as they: repetitions, sequences, keyboard walks.

The list is a file of sorted 64-bit digests made by `tools/make_blocklist.py`; `data/NOTICE` names its source.
"""

import hashlib
import struct
import unicodedata
from array import array
from bisect import bisect_left
from functools import cached_property
from pathlib import Path
from typing import Final

from keyturn.core.secret import Secret

DATA: Final = Path(__file__).with_name("data") / "blocklist.bin"
DIGEST_BYTES: Final = 8

_UNIT: Final = 15
"""A repeated piece shorter than this is refused: the whole is no stronger than the piece (NIST's own minimum)."""

_STRETCH: Final = 3
"""The shortest piece of a line that counts as a walk."""

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
_STARTS: Final = frozenset(line[at : at + _STRETCH] for line in _LINES for at in range(len(line) - _STRETCH + 1))


def digest(password: str) -> int:
    """The number under which a password stands in the list, whatever its letter case."""
    form = unicodedata.normalize("NFC", password.casefold())
    return int.from_bytes(hashlib.sha256(form.encode("utf-8", "surrogatepass")).digest()[:DIGEST_BYTES], "big")


class FileBlocklist:
    """The core's Blocklist: a list read at first use (about 1 MB), and the patterns."""

    def __init__(self, path: Path = DATA) -> None:
        self._path = path

    def lists(self, candidate: Secret) -> bool:
        """True when the whole candidate is listed in any letter case, or is a pattern that programs try."""
        clear = candidate.reveal()
        number = digest(clear)
        place = bisect_left(self._digests, number)
        if place < len(self._digests) and self._digests[place] == number:
            return True
        folded = clear.casefold()
        # As it stands, too: folding can make a piece longer (ß becomes ss).
        return _repeats(clear) or _repeats(folded) or _walks(folded)

    @cached_property
    def _digests(self) -> "array[int]":
        data = self._path.read_bytes()
        return array("Q", struct.unpack(f">{len(data) // DIGEST_BYTES}Q", data))


def _repeats(text: str) -> bool:
    """Whether a short piece, twice or more, makes up the whole (the last time perhaps cut)."""
    longest = min(len(text) // 2, _UNIT - 1)
    return any(text[size:] == text[:-size] for size in range(1, longest + 1))


def _walks(text: str) -> bool:
    """Whether the text is nothing but stretches of neighbouring keys, letters or digits."""
    place = 0
    while place < len(text):
        size = _stretch(text[place:])
        if size < _STRETCH:
            return False
        place += size
    return place > 0


def _stretch(text: str) -> int:
    """How long a piece of one line the text begins with."""
    if text[:_STRETCH] not in _STARTS:
        return 0
    size = _STRETCH
    while size < len(text) and any(text[: size + 1] in line for line in _LINES):
        size += 1
    return size
