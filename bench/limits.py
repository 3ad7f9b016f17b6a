"""The limits of a server that enforces several at once, and what its answers tell of them."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final

ALL: Final = ((20, 1.0), (600, 60.0), (3000, 150.0))
"""Twenty a second, 600 a minute and 3,000 in 150 seconds: each as (requests, seconds)."""


@dataclass
class Meter:
    """One limit.  sliding: it holds in every window; else in windows that follow each other."""

    limit: int
    window: float
    sliding: bool = True
    taken: deque[float] = field(default_factory=deque)

    def left(self, now: float) -> int:
        """How many more it takes now."""
        since = now - self.window if self.sliding else now // self.window * self.window
        while self.taken and (self.taken[0] <= since if self.sliding else self.taken[0] < since):
            self.taken.popleft()
        return self.limit - len(self.taken)

    def resets(self, now: float) -> float:
        """Seconds until it takes more than now."""
        if not self.sliding:
            return (now // self.window + 1) * self.window - now
        return self.taken[0] + self.window - now if self.taken else self.window


@dataclass
class Limiter:
    """Several limits at once.  told: `policies` tells all of them as structured fields, `plain` only the longest one in
    headers that begin with X, `nothing` nothing."""

    limits: Sequence[tuple[int, float]] = ALL
    sliding: bool = True
    told: str = "policies"
    refused: int = 0

    def __post_init__(self) -> None:
        self.meters = [Meter(limit, window, self.sliding) for limit, window in self.limits]

    def ask(self, now: float) -> tuple[bool, Mapping[str, str]]:
        """Whether one more request is taken, and the headers of its answer."""
        fine = all(meter.left(now) > 0 for meter in self.meters)
        waits = 0.0
        if fine:
            for meter in self.meters:
                meter.taken.append(now)
        else:
            self.refused += 1
            waits = max(meter.resets(now) for meter in self.meters if meter.left(now) <= 0)
        told = self._told(now)
        return fine, told if fine else {**told, "retry-after": str(ceil(waits))}

    def _told(self, now: float) -> Mapping[str, str]:
        if self.told == "policies":
            state = [f'"{m.limit}";r={m.left(now)};t={ceil(m.resets(now))}' for m in self.meters]
            policy = [f'"{m.limit}";q={m.limit};w={m.window:g}' for m in self.meters]
            return {"ratelimit": ", ".join(state), "ratelimit-policy": ", ".join(policy)}
        if self.told == "plain":
            meter = min(self.meters, key=lambda each: each.limit / each.window)
            told = {"limit": meter.limit, "remaining": meter.left(now), "reset": ceil(meter.resets(now))}
            return {f"x-ratelimit-{name}": str(value) for name, value in told.items()}
        return {}


def most_in(window: float, moments: Sequence[float]) -> int:
    """The most requests that any window of so many seconds held."""
    held: deque[float] = deque()
    most = 0
    for moment in moments:
        held.append(moment)
        while held[0] <= moment - window:
            held.popleft()
        most = max(most, len(held))
    return most
