"""What a server says of how much it still takes from us, and the gate at which a directory passes that on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Allowance:
    """One limit of a server, as an answer told it.  None: the answer did not say.

    name: tells several limits of one server apart.  limit: requests that a window of so many seconds may hold.
    left: requests until the reset; resets: seconds until then.
    """

    name: str = ""
    limit: int | None = None
    window: float | None = None
    left: int | None = None
    resets: float | None = None


class Gate(Protocol):
    """Where requests of a directory pass: it holds them to a pace, and hears what answers say of limits."""

    async def leave(self) -> None:
        """Wait until one more request may go out."""

    def heard(self, told: Sequence[Allowance]) -> None:
        """An answer came; what it said of limits, mostly nothing."""


@runtime_checkable
class Gated(Protocol):
    """A directory behind a network.  One on this machine has no limits and is none."""

    def through(self, gate: Gate) -> None:
        """From now on every request passes this gate."""
