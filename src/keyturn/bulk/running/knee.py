"""Finds how many requests in flight a target takes gladly: more while that makes it no slower, half when it groans.

After the gradient limit of Netflix's concurrency-limits (read 2026-11-29), in steps of time instead of single answers.
"""

import asyncio
from collections import deque
from typing import Final, Protocol

STEP: Final = 0.25
"""Seconds in which answers are looked at together; what is allowed changes once in each."""

START: Final = 4
PLENTY: Final = 8
"""What any healthy target takes; below it only a target that groans goes."""

TOLERANCE: Final = 1.5
"""How much longer answers may take than the shortest step of late before that counts as a queue."""

_FORGET: Final = 1.0003
"""By how much the shortest step ages with each step, so that a longer way is learned."""


class Steady(Protocol):
    """A clock that never runs backwards."""

    def monotonic(self) -> float:
        """Seconds."""
        ...


class Knee:
    """Seats for batches in flight.  most: never more; fixed: always so many."""

    def __init__(self, clock: Steady, most: int, *, fixed: bool = False) -> None:
        self._clock = clock
        self._most = most
        self._fixed = fixed
        self._allowed = float(most if fixed else min(START, most))
        self._taken, self._flying = 0, 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._began = clock.monotonic()
        self._answers, self._seconds, self._full, self._strained = 0, 0.0, False, False
        self._shortest = float("inf")

    @property
    def seats(self) -> int:
        """How many may be in flight now."""
        return int(self._allowed)

    async def sit(self) -> None:
        """Wait for a seat and take it."""
        while self._taken >= self.seats:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting
        self._taken += 1

    def rise(self) -> None:
        """Give a seat back."""
        self._taken -= 1
        self._call()

    def leave(self) -> None:
        """One batch is on its way."""
        self._flying += 1

    def back(self, seconds: float, *, strained: bool = False) -> None:
        """One batch is back after so many seconds.  strained: the target was busy, or told us to slow down, or did not
        answer."""
        full, self._flying = self._flying >= self.seats, self._flying - 1
        if self._fixed:
            return
        self._answers += 1
        self._seconds += seconds
        self._full = self._full or full
        if strained and not self._strained:
            self._strained = True
            self._allow(self._allowed / 2, 1)
        # A mean of fewer answers than this is chance.
        enough = 1 if self._allowed < PLENTY else max(self.seats, PLENTY)
        if self._answers >= enough and self._clock.monotonic() - self._began >= STEP:
            self._step()

    def _step(self) -> None:
        """Judge the answers of a step and begin another."""
        mean = self._seconds / self._answers
        if not self._strained:
            if self._answers >= PLENTY:
                self._shortest = min(self._shortest * _FORGET, mean)
            if self._full:
                gradient = min(1.0, max(0.5, TOLERANCE * self._shortest / mean)) if mean else 1.0
                self._allow(self._allowed * gradient + self._allowed**0.5, PLENTY)
        self._began = self._clock.monotonic()
        self._answers, self._seconds, self._full, self._strained = 0, 0.0, False, False

    def _allow(self, wanted: float, least: int) -> None:
        """A queue takes nobody below `least`; who is below it already goes on from there."""
        self._allowed = min(max(wanted, min(least, self._allowed)), self._most)
        self._call()

    def _call(self) -> None:
        """Wake as many as there are free seats."""
        for _ in range(min(len(self._waiting), self.seats - self._taken)):
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
