"""Reads from the targets what has become of the passwords of a run."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final

from keyturn.bulk.intake.source import Source
from keyturn.bulk.record.followup import Board, Choice, Followed
from keyturn.bulk.running.breaker import Trip
from keyturn.bulk.running.events import ReadingBack
from keyturn.bulk.running.proving import moment, since
from keyturn.bulk.running.reading import Reader
from keyturn.bulk.running.shares import Share
from keyturn.bulk.running.stopping import Stop
from keyturn.bulk.running.verifying import PIECE, TOLD, Bench
from keyturn.core.evidence import Evidence
from keyturn.core.journal import Row, Verified
from keyturn.core.outcomes import Delivery, Refused

_UNDELIVERED: Final = ("failed", "cancelled")
"""States of a mail that reached nobody, as a target tells them."""


@dataclass(frozen=True, slots=True)
class Followings:
    """What is asked.  by: the header of the column of the file that is counted by; source: the file, for that alone.

    which: whether a row is asked about.
    """

    shares: Sequence[Share]
    by: str = ""
    source: Source | None = None
    which: Callable[[Row], bool] = lambda row: True


async def follow_up(bench: Bench, asked: Followings, stop: Stop) -> tuple[Board, Sequence[tuple[str, Trip]]]:
    """How it stands with every user to whom a run gave a password, and which targets could not be read to the end.

    Writes nothing, neither there nor here.
    """
    found: list[Followed] = []

    async def follow(share: Share) -> tuple[str, Trip] | None:
        branch = stop.branch()
        await _Following(bench, share, branch, asked, found).all()
        return (share.target, branch.trip) if branch.trip is not None else None

    ended = await asyncio.gather(*map(follow, asked.shares))
    found.sort(key=lambda each: each.row.number)
    return Board(found, asked.by, bench.clock.now()), [each for each in ended if each is not None]


def _cells(asked: Followings) -> Callable[[int], str]:
    """The cell of each row, asked for in the order of their numbers."""
    if not asked.by or asked.source is None:
        return lambda _: ""
    index = [cell.strip() for cell in asked.source.header].index(asked.by)
    lines = asked.source.rows()

    def cell(number: int) -> str:
        return next((line.record[index].strip() for line in lines if line.number == number and line.record), "")

    return cell


class _Following:
    """One target."""

    def __init__(self, bench: Bench, share: Share, stop: Stop, asked: Followings, found: list[Followed]) -> None:
        self._bench, self._share, self._found = bench, share, found
        self._cell, self._which = _cells(asked), asked.which
        self._reader, self._stop = Reader(share, bench.clock, stop), stop
        able = share.directory.capabilities
        self._asks = able.temporary is True and not share.job.old
        counts = bench.journal.by_target().get(share.target, {})
        self._through, self._total = 0, sum(counts.get(state, 0) for state in TOLD)

    async def all(self) -> None:
        """Read everybody of this target."""
        for piece in self._pieces():
            rows = [row for row in piece if self._which(row)]
            groups = {row.number: self._cell(row.number) for row in rows}
            await self._reader.rows(rows, partial(self._take, groups), self._told)
            if self._stop.asked:
                return

    async def _take(self, groups: dict[int, str], row: Row, told: Evidence | Refused, at: datetime) -> None:
        group = groups[row.number]
        if isinstance(told, Refused):
            self._found.append(Followed(row, Choice.NOT_TOLD, told.text or str(told.reason), group))
        else:
            self._found.append(choice_by(row, told, at, asks=self._asks, group=group))

    def _told(self, count: int) -> None:
        self._through += count
        self._bench.tell(ReadingBack(self._share.target, self._through, self._total))

    def _pieces(self) -> Iterator[list[Row]]:
        after = 0
        while piece := list(islice(self._bench.journal.rows(TOLD, after=after, target=self._share.target), PIECE)):
            yield piece
            after = piece[-1].number


def choice_by(row: Row, seen: Evidence, at: datetime, *, asks: bool, group: str = "") -> Followed:
    """How it stands with a user, by a reading at this moment.

    asks: the run set passwords that must be changed at the next sign-in.  Never `chosen` without a sign of it.
    """
    if not seen.exists:
        return Followed(row, Choice.GONE, "no such user is shown any more", group)
    choice, text = _chosen(row, seen, at, asks=asks)
    if choice is not Choice.OWN and (lost := _undelivered(row, seen)):
        return Followed(row, Choice.NOT_REACHED, lost, group)
    return Followed(row, choice, text, group)


def _chosen(row: Row, seen: Evidence, at: datetime, *, asks: bool) -> tuple[Choice, str]:
    changed = seen.password_changed
    later = changed is not None and since(row, seen, changed, at)
    if seen.must_change:
        text = f"was reset again {moment(changed)}" if later and changed is not None else "must still be changed"
        return Choice.NOT_YET, text
    if changed is not None:
        if later:
            return Choice.OWN, f"changed {moment(changed)}"
        if seen.floating:
            return Choice.NOT_TOLD, f"changed {moment(changed)}, by a clock whose zone is not told"
        return Choice.NOT_YET, f"has the password of {moment(changed)}"
    if seen.must_change is None or not asks:
        return Choice.NOT_TOLD, "the target does not tell"
    touched = seen.touched.at if seen.touched is not None else None
    if touched is not None and since(row, seen, touched, at):
        return Choice.OWN, f"need not be changed any more; the user was changed {moment(touched)}"
    if row.verified is Verified.YES:
        return Choice.OWN, "need not be changed any more, which it had to be after the run"
    return Choice.NOT_TOLD, "need not be changed: chosen since, or never reset"


def _undelivered(row: Row, seen: Evidence) -> str:
    """Why no mail reached the user; empty where none was to, or one did, or it is not told."""
    if seen.mail.partition(":")[0] in _UNDELIVERED:
        return f"the mail {seen.mail}"
    return "the target refused to mail it" if row.delivery == Delivery.MAIL_REFUSED else ""
