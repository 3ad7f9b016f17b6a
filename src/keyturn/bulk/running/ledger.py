"""Writes the journal for many workers at once: intents before rows leave, outcomes before rows count.

All calls go through one thread, in order, so that waiting for the disk holds up no request.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from keyturn.bulk.running.vault import Vault
from keyturn.core.errors import KeyturnError
from keyturn.core.journal import Journal, Row
from keyturn.core.ports import Clock
from keyturn.core.secret import Secret

P = ParamSpec("P")
T = TypeVar("T")

LATEST: Final = 0.03
"""Seconds that an outcome waits for others at most before it is written down."""


class Ledger:
    """told: called for each row once its outcome is on disk.  broken: called once when the disk refuses."""

    def __init__(
        self,
        journal: Journal,
        vault: Vault,
        clock: Clock,
        told: Callable[[Row], None],
        broken: Callable[[KeyturnError], None],
    ) -> None:
        self._journal = journal
        self._vault = vault
        self._clock = clock
        self._told = told
        self._broken = broken
        self._thread = ThreadPoolExecutor(1, "keyturn-journal")
        self._rows: list[Row] = []
        self._secrets: list[tuple[int, Secret]] = []
        self._wake = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._writing = False
        self._finished = False
        self.failure: KeyturnError | None = None

    async def call(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something with the journal, behind everything that was asked before."""
        return await asyncio.wrap_future(self._thread.submit(job, *args, **kwargs))

    async def send(self, numbers: Sequence[int]) -> None:
        """Write down that these rows are about to leave."""
        await self.call(self._journal.send, numbers, self._clock.now())

    def put(self, row: Row, secret: Secret | None = None) -> None:
        """Take an outcome in; it is written soon, together with others."""
        self._rows.append(row)
        if secret is not None:
            self._secrets.append((row.number, secret))
        self._wake.set()

    async def written(self) -> None:
        """Wait until every outcome that was taken in is on disk, or cannot be."""
        if not self._rows and not self._writing:
            return
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self._wake.set()
        await waiting

    async def keep(self) -> None:
        """Write outcomes until `finish`; never cancelled, since what is written must also be told."""
        while not self._finished:
            await self._wake.wait()
            self._wake.clear()
            await self._flush()
            if not self._finished:
                await asyncio.sleep(LATEST)
        await self._flush()

    def finish(self) -> None:
        """No more outcomes come."""
        self._finished = True
        self._wake.set()

    async def _flush(self) -> None:
        rows, self._rows = self._rows, []
        secrets, self._secrets = self._secrets, []
        waiting, self._waiting = self._waiting, []
        try:
            if rows and self.failure is None:
                await self._put_down(rows, secrets)
        finally:
            for each in waiting:
                if not each.done():
                    each.set_result(None)

    async def _put_down(self, rows: Sequence[Row], secrets: Sequence[tuple[int, Secret]]) -> None:
        self._writing = True
        try:
            await self.call(self._write, rows, secrets)
        except KeyturnError as error:
            self.failure = error
            self._broken(error)
            return
        finally:
            self._writing = False
        for row in rows:
            self._told(row)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _write(self, rows: Sequence[Row], secrets: Sequence[tuple[int, Secret]]) -> None:
        if secrets:
            self._vault.put(secrets)
        self._journal.settle(rows)
