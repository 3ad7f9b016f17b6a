"""How much mail leaves: so much for one address in an hour, so much in all in a minute.  Nothing is lost by either."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from keyturn.core.outbox import SECRET, Mail, OutboxTable
from keyturn.core.ports import Clock
from keyturn.core.tenancy import Rules

HOUR: Final = timedelta(hours=1)
QUIET: Final = timedelta(minutes=1)
"""How long nothing newer must have come before the last mail that an address gets in an hour leaves: of a burst of
resets the last one arrives a minute later and is good, not an hour later."""


def admitted(taken: Sequence[Mail], outbox: OutboxTable, rules: Callable[[int], Rules], now: datetime) -> list[Mail]:
    """Those of the mails that may leave now; the others wait again, uncounted.

    The limit is of a user at an address, so that many who share a mailbox are not in each other's way.  Notices are
    counted apart: whoever has resets mailed cannot hold up what would tell the person of it.
    """
    recent: defaultdict[tuple[str, str, bool], list[datetime]] = defaultdict(list)
    for uid, recipient, template, at in outbox.lately(list({mail.uid for mail in taken}), now - HOUR):
        recent[uid, recipient, template in SECRET].append(at)
    free = []
    for mail in taken:
        had = recent[mail.uid, mail.recipient, mail.template in SECRET]
        limit = rules(mail.tenant).mail_per_hour
        until = _free_from(mail, had, limit)
        if until > now:
            outbox.hold(mail, until, f"held: {limit} mails an hour go to one address")
        else:
            had.append(now)
            free.append(mail)
    return free


def _free_from(mail: Mail, had: Sequence[datetime], limit: int) -> datetime:
    """When the mail may leave.  had: when others left for the same user and address in the last hour, in order."""
    if not limit:
        return mail.created
    if len(had) >= limit:
        return had[-limit] + HOUR
    if limit > 1 and len(had) == limit - 1 and mail.template in SECRET:
        return mail.created + QUIET
    return mail.created


class Pace:
    """How many mails may leave in a minute, from this server; 0: as many as there are."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._each = 60 / per_minute if per_minute else 0.0
        self._clock = clock
        self._next = clock.monotonic()

    def room(self, most: int) -> int:
        """How many may leave now; what was not used is not saved up for longer than ten seconds."""
        if not self._each:
            return most
        now = self._clock.monotonic()
        self._next = max(self._next, now - 10)
        return min(most, max(0, int((now - self._next) / self._each) + 1)) if self._next <= now else 0

    def spend(self, count: int) -> None:
        """So many are leaving."""
        self._next += count * self._each

    def pause(self) -> float:
        """Seconds until the next may leave."""
        return max(0.0, self._next - self._clock.monotonic()) if self._each else 0.0
