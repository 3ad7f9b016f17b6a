"""The rows of one target under way: at its own pace, under its own brakes, whatever becomes of other targets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from keyturn.bulk.job import Operation
from keyturn.bulk.running.breaker import Breaker, Cause, Trip
from keyturn.bulk.running.events import Event, Paused, Stopping
from keyturn.bulk.running.flight import Figures, Flight, Gear, given_back
from keyturn.bulk.running.knee import Knee
from keyturn.bulk.running.ledger import Ledger
from keyturn.bulk.running.orders import Order, OrderBook
from keyturn.bulk.running.pacing import Budget
from keyturn.bulk.running.shares import Share
from keyturn.bulk.running.sifting import Sieve
from keyturn.bulk.running.states import recovered
from keyturn.bulk.running.stopping import Stop
from keyturn.core.errors import KeyturnError
from keyturn.core.journal import Journal, Row, RowState
from keyturn.core.ports import Clock

PIECE: Final = 500
"""Rows that are read from the journal at once."""

LEAST_AHEAD: Final = 8


@dataclass(frozen=True, slots=True)
class Shared:
    """What the lanes of a run share.  fail: told of an error that ends the whole run."""

    journal: Journal
    ledger: Ledger
    clock: Clock
    stop: Stop
    figures: Figures
    tell: Callable[[Event], None]
    paused: Callable[[float], None]
    fail: Callable[[KeyturnError], None]


class Lane:
    """Built once, run once.  stop: ends this lane alone; it follows the stop of the run."""

    def __init__(self, share: Share, orders: OrderBook, shared: Shared) -> None:
        self.share = share
        self._shared = shared
        self._orders = orders
        self.stop = stop = shared.stop.branch()
        if share.trip is not None:
            stop.pull(share.trip)
        speed, capabilities = share.speed, share.directory.capabilities
        self.pace = share.pace
        self.pace.obey(stop)
        self._knee = Knee(shared.clock, speed.jobs, fixed=not speed.adaptive)
        self._gear = Gear(
            directory=share.directory,
            job=share.job,
            passing=share.passing,
            resendable=share.resendable,
            retries=speed.retries,
            pace=self.pace,
            knee=self._knee,
            budget=Budget(),
            breaker=Breaker(speed.limit),
            stop=stop,
            ledger=shared.ledger,
            clock=shared.clock,
            figures=shared.figures,
            paused=self._paused,
        )
        self._sieve = _sieve(self._gear, share)
        self._batch = max(1, min(capabilities.batch, speed.batch or capabilities.batch, self.pace.most))
        # Rows written down ahead of their turn save flushes to the disk.  Where a repeat can do harm there are none.
        self._ahead = share.resendable and share.job.operation is Operation.RESET
        self._out = 0
        self._freed = asyncio.Event()
        self._queue: asyncio.Queue[Sequence[Order] | None] = asyncio.Queue()
        self._said_pause = 0.0
        self._cut = False
        self.landed = False

    @property
    def _room(self) -> int:
        """How many more batches may be written down as about to leave."""
        seats = self._knee.seats
        return seats + (max(seats, LEAST_AHEAD) if self._ahead else 0) - self._out

    @property
    def _enough(self) -> int:
        """The room that is worth a flush to the disk."""
        return self._knee.seats if self._ahead else 1

    async def recover(self) -> None:
        """Give up rows that were sent before a crash and may not be sent again."""
        while RowState.SENT not in self.share.open and (rows := await self._call(self._sent)):
            await self._shared.ledger.call(self._shared.journal.settle, [recovered(row) for row in rows])

    async def fly(self) -> None:
        """Send every row of this target that is left."""
        crew = [asyncio.create_task(self._worker()) for _ in range(self.share.speed.jobs)]
        crew.append(asyncio.create_task(self._feed()))
        landed = asyncio.ensure_future(asyncio.wait(crew))
        patience = asyncio.create_task(self._end_of_patience())
        try:
            await asyncio.wait((landed, patience), return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Whoever is still under way now loses the connection: those rows become uncertain.
            for task in (patience, *crew):
                task.cancel()
            ends = await asyncio.gather(patience, landed, *crew, return_exceptions=True)
            while not self._queue.empty():
                for order in self._queue.get_nowait() or ():
                    self._shared.ledger.put(given_back(order, self.share.passing))
            self.landed = True
        for end in ends:
            if isinstance(end, Exception):
                raise end
        if self._cut:
            self.stop.pull(Trip(Cause.CANARY, f"the first {self.share.canary} of its rows are through"))

    async def _end_of_patience(self) -> None:
        trip = await self.stop.drained()
        self._freed.set()
        if trip is not self._shared.stop.trip:
            self._shared.tell(Stopping(trip, self.share.target))
        await self.stop.dropped(self.share.speed.timeout)

    async def _worker(self) -> None:
        flight = Flight(self._gear)
        try:
            while await self._carried(flight):
                if self._room >= self._enough:
                    self._freed.set()
        except KeyturnError as error:
            self._shared.fail(error)

    async def _carried(self, flight: Flight) -> bool:
        """Carry the next batch, once there is a seat for it; False when there is none any more."""
        await self._knee.sit()
        try:
            if (batch := await self._queue.get()) is None:
                return False
            await flight.carry(batch)
            if not self.share.resendable:  # at a crash no more rows are in doubt than were in flight
                await self._shared.ledger.written()
            self._out -= 1
            return True
        finally:
            self._knee.rise()

    async def _feed(self) -> None:
        """Write intents down in groups, as room comes free, and hand the rows to the workers."""
        try:
            batches: list[Sequence[Order]] = []
            async for batch in self._batches():
                batches.append(batch)
                if len(batches) >= self._room:
                    await self._hand_over(batches)
                    batches = []
                    while self._room < self._enough and not self.stop.asked:
                        self._freed.clear()
                        await self._freed.wait()
                if self.stop.asked:
                    return
            await self._hand_over(batches)
        except KeyturnError as error:
            self._shared.fail(error)
        finally:
            for _ in range(self.share.speed.jobs):
                self._queue.put_nowait(None)

    async def _hand_over(self, batches: Sequence[Sequence[Order]]) -> None:
        if self._sieve is not None:
            batches = await self._sieve.kept(batches)
        if not batches or self.stop.asked:
            return
        await self._shared.ledger.send([order.number for batch in batches for order in batch])
        self._out += len(batches)
        for batch in batches:
            self._queue.put_nowait(batch)

    async def _batches(self) -> AsyncIterator[Sequence[Order]]:
        after = count = 0
        rest: list[Order] = []
        while piece := await self._call(self._piece, after):
            after = piece[-1].number
            for row in piece:
                if count == self.share.canary:
                    self._cut = True
                    break
                count += 1
                rest.append(self._orders.order(row))
                if len(rest) == self._batch:
                    yield rest
                    rest = []
            if self._cut:
                break
        if rest:
            yield rest

    async def _call(self, read: Callable[..., list[Row]], *args: int) -> list[Row]:
        return await self._shared.ledger.call(read, *args)

    def _piece(self, after: int) -> list[Row]:
        rows = self._shared.journal.rows(self.share.open, after=after, target=self.share.target)
        return list(islice(rows, PIECE))

    def _sent(self) -> list[Row]:
        return list(islice(self._shared.journal.rows((RowState.SENT,), target=self.share.target), PIECE))

    def _paused(self, seconds: float) -> None:
        now = self._shared.clock.monotonic()
        if now < self._said_pause:
            return
        self._said_pause = now + seconds
        self._shared.tell(Paused(seconds, self.share.target))
        self._shared.paused(seconds)


def _sieve(gear: Gear, share: Share) -> Sieve | None:
    """What asks before a row is sent; None where nobody is to be skipped, or the target cannot tell."""
    if share.since is None or not share.directory.capabilities.tells_password_change:
        return None
    return Sieve(share, share.since, gear.pace, gear.stop, gear.ledger, gear.breaker, gear.clock)
