"""Opens files that people name, and nothing else by that name: a pipe or a device is refused, and never waited for."""

import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

_KINDS: Final = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISDIR, "a folder"), (stat.S_ISSOCK, "a socket"))


class NotRegular(OSError):
    """It is there, and is no file that stays as it is and has an end."""


def open_regular(path: Path) -> BinaryIO:
    """The file, at its beginning, once it has shown that it can be read.  Raises OSError."""
    try:
        file = open(path, "rb", opener=_at_once)  # noqa: SIM115  # whoever asked closes it
    except IsADirectoryError:
        raise _refused(path, stat.S_IFDIR) from None
    try:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise _refused(path, mode)
        file.peek(1)
    except OSError:
        file.close()
        raise
    return file


def _at_once(path: str, flags: int) -> int:
    """Without waiting for somebody who writes into the pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _refused(path: Path, mode: int) -> NotRegular:
    kind = next((name for test, name in _KINDS if test(mode)), "a device")
    return NotRegular(0, f"it is {kind}, and no file", str(path))
