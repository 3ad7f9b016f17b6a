"""Holds the pace that all workers share: a rate that no second exceeds, pauses for everybody, growing waits."""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from keyturn.core.errors import ConfigError

LONGEST_PAUSE: Final = 3600.0
WINDOW: Final = 1.01
"""A second and a little: what a network squeezes together stays under the rate."""

_FIRST_WAIT: Final = 0.25
_LONGEST_WAIT: Final = 30.0
_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


class Steady(Protocol):
    """A clock that never runs backwards."""

    def monotonic(self) -> float:
        """Seconds."""
        ...


def rate_of(text: str) -> float:
    """Requests a second out of `20/s`, `300/min`, `20`.  Raises ConfigError.

    >>> rate_of("300/min")
    5.0
    """
    number, _, unit = text.partition("/")
    try:
        rate = float(number) / _UNITS[unit.strip()]
    except (ValueError, KeyError):
        rate = 0.0
    if not 0 < rate < 1e6:
        raise ConfigError(f"{text} is not a rate", code="KT-CFG-031", fix="as in 20/s or 300/min")
    return rate


class Pace:
    """Lets requests through, one token each; a batch of n costs n.

    stop: ends every wait at once.  wait: sleeps, or is woken by `stop`; tests put their own time here.
    """

    def __init__(
        self,
        clock: Steady,
        rate: float | None = None,
        *,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._clock = clock
        self._wait = wait
        self._stopped = stopped
        self._rate = rate
        self._fill = max(1, int(rate)) if rate else 1
        self._span = max(WINDOW, self._fill / rate * WINDOW) if rate else 0.0
        self._sent: deque[float] = deque(maxlen=self._fill)
        self._next = 0.0
        self._until = 0.0
        self._turn = asyncio.Lock()

    @property
    def most(self) -> int:
        """The largest batch that fits the rate."""
        return self._fill if self._rate else 1_000_000

    def left(self) -> float:
        """Seconds of the pause that are left, 0 when there is none."""
        return max(0.0, self._until - self._clock.monotonic())

    def pause(self, seconds: float) -> float:
        """Hold everybody for so long, an hour at most; answers how long."""
        seconds = min(max(seconds, 0.0), LONGEST_PAUSE)
        self._until = max(self._until, self._clock.monotonic() + seconds)
        return seconds

    async def take(self, tokens: int = 1) -> bool:
        """Wait for one's turn.  False: the run is stopping, nothing may be sent."""
        if self._rate is None and self._until <= self._clock.monotonic():
            return not self._stopped()
        async with self._turn:
            while (seconds := self._due(tokens) - self._clock.monotonic()) > 0 and not self._stopped():
                await self._wait(seconds)
            if self._stopped():
                return False
            self._note(tokens, self._clock.monotonic())
        return True

    def _due(self, tokens: int) -> float:
        """When so many may go at once: not in a pause, evenly spaced, and never too many in one window."""
        due = max(self._until, self._next)
        over = len(self._sent) + tokens - self._fill
        if self._rate and over > 0:
            due = max(due, self._sent[min(over, len(self._sent)) - 1] + self._span)
        return due

    def _note(self, tokens: int, now: float) -> None:
        if self._rate:
            self._sent.extend([now] * tokens)
            self._next = now + tokens * WINDOW / self._rate


def back_off(tries: int) -> float:
    """How long to wait before try number `tries` + 1: doubled each time, 30 s at most, and never in step."""
    longest: float = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(tries, 16))
    return longest * (1 + secrets.randbelow(1000) / 1000) / 2


class Budget:
    """How many repeats a run may spend, so that a sick target is not hit by storms: some to begin with, then a few
    for each row that was sent."""

    def __init__(self, *, start: int = 100, each: float = 3.0) -> None:
        self._left = float(start)
        self._each = each

    def earn(self, rows: int) -> None:
        """Rows were sent for the first time."""
        self._left += rows * self._each

    def spend(self) -> bool:
        """One repeat; False when there is nothing left."""
        if self._left < 1:
            return False
        self._left -= 1
        return True
