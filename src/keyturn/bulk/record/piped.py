"""Keeps what was piped into a run in the run's folder, sealed under its key, so that a resume reads the same."""

import os
from pathlib import Path
from typing import Final

from keyturn.bulk.intake.content import PIPED, Content, Kept, blocks
from keyturn.bulk.ports import RunKeys
from keyturn.core.errors import StoreError

_LABEL: Final = "keyturn piped input"
_LENGTH: Final = 4


def seal_input(content: Content, path: Path, keys: RunKeys) -> None:
    """Write all of it, sealed; it is on disk when this returns.  Raises StoreError when it cannot be kept."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, content.open() as clear:
            count = 0
            for block in blocks(clear):
                file.write(_framed(keys.seal(block, f"{_LABEL} {count}")))
                count += 1
            file.write(_framed(keys.seal(b"", f"{_LABEL} end {count}")))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        what = f"what was piped in cannot be kept with the run: {error.strerror}"
        raise StoreError(what, where=str(path)) from error


def open_input(path: Path, keys: RunKeys) -> Kept:
    """What was piped in.  Raises StoreError when it is gone or not whole, KeyFolderError when another key sealed it."""
    kept = Kept(PIPED)
    try:
        with path.open("rb") as file:
            count = 0
            while True:
                sealed = file.read(int.from_bytes(file.read(_LENGTH), "big"))
                if not sealed:
                    raise _not_whole(path)
                if not file.peek(1):
                    keys.open(sealed, f"{_LABEL} end {count}")
                    return kept
                kept.add(keys.open(sealed, f"{_LABEL} {count}"))
                count += 1
    except OSError:
        raise _not_whole(path) from None


def _not_whole(path: Path) -> StoreError:
    return StoreError(
        "what was piped into this run is not there any more, or not whole",
        where=str(path),
        why="it is deleted when a run is closed",
        fix="pipe it in again, as a new run",
    )


def _framed(sealed: bytes) -> bytes:
    return len(sealed).to_bytes(_LENGTH, "big") + sealed
