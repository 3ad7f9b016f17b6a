"""How a run is told of when it has ended: a command may have a way of its own."""

from typing import Protocol

from keyturn.app.run.machine import Machine
from keyturn.bulk.running.run import Summary
from keyturn.cli.frame import Frame


class Ending(Protocol):
    """Tells people how a run ended; the exit code of the command."""

    def __call__(self, frame: Frame, machine: Machine, target: str, summary: Summary, *, hints: bool = True) -> int:
        """Print it."""
        ...
