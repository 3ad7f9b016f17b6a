"""One sitting of a run: rows flow from the journal through the lanes of their targets and back into the journal."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter
from statistics import median_low
from typing import Final

from keyturn.bulk.intake.source import Source
from keyturn.bulk.ports import RunKeys
from keyturn.bulk.running.breaker import EXITS, Cause, Trip
from keyturn.bulk.running.events import Event, Held, Progress, RowSettled, Stopping
from keyturn.bulk.running.flight import Figures
from keyturn.bulk.running.lane import Lane, Shared
from keyturn.bulk.running.ledger import Ledger
from keyturn.bulk.running.orders import OrderBook
from keyturn.bulk.running.shares import Share
from keyturn.bulk.running.stopping import Stop
from keyturn.bulk.running.vault import Vault
from keyturn.core.errors import KeyturnError
from keyturn.core.journal import Journal, Row, RowState
from keyturn.core.ports import Clock

LATELY: Final = 30.0
ANSWERS: Final = 1000
"""How many of the last answers the usual time of one is taken from."""

TICK: Final = 0.25
LONG_PAUSE: Final = 5.0
BETWEEN_SEALINGS: Final = 60.0


class Hold(Enum):
    """How far it is with a hold."""

    NONE = 0
    ASKED = 1
    IDLE = 2
    SEALED = 3


@dataclass(frozen=True, slots=True)
class Work:
    """What a sitting works on."""

    run: str
    journal: Journal
    shares: Sequence[Share]
    source: Source
    keys: RunKeys
    vault: Vault
    clock: Clock


class Sitting:
    """Built once, run once.  pause: called (in the journal's thread) at a long common wait, and at a hold."""

    def __init__(
        self,
        work: Work,
        stop: Stop,
        tell: Callable[[Event], None],
        *,
        pause: Callable[[], object] = lambda: None,
    ) -> None:
        self._work = work
        self._stop = stop
        self._tell = tell
        self._at_pause = pause
        self.figures = Figures()
        self.ledger = Ledger(work.journal, work.vault, work.clock, self._settled, self._broken)
        shared = Shared(
            work.journal, self.ledger, work.clock, stop, self.figures, tell, self._paused, self._fail
        )  # fmt: skip
        self.lanes = [
            Lane(share, OrderBook(work.run, share.job, share.directory.capabilities, work.keys, work.source), shared)
            for share in work.shares
        ]
        self._states: Counter[RowState] = Counter()
        self._marks: deque[tuple[float, int]] = deque()
        self._times: deque[int] = deque(maxlen=ANSWERS)
        self._slowest: int | None = None
        self._total = 0
        self._sealing_due = False
        self._sealed = float("-inf")
        self._held = Hold.NONE
        self._failure: KeyturnError | None = None

    async def run(self) -> None:
        """Send every row that is left.  Raises the journal's error when the disk refuses, once all came back."""
        for lane in self.lanes:
            await lane.recover()
        counts = self._work.journal.by_target()
        left = {share.target: share.left(counts.get(share.target, {})) for share in self._work.shares}
        self._total = sum(left.values())
        self.lanes = [lane for lane in self.lanes if left[lane.share.target]]
        keeper = asyncio.create_task(self.ledger.keep())
        ticker = asyncio.create_task(self._tick())
        herald = asyncio.create_task(self._herald())
        try:
            await self._fly()
        finally:
            for task in (ticker, herald):
                task.cancel()
            _, heralded = await asyncio.gather(ticker, herald, return_exceptions=True)
            self.ledger.finish()
            await keeper
            self._tell(self.progress())
        failure = self.ledger.failure or self._failure or heralded
        if isinstance(failure, Exception):
            raise failure

    def halts(self) -> list[tuple[str, Trip]]:
        """What stopped before its end, by target; under an empty name the whole run.  The first decides the exit code:
        the whole run before a target, a refused sign-in before an unreachable target before too many failures."""
        found = {(lane.share.target, lane.stop.trip) for lane in self.lanes if lane.stop.trip is not None}
        if any(trip is self._stop.trip for _, trip in found):
            return [("", trip) for trip in (self._stop.trip,) if trip is not None]
        return sorted(found, key=lambda each: (EXITS[each[1].cause], each[0]))

    def progress(self) -> Progress:
        """How far it is."""
        now, through = self._work.clock.monotonic(), self._states.total()
        self._marks.append((now, through))
        while now - self._marks[0][0] > LATELY:
            self._marks.popleft()
        since, before = self._marks[0]
        rate = (through - before) / (now - since) if now > since else 0.0
        left = (self._total - through) / rate if rate else None
        slowed = [lane.pace.slowed() for lane in self.lanes if not lane.landed]
        least = min(filter(None, slowed), key=attrgetter("seconds"), default=None) if all(slowed) else None
        figures = self.figures
        median = median_low(self._times) if self._times else None
        return Progress(
            self._total, through, rate, left, figures.retries, figures.in_flight, dict(self._states), least,
            median, self._slowest,
        )  # fmt: skip

    async def _fly(self) -> None:
        ends = await asyncio.gather(*map(self._flown, self.lanes), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    async def _flown(self, lane: Lane) -> None:
        """A lane that breaks takes the others with it: nobody knows what else is broken."""
        landed = False
        try:
            await lane.fly()
            landed = True
        finally:
            if not landed:
                self._stop.pull(Trip(Cause.FAULT, f"keyturn broke on {lane.share.target}"))

    async def _herald(self) -> None:
        """Say once that the whole run stops."""
        self._tell(Stopping(await self._stop.drained()))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self._tell(self.progress())
            if self._sealing_due:
                self._sealing_due = False
                await self.ledger.call(self._at_pause)
            await self._hold()

    async def _hold(self) -> None:
        """Tell of a hold and of its end; once everything came back, have the handout sealed.

        Idle at two ticks in a row: what came back last is in the journal by then.
        """
        if not self._stop.held:
            if self._held is not Hold.NONE:
                self._held = Hold.NONE
                if not self._stop.asked:
                    self._tell(Held(on=False))
            return
        if self._held is Hold.NONE:
            self._held = Hold.ASKED
            self._tell(Held(on=True))
        if self._held is Hold.SEALED or self.figures.in_flight:
            return
        if self._held is Hold.ASKED:
            self._held = Hold.IDLE
            return
        await self.ledger.call(self._at_pause)
        self._held = Hold.SEALED
        self._tell(Held(on=True, sealed=True))

    def _settled(self, row: Row) -> None:
        if row.state is not RowState.NOT_TRIED:
            self._states[row.state] += 1
        if row.milliseconds is not None:
            self._times.append(row.milliseconds)
            self._slowest = max(self._slowest or 0, row.milliseconds)
        self._tell(RowSettled(row))

    def _fail(self, error: KeyturnError) -> None:
        self._failure = self._failure or error
        self._broken(error)

    def _broken(self, error: KeyturnError) -> None:
        self._stop.pull(Trip(Cause.FAULT, error.what))

    def _paused(self, seconds: float) -> None:
        now = self._work.clock.monotonic()
        if seconds >= LONG_PAUSE and now - self._sealed >= BETWEEN_SEALINGS:
            self._sealing_due, self._sealed = True, now
