"""Drains the outbox: every mail ends as sent, as failed with a reason, or as cancelled by something newer.

Exactly-once mail does not exist.  The promise is: never none, never two different secrets; a rare second copy, after a
crash between the relay's yes and our note of it, is the same letter again.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from keyturn.core.audit import Event
from keyturn.core.errors import StoreError
from keyturn.core.languages import Languages
from keyturn.core.outbox import Mail
from keyturn.core.steps import Parts
from keyturn.mail.allowance import Pace, admitted
from keyturn.mail.letter import Stationery, wire_address
from keyturn.mail.relay import Connection, Fate, Receipt, Relay
from keyturn.mail.sorting import Post, Sorter

BATCH: Final = 16
"""How many mails are sent and settled together: at most these go out a second time after a crash."""

CONNECTIONS: Final = 4
MOST_ATTEMPTS: Final = 30
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=1)
LOOK_AGAIN: Final = 5.0
"""Seconds after which the outbox is looked at without being told: pauses end, and other servers put mail there too."""

AT_START: Final = 1000
AHEAD: Final = timedelta(minutes=10)
"""At its start a courier takes mail that is due this much later: what a killed one left half sent, and what waits for a
relay that somebody has just mended."""

_log = logging.getLogger("keyturn.mail")


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a mail in this round."""

    mail: Mail
    state: str
    why: str = ""
    not_before: datetime | None = None


class Courier:
    """Sends what the outbox holds.

    base_url: where people reach the directory, for the links; per_minute: how many mails leave at most, 0 for no end.
    """

    def __init__(self, parts: Parts, relay: Relay, base_url: str, languages: Languages, *, per_minute: int = 0) -> None:
        self._store, self._clock, self._rules = parts.store, parts.clock, parts.rules
        self._pace = Pace(per_minute, parts.clock)
        self._relay = relay
        self._sorter = Sorter(parts, Stationery(relay.sender, base_url, languages))
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def poke(self) -> None:
        """Say that there is mail; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; what is being sent then is still settled."""
        self._loop = asyncio.get_running_loop()
        stopping = asyncio.create_task(stop.wait())
        ahead = AHEAD
        try:
            while not stop.is_set():
                self._wake.clear()
                try:
                    await self.run_once(stop, ahead=ahead)
                    ahead = timedelta(0)
                except StoreError as error:
                    _log.warning("mail.store_unavailable", extra={"fields": {"why": error.what}})
                waking = asyncio.create_task(self._wake.wait())
                pause = min(self._pace.pause() or LOOK_AGAIN, LOOK_AGAIN)
                await asyncio.wait({waking, stopping}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                waking.cancel()
        finally:
            stopping.cancel()
            self._loop = None

    async def run_once(self, stop: asyncio.Event | None = None, *, ahead: timedelta = timedelta(0)) -> int:
        """Send all that is due; answers how many mails the relay accepted.

        Ends early when `stop` is set, the relay is down or no more may leave now.  ahead: take mail that was tried
        before and is due this much later as well.
        """
        sent, going = 0, True
        async with AsyncExitStack() as stack:
            connections = [await stack.enter_async_context(Connection(self._relay)) for _ in range(CONNECTIONS)]
            while going and (mails := await asyncio.to_thread(self._take, ahead)) is not None:
                for start in range(0, len(mails), BATCH):
                    going = going and not (stop is not None and stop.is_set())
                    settled = await self._deliver(mails[start : start + BATCH], connections if going else [])
                    sent += sum(one.state == "sent" for one in settled)
                    if not any(connection.usable for connection in connections):
                        _log.warning("mail.relay_down", extra={"fields": {"why": connections[0].trouble}})
                        going = False
                going = going and not ahead
        return sent

    def _take(self, ahead: timedelta) -> Sequence[Mail] | None:
        """What may leave now of what is due; None when nothing is due."""
        room = self._pace.room(AT_START if ahead else BATCH)
        if not room:
            return None
        now = self._clock.now()
        with self._store.writing() as transaction:
            taken = transaction.outbox.take(now, room, ahead=ahead)
            free = admitted(taken, transaction.outbox, self._rules, now)
        self._pace.spend(len(free))
        return free if taken else None

    async def _deliver(self, mails: Sequence[Mail], connections: Sequence[Connection]) -> list[Settled]:
        posts = await asyncio.to_thread(self._sorter.sort, mails, self._clock.now())
        settled = [self._without_letter(post) for post in posts if not post.letter]
        queue = [post for post in reversed(posts) if post.letter]
        found = await asyncio.gather(*(self._work_off(queue, connection) for connection in connections))
        settled += [one for part in found for one in part]
        # What is still in the queue: no connection was left to take it.
        why = next((connection.trouble for connection in connections if connection.trouble), "the server was stopping")
        settled += [self._after(post.mail, Receipt(Fate.AGAIN, why)) for post in queue]
        await asyncio.to_thread(self._settle, settled)
        return settled

    async def _work_off(self, queue: list[Post], connection: Connection) -> list[Settled]:
        settled = []
        while queue and connection.usable:
            post = queue.pop()
            receipt = await connection.send(wire_address(post.mail.recipient), post.letter)
            if receipt.fate is Fate.DOWN:
                queue.append(post)
            else:
                settled.append(self._after(post.mail, receipt))
        return settled

    def _without_letter(self, post: Post) -> Settled:
        if post.final:
            return Settled(post.mail, post.final, post.why)
        return self._after(post.mail, Receipt(Fate.AGAIN, post.why))

    def _after(self, mail: Mail, receipt: Receipt) -> Settled:
        if receipt.fate is Fate.SENT:
            return Settled(mail, "sent", receipt.text)
        if receipt.fate is Fate.REFUSED:
            return Settled(mail, "failed", receipt.text)
        if mail.attempts + 1 >= MOST_ATTEMPTS:
            return Settled(mail, "failed", f"given up after {MOST_ATTEMPTS} tries: {receipt.text}")
        pause = min(FIRST_PAUSE * 2 ** min(mail.attempts, 16), LONGEST_PAUSE)
        return Settled(mail, "waiting", receipt.text, self._clock.now() + pause)

    def _settle(self, settled: Sequence[Settled]) -> None:
        now = self._clock.now()
        with self._store.writing() as transaction:
            for one in settled:
                error = "" if one.state == "sent" else one.why
                transaction.outbox.settle(one.mail.id, one.state, error=error, at=now, not_before=one.not_before)
            transaction.audit.append([_event(one, now) for one in settled if one.state in ("sent", "failed")])


def _event(settled: Settled, now: datetime) -> Event:
    mail = settled.mail
    return Event(
        now,
        mail.tenant,
        "courier",
        f"mail.{settled.state}",
        settled.state,
        target=mail.uid,
        who=mail.login,
        door="mail",
        detail=f"{mail.template} {mail.id}: {settled.why}",
    )
