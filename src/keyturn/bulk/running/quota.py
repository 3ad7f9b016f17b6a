"""Keeps to the limits that a server tells: uses up what it leaves us, evenly until the reset, and not one more.

Whoever is alone at a server needs no more than its windows, counted by ourselves.  Where others use it too, or it tells
no window, what it said was left counts, less what may be under way to it uncounted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from keyturn.bulk.running.rates import Rate, Window
from keyturn.core.errors import ConfigError
from keyturn.core.limits import Allowance

LONGEST_PAUSE: Final = 3600.0
"""Seconds that are waited for at most, whatever a server says, before it is asked again."""

SPREAD: Final = 300.0
"""Seconds to a reset over which what is left is spread; before one that is further away it goes as fast as it can."""

MOST_LIMITS: Final = 16
"""Limits of one server that are kept; no server has so many."""

_MOVED: Final = 1.5
"""Seconds by which a reset has to move to be another one: whole seconds and networks move it by less."""

_WHOLE: Final = 1.05
_A_LITTLE: Final = 0.05
"""Seconds after a reset in which it may not have happened yet: told in whole seconds, or in parts of one."""

_NEVER: Final = float("-inf")


def share_of(text: str) -> float:
    """The part of limits that we may use, out of `80%`.  Raises ConfigError.

    >>> share_of("80%")
    0.8
    """
    number = text.strip().removesuffix("%")
    if text.strip().endswith("%") and number.isascii() and number.isdigit() and 1 <= int(number) <= 100:
        return int(number) / 100
    raise ConfigError(f"{text} is no part of a limit", code="KT-CFG-031", fix="a whole number from 1% to 100%")


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, by our own count.  number: of its request; took: seconds; jitter: by how much ways there differ;
    uncounted: requests of ours that the server may not have counted when it answered; sent: all of ours so far."""

    now: float
    number: int
    took: float
    jitter: float
    uncounted: int
    sent: int

    @property
    def long_ago(self) -> float:
        """Before this, whatever of ours the server counts had left: ways to it may take as long as two answers."""
        return self.now - 2 * self.took - _A_LITTLE


class Quota:
    """All limits that one server has told.  share: the part of each that we may use; the rest is for others."""

    def __init__(self, share: float = 1.0) -> None:
        self._share = share
        self._limits: dict[str, Told] = {}

    def __iter__(self) -> "Iterator[Told]":
        return iter(self._limits.values())

    def __len__(self) -> int:
        return len(self._limits)

    def hear(self, told: Sequence[Allowance], heard: Heard) -> None:
        """An answer came."""
        for one in told:
            if one.name not in self._limits and len(self._limits) < MOST_LIMITS:
                self._limits[one.name] = Told(self._share)
            if one.name in self._limits:
                self._limits[one.name].hear(one, heard)


class Told:
    """One limit of a server, as it stands by what the server said and by what went since."""

    def __init__(self, share: float = 1.0) -> None:
        self._share = share
        self._limit = 0
        self._window: Window | None = None
        self._left: int | None = None
        self._asking = False
        self._until, self._late = _NEVER, 0.0
        self._length = 1.0
        self._newest = 0
        self._last, self._tokens = _NEVER, 0

    @property
    def name(self) -> str:
        """How people call it."""
        return str(self._window.rate) if self._window is not None else f"{self._limit:,}"

    def used_up(self, tokens: int) -> bool:
        """Whether nothing may go before the reset."""
        return self._left is not None and self._left < tokens

    def hear(self, told: Allowance, heard: Heard) -> None:
        """What the server says of it now; nothing that an answer to a later request has said already."""
        self._limit = told.limit or max(self._limit, told.left or 0)
        self._measure(told, heard)
        if told.left is None or told.resets is None or heard.number < self._newest:
            return
        self._newest = heard.number
        until = heard.now + min(told.resets, LONGEST_PAUSE)
        another = heard.now >= self._until or until > self._until + _MOVED
        self._until = until if another else min(self._until, until)
        self._late = _WHOLE if told.resets == int(told.resets) else _A_LITTLE
        self._length = max(self._length, min(told.resets, LONGEST_PAUSE))
        self._asking = False
        alone = self._window is not None and self._limit - told.left <= self._window.sent(heard.long_ago)
        kept = ceil(self._limit * (1 - self._share))
        self._left = None if alone else told.left - heard.uncounted - kept

    def due(self, tokens: int, now: float) -> float:
        """When so many may go at once."""
        due = self._window.due(tokens) if self._window is not None else _NEVER
        if self._left is None:
            return due
        reset = self._until + self._late
        if now >= reset:
            self._left, self._asking = None, True
            return due
        if self._left < tokens:
            return max(due, reset)
        if self._until - self._last > SPREAD:
            return due
        return max(due, self._last + self._tokens * (self._until - self._last) / self._left)

    def note(self, tokens: int, now: float) -> None:
        """So many went.  The first after a reset asks how it stands now; the others wait for its answer."""
        if self._window is not None:
            self._window.note(tokens, now)
        self._last, self._tokens = now, tokens
        if self._asking:
            self._left, self._asking, self._until = 0, False, now + self._length
        elif self._left is not None:
            self._left -= tokens

    def _measure(self, told: Allowance, heard: Heard) -> None:
        """Hold its window by our own count, which no answer has to come back for."""
        # Whoever never tells of more than a second to its reset has windows of a second.
        length = told.window or (1.0 if told.resets is not None and max(self._length, told.resets) <= 1 else 0.0)
        if not told.limit or not 0 < length <= LONGEST_PAUSE:
            return
        rate = Rate(max(1, int(told.limit * self._share)), length)
        if self._window is not None and self._window.rate == rate:
            self._window.loosen(heard.jitter)
            return
        before = self._window.sent(heard.now) if self._window is not None else heard.sent
        used = before if told.left is None else min(before, told.limit - told.left + heard.uncounted)
        self._window = Window(rate)
        self._window.seed(max(used, 0), heard.now)
