"""Tells people, later than their passwords were reset, that they were: throttled, and after a kill where it stopped.

A row counts as noticed once its notice was accepted, durably.  What was on its way when the process was killed goes out
again as the very same notice: the same mail, or the same operation at the target.  Never none, rarely two alike, and
that it was on its way is written down before it leaves: whoever may have been told twice is named.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from keyturn.bulk.job import Job, Operation, PasswordFrom
from keyturn.bulk.ports import RunKeys
from keyturn.bulk.record.notices import in_doubt, note_doubt
from keyturn.bulk.running.looking import EVERYBODY
from keyturn.bulk.running.pacing import Pace
from keyturn.bulk.running.quota import LONGEST_PAUSE
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import ResetPassword
from keyturn.core.errors import KeyturnError, Unreachable
from keyturn.core.journal import Journal, Row
from keyturn.core.outcomes import RETRYABLE, Changed, Created, Delivery, Outcome, Reason, Refused, Uncertain
from keyturn.core.ports import Clock, Directory
from keyturn.core.secret import Secret
from keyturn.core.users import User

TRIES: Final = 5
FRESH: Final = 10.0
"""Seconds for which a list of all users tells how they are."""

_FIRST_WAIT: Final = 0.5
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Notice:
    """What came of one notice.  why: empty when it was accepted.  over: nothing gets through any more.

    doubt: nobody knows whether it arrived.
    """

    why: str = ""
    over: bool = False
    doubt: bool = False


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
    """How far it is.  twice: who may have been told before; passed: whom nobody could tell, and why; over: why it
    stopped before its end."""

    sent: int = 0
    twice: list[Row] = field(default_factory=list)
    passed: list[tuple[Row, str]] = field(default_factory=list)
    over: str = ""


async def send_notices(
    rows: Sequence[Row],
    ways: Callable[[Row], Notifier],
    journal: Journal,
    clock: Clock,
    pace: Pace,
    tell: Callable[[Tally], None],
) -> None:
    """One after the other, each noted before the next leaves; `tell` hears after each how far it is."""
    tally, doubtful = Tally(), in_doubt(journal) & {row.number for row in rows}
    for row in rows:
        if not await pace.take():
            break
        perhaps = row.number in doubtful
        note_doubt(journal, doubtful | {row.number})
        notice = await ways(row).notify(row)
        if notice.doubt or (perhaps and notice.why):
            doubtful.add(row.number)
        else:
            doubtful.discard(row.number)
        if notice.over:
            tally.over = notice.why
        elif notice.why:
            tally.passed.append((row, f"perhaps told before, and now not: {notice.why}" if perhaps else notice.why))
        else:
            journal.notice([row.number], clock.now())
            tally.sent += 1
            tally.twice += [row] if perhaps else []
        tell(tally)
        if tally.over:
            break
    note_doubt(journal, doubtful)


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
    """The target is given the same password again, and mails.  find: looks a user up.  wait: sleeps between tries.

    Whoever has chosen a password since keeps it: so each user is looked at first.
    """

    directory: Directory
    derived: Derived
    rendering: str
    find: Callable[[str], Awaitable[User | None]]
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def notify(self, row: Row) -> Notice:
        """Look, then reset with the same value; the operation is one of its own, and the same at each try."""
        able = self.directory.capabilities
        try:
            user = await self.find(row.who)
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
            asked = outcome.retry_after if isinstance(outcome, Refused) else None
            await self.wait(min(max(_FIRST_WAIT * 2**tries, asked or 0.0), LONGEST_PAUSE))
        return _read(outcome)


def finder(directory: Directory, clock: Clock) -> Callable[[str], Awaitable[User | None]]:
    """Looks users up.  Where that reads the list of all of them, it is read now and then, not for each."""
    return _Listed(directory, clock).find if directory.capabilities.one_list else directory.find


class _Listed:
    """The list of all users, as it was a moment ago."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory, self._clock = directory, clock
        self._users: Mapping[str, User] = {}
        self._old = float("-inf")

    async def find(self, who: str) -> User | None:
        """Somebody of them."""
        if self._clock.monotonic() >= self._old:
            listed = await self._directory.list(EVERYBODY)
            self._users = {user.login: user for user in listed.users}
            self._old = self._clock.monotonic() + FRESH
        return self._users.get(who)


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
            return Notice(text or "no answer came", over=True, doubt=True)
        case _:
            return Notice("the target changed nothing, so it mailed nothing")
