"""How a run is told of when it has ended: a command may have a way of its own."""

from typing import Protocol

from keyturn.app.run.machine import Machine
from keyturn.bulk.running.run import Summary
from keyturn.cli.frame import Frame
from keyturn.core.errors import KeyturnError


class RunStopped(KeyturnError):
    """A run stopped before its end; the text says why, and the last line how far it got.

    exit: the code of the command, where that of the error is not wanted.
    """

    exit: int | None = None

    def __init__(self, what: str, *, code: str, why: str, fix: str, progress: str) -> None:
        super().__init__(what, code=code, why=why, fix=fix)
        self.progress = progress


class Ending(Protocol):
    """Tells people how a run ended; the exit code of the command."""

    def __call__(self, frame: Frame, machine: Machine, target: str, summary: Summary, *, hints: bool = True) -> int:
        """Print it."""
        ...
