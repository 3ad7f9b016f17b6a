"""Where the bytes of a run's file are: in a file, in what was piped in, or sealed beside the journal of the run.

A run reads them more than once, so all three can be opened again and again.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, Final, Protocol
from weakref import finalize

from keyturn.bulk.regular import NotRegular, open_regular
from keyturn.core.errors import SourceError

BLOCK: Final = 1 << 20
PIPE: Final = Path("-")
"""What stands for standard input where a file is named."""

PIPED: Final = Path("standard input")
"""What input that came through a pipe is called."""

_IN_MEMORY: Final = 32 << 20


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
    """Bytes kept in memory, or where they are many in a file without a name that nobody else can open.

    They are gone with whoever holds this.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  it closes with us
        finalize(self, self.file.close)

    def open(self) -> BinaryIO:
        """A reader with a place of its own."""
        return io.BufferedReader(_Window(self))


def piped(stream: IO[bytes]) -> Kept:
    """Take in everything that comes through a pipe."""
    kept = Kept(PIPED)
    for block in blocks(stream):
        kept.file.write(block)
    return kept


def blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """Everything, piece by piece."""
    while block := stream.read(BLOCK):
        yield block


class _Window(io.RawIOBase):
    """A reader with a place of its own in what others read as well; while it lives, what it reads does."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._place = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes: a zip is read from its end."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stubs want any buffer
        """Fill the buffer from our place on."""
        self._kept.file.seek(self._place)
        found = self._kept.file.read(len(buffer))
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go somewhere else."""
        if whence == io.SEEK_CUR:
            offset += self._place
        elif whence == io.SEEK_END:
            offset += self._kept.file.seek(0, io.SEEK_END)
        self._place = max(0, offset)
        return self._place

    def tell(self) -> int:
        """Where we are."""
        return self._place
