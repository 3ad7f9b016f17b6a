"""Holds the pace that all workers share: rates in every window, the limits that the server tells, pauses for all."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final, Protocol

from keyturn.bulk.running.quota import LONGEST_PAUSE, Heard, Quota
from keyturn.bulk.running.rates import Jitter, Rate, Window
from keyturn.bulk.running.stopping import Stop
from keyturn.core.limits import Allowance

_FIRST_WAIT: Final = 0.25
_LONGEST_WAIT: Final = 30.0
_SLICE: Final = 1.0
"""Longest sleep: what is heard meanwhile may change what is waited for."""

_LOOK: Final = 0.01
_PATIENCE: Final = 5.0
"""Seconds that the first answer is waited for before others go, and between two looks whether it is there."""


class Steady(Protocol):
    """A clock that never runs backwards."""

    def monotonic(self) -> float:
        """Seconds."""
        ...


@unique
class Why(StrEnum):
    """What holds requests back."""

    ASKED = "retry-after"
    USED_UP = "used-up"
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class Slowed:
    """Requests wait: why, for which limit, and how many seconds it takes at most."""

    why: Why
    seconds: float
    limit: str = ""


@dataclass(slots=True)
class Ticket:
    """What the task that took it has paid for and not sent yet, and what is flying of it.  of: who sold it.

    left: when its last request left; number: which one that was; beside: how many others were flying then.
    """

    of: "Pace"
    paid: int = 0
    flying: int = 0
    left: float = 0.0
    number: int = 0
    beside: int = 0


_TICKET: Final[ContextVar[Ticket]] = ContextVar("ticket")
"""Bound to the task that carries a batch and to those that it starts: they send what the batch has paid for."""


class Pace:
    """Lets requests through, one token each; a batch of n costs n.  The gate of a directory that has one.

    share: the part that we may use of what the server says it takes.  wait: sleeps; tests put their own time here.
    """

    def __init__(
        self,
        clock: Steady,
        rates: Sequence[Rate] = (),
        *,
        share: float = 1.0,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._wait = wait
        self._stop: Stop | None = None
        self._windows = [Window(rate) for rate in rates]
        self._quota = Quota(share)
        self._jitter = Jitter()
        self._until = float("-inf")
        self._turn = asyncio.Lock()
        self._flying = 0
        self._sent = 0
        self._first: float | None = None
        self._slowed: Slowed | None = None

    @property
    def most(self) -> int:
        """The largest batch that fits the rates."""
        return min((window.rate.most for window in self._windows), default=1_000_000)

    def left(self) -> float:
        """Seconds of the pause that are left, 0 when there is none."""
        return max(0.0, self._until - self._clock.monotonic())

    def slowed(self) -> Slowed | None:
        """What holds requests back just now; None when it is not us."""
        if left := self.left():
            return Slowed(Why.ASKED, left)
        return self._slowed

    def pause(self, seconds: float) -> float:
        """Slowed everybody for so long, an hour at most; answers how long."""
        seconds = min(max(seconds, 0.0), LONGEST_PAUSE)
        self._until = max(self._until, self._clock.monotonic() + seconds)
        return seconds

    def obey(self, stop: Stop) -> None:
        """From now on this stop ends every wait at once; what went before still counts."""
        self._stop, self._wait = stop, stop.pause

    def listen(self) -> None:
        """The directory is behind a gate: its first request goes alone, so that the others know what is left."""
        self._first = float("inf")

    async def take(self, tokens: int = 1) -> bool:
        """Wait for one's turn, and for the end of a hold.  False: the run is stopping, nothing may be sent."""
        while True:
            if self._stop is not None and self._stop.held:
                await self._stop.released()
            if not await self._pass(tokens):
                return False
            _TICKET.set(Ticket(self, tokens, tokens))
            if self._stop is None or not self._stop.held:
                return True
            self.landed()

    async def leave(self) -> None:
        """One request is about to go; the first ones of a batch are paid for, further ones wait for their turn.

        In a run that stops they go at once: what they belong to is under way.
        """
        ticket = self._ticket()
        if ticket.paid:
            ticket.paid -= 1
        elif await self._pass(1):
            ticket.flying += 1
        ticket.left, ticket.number = self._clock.monotonic(), self._sent
        ticket.beside = self._flying - ticket.flying

    def heard(self, told: Sequence[Allowance]) -> None:
        """An answer came, or will not come any more; what it says of limits."""
        self.landed()
        if not told and not self._windows:
            return
        now, ticket = self._clock.monotonic(), self._ticket()
        took = now - ticket.left
        jitter = self._jitter.note(took)
        for window in self._windows:
            window.loosen(jitter)
        if told:
            uncounted = ticket.beside + self._sent - ticket.number
            self._quota.hear(told, Heard(now, ticket.number, took, jitter, uncounted, self._sent))

    def landed(self) -> None:
        """What this task sent is back."""
        ticket = self._ticket()
        self._flying -= ticket.flying
        ticket.flying = 0
        self._first = None

    def _ticket(self) -> Ticket:
        """The ticket of this task; who took none here has paid for nothing."""
        found = _TICKET.get(None)
        if found is None or found.of is not self:
            _TICKET.set(found := Ticket(self))
        return found

    def _stopped(self) -> bool:
        return self._stop is not None and self._stop.asked

    async def _pass(self, tokens: int) -> bool:
        if self._stopped():
            return False
        if not self._binding():
            self._note(tokens, self._clock.monotonic())
            return True
        async with self._turn:
            waited = False
            while not self._stopped() and (seconds := self._due(tokens)) > 0:
                waited = True
                await self._wait(min(seconds, _SLICE) if len(self._quota) else seconds)
            if self._stopped():
                return False
            self._slowed = self._slowed if waited else None
            self._note(tokens, self._clock.monotonic())
        return True

    def _binding(self) -> bool:
        """Whether there is anything to hold to, or somebody who waits already."""
        if self._windows or self._first is not None or self._turn.locked() or len(self._quota):
            return True
        return self._until > self._clock.monotonic()

    def _due(self, tokens: int) -> float:
        """Seconds until so many may go at once; notes what they wait for."""
        now = self._clock.monotonic()
        if self._first is not None and self._flying and now < self._first + _PATIENCE:
            return _LOOK
        due, slowed = self._until, Slowed(Why.ASKED, 0.0)
        for window in self._windows:
            if (at := window.due(tokens)) > due:
                due, slowed = at, Slowed(Why.RATE, 0.0, str(window.rate))
        for told in self._quota:
            if (at := told.due(tokens, now)) > due:
                why = Why.USED_UP if told.used_up(tokens) else Why.RATE
                due, slowed = at, Slowed(why, max(at - now, 0.0), told.name)
        self._slowed = slowed if due > now else self._slowed
        return due - now

    def _note(self, tokens: int, now: float) -> None:
        self._flying += tokens
        self._sent += tokens
        if self._first is not None:
            self._first = min(self._first, now)
        for window in self._windows:
            window.note(tokens, now)
        for told in self._quota:
            told.note(tokens, now)


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
