"""The passwords that a bulk run makes for a target: derived under a random key of that run, never stored.

The key of a run is kept sealed in its journal and opens with the runner's key file; to forget the sealed key is to
lose every password of the run for good.
"""

import re
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Final

from keyturn.core.errors import KeyFolderError, RunError
from keyturn.core.secret import Secret
from keyturn.crypto.framing import framed, keyed
from keyturn.crypto.keyfolder import KEY_BYTES, read_key, write_once
from keyturn.crypto.sealing import open_with, seal_with

RENDERING: Final = "runner-1:16"
"""The rendering in force: 16 characters of the alphabet below, first and last a letter, one of each class inside."""

UPPER: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
LOWER: Final = "abcdefghjkmnpqrstuvwxyz"
DIGITS: Final = "23456789"
SPECIAL: Final = "-_."
"""Characters that mean nothing to a shell, a URL, a CSV file, a sheet, JSON or XML."""

_ALPHABET: Final = (UPPER + LOWER + DIGITS + SPECIAL).encode()
_FAIR: Final = 256 - 256 % len(_ALPHABET)
_TABLE: Final = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))
_UNFAIR: Final = bytes(range(_FAIR, 256))
_NOT_LETTERS: Final = (DIGITS + SPECIAL).encode()
_GOOD: Final = re.compile(rb"(?=.*[A-Z])(?=.*[a-z])(?=.*[2-9])(?=.*[-_.]).*[A-Za-z]").fullmatch
_RENDERING: Final = re.compile(r"runner-1:([1-9]\d?)")
_SHORTEST: Final = 8
_LONGEST: Final = 64
_SEAL: Final = "keyturn run key"


def rendering_of(length: int = 16) -> str:
    """The rendering id of passwords of this length (8 to 64).  Raises RunError for another."""
    rendering = f"runner-1:{length}"
    _length(rendering)
    return rendering


class RunKeys:
    """The key of one run: passwords are derived from it, and what a target hands back is sealed under it."""

    __slots__ = ("_mac", "_seal")

    def __init__(self, key: bytes) -> None:
        self._mac = keyed(key)
        self._seal = self._mac(framed("keyturn run seal"))

    def seal(self, clear: bytes, label: str) -> bytes:
        """The value sealed under the key of the run; `label` is bound to it."""
        return seal_with(self._seal, clear, label)

    def open(self, sealed: bytes, label: str) -> bytes:
        """What was sealed under this label.  Raises KeyFolderError for anything else."""
        return open_with(self._seal, sealed, label)

    def password(self, run: str, row: int, rendering: str = RENDERING) -> Secret:
        """The password of a row: always the same for the same run, row and rendering."""
        length = _length(rendering)
        message = framed("keyturn run password", run, str(row), rendering)
        drawn = b""
        counter = 0
        while True:
            # Rejected as a whole: whoever is left is equally likely among all passwords that fit.
            while len(drawn) < length:
                counter += 1
                block = self._mac(message + counter.to_bytes(4, "big"))
                drawn = (drawn + block.translate(_TABLE, _UNFAIR)).lstrip(_NOT_LETTERS)
            candidate = drawn[:length]
            if _GOOD(candidate):
                return Secret(candidate.decode("ascii"))
            drawn = drawn[length:].lstrip(_NOT_LETTERS)


class RunKeyring:
    """Makes and opens run keys with the runner's key file, which it makes at first need (0600)."""

    def __init__(self, home: Path) -> None:
        self._file = home / "keys" / "runner.key"

    def new_run_key(self) -> bytes:
        """A new random run key, sealed; to be kept as a fact of the journal."""
        return seal_with(self._runner_key(), secrets.token_bytes(KEY_BYTES), _SEAL)

    def open(self, sealed: bytes) -> RunKeys:
        """The run's passwords.  Raises KeyFolderError when it was sealed under another runner's key file, or that is
        gone: a new one would open nothing."""
        if not self._file.exists():
            raise KeyFolderError(
                "the key file of this runner is missing",
                where=str(self._file),
                why="without it the run's passwords cannot be made again",
                fix="put the file back; or reset what is not done in a new run",
            )
        return RunKeys(open_with(read_key(self._file), sealed, _SEAL))

    def _runner_key(self) -> bytes:
        if not self._file.exists():
            write_once(self._file, secrets.token_bytes(KEY_BYTES).hex().encode() + b"\n")
        return read_key(self._file)


@lru_cache(maxsize=64)
def _length(rendering: str) -> int:
    named = _RENDERING.fullmatch(rendering)
    length = int(named[1]) if named else 0
    if not _SHORTEST <= length <= _LONGEST:
        raise RunError(
            f"there is no password rendering {rendering!r}",
            why="a run names its rendering when it starts; this one is not known here",
            fix="resume the run with the keyturn that started it",
        )
    return length
