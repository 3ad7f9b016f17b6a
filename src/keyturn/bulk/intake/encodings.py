"""Finds out how the letters of a file are written, by proof and never by likelihood."""

import codecs
import hashlib
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final

from keyturn.bulk.intake.content import Content, blocks
from keyturn.core.errors import SourceError

LEGACY: Final = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp437", "mac-roman")
"""What sheets outside UTF-8 write most: Western, Central European, Cyrillic, Greek, Turkish, old DOS, old Mac."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_LETTERS: Final = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})
"""Names that Python knows as encodings, but under which a cell would not be what stands in it."""

_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Letters:
    """What one pass over the bytes told: the encoding (a Python name), the digest, the size."""

    encoding: str
    sha256: str
    size: int


def letters_of(content: Content, asked: str | None = None) -> Letters:
    """Read the bytes once and decide.  asked: the encoding that the person named.

    Raises SourceError when the file cannot be read, or its encoding cannot be proven and was not named.
    """
    with content.open() as file:
        head = file.read(4096)
        encoding = _named(asked, content.path) if asked else _by_head(head)
        file.seek(0)
        return _proven(file, content, encoding, asked)


def bytes_of(content: Content) -> Letters:
    """The digest and the size of what is no text.  Raises SourceError when the file cannot be read."""
    digest, size = hashlib.sha256(), 0
    with content.open() as file:
        for block in blocks(file):
            digest.update(block)
            size += len(block)
    return Letters("", digest.hexdigest(), size)


def _proven(file: BinaryIO, content: Content, encoding: str, asked: str | None) -> Letters:
    digest, size = hashlib.sha256(), 0
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        for block in blocks(file):
            digest.update(block)
            size += len(block)
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        if asked or encoding != "utf-8":
            raise _wrong(content.path, encoding) from None
        raise _undecided(content) from None
    return Letters(encoding, digest.hexdigest(), size)


def _by_head(head: bytes) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    # A header is mostly ASCII: in UTF-16 every other byte of it is then zero, which no text in UTF-8 holds.
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 4 > len(head):
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8"


def _named(asked: str, path: Path) -> str:
    try:
        name = codecs.lookup(asked).name
        "".encode(name)
        if name in _NO_LETTERS:
            raise LookupError
    except LookupError:
        raise SourceError(
            f"there is no encoding named {asked}",
            code="KT-IN-004",
            where=str(path),
            fix="such as utf-8, utf-16, cp1252 (Western Windows), cp1250 (Central European Windows)",
        ) from None
    return "utf-8-sig" if name == "utf-8" else name


def _wrong(path: Path, encoding: str) -> SourceError:
    return SourceError(
        f"{path.name} is not written in {encoding}",
        code="KT-IN-004",
        where=str(path),
        why="some of its bytes mean nothing in that encoding",
        fix="leave --encoding away to be shown what fits, or save the file as UTF-8",
    )


def _undecided(content: Content) -> SourceError:
    """Show the first line that needs a decision, as each legacy encoding would read it."""
    number, line = _first_odd_line(content)
    readings: dict[str, str] = {}
    for encoding in LEGACY:
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.isprintable():
            readings.setdefault(text, encoding)
    shown = "\n".join(f"{encoding:<9} {text[:_SHOWN]}" for text, encoding in readings.items())
    first = next(iter(readings.values()), "cp1252")
    return SourceError(
        f"{content.path.name} is not UTF-8, and keyturn does not guess how its letters are written",
        code="KT-IN-003",
        where=f"line {number}, which would read:\n{shown}" if readings else f"line {number}",
        why="the wrong choice would send other names than those in your sheet",
        fix=f"choose the one that reads right, as in --encoding {first}, or save the file as CSV UTF-8",
    )


def _first_odd_line(content: Content) -> tuple[int, bytes]:
    with content.open() as file:
        return next(filter(None, map(_odd, count(1), file)), (1, b""))


def _odd(number: int, line: bytes) -> tuple[int, bytes] | None:
    """The line, cut to what surrounds its first byte that is not UTF-8; None when all of it is."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return number, line[max(0, error.start - _SHOWN // 2) : error.end + _SHOWN].strip()
    return None
