"""The limits that a server tells are used up and not run into: simulated traffic to one that enforces them."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.limits import Limiter
from keyturn.bulk.running.pacing import Pace, Why
from keyturn.bulk.running.quota import LONGEST_PAUSE, MOST_LIMITS, Heard, Quota, share_of
from keyturn.core.errors import ConfigError
from keyturn.core.limits import Allowance
from tests.bulk.test_pacing import Ticking
from tests.bulk.traffic import Traffic

MINUTE = ((600, 60.0),)


@pytest.mark.proves("RN-9", "RN-8")
def test_ten_minutes_of_three_limits_at_once_are_used_and_no_request_is_refused() -> None:
    """20 a second, 600 a minute and 3,000 in 150 seconds, in every window, known from the answers alone."""
    traffic = Traffic(Limiter(), seconds=600).run()
    assert traffic.refused == 0
    assert traffic.used >= 0.97
    assert traffic.most(1) <= 20 * 1.02
    assert traffic.most(60) <= 600
    assert traffic.most(150) <= 3000


@pytest.mark.parametrize(
    "traffic",
    [
        Traffic(Limiter(sliding=False)),
        Traffic(Limiter(), fixed=True),
        Traffic(Limiter(), way=(0.3, 1.5)),
        Traffic(Limiter(told="nothing"), rates="20/s,3000/150s,600/min"),
        Traffic(Limiter(MINUTE, sliding=False, told="plain"), rates="20/s"),
        Traffic(Limiter(((20, 1.0),), sliding=False, told="plain"), seconds=60),
    ],
    ids=["windows in turn", "32 at once", "slow server", "told by flags", "x-headers", "x-headers of a second"],
)
def test_limits_are_used_up_however_they_are_told(traffic: Traffic) -> None:
    """By policies, by X headers, by flags alone; by a server that is slow, and with many in flight from the start."""
    traffic.run()
    assert traffic.refused == 0
    assert traffic.used >= 0.97


@pytest.mark.proves("RN-9")
def test_what_a_row_asks_beside_its_command_counts_too() -> None:
    """A user who is looked up before a reset costs two requests, and the rate holds for requests."""
    traffic = Traffic(Limiter(told="nothing"), seconds=60, rates="20/s,600/min", asks=2).run()
    assert traffic.refused == 0
    assert traffic.most(1) <= 20
    assert traffic.used >= 0.97


def test_a_part_of_the_limits_is_left_to_others() -> None:
    """With 80 %, a fifth is never touched, whatever others do."""
    alone = Traffic(Limiter(sliding=False), seconds=180, share=0.8).run()
    assert 0.75 <= alone.used <= 0.8
    shared = Traffic(Limiter(sliding=False), seconds=180, share=0.8, others=3.0).run()
    assert shared.refused == 0
    assert 0.4 <= shared.used <= 0.7


def test_what_others_use_is_not_used_twice() -> None:
    """Somebody else takes a third; we take what is left, and are hardly ever told to slow down."""
    traffic = Traffic(Limiter(MINUTE, sliding=False, told="plain"), seconds=240, others=3.0).run()
    assert traffic.refused <= len(traffic.taken) * 0.005
    assert 0.6 <= traffic.used <= 0.95


async def test_a_limit_that_is_used_up_is_waited_for_and_told() -> None:
    """Until the reset and a little, since whole seconds are rounded; then one request asks how it stands."""
    clock = Ticking()
    pace = Pace(clock, wait=clock.sleep)
    await pace.take()
    await pace.leave()
    pace.heard([Allowance(limit=100, left=0, resets=30.0)])
    began = clock.now
    assert await pace.take()
    assert 30 < clock.now - began < 32
    held = pace.slowed()
    assert held is not None
    assert (held.why, held.limit) == (Why.USED_UP, "100")
    asked = clock.now
    await pace.leave()
    pace.heard([Allowance(limit=100, left=99, resets=60.0)])
    assert await pace.take()
    assert clock.now - asked < 2


async def test_an_answer_that_was_overtaken_changes_nothing() -> None:
    """A late answer to an early request tells of more than is left."""
    clock = Ticking()
    pace = Pace(clock, wait=clock.sleep)
    answers = [asyncio.get_running_loop().create_future() for _ in range(2)]

    async def request(answer: asyncio.Future[int]) -> None:
        await pace.take()
        await pace.leave()
        pace.heard([Allowance(limit=10, left=await answer, resets=60.0)])

    requests = [asyncio.create_task(request(answer)) for answer in answers]
    await asyncio.sleep(0)
    for number, left in ((1, 0), (0, 9)):
        answers[number].set_result(left)
        await requests[number]
    began = clock.now
    assert await pace.take()
    assert clock.now - began >= 60


async def test_a_wait_is_never_longer_than_an_hour_and_never_negative() -> None:
    """A quota of a day is asked after again each hour; nonsense freezes nothing."""
    clock = Ticking()
    pace = Pace(clock, wait=clock.sleep)
    await pace.take()
    await pace.leave()
    pace.heard([Allowance(limit=5, left=0, resets=86_400.0)])
    began = clock.now
    assert await pace.take()
    assert LONGEST_PAUSE <= clock.now - began <= LONGEST_PAUSE + 2


@settings(max_examples=60)
@given(
    told=st.lists(
        st.builds(
            Allowance,
            st.sampled_from(["", "a", "b"]),
            st.none() | st.integers(0, 100),
            st.none() | st.floats(0.1, 90_000),
            st.none() | st.integers(0, 200),
            st.none() | st.floats(0, 100_000),
        ),
        max_size=12,
    ),
    batch=st.integers(1, 60),
    share=st.floats(0.01, 1),
)
async def test_nothing_that_a_server_says_stops_a_run_for_good(told: list[Allowance], batch: int, share: float) -> None:
    """Every request goes within a few hours of the clock, and no wait is negative."""
    clock = Ticking()
    pace = Pace(clock, share=share, wait=clock.sleep)
    for one in told:
        began = clock.now
        assert await pace.take(batch)
        assert 0 <= clock.now - began <= 100 * LONGEST_PAUSE
        await pace.leave()
        pace.heard([one])


def test_only_so_many_limits_are_kept() -> None:
    """A server that makes up a new name each time fills no memory."""
    quota = Quota()
    quota.hear([Allowance(str(number), 100, 60.0, 50, 30.0) for number in range(1000)], Heard(0.0, 1, 0.1, 0.0, 0, 1))
    assert len(quota) == MOST_LIMITS


@pytest.mark.parametrize(("text", "share"), [("80%", 0.8), ("100%", 1.0), (" 1% ", 0.01)])
def test_a_part_is_read(text: str, share: float) -> None:
    """In percent."""
    assert share_of(text) == share


@pytest.mark.parametrize("text", ["", "0%", "101%", "80", "-5%", "8.5%", "all"])
def test_what_is_no_part_is_refused(text: str) -> None:
    """With what would be one."""
    with pytest.raises(ConfigError) as caught:
        share_of(text)
    assert caught.value.code == "KT-CFG-031"
