"""A journal in memory: an honest implementation of the port for tests that need no disk."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from keyturn.core.errors import StoreError
from keyturn.core.journal import DONE, Row, RowState, Verified


class MemoryJournal:
    """full: every write from now on is refused, as by a full disk.  sends, settles: how many rows each call had."""

    def __init__(self) -> None:
        self.lines: dict[int, Row] = {}
        self.noted: dict[str, str] = {}
        self.sends: list[int] = []
        self.settles: list[int] = []
        self.full = False

    def facts(self) -> Mapping[str, str]:
        """What is pinned."""
        return dict(self.noted)

    def note(self, facts: Mapping[str, str]) -> None:
        """Add or replace facts."""
        self.noted.update(facts)

    def plan(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        self._write()
        for row in rows:
            assert row.number not in self.lines
            self.lines[row.number] = row

    def send(self, numbers: Sequence[int], at: datetime) -> None:
        """Record the intent."""
        self._write()
        self.sends.append(len(numbers))
        for number in numbers:
            row = self.lines[number]
            first = row.first_sent or at
            self.lines[number] = replace(row, state=RowState.SENT, attempts=row.attempts + 1, first_sent=first)

    def settle(self, rows: Sequence[Row]) -> None:
        """Record the outcomes."""
        self._write()
        self.settles.append(len(rows))
        for row in rows:
            before = self.lines[row.number]
            self.lines[row.number] = replace(
                row, attempts=before.attempts, first_sent=before.first_sent, target=before.target,
                verified=Verified.NOT_ASKED, proof="", noticed=None,
            )  # fmt: skip

    def verify(self, rows: Sequence[Row]) -> None:
        """Record what reading back told."""
        self._write()
        for row in rows:
            self.lines[row.number] = replace(self.lines[row.number], verified=row.verified, proof=row.proof)

    def notice(self, numbers: Sequence[int], at: datetime) -> None:
        """Record that notices were accepted."""
        self._write()
        for number in numbers:
            self.lines[number] = replace(self.lines[number], noticed=at)

    def rows(self, states: Collection[RowState] = (), *, after: int = 0, target: str | None = None) -> Iterator[Row]:
        """Rows in order."""
        for number in sorted(self.lines):
            row = self.lines[number]
            if number > after and (not states or row.state in states) and target in (None, row.target):
                yield row

    def by_target(self) -> Mapping[str, Mapping[RowState, int]]:
        """Rows by target and state."""
        found: dict[str, Counter[RowState]] = {}
        for row in self.lines.values():
            found.setdefault(row.target, Counter())[row.state] += 1
        return found

    def counts(self) -> Mapping[RowState, int]:
        """Rows by state."""
        return Counter(row.state for row in self.lines.values())

    def reasons(self) -> Sequence[tuple[RowState, str, int]]:
        """Rows by state and reason."""
        found = Counter((row.state, row.reason) for row in self.lines.values())
        return [(state, reason, count) for (state, reason), count in found.most_common()]

    def verdicts(self) -> Mapping[Verified, int]:
        """Rows by what reading back told."""
        told = DONE | {RowState.UNCERTAIN}
        return Counter(row.verified for row in self.lines.values() if row.state in told)

    def deliveries(self) -> Mapping[str, int]:
        """Done rows by delivery."""
        return Counter(row.delivery for row in self.lines.values() if row.state in DONE)

    def close(self) -> None:
        """Nothing is held."""

    def _write(self) -> None:
        if self.full:
            raise StoreError("the disk is full")
