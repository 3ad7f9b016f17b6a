"""The pace: a rate that no second exceeds, pauses for everybody, waits that grow."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.bulk.running.pacing import Budget, Pace, Why, back_off
from keyturn.bulk.running.quota import LONGEST_PAUSE
from keyturn.bulk.running.rates import Rate, rates_of
from keyturn.bulk.running.stopping import Stop
from keyturn.core.errors import ConfigError


class Ticking:
    """A clock whose sleepers move it on; `late` is added to every sleep, as real machines do."""

    def __init__(self, late: float = 0.0) -> None:
        self.now = 100.0
        self.late = late

    def monotonic(self) -> float:
        """The time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Move the time on."""
        self.now += seconds + self.late


@pytest.mark.proves("RN-9")
@settings(max_examples=50)
@given(
    rate=st.floats(0.2, 400),
    gaps=st.lists(st.floats(0, 1.5), min_size=30, max_size=120),
    late=st.floats(0, 0.4),
    batch=st.integers(1, 5),
)
async def test_no_second_has_more_requests_than_the_rate(
    rate: float, gaps: list[float], late: float, batch: int
) -> None:
    """However irregular the work comes and however late sleepers wake."""
    clock = Ticking(late)
    pace = Pace(clock, [Rate(rate)], wait=clock.sleep)
    sent = []
    for gap in gaps:
        clock.now += gap
        tokens = min(batch, pace.most)
        assert await pace.take(tokens)
        sent += [clock.now] * tokens
    allowed = max(1, int(rate))
    for first, beyond in zip(sent, sent[allowed:], strict=False):
        assert beyond - first >= 1.0 - 1e-9


async def test_the_rate_is_reached_and_evenly_spread() -> None:
    """Within two percent of the limit, without bursts."""
    clock = Ticking()
    pace = Pace(clock, rates_of("20/s"), wait=clock.sleep)
    sent = []
    for _ in range(401):
        await pace.take()
        sent.append(clock.now)
    assert 20 / 1.02 <= 400 / (sent[-1] - sent[0]) <= 20
    assert min(after - before for before, after in pairwise(sent)) > 0.04


async def test_a_pause_holds_everybody_and_has_an_end() -> None:
    """An hour at most, whatever the server says."""
    clock = Ticking()
    pace = Pace(clock, wait=clock.sleep)
    assert await pace.take()
    assert pace.left() == 0
    assert pace.pause(3) == 3
    assert pace.pause(1) == 1
    assert pace.left() == 3
    assert await pace.take()
    assert clock.now == 103
    assert pace.pause(1e9) == LONGEST_PAUSE
    assert pace.pause(-5) == 0


async def test_a_stop_ends_every_wait() -> None:
    """Nobody sends after the stop, and nobody sleeps through it."""
    stop, clock = Stop(), Ticking()
    pace = Pace(clock, [Rate(1, 3600.0)])
    pace.obey(stop)
    assert await pace.take()
    waiting = asyncio.create_task(pace.take())
    await asyncio.sleep(0)
    stop.ask()
    assert not await waiting
    free = Pace(clock)
    free.obey(stop)
    assert not await free.take()


@pytest.mark.proves("RN-8")
def test_waits_double_up_to_half_a_minute_and_are_never_in_step() -> None:
    """Half of the wait is chance."""
    for tries in range(40):
        longest = min(30.0, 0.25 * 2**tries)
        assert longest / 2 <= back_off(tries) <= longest


def test_repeats_are_bounded_by_the_rows_that_were_sent() -> None:
    """A sick target gets no storm."""
    budget = Budget(start=2, each=0.5)
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    budget.earn(2)
    assert [budget.spend() for _ in range(2)] == [True, False]


@pytest.mark.proves("RN-9")
@settings(max_examples=30)
@given(
    rates=st.lists(st.builds(Rate, st.integers(1, 60), st.floats(0.5, 90)), min_size=1, max_size=3),
    gaps=st.lists(st.floats(0, 3), min_size=30, max_size=120),
    late=st.floats(0, 0.4),
    batch=st.integers(1, 5),
)
async def test_every_one_of_several_rates_holds_in_every_window_of_its_length(
    rates: list[Rate], gaps: list[float], late: float, batch: int
) -> None:
    """Whichever of them binds, and a batch of n costs n in each."""
    clock = Ticking(late)
    pace = Pace(clock, rates, wait=clock.sleep)
    sent = []
    for gap in gaps:
        clock.now += gap
        tokens = min(batch, pace.most)
        assert await pace.take(tokens)
        sent += [clock.now] * tokens
    for rate in rates:
        for first, beyond in zip(sent, sent[rate.most :], strict=False):
            assert beyond - first >= rate.seconds - 1e-9


async def test_who_wakes_late_does_not_fall_behind() -> None:
    """A sleeper that is a few milliseconds late each time still reaches the rate, in no window more."""
    clock = Ticking(late=0.005)
    pace = Pace(clock, rates_of("20/s"), wait=clock.sleep)
    sent = []
    for _ in range(401):
        await pace.take()
        sent.append(clock.now)
    assert 400 / (sent[-1] - sent[0]) >= 20 * 0.97
    assert all(beyond - first >= 1.0 for first, beyond in zip(sent, sent[20:], strict=False))


async def test_what_holds_requests_back_is_told() -> None:
    """A pause that the server asked for goes before the rate; nobody who does not wait is told anything."""
    clock = Ticking()
    pace = Pace(clock, rates_of("2/s"), wait=clock.sleep)
    await pace.take()
    assert pace.slowed() is None
    await pace.take()
    held = pace.slowed()
    assert held is not None
    assert (held.why, held.limit) == (Why.RATE, "2/s")
    pace.pause(12)
    paused = pace.slowed()
    assert paused is not None
    assert (paused.why, paused.seconds) == (Why.ASKED, 12)
    clock.now += 60
    await pace.take()
    assert pace.slowed() is None


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("20", [Rate(20)]),
        ("20/s", [Rate(20)]),
        ("120/min", [Rate(120, 60)]),
        ("60/m", [Rate(60, 60)]),
        ("7200/h", [Rate(7200, 3600)]),
        ("0.5/s", [Rate(0.5)]),
        ("3000/150s", [Rate(3000, 150)]),
        ("600/2min", [Rate(600, 120)]),
        ("20/s, 3000/150s,600/min", [Rate(20), Rate(3000, 150), Rate(600, 60)]),
        ("", []),
    ],
)
def test_rates_are_read(text: str, rates: list[Rate]) -> None:
    """A number and a unit, several with commas between."""
    assert list(rates_of(text)) == rates


@pytest.mark.parametrize("text", ["fast", "0", "-1/s", "5/day", "nan", "1e9", "20/s,", "5/0s", "1/90000h", "1/24h,x"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    """With an example."""
    with pytest.raises(ConfigError) as caught:
        rates_of(text)
    assert caught.value.code == "KT-CFG-031"
