"""How often an account may be guessed at: one budget whatever the spelling or the door, counted before each look."""

from datetime import datetime, timedelta
from typing import Final

from keyturn.core.audit import Event
from keyturn.core.guard import place_of
from keyturn.core.steps import Parts
from keyturn.core.storage import Subject, Transaction, UserChange, View
from keyturn.core.users import USER_RIGHTS, Stamp, Status

FREE_GUESSES: Final = 5
MOST_GUESSES: Final = 100
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=1)
SYSTEM: Final = "keyturn"
"""The actor of what the directory does by itself."""


def reserve(parts: Parts, subject: Subject | None, source: str = "") -> Subject | None:
    """Take one guess from the account's budget; None when it has none now, which looks like a wrong password.

    source: the address that guesses.  Whatever the account, and where there is none, one transaction is written: what
    is not done takes as long.
    """
    now = parts.clock.now()
    uid = subject.uid if subject is not None else ""
    with parts.store.writing() as transaction:
        fresh = transaction.users.by_uid([uid]).get(uid)
        if fresh is None or fresh.status is not Status.ACTIVE or waits(transaction, fresh, source, now):
            transaction.users.count_miss()
            return None
        strike(transaction, fresh.uid, now, source)
        return fresh


def strike(transaction: Transaction, uid: str, now: datetime, source: str = "") -> int:
    """Count a wrong password: the fifth in a row starts waits that double, the hundredth disables the account."""
    before = transaction.users.by_uid([uid]).get(uid)
    failures = transaction.users.count_failure(uid, now, _guessed_from(before, source))
    if failures >= FREE_GUESSES:
        doubled = FIRST_WAIT * 2 ** min(failures - FREE_GUESSES, 10)
        transaction.users.wait(uid, now + min(doubled, LONGEST_WAIT))
    if failures >= MOST_GUESSES:
        _disable(transaction, uid, now)
    return failures


SEVERAL: Final = "*"
"""Stands before the address of the last wrong password where others came from elsewhere."""


def _guessed_from(before: Subject | None, source: str) -> str:
    """Where the wrong passwords in a row came from: one address alone, or several with the last of them."""
    place = place_of(source)
    alone = before is None or not before.failures or before.guessed_from == place
    return place if alone and place else SEVERAL + place


def waits(view: View, subject: Subject, source: str, now: datetime) -> bool:
    """Whether the account takes no password from there now.

    What one address did holds up that address alone, so that nobody shuts others out.  Where several guess, everybody
    waits but those from where the person signed in of late, who have one guess until somebody else has been wrong
    (NIST SP 800-63B-4 section 3.2.2 names that way).
    """
    if subject.wait_until is None or subject.wait_until <= now:
        return False
    place, last = place_of(source), subject.guessed_from.removeprefix(SEVERAL)
    if not place or place == last:
        return True
    if not subject.guessed_from.startswith(SEVERAL):
        return False
    return place not in {place_of(known) for known in view.sessions.sources(subject.uid)}


def _disable(transaction: Transaction, uid: str, now: datetime) -> None:
    """Disable an account, unless nobody could then administer its tenant: that one goes on waiting."""
    subject = transaction.users.by_uid([uid])[uid]
    if subject.rights >= USER_RIGHTS and transaction.users.administrators(subject.tenant) <= 1:
        return
    transaction.users.update([UserChange(uid, Stamp(SYSTEM, now), status=Status.DISABLED, revoke=True)])
    detail = f"disabled after {MOST_GUESSES} wrong passwords in a row"
    event = Event(now, subject.tenant, SYSTEM, "user.status", "changed", target=uid, detail=detail)
    transaction.audit.append([event])
