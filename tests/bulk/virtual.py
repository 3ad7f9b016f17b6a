"""A loop whose time passes as soon as everybody sleeps: ten minutes of waiting in a second."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Skipping(selectors.SelectSelector):
    """Never sleeps; counts what it would have slept."""

    slept = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Whatever is ready now."""
        self.slept += timeout or 0.0
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on time of its own, which is also a clock for what is tested."""

    def __init__(self) -> None:
        self._skipping = Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        """Seconds slept so far."""
        return 1000.0 + self._skipping.slept

    def monotonic(self) -> float:
        """The same, for those who want a clock."""
        return self.time()


def virtually(work: Coroutine[Any, Any, T]) -> T:
    """Do something on a loop of its own time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


def clock() -> VirtualLoop:
    """The clock of the loop that is running."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop
