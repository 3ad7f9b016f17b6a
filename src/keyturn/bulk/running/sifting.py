"""Asks the target, before a row is sent, whether its password was changed lately, and skips it where it was."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from keyturn.bulk.running.breaker import Breaker, Cause, Trip
from keyturn.bulk.running.ledger import Ledger
from keyturn.bulk.running.orders import Order
from keyturn.bulk.running.pacing import Pace, back_off
from keyturn.bulk.running.shares import Share
from keyturn.bulk.running.stopping import Stop
from keyturn.core.errors import KeyturnError, Unreachable
from keyturn.core.journal import Row, RowState
from keyturn.core.outcomes import Reason
from keyturn.core.ports import Clock

RESET_SINCE: Final = "reset-since"
"""Why such a row is skipped."""


@dataclass(frozen=True, slots=True)
class Sieve:
    """since: what was changed then or later stays as it is.

    It asks before the intent to send is written down: a row that was asked about and not sent is *not tried*.  A row
    that was sent before is not asked about: it may be our own change that the target would tell of.
    """

    share: Share
    since: datetime
    pace: Pace
    stop: Stop
    ledger: Ledger
    breaker: Breaker
    clock: Clock

    async def kept(self, batches: Sequence[Sequence[Order]]) -> list[Sequence[Order]]:
        """What is left of these batches to be sent.  Rows that could not be asked about, since it stops, are not."""
        turns = asyncio.Semaphore(self.share.speed.jobs)

        async def look(order: Order) -> bool:
            async with turns:
                return order.doubt or await self._sent(order)

        kept: list[Sequence[Order]] = []
        for batch in batches:
            sent = await asyncio.gather(*map(look, batch))
            if rest := [order for order, goes in zip(batch, sent, strict=True) if goes]:
                kept.append(rest)
        return kept

    async def _sent(self, order: Order) -> bool:
        """Whether the row is to be sent."""
        tries = 0
        while True:
            if not await self.pace.take():
                return False
            try:
                user = await self.share.directory.find(order.who)
            except KeyturnError as error:
                tries += 1
                if tries <= self.share.speed.retries and not error.code.startswith("KT-AUTH"):
                    await self.stop.pause(back_off(tries))
                    continue
                self._unasked(order, error)
                return False
            at = user.password_changed if user is not None else None
            if at is None or at < self.since:
                return True
            text = f"its password was changed {at.isoformat(timespec='seconds')}"
            self._settle(order, RowState.SKIPPED, RESET_SINCE, text)
            return False

    def _unasked(self, order: Order, error: KeyturnError) -> None:
        """Nothing was sent.  A target that cannot be asked stops the run there; an answer of nonsense fails the row."""
        if isinstance(error, Unreachable):
            cause = Cause.SIGNED_OUT if error.code.startswith("KT-AUTH") else Cause.UNREACHABLE
            self.stop.pull(Trip(cause, f"asking when a password was changed: {error.what}"))
            return
        text = f"nothing was sent: when its password was changed could not be asked: {error.what}"
        self._settle(order, RowState.FAILED, str(Reason.OTHER), text)

    def _settle(self, order: Order, state: RowState, reason: str, text: str) -> None:
        row = Row(order.number, order.who, state, reason, text, settled=self.clock.now(), target=order.target)
        self.ledger.put(row)
        trip = self.breaker.count(state, reason)
        if trip is not None:
            self.stop.pull(trip)
