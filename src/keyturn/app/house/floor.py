"""Has the answers to sign-ins leave at the same moments, so that their time says nothing of an account."""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

MARGIN: Final = 2.0
"""How many of the slowest comparisons fit into a floor: a comparison is not all of a sign-in, and machines are busy."""

HIGHEST: Final = 5
"""How many floors high it may lie on a busy machine."""

RECENT: Final = 64
"""So many sign-ins tell how busy the machine is."""

SHORTEST: Final = 0.01
"""Seconds of a floor at least: the reads and writes of a sign-in take their time too."""


class Floor:
    """The earliest moment at which an answer leaves: a floor after its work began, else two floors, and so on.

    So what is slower by a little leaves no later, and on a busy machine an answer tells no more than on an idle one.
    There is one floor for all tenants: a sign-in need not name its tenant, and whose it is must not show either.
    slowest: measures the seconds of the slowest comparison that any account here can need.  kinds: what there is to
    compare with; when that is something else than before, it is measured again.
    """

    def __init__(self, slowest: Callable[[], float], kinds: Callable[[], object] = lambda: None) -> None:
        self._slowest = slowest
        self._kinds = kinds
        self._measured: object = None
        self._length = 0.0
        self._recent: deque[float] = deque(maxlen=RECENT)

    @property
    def length(self) -> float:
        """Seconds of the floor."""
        return self._length or self.measure()

    def _now(self) -> float:
        """The floor of this moment: where the machine is so busy that sign-ins take longer, it lies higher, so that a
        slow comparison does not come over it more often than a quick one."""
        return max(self.length, min(max(self._recent, default=0.0), HIGHEST * self.length))

    def measure(self) -> float:
        """Measure (again): at the start, and when accounts have come that are slower to compare."""
        self._length = max(SHORTEST, MARGIN * self._slowest())
        self._measured = self._kinds()
        return self._length

    @asynccontextmanager
    async def held(self) -> AsyncIterator["Held"]:
        """What is done in here has its answer leave at the floor.  Waiting takes no thread and holds no lock."""
        if self._kinds() != self._measured:
            await asyncio.to_thread(self.measure)
        length, began, held = self._now(), time.monotonic(), Held()
        try:
            yield held
        finally:
            took = time.monotonic() - began
            if not held.free:
                self._recent.append(took)
                await asyncio.sleep(math.ceil(took / length) * length - took)


@dataclass(slots=True)
class Held:
    """An answer that waits for the floor, unless it is set free: it tells nothing but that a secret nobody guesses is
    right."""

    free: bool = False
