"""Makes the file of stolen passwords from the published lists of hashes: one pass, in order, in constant memory."""

import json
import os
import re
import shutil
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from keyturn.core.errors import SourceError
from keyturn.crypto.breaches import COUNT, FORMAT, HEAD, KEPT, MOST_DIGITS, About, data_start

HASH: Final = 40
PREFIX: Final = 5
"""Digits that the name of a range file has; its lines have the others."""

_BLOCK: Final = 1 << 20
_BUCKET: Final = 128
"""As many entries, at most, a bucket shall have on average."""

_PADDING: Final = ":0"
"""Ends a line that was made up, so that the length of an answer does not tell which range was asked for."""

_LINE: Final = 38
"""Bytes of a short line: so that the number of entries is guessed rather too high."""

_RANGE: Final = re.compile(r"[0-9A-Fa-f]{5}(\.txt)?")
_PACKED: Final = {b"7z\xbc\xaf": "7-Zip", b"PK\x03\x04": "ZIP", b"\x1f\x8b": "gzip", b"\xfd7zXZ": "xz"}

Tell = Callable[[int, int], None]
"""Is told how many bytes were read, and of how many (0: nobody knows)."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A published file.  prefix: the digits that all its hashes begin with, for a file of one range."""

    path: Path
    prefix: str = ""

    def pattern(self) -> "re.Pattern[str]":
        return _PATTERNS[bool(self.prefix)]


_PATTERNS: Final = {
    ranged: re.compile(rf"(?:[0-9A-F]{{{HASH - PREFIX * ranged}}}:[0-9]{{1,12}}\n)*") for ranged in (False, True)
}


