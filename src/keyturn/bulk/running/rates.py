"""Rates as people say them, and the windows in which they hold."""

import re
from collections import deque
from dataclasses import dataclass
from typing import Final

from keyturn.core.errors import ConfigError

SQUEEZE: Final = 0.01
"""The part of a window by which ours are longer: what a network squeezes together stays under the rate."""

QUIET: Final = 0.3
"""Seconds by which they are longer at most, while nothing shows that the network squeezes more together."""

MOST_SQUEEZED: Final = 0.03
"""The part of a window that is given up at most to a network that does."""

_FADING: Final = 0.01
_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_RATE: Final = re.compile(r"(\d+(?:\.\d+)?)(?:/(\d+(?:\.\d+)?)?(s|m|min|h))?")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in every window of so many seconds.

    >>> str(Rate(600, 60)), str(Rate(3000, 150))
    ('600/min', '3000/150s')
    """

    count: float
    seconds: float = 1.0

    @property
    def each_second(self) -> float:
        """How many a second that comes to."""
        return self.count / self.seconds

    @property
    def most(self) -> int:
        """How many may go at once."""
        return max(1, int(self.count))

    def __str__(self) -> str:
        units = {1.0: "s", 60.0: "min", 3600.0: "h"}
        return f"{self.count:g}/{units.get(self.seconds, f'{self.seconds:g}s')}"


def rates_of(text: str) -> tuple[Rate, ...]:
    """The rates of a text, each of which holds; none of an empty text.  Raises ConfigError.

    >>> rates_of("20/s, 3000/150s")
    (Rate(count=20.0, seconds=1.0), Rate(count=3000.0, seconds=150.0))
    """
    return tuple(rate_of(part.strip()) for part in text.split(",")) if text.strip() else ()


def rate_of(text: str) -> Rate:
    """A rate out of `20/s`, `600/min`, `3000/150s`, or `20` for each second.  Raises ConfigError."""
    found = _RATE.fullmatch(text)
    if found:
        count, seconds = float(found[1]), float(found[2] or 1) * _UNITS[found[3] or ""]
        if 0 < seconds <= 86_400 and 0 < count < 1e6 and 1e-4 < count / seconds < 1e6:
            return Rate(count, seconds)
    raise ConfigError(f"{text} is not a rate", code="KT-CFG-031", fix="as in 20/s, 600/min or 3000/150s")


class Jitter:
    """By how many seconds one way of a request differs from another, of late."""

    def __init__(self) -> None:
        self._quickest: float | None = None
        self._slowest = 0.0

    def note(self, seconds: float) -> float:
        """An answer took so long; the jitter now.  Half of a difference is the way back."""
        quickest = seconds if self._quickest is None else self._quickest
        self._quickest = min(seconds, quickest + (seconds - quickest) * _FADING)
        self._slowest = max(seconds, self._slowest + (seconds - self._slowest) * _FADING)
        return (self._slowest - self._quickest) / 2


class Window:
    """Holds one rate in every window of its length, evenly spread.  Times are those of a clock that never runs back."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._whole = max(rate.seconds, rate.most * rate.seconds / rate.count)
        self.loosen(0.0)
        self._sent: deque[float] = deque(maxlen=2 * rate.most)
        self._next = float("-inf")

    def loosen(self, jitter: float) -> None:
        """Requests take so many seconds more or less to get there."""
        least = min(self._whole * SQUEEZE, QUIET)
        self._span = self._whole + min(max(jitter, least), self._whole * MOST_SQUEEZED)
        self._each = self._span / self.rate.most

    def sent(self, since: float) -> int:
        """How many went in the window that began about then, and since."""
        while self._sent and self._sent[0] <= since - self._span:
            self._sent.popleft()
        return len(self._sent)

    def due(self, tokens: int) -> float:
        """When so many may go at once."""
        place = max(self.rate.most - tokens, 0) + 1
        if place > len(self._sent):
            return self._next
        return max(self._next, self._sent[-place] + self._span)

    def note(self, tokens: int, now: float) -> None:
        """So many went now.  Who woke a little late does not wait for it again; who was away catches up nothing."""
        self._sent.extend([now] * min(tokens, self.rate.most))
        since = self._next if now - self._next < self._each else now
        self._next = since + tokens * self._each

    def seed(self, tokens: int, now: float) -> None:
        """So many went before this window was known of."""
        self._sent.extend([now] * min(tokens, self.rate.most))
