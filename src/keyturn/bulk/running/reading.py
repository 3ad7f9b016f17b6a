"""Reads users back at the pace of their target, and tries again where that is asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from keyturn.bulk.running.breaker import Cause, Trip
from keyturn.bulk.running.pacing import back_off
from keyturn.bulk.running.shares import Share
from keyturn.bulk.running.stopping import Stop
from keyturn.core.evidence import Evidence, Tried
from keyturn.core.journal import Row
from keyturn.core.outcomes import RETRYABLE, Reason, Refused
from keyturn.core.ports import Clock
from keyturn.core.secret import Secret

Take: TypeAlias = Callable[[Row, Evidence | Refused, datetime], Awaitable[None]]

_STOPS: Final = {
    Reason.NOT_SIGNED_IN: Cause.SIGNED_OUT,
    Reason.NOT_ALLOWED: Cause.NOT_ALLOWED,
    Reason.UNREACHABLE: Cause.UNREACHABLE,
}
"""Refusals that say the same of every user: the reading of this target ends."""


class Reader:
    """One target.  stop: ends it; a target that lets nobody read pulls it."""

    def __init__(self, share: Share, clock: Clock, stop: Stop) -> None:
        self._share = share
        self._stop, self._clock = stop, clock
        self._pace = share.pace
        self._pace.obey(stop)

    async def read(self, whos: Sequence[str]) -> Sequence[Evidence | Refused] | None:
        """What each of them shows, or why it cannot be read; None: not read, for the reading is ending."""
        tries = 0
        while await self._pace.take():
            try:
                told = await self._share.directory.read_back(whos)
            finally:
                self._pace.landed()
            refused = next((each for each in told if isinstance(each, Refused) and each.reason in RETRYABLE), None)
            if refused is None or not await self._again(refused, tries):
                return None if self._ends(told) else told
            tries += 1
        return None

    async def rows(self, rows: Sequence[Row], take: Take, told: Callable[[int], None]) -> None:
        """Read rows side by side; each is handed on with what is shown of it and when that was.

        told: how many more are read.
        """
        size = self._share.directory.capabilities.reads
        sets = (rows[start : start + size] for start in range(0, len(rows), size))

        async def work() -> None:
            for some in sets:
                shown = await self.read([row.who for row in some])
                if shown is None:
                    return
                at = self._clock.now()
                for row, each in zip(some, shown, strict=True):
                    await take(row, each, at)
                told(len(some))

        async def crew() -> None:
            await asyncio.gather(*(work() for _ in range(min(self._share.speed.jobs, max(1, len(rows))))))

        await self._stop.bound(crew(), self._share.speed.timeout)

    async def sign_in(self, who: str, password: Secret) -> Tried | Refused | None:
        """One sign-in; None: not tried.  A refusal is no answer, and is not asked twice: tries may be counted."""
        if not await self._pace.take():
            return None
        try:
            return await self._share.directory.try_password(who, password)
        finally:
            self._pace.landed()

    async def _again(self, refused: Refused, tries: int) -> bool:
        if refused.retry_after is not None:
            self._pace.pause(refused.retry_after)
        if tries >= self._share.speed.retries:
            return False
        await self._stop.pause(back_off(tries))
        return True

    def _ends(self, told: Sequence[Evidence | Refused]) -> bool:
        """Whether the target as a whole cannot be read; then why is said once."""
        for each in told:
            if isinstance(each, Refused) and each.reason in _STOPS:
                self._stop.pull(Trip(_STOPS[each.reason], each.text))
                return True
        return False
