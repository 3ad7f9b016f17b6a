"""The way to hold or end a run, or one target's part of it: by a person or the system, by a brake inside."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from keyturn.bulk.running.breaker import Cause, Trip

_WORDS = {
    Cause.INTERRUPTED: "stopped by Ctrl-C",
    Cause.TERMINATED: "stopped by the system",
    Cause.TOLD: "stopped by keyturn runs stop",
}

SYSTEM_PATIENCE: Final = 8.0
"""Seconds to wait for what is in flight when the system ends us: many kill after ten, and a handout is to be sealed."""


class Stop:
    """First call: start no more rows and wait for those in flight.  Second call: drop the connections.

    A run that is held starts no more rows either, and goes on when it is let go; a stop ends the hold.

    Branches end with the whole; a branch that ends by itself leaves the others alone, unless the fault is ours.
    Belongs to the event loop it was made in.
    """

    def __init__(self) -> None:
        self._drain = asyncio.Event()
        self._drop = asyncio.Event()
        self._go = asyncio.Event()
        self._go.set()
        self._branches: list[Stop] = []
        self._whole: Stop | None = None
        self.trip: Trip | None = None

    def branch(self) -> "Stop":
        """A stop for a part of the run."""
        part = Stop()
        part._whole = self
        self._branches.append(part)
        if self.trip is not None:
            part._take(self.trip)
        return part

    @property
    def asked(self) -> bool:
        """True when no more rows may start."""
        return self._drain.is_set()

    @property
    def held(self) -> bool:
        """True when no row may leave for now."""
        return not (self._whole or self)._go.is_set() and not self.asked

    def hold(self) -> None:
        """Let no more rows leave until `let_go`; for the whole run."""
        self._go.clear()

    def let_go(self) -> None:
        """Rows may leave again."""
        self._go.set()

    async def released(self) -> None:
        """Wait until rows may leave, or the run stops."""
        whole = self._whole or self
        while self.held:
            ends = [asyncio.ensure_future(event.wait()) for event in (whole._go, self._drain)]
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for end in ends:
                    end.cancel()

    def ask(self, cause: Cause = Cause.INTERRUPTED) -> None:
        """A person or the system wants the run to end."""
        self._ask(Trip(cause, _WORDS[cause]))

    def pull(self, trip: Trip) -> bool:
        """A brake; True for the first one, which is the one that counts."""
        if trip.cause is Cause.FAULT and self._whole is not None:
            return self._whole.pull(trip)
        first = self._take(trip)
        for part in self._branches if first else ():
            part._take(trip)
        return first

    def _ask(self, trip: Trip) -> None:
        if not self._take(trip):
            self._drop.set()
        for part in self._branches:
            part._ask(trip)

    def _take(self, trip: Trip) -> bool:
        if self.trip is not None:
            return False
        self.trip = trip
        self._drain.set()
        return True

    async def bound(self, work: Coroutine[Any, Any, object], patience: float) -> None:
        """Do something to its end; after a stop that is waited for so long at most, then it is dropped."""
        working, waiting = asyncio.ensure_future(work), asyncio.create_task(self.dropped(patience))
        try:
            await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (working, waiting):
                each.cancel()
        with suppress(asyncio.CancelledError):
            await working

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
        """After a stop: wait for the second call, or until patience is at its end."""
        trip = await self.drained()
        try:
            async with asyncio.timeout(min(patience, SYSTEM_PATIENCE) if trip.cause is Cause.TERMINATED else patience):
                await self._drop.wait()
        except TimeoutError:
            pass
