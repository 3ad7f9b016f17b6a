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

from keyturn.core.patterns import repeats, walks
from keyturn.core.policy import SHORTEST, ProfileName, Rule
from keyturn.core.secret import Secret
from keyturn.core.variants import bases
from keyturn.crypto.breaches import Breaches, open_breaches

DATA: Final = Path(__file__).with_name("data") / "blocklist.bin"
DIGEST_BYTES: Final = 8
VARIANTS_FROM: Final = SHORTEST[ProfileName.NIST]
"""Shorter ones, where they are taken at all, are compared as they stand: most of them are a word with a trick."""


def digest(password: str) -> int:
    """The number under which a password stands in the list, whatever its letter case."""
    form = password.lower() if password.isascii() else unicodedata.normalize("NFC", password.casefold())
    return int.from_bytes(hashlib.sha256(form.encode("utf-8", "surrogatepass")).digest()[:DIGEST_BYTES], "big")


class FileBlocklist:
    """The core's Blocklist: a list read at first use (about 1 MB), what is a trick away from it, and the patterns.

    breaches: stolen passwords that were loaded besides.
    """

    def __init__(self, path: Path = DATA, breaches: Breaches | None = None) -> None:
        self._path = path
        self.breaches = breaches

    @classmethod
    def beside(cls, folder: Path) -> "FileBlocklist":
        """With the stolen passwords that were loaded into a data folder, if any were.  Raises ConfigError."""
        return cls(breaches=open_breaches(folder))

    def __len__(self) -> int:
        return len(self._digests)

    def finds(self, candidate: Secret) -> Rule | None:
        """Why the candidate is one that programs try early; None when it is not."""
        clear = candidate.reveal()
        if self._has(clear):
            return Rule.LISTED
        folded = clear.casefold()
        # As it stands, too: folding can make a piece longer (ß becomes ss).
        if repeats(clear) or _is_pattern(folded):
            return Rule.PATTERN
        if self.breaches is not None and self.breaches.holds(clear):
            return Rule.BREACHED
        for form in bases(folded) if len(clear) >= VARIANTS_FROM else ():
            if _is_pattern(form):
                return Rule.PATTERN
            if self._has(form) or self._has(form[::-1]):
                return Rule.VARIANT
        return None

    def _has(self, text: str) -> bool:
        number = digest(text)
        place = bisect_left(self._digests, number)
        return place < len(self._digests) and self._digests[place] == number

    @cached_property
    def _digests(self) -> "array[int]":
        data = self._path.read_bytes()
        return array("Q", struct.unpack(f">{len(data) // DIGEST_BYTES}Q", data))


def _is_pattern(text: str) -> bool:
    return repeats(text) or walks(text)
