"""Rows without content that go to a server which only counts: pace and seats as a run has them, on time of its own."""

import asyncio
import random
from dataclasses import dataclass, field

from bench.limits import Limiter, most_in
from keyturn.bulk.running.knee import Knee
from keyturn.bulk.running.pacing import Pace
from keyturn.bulk.running.rates import rates_of
from keyturn.http.allowances import read_allowances
from tests.bulk.virtual import clock, virtually


@dataclass
class Traffic:
    """One stretch of a run.  way: seconds to the server and back, at least and at most; others: requests a second of
    somebody else; asks: requests that a row takes."""

    limiter: Limiter
    seconds: float = 120.0
    jobs: int = 32
    fixed: bool = False
    rates: str = ""
    share: float = 1.0
    way: tuple[float, float] = (0.005, 0.02)
    others: float = 0.0
    asks: int = 1
    taken: list[float] = field(default_factory=list)
    refused: int = 0

    def run(self) -> "Traffic":
        """Send as long as it takes."""
        virtually(self._run())
        return self

    @property
    def used(self) -> float:
        """The part of the tightest limit that was used, from the first request to the last."""
        limit, window = min(self.limiter.limits, key=lambda each: each[0] / each[1])
        return (len(self.taken) - 1) / (self.taken[-1] - self.taken[0]) / (limit / window)

    def most(self, window: float) -> int:
        """The most that the server took of us in any window of so many seconds."""
        return most_in(window, self.taken)

    async def _run(self) -> None:
        self._clock, self._chance = clock(), random.Random(17)
        self._end = self._clock.time() + self.seconds
        self._pace = Pace(self._clock, rates_of(self.rates), share=self.share)
        self._pace.listen()
        self._knee = Knee(self._clock, self.jobs, fixed=self.fixed)
        other = asyncio.create_task(self._somebody_else())
        await asyncio.gather(*(self._work() for _ in range(self.jobs)))
        other.cancel()

    async def _work(self) -> None:
        while self._clock.time() < self._end:
            await self._knee.sit()
            await self._row()
            self._knee.rise()

    async def _row(self) -> None:
        while True:
            await self._pace.take()
            self._knee.leave()
            began = self._clock.time()
            fine = all([await self._request() for _ in range(self.asks)])
            self._pace.landed()
            self._knee.back(self._clock.time() - began, strained=not fine)
            if fine:
                return

    async def _request(self) -> bool:
        await self._pace.leave()
        await asyncio.sleep(self._chance.uniform(*self.way) / 2)
        fine, headers = self.limiter.ask(self._clock.time())
        if fine:
            self.taken.append(self._clock.time())
        else:
            self.refused += 1
        await asyncio.sleep(self._chance.uniform(*self.way) / 2)
        self._pace.heard(read_allowances(headers))
        if not fine:
            self._pace.pause(float(headers["retry-after"]))
        return fine

    async def _somebody_else(self) -> None:
        while self.others:
            await asyncio.sleep(self._chance.expovariate(self.others))
            self.limiter.ask(self._clock.time())
