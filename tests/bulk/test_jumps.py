"""Clocks may jump: the time of day goes to and fro under a run, and nothing waits longer or shorter for it."""

import random
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from keyturn.bulk.running.rates import Rate
from keyturn.bulk.running.run import carry_out
from keyturn.bulk.running.stopping import Stop
from keyturn.core.journal import RowState
from tests.bulk.desk import QUICK, Desk, crowd, users

WEEK = 7 * 86_400


@dataclass
class Jumping:
    """The time of day jumps by up to a week, to and fro, each time that somebody looks; the steady clock is steady."""

    chance: random.Random = field(default_factory=lambda: random.Random(11))
    jumps: int = 0

    def now(self) -> datetime:
        """Some time of some day."""
        self.jumps += 1
        return datetime.now(UTC) + timedelta(seconds=self.chance.uniform(-WEEK, WEEK))

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()


async def test_no_jump_of_the_clock_freezes_a_run_or_hurries_it(tmp_path: Path) -> None:
    """More than a hundred jumps in a run with a rate, a pause that the server asks for, and seats of its own choice."""
    directory = crowd(120)
    directory.switches.slow_down = 1
    directory.switches.retry_after = 0.3
    desk = Desk(tmp_path, directory).begin(users(120))
    clock = Jumping()
    speed = replace(QUICK, adaptive=True, jobs=32, rates=[Rate(100)])
    began = time.monotonic()
    summary = await carry_out(replace(desk.run(speed), clock=clock), Stop())
    took = time.monotonic() - began
    assert summary.states == {RowState.CHANGED: 120}
    assert clock.jumps > 100
    assert took >= 1.0
    assert 0 <= summary.seconds <= took <= 20
    assert all((row.milliseconds or 0) >= 0 for row in desk.journal.rows(tuple(RowState)))
