"""Files for our eyes only, and files that one process holds at a time."""

import errno
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Final

from keyturn.core.errors import RunError, StoreError

if sys.platform == "win32":
    import msvcrt

    def _lock(file: FileIO) -> None:
        """A byte far behind the text, since nobody can read a byte that is locked here."""
        file.seek(1 << 20)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)
else:
    import fcntl

    def _lock(file: FileIO) -> None:
        """Lock it against every other open file, without waiting."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


_NO_PLACE: Final = (
    errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP, errno.ENAMETOOLONG,
)  # fmt: skip
"""What the system says where another place has to be named; elsewhere it is the disk that needs somebody."""


def make_private(path: Path) -> None:
    """Make the file, and the folder where it is missing, for our eyes only; WAL files take the mode of their file."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        code = "KT-CFG-073" if error.errno in _NO_PLACE else ""
        raise StoreError(f"cannot open the file: {error.strerror}", code=code, where=str(path)) from error


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A lock that ends with its process, however that ends.  In it stands who has it, since when, and for what."""

    file: FileIO
    since: str

    def release(self) -> None:
        """Let others have it."""
        self.file.close()

    def sign(self, what: str) -> None:
        """Write down for what it is held."""
        self.file.seek(0)
        self.file.truncate(0)
        self.file.write(f"{os.getpid()} {self.since} {what}".encode())


def lock_of(path: Path) -> Path:
    """The file beside another one by which a process has it."""
    return path.with_name(f"{path.name}.lock")


def hold(path: Path, *, what: str = "the run is in use", fix: str = "wait for it, or stop that process") -> HeldFile:
    """Take a file for this process.  Raises RunError (KT-RUN-010) that names who has it, and since when.

    what, fix: the error in words, and what to do.
    """
    lock = lock_of(path)
    make_private(lock)
    file = FileIO(lock, "r+")
    try:
        _lock(file)
    except (BlockingIOError, PermissionError):
        told = file.read(400).decode(errors="replace")
        file.close()
        raise RunError(what, code="KT-RUN-010", where=str(path), why=_holder(lock, told), fix=fix) from None
    held = HeldFile(file, datetime.now(UTC).isoformat(timespec="seconds"))
    held.sign("")
    return held


def _holder(lock: Path, told: str) -> str:
    """Who has it, in words: what it is for, the process, the person whose file it is, the time."""
    pid, _, rest = told.partition(" ")
    since, _, what = rest.partition(" ")
    process = f"process {pid or 'unknown'}{_owner(lock)}"
    return f"{f'{what}, {process},' if what else process} has held it since {since or 'just now'}"


def _owner(lock: Path) -> str:
    """Whose file it is, where the system has names for people."""
    name = ""
    with suppress(KeyError, OSError, NotImplementedError):
        name = f" of {lock.owner()}"
    return name
