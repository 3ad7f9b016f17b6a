"""Writes a result into a file that the person named: over another one only when asked to, for their eyes only."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from keyturn.cli.frame import Frame

T = TypeVar("T")
STDOUT = "-"


def write_new(frame: Frame, path: str, write: Callable[[BinaryIO], T], *, force: bool = False) -> T:
    """Write a file as a whole, or stdout for `-`.  Raises ConfigError for one that is there already, or cannot be."""
    from keyturn.bulk.record.private import open_private
    from keyturn.core.errors import ConfigError

    if path == STDOUT:
        taken = io.BytesIO()
        result = write(taken)
        frame.raw(taken.getvalue())
        return result
    if Path(path).exists() and not force:
        raise ConfigError(
            "that file is there already", code="KT-CFG-070", where=path, fix="name another one, or say --force"
        )
    try:
        with open_private(Path(path)) as file:
            return write(file)
    except OSError as error:
        raise ConfigError(
            "the file cannot be written", code="KT-CFG-070", where=path, why=error.strerror or ""
        ) from None
