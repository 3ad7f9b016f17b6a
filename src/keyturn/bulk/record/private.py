"""Puts a file in place whole or not at all, for its owner's eyes alone, so that it survives a power cut."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def open_private(path: Path) -> Iterator[BinaryIO]:
    """A file for writing that comes into place whole or not at all, readable by its owner alone."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException as error:
        fresh.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in _FULL:  # which the system says without the name of the file
            error.filename = error.filename or str(path)
        raise
    keep_names(path.parent)


def add_private(path: Path, data: bytes) -> None:
    """Add to a file that its owner alone reads; it is on disk when this returns."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def keep_names(folder: Path) -> None:
    """Put the names in a folder on disk; a run forgets its key only when its handout survives a power cut."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
