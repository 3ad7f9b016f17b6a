"""Makes the folders that are ours alone: data, state, and what is in them."""

import os
import stat
import sys
from pathlib import Path

from keyturn.app.config.settings import HOME
from keyturn.core.errors import ConfigError


def make_private_folder(folder: Path, *, fix: str = f"set {HOME} to a folder where you may write") -> None:
    """Make it for our eyes only; one that is ours and open to others is narrowed.

    fix: how another one is named.  Raises ConfigError where it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
        if sys.platform != "win32" and found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        why = error.strerror or ""
        raise ConfigError(
            "the folder cannot be made there", code="KT-CFG-073", where=str(folder), why=why, fix=fix
        ) from None
