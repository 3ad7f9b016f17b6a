"""Judges what reading back showed of a row: whether the change took effect, and by what one can see it.

A time counts when it lies between the first send of the row and its outcome, by the clock of the target.  What was read
before the row was sent is compared where it is there.  What is not told proves nothing, neither way.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto, unique
from typing import Final

from keyturn.core.evidence import Evidence, Sign, Tried
from keyturn.core.journal import Row, Verified

LEEWAY: Final = timedelta(seconds=5)
"""How far the clock behind a target may be from the one that it answers with."""

BLIND: Final = timedelta(minutes=2)
"""The same where the target does not say what time it is there."""

ZONES: Final = timedelta(hours=15)
"""How far a time without a zone may be off."""

SOON: Final = timedelta(minutes=15)
"""So long after its row nobody is expected to have changed a temporary password already."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be proven.  creation: users were made; passworded: with a password.

    asks: who was reset is asked for a new password at the next sign-in.  tells: the signs that a change moves for
    certain.  account: who we are there.
    """

    tells: tuple[Sign, ...] = ()
    account: str = ""
    creation: bool = False
    passworded: bool = True
    asks: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found.  certain: it can only be the doing of this row, so that an uncertain one is settled by it.

    since: somebody has changed the user after the row, so that its password is not to be tried.
    """

    verified: Verified
    proof: str
    certain: bool = False
    since: bool = False


@unique
class _Says(Enum):
    YES = auto()
    NO = auto()
    SINCE = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class _Word:
    """What one sign says.  ours: and that it was us."""

    says: _Says
    text: str
    ours: bool = False


def judge(case: Case, row: Row, before: Evidence | None, seen: Evidence, at: datetime) -> Finding:
    """What a reading at this moment says of a row that was sent."""
    look = _Look(case, row, before if before is not None and before.exists else None, seen, at)
    if case.creation:
        return _made(look, seen, untold=before is None)
    if not seen.exists:
        return Finding(Verified.CANNOT_TELL, "no such user is shown any more")
    password = look.password()
    if password is not None and password.says is not _Says.NOTHING:
        ours = password.says is _Says.YES and look.touched_by_us()
        return _found([password], password.says, certain=ours)
    words = [word for word in (look.touched(), look.must_change(), look.version()) if word is not None]
    # What somebody has changed since may have moved the other signs as well.
    for says in (_Says.SINCE, _Says.YES, _Says.NO):
        heard = [word for word in words if word.says is says]
        if heard:
            return _found(heard, says, certain=any(word.ours for word in heard))
    return _found([*words, *([password] if password is not None else [])], _Says.NOTHING)


def tried(finding: Finding, came: Tried) -> Finding:
    """The finding after a sign-in with the password of the row."""
    if came is Tried.RIGHT:
        return Finding(Verified.YES, "signed in with the new password", certain=True)
    if came is Tried.WRONG:
        return Finding(Verified.NO, f"the new password does not sign in; {finding.proof}")
    return replace(finding, proof=f"{finding.proof}; a sign-in told nothing")


