"""Answers questions in groups: what is asked while others are being answered is answered next, all of it at once."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

from keyturn.core.errors import Busy

J = TypeVar("J")
A = TypeVar("A")


class Together(Generic[J, A]):
    """Gathers jobs for one thread at a time of a pool.

    do: answers jobs, each in its place; what it raises is raised to everybody who asked.  size: what a job counts;
    most: how much one go takes.
    """

    def __init__(
        self,
        pool: Executor,
        do: Callable[[Sequence[J]], Sequence[A]],
        *,
        size: Callable[[J], int] = lambda job: 1,
        most: int,
    ) -> None:
        self._pool = pool
        self._do = do
        self._size = size
        self._most = most
        self._waiting: list[tuple[J, asyncio.Future[A]]] = []
        self._work: asyncio.Task[None] | None = None

    async def ask(self, job: J) -> A:
        """Wait for the answer to one job."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, answer))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._answer())
        return await answer

    async def _answer(self) -> None:
        while self._waiting:
            batch = self._next()
            done = self._begin([job for job, _ in batch])
            await asyncio.wait([done])
            _share(done, [answer for _, answer in batch])

    def _begin(self, jobs: Sequence[J]) -> asyncio.Future[Sequence[A]]:
        """Hand jobs to the pool; one that is being shut down answers nobody any more, and says so."""
        try:
            return asyncio.wrap_future(self._pool.submit(self._do, jobs))
        except RuntimeError:
            refused: asyncio.Future[Sequence[A]] = asyncio.get_running_loop().create_future()
            refused.set_exception(Busy("the directory is being closed"))
            return refused

    def _next(self) -> list[tuple[J, asyncio.Future[A]]]:
        """As much of what waits as one go takes; one job at least."""
        size = count = 0
        for job, _ in self._waiting:
            if count and size >= self._most:
                break
            size += self._size(job)
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch


def _share(done: asyncio.Future[Sequence[A]], answers: Sequence[asyncio.Future[A]]) -> None:
    """Give everybody their own answer, or all of them what went wrong; who has gone away gets nothing."""
    error = done.exception()
    results = done.result() if error is None else ()
    for place, answer in enumerate(answers):
        if answer.done():
            continue
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(results[place])
