"""How many are in flight: more while that makes nothing slower, half when the target groans."""

import asyncio
from dataclasses import dataclass, field

from keyturn.bulk.running.knee import PLENTY, START, Knee
from tests.bulk.virtual import VirtualLoop, clock, virtually

BASE = 0.05


@dataclass
class Server:
    """Answers so many at once after 50 ms, others queue; from `groans` to `recovers` it refuses all beyond four."""

    able: int
    groans: float = float("inf")
    recovers: float = float("inf")
    flying: int = 0
    most: int = 0
    done: int = 0
    began: list[float] = field(default_factory=list)

    async def answer(self, now: VirtualLoop) -> bool:
        """One request; False: refused."""
        self.flying += 1
        self.most = max(self.most, self.flying)
        self.began.append(now.time())
        refuses = self.groans <= now.time() < self.recovers and self.flying > 4
        await asyncio.sleep(BASE * max(1.0, self.flying / self.able))
        self.flying -= 1
        self.done += not refuses
        return not refuses


def drive(server: Server, jobs: int, seconds: float, *, fixed: bool = False) -> Knee:
    """Workers as a run has them, for so many seconds of simulated time."""

    async def run() -> Knee:
        now = clock()
        end = now.time() + seconds
        knee = Knee(now, jobs, fixed=fixed)

        async def work() -> None:
            while now.time() < end:
                await knee.sit()
                knee.leave()
                began = now.time()
                fine = await server.answer(now)
                knee.back(now.time() - began, strained=not fine)
                knee.rise()

        await asyncio.gather(*(work() for _ in range(jobs)))
        return knee

    return virtually(run())


def test_a_target_that_takes_more_gets_more_up_to_the_cap() -> None:
    """And not before it has shown that it takes what it has."""
    server = Server(able=1000)
    assert drive(server, 32, 10).seats == 32
    assert server.most == 32
    assert sum(moment < server.began[0] + 0.01 for moment in server.began) == START
    assert sum(moment < server.began[0] + BASE for moment in server.began) < 32


def test_the_knee_is_found_and_nothing_is_lost_by_staying_there() -> None:
    """Twelve at once are all that helps: not many more are sent, and as much gets done as with any number."""
    server, flat_out = Server(able=12), Server(able=12)
    knee = drive(server, 32, 30)
    drive(flat_out, 32, 30, fixed=True)
    assert 12 <= knee.seats <= 26
    assert server.done >= 0.95 * flat_out.done


def test_a_target_that_takes_little_still_gets_what_every_run_sent_before() -> None:
    """Latency alone takes nobody below eight, so that no run is slower than it was."""
    server = Server(able=2)
    assert drive(server, 32, 20).seats >= PLENTY


def test_a_target_that_groans_gets_half_and_half_again() -> None:
    """Below eight as well; when it is well again it gets more."""
    groaning = Server(able=1000, groans=1000 + 5)
    assert drive(groaning, 32, 15).seats <= 6
    recovering = Server(able=1000, groans=1000 + 5, recovers=1000 + 10)
    assert drive(recovering, 32, 30).seats == 32


def test_a_fixed_number_stays_what_it_is() -> None:
    """From the first moment, whatever the target does."""
    server = Server(able=2, groans=1000 + 1)
    assert drive(server, 5, 5, fixed=True).seats == 5
    assert server.most == 5


def test_fewer_than_the_start_is_never_exceeded() -> None:
    """A cap of one is one."""
    server = Server(able=100)
    assert drive(server, 1, 2).seats == 1
    assert server.most == 1
