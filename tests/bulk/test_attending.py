"""While rows are read back another terminal is heard: held with the handout sealed, let go, stopped."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from keyturn.app.clock import SystemClock
from keyturn.bulk.running.attending import attended
from keyturn.bulk.running.breaker import Cause
from keyturn.bulk.running.channel import Channel, Doing, Steering, Word
from keyturn.bulk.running.events import Event, Held, ReadingBack, Stopping
from keyturn.bulk.running.stopping import Stop


async def until(so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(10):
        while not so():  # noqa: ASYNC110  what a file says sets no event
            await asyncio.sleep(0.01)


async def test_words_are_heard_while_rows_are_read(tmp_path: Path) -> None:
    """And how far it is, is told, over all targets."""
    channel, stop, told, sealed = Channel(tmp_path), Stop(), list[Event](), list[bool]()
    steering = Steering(channel, stop, SystemClock(), "here,there")

    def tell(event: Event) -> None:
        steering.hear(event)
        told.append(event)

    def doing() -> Doing | None:
        standing = channel.standing()
        return standing.doing if standing is not None else None

    async with attended(steering, stop, tell, lambda: sealed.append(stop.held)):
        tell(ReadingBack("here", 3, 10))
        tell(ReadingBack("there", 4, 10))
        channel.say(Word.PAUSE)
        await until(lambda: doing() is Doing.PAUSED)
        standing = channel.standing()
        assert standing is not None
        assert (standing.reading, standing.through, standing.total) == (True, 7, 20)
        channel.say(Word.GO)
        await until(lambda: doing() is Doing.RUNNING)
        channel.say(Word.STOP)
        await until(lambda: doing() is Doing.STOPPING)
        number = channel.say(Word.GO)
        await until(lambda: (now := channel.standing()) is not None and now.heard == number)
    assert sealed == [True]
    assert [event for event in told if isinstance(event, Held)] == [Held(on=True, sealed=True), Held(on=False)]
    assert [event.trip.cause for event in told if isinstance(event, Stopping)] == [Cause.TOLD]


async def test_a_handout_that_cannot_be_sealed_at_a_hold_is_not_passed_over(tmp_path: Path) -> None:
    """The reading ends, and then its error is raised."""
    stop = Stop()

    def full() -> None:
        raise OSError("no space left")

    async def held() -> None:
        async with attended(Steering(Channel(tmp_path), stop, SystemClock()), stop, lambda event: None, full):
            stop.hold()
            await asyncio.sleep(0.6)

    with pytest.raises(OSError, match="no space left"):
        await held()
