"""Writes the handout: the sealed file with the new passwords of one run.

The passwords are derived again each time, never stored.  Rows that are done and rows that are uncertain are in it,
the latter marked; a password that the target mailed is not.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from keyturn.bulk.ports import HandoutSealer
from keyturn.core.journal import DONE, Journal, Row, RowState
from keyturn.core.outcomes import Delivery
from keyturn.core.secret import Secret

HANDED: Final = (*sorted(DONE), RowState.UNCERTAIN)
_OURS: Final = frozenset({Delivery.HANDOUT, Delivery.MAIL_REFUSED})


@dataclass(frozen=True, slots=True)
class Handout:
    """How the handout of a run is made.  derive: the password of a row that keyturn made, None where the target did;
    handed_back: what a target made up, by row."""

    path: Path
    sealer: HandoutSealer
    recipients: Sequence[str]
    derive: Callable[[Row], Secret] | None
    handed_back: Callable[[], Mapping[int, Secret]]

    def write(self, journal: Journal) -> int:
        """Replace the file as a whole; answers how many passwords are in it.  Writes nothing when there are none."""
        count = 0

        def counted() -> Iterator[bytes]:
            nonlocal count
            for line in self._lines(journal):
                count += 1
                yield line

        sealed = self.sealer.seal(counted(), self.recipients)
        if count:
            with open_private(self.path) as file:
                file.write(sealed)
        return count

    def _lines(self, journal: Journal) -> Iterator[bytes]:
        kept = self.handed_back() if self.derive is None else {}
        for row in journal.rows(HANDED):
            password = self.derive(row) if self.derive is not None else kept.get(row.number)
            if password is not None and row.delivery in _OURS:
                yield _line(row, password)


def _line(row: Row, password: Secret) -> bytes:
    where = {"row": row.number, "target": row.target, "user": row.who}
    told = {**where, "password": password.reveal(), "state": str(row.state)}
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


@contextmanager
def open_private(path: Path) -> Iterator[BinaryIO]:
    """A file for writing that comes into place whole or not at all, readable by its owner alone."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    _keep_name(path.parent)


def _keep_name(folder: Path) -> None:
    """Put the names in a folder on disk; a run forgets its key only when its handout survives a power cut."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
