"""Tells people, later than their passwords were reset, that they were: throttled, and after a kill where it stopped.

A row counts as noticed once its notice was accepted, durably.  What was on its way when the process was killed goes out
again as the very same notice: the same mail, or the same operation at the target.  Never none, rarely two alike.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from keyturn.bulk.job import Job, Operation, PasswordFrom
from keyturn.bulk.ports import RunKeys
from keyturn.bulk.running.pacing import Pace
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import ResetPassword
from keyturn.core.errors import KeyturnError, Unreachable
from keyturn.core.journal import Journal, Row
from keyturn.core.outcomes import RETRYABLE, Changed, Created, Delivery, Outcome, Reason, Refused, Uncertain
from keyturn.core.ports import Clock, Directory
from keyturn.core.secret import Secret
from keyturn.core.users import User

TRIES: Final = 5
_FIRST_WAIT: Final = 0.5
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Notice:
    """What came of one notice.  why: empty when it was accepted.  over: nothing gets through any more."""

    why: str = ""
    over: bool = False


class Notifier(Protocol):
    """A way to tell the user of a row."""

    async def notify(self, row: Row) -> Notice:
        """Tell; a repeat for the same row is the same notice."""


class NoWay:
    """For rows of a target that is no longer known."""

    async def notify(self, row: Row) -> Notice:
        """Say so."""
        return Notice(f"nobody can tell users of {row.target or 'no target'}")


@dataclass(slots=True)
class Tally:
    """How far it is.  passed: whom nobody could tell, and why; over: why it stopped before its end."""

    sent: int = 0
    passed: list[tuple[Row, str]] = field(default_factory=list)
    over: str = ""


async def send_notices(
    rows: Sequence[Row],
    ways: Callable[[Row], Notifier],
    journal: Journal,
    clock: Clock,
    pace: Pace,
    tell: Callable[[Tally], None],
) -> Tally:
    """One after the other, each noted before the next leaves."""
    tally = Tally()
    for row in rows:
        await pace.take()
        notice = await ways(row).notify(row)
        if notice.over:
            tally.over = notice.why
            break
        if notice.why:
            tally.passed.append((row, notice.why))
        else:
            journal.notice([row.number], clock.now())
            tally.sent += 1
        tell(tally)
    return tally


@dataclass(frozen=True, slots=True)
class Derived:
    """The password of a row again, as long as the key of the run is there."""

    run: str
    job: Job
    keys: RunKeys

    def password(self, row: Row, rendering: str) -> Secret:
        """The same as the row was sent with."""
        if self.job.password.value is not None:
            return self.job.password.value
        return self.keys.password(self.run, row.number, rendering)


def target_can(job: Job, capabilities: Capabilities) -> bool:
    """Whether a target can be asked to mail what it was given before: it mails, and we know the value still."""
    known = job.password.origin in (PasswordFrom.GENERATE, PasswordFrom.SAME)
    resets = ResetPassword in capabilities.carries and not job.old
    return known and resets and capabilities.mails and job.operation in (Operation.RESET, Operation.CREATE)


@dataclass(frozen=True, slots=True)
class ByTarget:
    """The target is given the same password again, and mails.  wait: sleeps between tries.

    Whoever has chosen a password since keeps it: so each user is looked at first.
    """

    directory: Directory
    derived: Derived
    rendering: str
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def notify(self, row: Row) -> Notice:
        """Look, then reset with the same value; the operation is one of its own, and the same at each try."""
        able = self.directory.capabilities
        try:
            user = await self.directory.find(row.who)
        except KeyturnError as error:
            return Notice(error.what, over=isinstance(error, Unreachable))
        if user is None:
            return Notice("the target does not know this user")
        if chosen_since(user, row, able):
            return Notice("a password was chosen since, or the target does not tell; a reset would end it")
        password = self.derived.password(row, self.rendering)
        operation = f"{self.derived.run}-{row.number}-notice"
        permanent = able.permanent and not able.temporary
        command = ResetPassword(row.who, password, notify=True, permanent=permanent, operation=operation)
        for tries in range(TRIES):
            [outcome] = await self.directory.execute([command])
            if not _again(outcome):
                break
            await self.wait(_FIRST_WAIT * 2**tries)
        return _read(outcome)


def chosen_since(user: User, row: Row, able: Capabilities) -> bool:
    """Whether somebody may have chosen a password since the row was done: in doubt they have."""
    if user.must_change:
        return False
    if able.tells_password_change and user.password_changed is not None and row.settled is not None:
        return user.password_changed > row.settled + _CLOCKS_DIFFER
    return able.temporary is not False


def _again(outcome: Outcome) -> bool:
    return isinstance(outcome, Uncertain) or (isinstance(outcome, Refused) and outcome.reason in RETRYABLE)


def _read(outcome: Outcome) -> Notice:
    match outcome:
        case Changed(delivery=delivery) | Created(delivery=delivery):
            mailed = delivery in (Delivery.MAILED, Delivery.HELD)
            return Notice() if mailed else Notice(f"the target took the password and mailed nothing ({delivery})")
        case Refused(reason=reason, text=text):
            over = reason in (Reason.NOT_SIGNED_IN, *RETRYABLE)
            return Notice(text or str(reason), over=over)
        case Uncertain(text=text):
            return Notice(text or "no answer came", over=True)
        case _:
            return Notice("the target changed nothing, so it mailed nothing")
