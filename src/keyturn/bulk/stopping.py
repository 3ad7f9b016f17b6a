"""The way to end a run before its end: from outside by a signal, from inside by a brake."""

import asyncio

from keyturn.bulk.breaker import Cause, Trip

_WORDS = {
    Cause.INTERRUPTED: "stopped by Ctrl-C",
    Cause.TERMINATED: "stopped by the system",
}


class Stop:
    """First call: start no more rows and wait for those in flight.  Second call: drop the connections.

    Belongs to the event loop it was made in.
    """

    def __init__(self) -> None:
        self._drain = asyncio.Event()
        self._drop = asyncio.Event()
        self.trip: Trip | None = None

    @property
    def asked(self) -> bool:
        """True when no more rows may start."""
        return self._drain.is_set()

    def ask(self, cause: Cause = Cause.INTERRUPTED) -> None:
        """A person or the system wants the run to end."""
        if not self.pull(Trip(cause, _WORDS[cause])):
            self._drop.set()

    def pull(self, trip: Trip) -> bool:
        """A brake; True for the first one, which is the one that counts."""
        if self.trip is not None:
            return False
        self.trip = trip
        self._drain.set()
        return True

    async def pause(self, seconds: float) -> None:
        """Sleep, but not into a stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._drain.wait()
        except TimeoutError:
            pass

    async def drained(self) -> Trip:
        """Wait for the first call; why it came."""
        while self.trip is None:
            await self._drain.wait()
        return self.trip

    async def dropped(self, patience: float) -> None:
        """Wait for the second call, or until patience is at its end."""
        try:
            async with asyncio.timeout(patience):
                await self._drop.wait()
        except TimeoutError:
            pass
