"""Reads the rows of a run back: what is there before they are sent, and what is there afterwards."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from keyturn.bulk.job import Operation
from keyturn.bulk.record.before import Before, writing_before
from keyturn.bulk.running.events import Event, ReadingBack, RowVerified
from keyturn.bulk.running.orders import OrderBook
from keyturn.bulk.running.proving import Case, Finding, judge, tried
from keyturn.bulk.running.reading import Reader, Take
from keyturn.bulk.running.shares import Share
from keyturn.bulk.running.stopping import Stop
from keyturn.core.commands import candidate
from keyturn.core.evidence import Evidence
from keyturn.core.journal import DONE, Journal, Row, RowState, Verified
from keyturn.core.outcomes import Delivery, Refused
from keyturn.core.ports import Clock
from keyturn.core.secret import Secret

PIECE: Final = 500
"""Rows that are read back before what they told is written down."""

TOLD: Final = (*sorted(DONE), RowState.UNCERTAIN)
"""The states of rows of which reading back can tell something."""


def unread(row: Row) -> bool:
    """Whether nobody has read this row back since it has its outcome."""
    return row.verified is Verified.NOT_ASKED


def unproven(row: Row) -> bool:
    """Whether a row is not known to be good by reading back; what was proven once is not asked again."""
    return row.verified is not Verified.YES


@dataclass(frozen=True, slots=True)
class Bench:
    """What reading back works with.  tell: hears how far it is and what was found."""

    journal: Journal
    clock: Clock
    tell: Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows are read back.  after: those behind this number.  mark: told how far it is, once that is on disk."""

    states: Sequence[RowState] = TOLD
    which: Callable[[Row], bool] = unread
    after: int = 0
    mark: Callable[[int], None] = lambda _: None


@dataclass(slots=True)
class _Piece:
    """Some rows under way.  passwords: where they are to be tried."""

    before: Mapping[int, Evidence | None]
    passwords: Mapping[int, Secret | None]
    found: list[tuple[Row, Finding]] = field(default_factory=list)


class Verifier:
    """One target of a run.  stop: ends the reading of this target alone.  before: where the earlier reading is kept."""

    def __init__(self, bench: Bench, share: Share, stop: Stop, before: Path) -> None:
        self._bench, self._share, self._stop, self._before = bench, share, stop, before
        self._reader = Reader(share, bench.clock, stop)
        able = share.directory.capabilities
        self._shows = bool(able.tells or able.may_tell)
        self._case = Case(
            tells=able.tells,
            account=share.directory.account,
            creation=share.job.operation is Operation.CREATE,
            asks=share.job.operation is Operation.RESET and not share.job.old and able.temporary is True,
        )
        self._through, self._total = 0, 0

    async def look_before(self) -> None:
        """Keep what the users of rows that were never sent show now; what is kept of others stays."""
        if not self._shows:
            return
        self._begin((RowState.NOT_TRIED,))
        known = Before(self._before)
        with writing_before(self._before) as put:
            for rows in self._pieces((), 0):
                seen: dict[int, Evidence] = {}
                fresh = [row for row in rows if row.state is RowState.NOT_TRIED]
                await self._read(fresh, partial(self._keep, seen), before=True)
                for row in rows:
                    shown = seen.get(row.number) or known.of(row.number)
                    if shown is not None:
                        put(row.number, shown)

    async def verify(self, asked: Asked, orders: OrderBook | None = None) -> None:
        """Read rows back and write down what they tell.  orders: knows their passwords, where those are tried."""
        self._begin(asked.states)
        known = Before(self._before)
        for rows in self._pieces(asked.states, asked.after):
            wanted = [row for row in rows if asked.which(row)]
            before = {row.number: known.of(row.number) for row in wanted}
            passwords = {row.number: candidate(orders.order(row).command) for row in wanted} if orders else {}
            piece = _Piece(before, passwords)
            await self._read(wanted, partial(self._judge, piece))
            self._write(piece.found)
            asked.mark(_through(rows, wanted, piece.found))
            if self._stop.asked:
                return

    async def _read(self, rows: Sequence[Row], take: Take, *, before: bool = False) -> None:
        def told(count: int) -> None:
            self._through += count
            self._bench.tell(ReadingBack(self._share.target, self._through, self._total, before))

        await self._reader.rows(rows, take, told)

    async def _keep(self, seen: dict[int, Evidence], row: Row, told: Evidence | Refused, _: datetime) -> None:
        if isinstance(told, Evidence):
            seen[row.number] = told

    async def _judge(self, piece: _Piece, row: Row, told: Evidence | Refused, at: datetime) -> None:
        if isinstance(told, Refused):
            finding = Finding(Verified.CANNOT_TELL, told.text or str(told.reason))
        else:
            finding = judge(self._case, row, piece.before[row.number], told, at)
        password = piece.passwords.get(row.number)
        if password is not None and not finding.since:
            came = await self._reader.sign_in(row.who, password)
            if isinstance(came, Refused):
                finding = replace(finding, proof=f"{finding.proof}; a sign-in was not answered: {came.text}")
            elif came is not None:
                finding = tried(finding, came)
        piece.found.append((row, finding))

    def _write(self, found: Sequence[tuple[Row, Finding]]) -> None:
        """Write down what was found; an uncertain row that is proven by it has its outcome."""
        found = sorted(found, key=lambda each: each[0].number)
        proven = [self._done(row) for row, finding in found if self._settles(row, finding)]
        if proven:
            self._bench.journal.settle(proven)
        done = {row.number: row for row in proven}
        told = [
            replace(done.get(row.number, row), verified=finding.verified, proof=finding.proof) for row, finding in found
        ]
        if told:
            self._bench.journal.verify(told)
        for row in told:
            self._bench.tell(RowVerified(row))

    def _settles(self, row: Row, finding: Finding) -> bool:
        """Whether a finding makes an uncertain row a done one: never when nobody would know its password."""
        known = self._share.job.ours or row.delivery == Delivery.MAILED
        return row.state is RowState.UNCERTAIN and finding.certain and known

    def _done(self, row: Row) -> Row:
        return replace(row, state=RowState.CREATED if self._case.creation else RowState.CHANGED, reason="", text="")

    def _pieces(self, states: Sequence[RowState], after: int) -> Iterator[list[Row]]:
        rows = self._bench.journal.rows
        while piece := list(islice(rows(states, after=after, target=self._share.target), PIECE)):
            yield piece
            after = piece[-1].number

    def _begin(self, states: Sequence[RowState]) -> None:
        counts = self._bench.journal.by_target().get(self._share.target, {})
        self._through, self._total = 0, sum(counts.get(state, 0) for state in states)


def _through(rows: Sequence[Row], wanted: Sequence[Row], found: Sequence[tuple[Row, Finding]]) -> int:
    """Up to which row a piece is read without a gap: all of it, unless it was stopped."""
    read = {row.number for row, _ in found}
    missing = next((row.number for row in wanted if row.number not in read), None)
    return rows[-1].number if missing is None else missing - 1
