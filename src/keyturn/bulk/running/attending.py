"""Hears another terminal while rows are read back, when there is no sitting that would."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from keyturn.bulk.running.channel import Steering
from keyturn.bulk.running.events import Event, Held, Stopping
from keyturn.bulk.running.stopping import Stop

LOOKS: Final = 0.25
"""Seconds between two looks for a word."""


@asynccontextmanager
async def attended(
    steering: Steering, stop: Stop, tell: Callable[[Event], None], pause: Callable[[], object] = lambda: None
) -> AsyncIterator[None]:
    """While this lasts a word is heard and obeyed, and a hold and a stop are told.  pause: called at a hold."""
    looking = asyncio.create_task(_look(steering, stop, tell, pause))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.wait((looking,))
    if not looking.cancelled():
        looking.result()


async def _look(steering: Steering, stop: Stop, tell: Callable[[Event], None], pause: Callable[[], object]) -> None:
    held = False
    while stop.trip is None:
        steering.look()
        if stop.held is not held and not stop.asked:
            held = stop.held
            if held:
                pause()
            tell(Held(on=held, sealed=held))
        await stop.pause(LOOKS)
    tell(Stopping(stop.trip))
    while True:
        await asyncio.sleep(LOOKS)
        steering.look()