def moment(at: datetime) -> str:
    """A time as people read it.

    >>> moment(datetime(2026, 11, 29, 20, 1, 7, 5, tzinfo=UTC))
    '2026-11-29 20:01:07 UTC'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def since(row: Row, seen: Evidence, told: datetime, at: datetime) -> bool:
    """Whether a time that a target told is surely later than the row was on its way."""
    return _place(row, seen, told, at) is _Place.AFTER


@unique
class _Place(Enum):
    BEFORE = auto()
    WITHIN = auto()
    AFTER = auto()
    ANYWHERE = auto()


def _place(row: Row, seen: Evidence, told: datetime, at: datetime) -> _Place:
    """Where a time lies that was read from the target, against the time in which the row was on its way."""
    leeway = LEEWAY if seen.clock is not None else BLIND
    began, ended = (row.first_sent or at) - leeway, (row.settled or at) + leeway
    ours = told - (seen.clock - at if seen.clock is not None else timedelta(0))
    if began <= ours <= ended:
        return _Place.WITHIN
    off = ZONES if seen.floating else timedelta(0)
    if ours < began - off:
        return _Place.BEFORE
    return _Place.AFTER if ours > ended + off else _Place.ANYWHERE


@dataclass(frozen=True, slots=True)
class _Look:
    """One user before and after."""

    case: Case
    row: Row
    before: Evidence | None
    seen: Evidence
    at: datetime

    def password(self) -> _Word | None:
        """When the password was changed."""
        told = self.seen.password_changed
        if told is None:
            return None
        was = self.before.password_changed if self.before is not None else None
        return self._timed(told, was, Sign.PASSWORD_CHANGED, "the password was changed")

    def touched(self) -> _Word | None:
        """When the user was changed, and where that is told by whom."""
        stamp = self.seen.touched
        if stamp is None:
            return None
        was = self.before.touched.at if self.before is not None and self.before.touched is not None else None
        by_us = stamp.by != "" and stamp.by == self.case.account
        by = " by us" if by_us else f" by {stamp.by}" if stamp.by else ""
        word = self._timed(stamp.at, was, Sign.TOUCHED, "the user was changed", by)
        if word.says is _Says.YES and stamp.by and not by_us:
            return replace(word, says=_Says.SINCE)
        return replace(word, ours=word.says is _Says.YES and by_us)

    def touched_by_us(self) -> bool:
        """Whether the last change of the user was ours, while the row was on its way."""
        word = self.touched()
        return word is not None and word.ours

    def must_change(self) -> _Word | None:
        """Whether the password must be changed, which a reset of our kind asks for."""
        if self.seen.must_change is None or not self.case.asks:
            return None
        if self.seen.must_change:
            if self.before is not None and self.before.must_change is False:
                return _Word(_Says.YES, "must be changed at the next sign-in, which it had not to be before")
            return _Word(
                _Says.NOTHING, "must be changed at the next sign-in: some reset took effect, it is not told when"
            )
        soon = self.at - (self.row.settled or self.at) <= SOON
        if soon and Sign.MUST_CHANGE in self.case.tells:
            return _Word(_Says.NO, "need not be changed at the next sign-in, which a reset asks for")
        return _Word(_Says.NOTHING, "need not be changed at the next sign-in")

    def version(self) -> _Word | None:
        """Whether there is another version than before."""
        if self.before is None or not self.before.version or not self.seen.version:
            return None
        if self.seen.version != self.before.version:
            return _Word(_Says.YES, f"version {self.seen.version}, was {self.before.version}")
        says = _Says.NO if Sign.VERSION in self.case.tells else _Says.NOTHING
        return _Word(says, f"version {self.seen.version}, as before")

    def _timed(self, told: datetime, was: datetime | None, sign: Sign, what: str, by: str = "") -> _Word:
        place, when = _place(self.row, self.seen, told, self.at), f"{moment(told)}{by}"
        against = _Says.NO if sign in self.case.tells else _Says.NOTHING
        if was == told:
            return _Word(_Says.NOTHING if place is _Place.WITHIN else against, f"{what} {when}, as before")
        if place is _Place.ANYWHERE and was is not None:
            return _Word(_Says.YES, f"{what} {when} by a clock whose zone is not told, and was not before")
        return {
            _Place.WITHIN: _Word(_Says.YES, f"{what} {when}, while this row was on its way"),
            _Place.AFTER: _Word(_Says.SINCE, f"{what} {when}, after this row"),
            _Place.BEFORE: _Word(against, f"{what} {when}, before this row was sent"),
            _Place.ANYWHERE: _Word(_Says.NOTHING, f"{what} {when}, by a clock whose zone is not told"),
        }[place]


def _made(look: _Look, seen: Evidence, *, untold: bool) -> Finding:
    """Of a creation.  untold: nobody looked before whether the user was there."""
    if not seen.exists:
        return Finding(Verified.NO, "no such user is there")
    if look.case.passworded and seen.has_password is False:
        return Finding(Verified.NO, "the user is there, without a password")
    if seen.added is not None:
        by_us = seen.added.by != "" and seen.added.by == look.case.account
        by = " by us" if by_us else f" by {seen.added.by}" if seen.added.by else ""
        place, when = _place(look.row, seen, seen.added.at, look.at), f"{moment(seen.added.at)}{by}"
        if place is _Place.WITHIN and (by_us or not seen.added.by):
            certain = by_us and (seen.has_password is True or not look.case.passworded)
            return Finding(Verified.YES, f"the user was made {when}, while this row was on its way", certain)
        if place is _Place.BEFORE:
            return Finding(Verified.NO, f"the user was made {when}, before this row was sent")
    if not untold and look.before is None:
        return Finding(Verified.YES, "the user is there, and was not before")
    return Finding(Verified.CANNOT_TELL, "the user is there; nothing says since when")


def _found(words: list[_Word], says: _Says, *, certain: bool = False) -> Finding:
    text = "; ".join(word.text for word in words) or "the target shows nothing by which it could be seen"
    verified = {_Says.YES: Verified.YES, _Says.NO: Verified.NO}.get(says, Verified.CANNOT_TELL)
    return Finding(verified, text, certain and says is _Says.YES, since=says is _Says.SINCE)
