"""The port of the journal: the durable record of a run, row by row.  Implemented once, in `store/journal.py`.

A state is written down before the thing it speaks of may be believed: `send` returns after the intent is on disk, and
a row counts only after `settle` has put its outcome there.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import Protocol


@unique
class RowState(StrEnum):
    """What is known of a row.  `sent` is only ever seen after a crash: it becomes sent again or uncertain."""

    NOT_TRIED = "not tried"
    SENT = "sent"
    CREATED = "created"
    CHANGED = "changed"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


DONE = frozenset({RowState.CREATED, RowState.CHANGED})
FINAL = DONE | {RowState.SKIPPED, RowState.FAILED}
"""States that a resume leaves alone; `uncertain` and `sent` rows may be sent again where that is safe."""

DOUBTFUL = frozenset({RowState.SENT, RowState.UNCERTAIN})
"""It was sent, and nobody knows what came of it."""

UNFINISHED = DOUBTFUL | {RowState.NOT_TRIED}
"""Rows for which a run is held open: only its journal and its key know how to go on with them."""

NOT_DONE = UNFINISHED | {RowState.FAILED}
"""Rows that need somebody."""


@unique
class Verified(StrEnum):
    """What reading back told of a row, apart from its outcome."""

    NOT_ASKED = ""
    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file in the journal.  number: as a sheet counts (header is 1).  who: the cell as it is.

    target: where it goes by name; of a row that goes nowhere what its cell says, empty when it is blank.

    reason: of `Reason`, or why it was skipped (`duplicate`, `protected`, `blank`).  first_sent: UTC, None when it
    never left.  verified: what reading back told, proof: what was read, in words; both begin anew with each outcome.
    noticed: when the notice to its user was accepted.  Holds no password.
    """

    number: int
    who: str
    state: RowState
    reason: str = ""
    text: str = ""
    delivery: str = "none"
    attempts: int = 0
    first_sent: datetime | None = None
    settled: datetime | None = None
    milliseconds: int | None = None
    target: str = ""
    verified: Verified = Verified.NOT_ASKED
    proof: str = ""
    noticed: datetime | None = None


class Journal(Protocol):
    """One run's journal.  One process at a time holds it; opening a held one raises RunError (KT-RUN-010)."""

    def facts(self) -> Mapping[str, str]:
        """What is pinned of the run: file, its digest, operation, target, account, policy, state, times."""

    def note(self, facts: Mapping[str, str]) -> None:
        """Add or replace facts, durably."""

    def plan(self, rows: Sequence[Row]) -> None:
        """Add planned rows, durably; numbers are unique."""

    def send(self, numbers: Sequence[int], at: datetime) -> None:
        """Record the intent to send these rows, durably, before any leaves; counts the attempt."""

    def settle(self, rows: Sequence[Row]) -> None:
        """Record the outcomes, durably.  attempts, first_sent, target, verified, proof and noticed are ignored."""

    def verify(self, rows: Sequence[Row]) -> None:
        """Record what reading back told of these rows (number, verified, proof), durably; nothing else of them."""

    def notice(self, numbers: Sequence[int], at: datetime) -> None:
        """Record that the notices to the users of these rows were accepted, durably."""

    def rows(self, states: Collection[RowState] = (), *, after: int = 0, target: str | None = None) -> Iterator[Row]:
        """Rows in order of number, read in pieces so that memory stays flat.

        states: only of these, empty: all.  target: only of this one.
        """

    def counts(self) -> Mapping[RowState, int]:
        """How many rows are in each state."""

    def by_target(self) -> Mapping[str, Mapping[RowState, int]]:
        """How many rows of each target are in each state, in the order of the targets' first rows."""

    def reasons(self) -> Sequence[tuple[RowState, str, int]]:
        """How many rows per state and reason, most first."""

    def verdicts(self) -> Mapping[Verified, int]:
        """How many done and uncertain rows there are by what reading back told."""

    def deliveries(self) -> Mapping[str, int]:
        """How many done rows there are by what became of their password."""

    def close(self) -> None:
        """Let go of the file."""