def load(
    given: Sequence[Path],
    target: Path,
    now: datetime,
    tell: Tell = lambda done, total: None,
    note: Callable[[About], None] = lambda about: None,
) -> About:
    """Read published lists and put the file in its place, or leave what was there as it is.

    note: is told of the file before it takes its place; what it raises keeps the file from doing so.
    Raises SourceError for what is no such list; the message names file and line and never a hash.
    """
    sources = _sources(given)
    total = _size(sources)
    digits = _digits(total // _LINE) if total else MOST_DIGITS
    _insist_on_room(target, data_start(digits) + KEPT * (total // _LINE))
    part = target.with_name(f"{target.name}.part")
    try:
        with _opened(part) as index, _opened(part, "r+b") as entries:
            made = _Making(index, entries, digits)
            for source in sources:
                made.take(source, lambda done: tell(done, total))
            about = made.finish(now.isoformat(timespec="seconds"), _named(sources))
        note(about)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return about


def _opened(part: Path, mode: str = "wb") -> IO[bytes]:
    """The file that becomes ours when it is complete, for our eyes only."""
    return open(part, mode, buffering=_BLOCK, opener=lambda path, flags: os.open(path, flags, 0o600))


@dataclass(slots=True)
class _Making:
    """The file as it grows: the index and the entries, each written from front to back."""

    index: IO[bytes]
    entries: IO[bytes]
    digits: int
    count: int = 0
    read: int = 0
    last: str = ""
    buckets: int = field(default=0)

    def __post_init__(self) -> None:
        self.index.seek(HEAD)
        self.entries.seek(data_start(self.digits))

    def take(self, source: _Source, tell: Callable[[int], None]) -> None:
        """Read one file."""
        width = self.digits + 2 * KEPT - len(source.prefix)
        for number, read, lines in _blocks(source):
            kept = [source.prefix + line[:width] for line in lines]
            if kept and (kept[0] < self.last or kept != sorted(kept)):
                raise _out_of_order(source, number, kept, self.last)
            self._add([entry for entry, line in zip(kept, lines, strict=True) if not line.endswith(_PADDING)])
            self.read += read
            tell(self.read)

    def _add(self, kept: list[str]) -> None:
        place = 0
        while place < len(kept):
            bucket = int(kept[place][: self.digits] or "0", 16)
            self._begin(bucket, self.count + place)
            last = bucket + 1 == 16**self.digits
            place = len(kept) if last else bisect_left(kept, f"{bucket + 1:0{self.digits}X}", place)
        self.entries.write(bytes.fromhex("".join([entry[self.digits :] for entry in kept])))
        self.count += len(kept)
        self.last = kept[-1] if kept else self.last

    def _begin(self, bucket: int, number: int) -> None:
        """Write where this bucket begins, and the empty ones before it."""
        while self.buckets <= bucket:
            some = min(bucket + 1 - self.buckets, _BLOCK // COUNT)
            self.index.write(number.to_bytes(COUNT, "big") * some)
            self.buckets += some

    def finish(self, loaded: str, source: str) -> About:
        """Close the index, write the head, and have all of it on the disk."""
        if not self.count:
            raise SourceError("there is no hash in it", code="KT-POL-020", where=source)
        about = About(self.count, self.digits, loaded, source)
        self._begin(16**self.digits, self.count)
        head = {"format": FORMAT, "entries": self.count, "digits": self.digits, "loaded": loaded, "source": source}
        self.index.seek(0)
        self.index.write(json.dumps(head).encode("ascii").ljust(HEAD, b"\0"))
        for file in (self.index, self.entries):
            file.flush()
            os.fsync(file.fileno())
        return about


def _blocks(source: _Source) -> Iterator[tuple[int, int, list[str]]]:
    """Blocks of whole lines: the number of the first, how many bytes were read, the lines in capitals."""
    number, rest = 1, b""
    with source.path.open("rb") as file:
        while block := file.read(_BLOCK):
            if number == 1 and not rest:
                block = _unpacked(source, block).removeprefix(b"\xef\xbb\xbf")
            head, line_end, tail = (rest + block).rpartition(b"\n")
            rest = tail
            lines = _lines(source, number, head + line_end)
            yield number, len(block), lines
            number += len(lines)
    yield number, 0, _lines(source, number, rest + b"\n" if rest else b"")


def _unpacked(source: _Source, block: bytes) -> bytes:
    for mark, name in _PACKED.items():
        if block.startswith(mark):
            why = f"it is a {name} archive"
            fix = "unpack it first; `7z e -so FILE | keyturn policy breaches load /dev/stdin` needs no room for it"
            raise SourceError("the list is packed", code="KT-POL-020", where=str(source.path), why=why, fix=fix)
    return block


def _lines(source: _Source, number: int, block: bytes) -> list[str]:
    text = block.replace(b"\r\n", b"\n").decode("latin-1").upper()
    if source.pattern().fullmatch(text):
        return text.split("\n")[:-1]
    wrong = next(at for at, line in enumerate(text.split("\n")) if not source.pattern().fullmatch(f"{line}\n"))
    raise _wrong_line(source, number + wrong, text.split("\n")[wrong])


def _wrong_line(source: _Source, number: int, line: str) -> SourceError:
    digits = HASH - len(source.prefix)
    name = line.partition(":")[0]
    why = f"a line is {digits} hexadecimal digits, a colon and a number"
    if re.fullmatch(r"[0-9A-F]{32}", name):
        why = "these are NTLM hashes; a password is looked up by its SHA-1"
    elif source.prefix and re.fullmatch(r"[0-9A-F]{40}", name):
        why = "the name of the file says that it is one range, whose lines have the last 35 digits"
    where = f"{source.path}, line {number}"
    fix = 'take the list "SHA-1, ordered by hash", or the files of its ranges'
    return SourceError("this is no list of stolen passwords", code="KT-POL-020", where=where, why=why, fix=fix)


def _out_of_order(source: _Source, number: int, kept: list[str], last: str) -> SourceError:
    before = [last, *kept]
    wrong = next(at for at, (one, two) in enumerate(zip(before, kept, strict=False)) if two < one)
    return SourceError(
        "the list is not ordered by hash",
        code="KT-POL-021",
        where=f"{source.path}, line {number + wrong}",
        why="the hash of this line should stand before that of the line above it",
        fix='take the list "ordered by hash", not the one ordered by how often a password was seen',
    )


def _sources(given: Sequence[Path]) -> list[_Source]:
    """The files in the order of their hashes; a folder stands for the files of ranges in it."""
    found = []
    for path in given:
        if path.is_dir():
            ranges = [entry for entry in path.iterdir() if _RANGE.fullmatch(entry.name)]
            if not ranges:
                why = "files of ranges are called by five hexadecimal digits, such as 0A1B2.txt"
                raise SourceError("no list in the folder", code="KT-POL-020", where=str(path), why=why)
            found += ranges
        else:
            found.append(path)
    sources = [_Source(path, path.stem.upper() if _RANGE.fullmatch(path.name) else "") for path in found]
    return sorted(sources, key=lambda source: source.prefix)


def _size(sources: Sequence[_Source]) -> int:
    """Bytes to read; 0 when one is a pipe."""
    sizes = [source.path.stat().st_size for source in sources]
    return sum(sizes) if all(sizes) else 0


def _digits(entries: int) -> int:
    """How many digits choose the bucket: so many that a bucket has few entries."""
    return next((digits for digits in range(MOST_DIGITS) if entries <= _BUCKET * 16**digits), MOST_DIGITS)


def _insist_on_room(target: Path, wanted: int) -> None:
    free = shutil.disk_usage(target.parent).free
    if free < wanted:
        why = f"it takes about {wanted >> 20:,} MiB, and {free >> 20:,} MiB are free"
        raise SourceError("there is no room for the list", code="KT-POL-023", where=str(target.parent), why=why)


def _named(sources: Sequence[_Source]) -> str:
    """What was loaded, in words that fit the head."""
    ranges = sum(bool(source.prefix) for source in sources)
    names = [source.path.name[:200] for source in sources if not source.prefix]
    return ", ".join([*names[:3], *([f"{ranges:,} ranges"] if ranges else [])]).encode("ascii", "replace").decode()
