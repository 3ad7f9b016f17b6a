"""The stolen passwords that an operator loaded: a file that is mapped, not read, and answers in a few microseconds.

Of each SHA-1 of the published list the file keeps the first hexadecimal digits: `digits` of them choose a bucket, the
next six stand in it as three bytes, in order.  So a password that was never stolen is taken for one in about one of
`chance()` cases, and a stolen one is never missed.  The ADR on breached passwords says why it is no Bloom filter.

The file: a page with one line of JSON; for each bucket, and for the end, how many entries stand before it (five bytes);
the entries.
"""

import hashlib
import json
import mmap
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keyturn.core.errors import ConfigError

FILE: Final = "breached-passwords.bin"
FORMAT: Final = "keyturn breached passwords 1"
HEAD: Final = 4096
KEPT: Final = 3
"""Bytes of an entry."""
COUNT: Final = 5
"""Bytes of a number in the index."""
MOST_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class About:
    """What a file of stolen passwords says of itself.  loaded: when, in UTC; source: the name of what was loaded."""

    entries: int
    digits: int
    loaded: str
    source: str

    def chance(self) -> int:
        """One of how many passwords that are not in the list is taken for one that is."""
        return int(16 ** (self.digits + 2 * KEPT) / self.entries)

    def size(self) -> int:
        """How long the file has to be."""
        return data_start(self.digits) + KEPT * self.entries


class Breaches:
    """A file of stolen passwords, open for looking up."""

    def __init__(self, path: Path) -> None:
        """Map it.  Raises ConfigError when it is not what we write, or not all of it."""
        self._path = path
        try:
            with path.open("rb") as file:
                self.about = _about(file.read(HEAD))
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise self._damaged() from error
        if len(self._map) != self.about.size():
            raise self._damaged()

    def holds(self, clear: str) -> bool:
        """Whether a password is in the list, exactly as it is written here."""
        name = hashlib.sha1(clear.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        digits = self.about.digits
        bucket = int(name[:digits] or "0", 16)
        wanted = bytes.fromhex(name[digits : digits + 2 * KEPT])
        first, behind = self._number(bucket), self._number(bucket + 1)
        start = data_start(digits)
        entries = self._map[start + KEPT * first : start + KEPT * behind]
        place = bisect_left(range(behind - first), wanted, key=lambda at: entries[KEPT * at : KEPT * at + KEPT])
        return entries[KEPT * place : KEPT * place + KEPT] == wanted

    def _number(self, bucket: int) -> int:
        place = HEAD + COUNT * bucket
        return int.from_bytes(self._map[place : place + COUNT], "big")

    def _damaged(self) -> ConfigError:
        fix = "load it again with `keyturn policy breaches load`, or delete it to do without"
        return ConfigError("the file of stolen passwords is damaged", code="KT-POL-022", where=str(self._path), fix=fix)


def open_breaches(folder: Path) -> Breaches | None:
    """The stolen passwords that were loaded into a data folder; None when none were.  Raises ConfigError."""
    path = folder / FILE
    return Breaches(path) if path.exists() else None


def data_start(digits: int) -> int:
    """Where the entries begin."""
    return HEAD + COUNT * ((1 << 4 * digits) + 1)


def _about(head: bytes) -> About:
    fields = json.loads(head.decode("ascii").rstrip("\0"))
    if fields.pop("format") != FORMAT:
        raise ValueError("another format")
    about = About(**fields)
    if not (0 <= about.digits <= MOST_DIGITS and about.entries > 0):
        raise ValueError("numbers that cannot be")
    return about
