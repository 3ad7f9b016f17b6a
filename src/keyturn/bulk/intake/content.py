"""Where the bytes of a run's file are: in a file, in what was piped in, or sealed beside the journal of the run.

A run reads them more than once, so all three can be opened again and again.
"""

import io
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, Protocol

from keyturn.bulk.regular import NotRegular, open_regular
from keyturn.core.errors import SourceError

BLOCK: Final = 1 << 20
PIPE: Final = Path("-")
"""What stands for standard input where a file is named."""

PIPED: Final = Path("standard input")
"""What input that came through a pipe is called."""

MOST: Final = 128 << 20
"""Bytes that are kept in memory at most, packed; a file of a million users takes a tenth of it."""


class Content(Protocol):
    """The bytes of a file.  path: how it is called, and its ending tells what it should be."""

    @property
    def path(self) -> Path:
        """The name of it."""
        ...

    def open(self) -> BinaryIO:
        """A new reader, at the beginning.  Raises SourceError when it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file that a person named."""

    path: Path

    def open(self) -> BinaryIO:
        """The file, which is a file and nothing else: a device or a pipe gives something else each time."""
        try:
            return open_regular(self.path)
        except NotRegular:
            raise SourceError(
                f"{self.path} is not a file",
                code="KT-IN-001",
                where=str(self.path),
                why="a run reads its file more than once, and must find the same in it each time",
                fix="write it into a file first, or pipe it in and name it -",
            ) from None
        except OSError as error:
            raise SourceError(
                f"the file {self.path.name} cannot be read",
                code="KT-IN-001",
                where=str(self.path),
                why=error.strerror or "",
                fix="give the path of a file that you may read",
            ) from None


class Kept:
    """Bytes kept in memory, packed, and never on a disk: passwords may be among them.

    They are gone with whoever holds this.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._begins: list[int] = []
        self._packed: list[bytes] = []
        self._holds = 0

    def open(self) -> BinaryIO:
        """A reader with a place of its own."""
        return io.BufferedReader(_Window(self))

    def add(self, piece: bytes) -> None:
        """Keep a piece, behind all others.  Raises SourceError when it is too much."""
        packed = zlib.compress(piece, 1)
        self._holds += len(packed)
        if self._holds > MOST:
            raise SourceError(
                f"{self.path} holds more than can be kept in memory",
                code="KT-IN-019",
                why=f"packed it takes more than {MOST >> 20} MiB, and it is written to no disk: it may hold passwords",
                fix="write it into a CSV file that nobody else can read, and name that",
            )
        self._begins.append(self.size)
        self._packed.append(packed)
        self.size += len(piece)

    def piece(self, place: int) -> tuple[int, bytes]:
        """The piece in which a place lies, and where that piece begins."""
        index = bisect_right(self._begins, place) - 1
        return self._begins[index], zlib.decompress(self._packed[index])


def piped(stream: IO[bytes]) -> Kept:
    """Take in everything that comes through a pipe."""
    kept = Kept(PIPED)
    for block in blocks(stream):
        kept.add(block)
    return kept


def blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """Everything, piece by piece."""
    while block := stream.read(BLOCK):
        yield block


class Keeper:
    """Adds text to what is kept, in pieces of a good size; the last one at `flush`."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._lines: list[str] = []
        self._signs = 0

    def write(self, text: str) -> None:
        """Add it."""
        self._lines.append(text)
        self._signs += len(text)
        if self._signs >= BLOCK:
            self.flush()

    def flush(self) -> None:
        """Keep what is left over."""
        if self._lines:
            self._kept.add("".join(self._lines).encode("utf-8", "surrogatepass"))
        self._lines, self._signs = [], 0


class _Window(io.RawIOBase):
    """A reader with a place of its own in what others read as well."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._place = 0
        self._begins, self._piece = 0, b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes: a zip is read from its end."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stubs want any buffer
        """Fill the buffer from our place on."""
        if self._place >= self._kept.size:
            return 0
        if not self._begins <= self._place < self._begins + len(self._piece):
            self._begins, self._piece = self._kept.piece(self._place)
        start = self._place - self._begins
        found = self._piece[start : start + len(buffer)]
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go somewhere else."""
        if whence == io.SEEK_CUR:
            offset += self._place
        elif whence == io.SEEK_END:
            offset += self._kept.size
        self._place = max(0, offset)
        return self._place

    def tell(self) -> int:
        """Where we are."""
        return self._place
