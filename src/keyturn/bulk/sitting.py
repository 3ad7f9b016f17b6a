"""One sitting of a run: rows flow from the journal through a fixed number of workers and back into the journal."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from keyturn.bulk.breaker import Breaker, Cause, Limit, Trip
from keyturn.bulk.events import Event, Paused, Progress, RowSettled, Stopping
from keyturn.bulk.flight import Figures, Flight, Gear, given_back
from keyturn.bulk.job import Job, Operation, PasswordFrom
from keyturn.bulk.ledger import Ledger
from keyturn.bulk.orders import Order, OrderBook
from keyturn.bulk.pacing import Budget, Pace
from keyturn.bulk.states import Passing, recovered, to_send
from keyturn.bulk.stopping import Stop
from keyturn.bulk.vault import Vault
from keyturn.core.errors import KeyturnError
from keyturn.core.journal import Journal, Row, RowState
from keyturn.core.ports import Clock, Directory

PIECE: Final = 500
"""Rows that are read from the journal at once."""

LATELY: Final = 30.0
TICK: Final = 0.25
LEAST_AHEAD: Final = 8
SYSTEM_PATIENCE: Final = 10.0
"""Seconds after which systems kill what they asked to end."""

LONG_PAUSE: Final = 5.0
BETWEEN_SEALINGS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a run may go.  jobs: requests in flight; rate: requests a second; timeout: of one answer, and how long a
    stop waits for those in flight."""

    jobs: int = 8
    rate: float | None = None
    timeout: float = 30.0
    retries: int = 5
    limit: Limit = field(default_factory=Limit)


@dataclass(frozen=True, slots=True)
class Work:
    """What a sitting works on."""

    journal: Journal
    directory: Directory
    job: Job
    orders: OrderBook
    vault: Vault
    clock: Clock


