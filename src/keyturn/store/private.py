"""Files for our eyes only, and files that one process holds at a time."""

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

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


def make_private(path: Path) -> None:
    """Make the file, and the folder where it is missing, for our eyes only; WAL files take the mode of their file."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise StoreError(f"cannot open the file: {error.strerror}", where=str(path)) from error


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A lock that ends with its process, however that ends."""

    file: FileIO

    def release(self) -> None:
        """Let others have it."""
        self.file.close()


def hold(path: Path) -> HeldFile:
    """Take a file for this process.  Raises RunError (KT-RUN-010) that names the process which has it."""
    lock = path.with_name(f"{path.name}.lock")
    make_private(lock)
    file = FileIO(lock, "r+")
    try:
        _lock(file)
    except (BlockingIOError, PermissionError):
        pid, _, since = file.read(200).decode(errors="replace").partition(" ")
        file.close()
        raise RunError(
            "the run is in use",
            code="KT-RUN-010",
            where=str(path),
            why=f"process {pid or 'unknown'} has held it since {since or 'just now'}",
            fix="wait for it, or stop that process",
        ) from None
    file.truncate(0)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    file.write(f"{os.getpid()} {now}".encode())
    return HeldFile(file)