class Sitting:
    """Built once, run once.  pause: called (in the journal's thread) at a long common wait."""

    def __init__(
        self,
        work: Work,
        speed: Speed,
        stop: Stop,
        tell: Callable[[Event], None],
        *,
        pause: Callable[[], object] = lambda: None,
    ) -> None:
        self._work = work
        self._speed = speed
        self._stop = stop
        self._tell = tell
        self._at_pause = pause
        capabilities = work.directory.capabilities
        resendable = work.job.resendable(capabilities)
        self._states = dict(work.journal.counts())
        self._again = to_send(resendable)
        self.figures = Figures()
        self.ledger = Ledger(work.journal, work.vault, work.clock, self._settled, self._broken)
        self._pace = Pace(work.clock, speed.rate, wait=stop.pause, stopped=lambda: stop.asked)
        self._gear = Gear(
            directory=work.directory,
            job=work.job,
            passing=Passing(handed=work.job.password.origin is PasswordFrom.GENERATE),
            resendable=resendable,
            retries=speed.retries,
            pace=self._pace,
            budget=Budget(),
            breaker=Breaker(speed.limit),
            stop=stop,
            ledger=self.ledger,
            clock=work.clock,
            figures=self.figures,
            paused=self._paused,
        )
        self._batch = max(1, min(capabilities.batch, self._pace.most))
        # Rows written down ahead of their turn save flushes to the disk.  Where a repeat can do harm there are none.
        ahead = resendable and work.job.operation is Operation.RESET
        self._room = speed.jobs + (max(speed.jobs, LEAST_AHEAD) if ahead else 0)
        self._enough = max(1, min(speed.jobs, self._room // 2)) if ahead else 1
        self._freed = asyncio.Event()
        self._queue: asyncio.Queue[Sequence[Order] | None] = asyncio.Queue()
        self._through = 0
        self._marks: deque[tuple[float, int]] = deque()
        self._total = 0
        self._said_pause = 0.0
        self._sealing_due = False
        self._sealed = float("-inf")
        self._failure: KeyturnError | None = None

    async def run(self) -> None:
        """Send every row that is left.  Raises the journal's error when the disk refuses, once all came back."""
        if RowState.SENT not in self._again:
            await self._give_up_sent()
        for state in self._again[1:]:
            self._states[RowState.NOT_TRIED] = self._states.get(RowState.NOT_TRIED, 0) + self._states.pop(state, 0)
        self._total = self._states.get(RowState.NOT_TRIED, 0)
        keeper = asyncio.create_task(self.ledger.keep())
        ticker = asyncio.create_task(self._tick())
        try:
            await self._fly()
        finally:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)
            self.ledger.finish()
            await keeper
            self._tell(self.progress())
        failure = self.ledger.failure or self._failure
        if failure is not None:
            raise failure

    def progress(self) -> Progress:
        """How far it is."""
        now = self._work.clock.monotonic()
        self._marks.append((now, self._through))
        while now - self._marks[0][0] > LATELY:
            self._marks.popleft()
        since, before = self._marks[0]
        rate = (self._through - before) / (now - since) if now > since else 0.0
        left = (self._total - self._through) / rate if rate else None
        figures = self.figures
        return Progress(
            self._total, self._through, rate, left, self._pace.left(), figures.retries, figures.in_flight,
            dict(self._states),
        )  # fmt: skip

    async def _fly(self) -> None:
        crew = [asyncio.create_task(self._worker()) for _ in range(self._speed.jobs)]
        crew.append(asyncio.create_task(self._feed()))
        landed = asyncio.ensure_future(asyncio.wait(crew))
        patience = asyncio.create_task(self._end_of_patience())
        await asyncio.wait((landed, patience), return_when=asyncio.FIRST_COMPLETED)
        # Whoever is still under way now loses the connection: those rows become uncertain.
        for task in (patience, *crew):
            task.cancel()
        ends = await asyncio.gather(patience, landed, *crew, return_exceptions=True)
        while not self._queue.empty():
            for order in self._queue.get_nowait() or ():
                self.ledger.put(given_back(order))
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _end_of_patience(self) -> None:
        trip = await self._stop.drained()
        self._freed.set()
        self._tell(Stopping(trip))
        hurry = trip.cause is Cause.TERMINATED
        await self._stop.dropped(min(self._speed.timeout, SYSTEM_PATIENCE) if hurry else self._speed.timeout)

    async def _worker(self) -> None:
        flight = Flight(self._gear)
        try:
            while (batch := await self._queue.get()) is not None:
                await flight.carry(batch)
                self._room += 1
                if self._room >= self._enough:
                    self._freed.set()
        except KeyturnError as error:
            self._fail(error)

    async def _feed(self) -> None:
        """Write intents down in groups, as room comes free, and hand the rows to the workers."""
        try:
            batches: list[Sequence[Order]] = []
            async for batch in self._batches():
                batches.append(batch)
                if len(batches) >= self._room:
                    await self._hand_over(batches)
                    batches = []
                    while self._room < self._enough and not self._stop.asked:
                        self._freed.clear()
                        await self._freed.wait()
                if self._stop.asked:
                    return
            await self._hand_over(batches)
        except KeyturnError as error:
            self._fail(error)
        finally:
            for _ in range(self._speed.jobs):
                self._queue.put_nowait(None)

    async def _hand_over(self, batches: Sequence[Sequence[Order]]) -> None:
        if not batches or self._stop.asked:
            return
        await self.ledger.send([order.number for batch in batches for order in batch])
        self._room -= len(batches)
        for batch in batches:
            self._queue.put_nowait(batch)

    async def _batches(self) -> AsyncIterator[Sequence[Order]]:
        after = 0
        rest: list[Order] = []
        while piece := await self.ledger.call(self._piece, after):
            after = piece[-1].number
            for row in piece:
                rest.append(self._work.orders.order(row))
                if len(rest) == self._batch:
                    yield rest
                    rest = []
        if rest:
            yield rest

    def _piece(self, after: int) -> list[Row]:
        return list(islice(self._work.journal.rows(self._again, after=after), PIECE))

    async def _give_up_sent(self) -> None:
        while rows := await self.ledger.call(self._sent):
            await self.ledger.call(self._work.journal.settle, [recovered(row) for row in rows])
            self._states[RowState.SENT] -= len(rows)
            self._states[RowState.UNCERTAIN] = self._states.get(RowState.UNCERTAIN, 0) + len(rows)

    def _sent(self) -> list[Row]:
        return list(islice(self._work.journal.rows((RowState.SENT,)), PIECE))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self._tell(self.progress())
            if self._sealing_due:
                self._sealing_due = False
                await self.ledger.call(self._at_pause)

    def _settled(self, row: Row) -> None:
        if row.state is not RowState.NOT_TRIED:
            self._states[row.state] = self._states.get(row.state, 0) + 1
            self._states[RowState.NOT_TRIED] -= 1
            self._through += 1
        self._tell(RowSettled(row))

    def _fail(self, error: KeyturnError) -> None:
        self._failure = self._failure or error
        self._broken(error)

    def _broken(self, error: KeyturnError) -> None:
        self._stop.pull(Trip(Cause.FAULT, error.what))

    def _paused(self, seconds: float) -> None:
        now = self._work.clock.monotonic()
        if now < self._said_pause:
            return
        self._said_pause = now + seconds
        self._tell(Paused(seconds))
        if seconds >= LONG_PAUSE and now - self._sealed >= BETWEEN_SEALINGS:
            self._sealing_due, self._sealed = True, now
