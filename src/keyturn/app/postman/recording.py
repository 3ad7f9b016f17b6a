"""One request of a collection with the file of its rows: what the runner asks of it, row by row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from keyturn.bulk.intake.columns import secret
from keyturn.core.commands import Command
from keyturn.dialects.postman.wire_bodies import Unfit
from keyturn.dialects.postman.wire_request import BLANKS, TELLING, Prepared

DONE_BEFORE: Final = "done-before"
BEYOND: Final = "beyond-iterations"


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier runs of the same request have done.  numbers: rows of the same file; whos: everybody who is told
    apart by name alone; runs: their ids."""

    numbers: frozenset[int] = frozenset()
    whos: frozenset[str] = frozenset()
    runs: tuple[str, ...] = ()

    def holds(self, number: int, who: str) -> bool:
        """Whether a row is among them."""
        return number in self.numbers or who in self.whos


@dataclass(frozen=True, slots=True)
class RowRequest:
    """A prepared request over the columns of a file.  last: the last row to send; None: all of them.

    each: every row is one of its own, even where two ask for the same.  secrets: columns whose cells may be passwords,
    so that they stand in no journal and no report.  named_by: the columns that a row is called by.
    """

    prepared: Prepared
    header: tuple[str, ...]
    before: Before = field(default_factory=Before)
    last: int | None = None
    each: bool = False
    cast: Callable[[str], str] = str
    secrets: frozenset[str] = field(init=False)
    named_by: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Look once for what may be a password, by its header and by the name of what it fills."""
        places = self.prepared.places()
        found = frozenset(column for column, name in places if secret(column) or TELLING.search(f"{column} {name}"))
        object.__setattr__(self, "secrets", found)
        object.__setattr__(self, "named_by", self.prepared.named_by(found))

    @property
    def told_apart(self) -> bool:
        """Whether the name of a row says all that the row asks for."""
        return set(self.named_by) == set(self.columns)

    @property
    def fingerprint(self) -> str:
        """The same for the same request."""
        return self.prepared.fingerprint

    @property
    def columns(self) -> Sequence[str]:
        """The headers that it takes cells from."""
        return self.prepared.columns

    def passed_over(self, number: int, who: str) -> tuple[str, str]:
        """Rows that an earlier run has done, and rows behind the number of iterations that was asked for."""
        if self.last is not None and number > self.last:
            return BEYOND, "more rows than iterations were asked for"
        if self.before.holds(number, who):
            return DONE_BEFORE, f"run {', '.join(self.before.runs)} did it; --again does it again"
        return "", ""

    def names(self, record: Sequence[str]) -> Sequence[str]:
        """The cells that a row is called by; the name of the request where it takes none."""
        cells = self._cells(record)
        return [cells.get(header, "") for header in self.named_by] or [self.prepared.name]

    def mark(self, number: int, record: Sequence[str]) -> str:
        """The cells that the request takes, or the number of the row."""
        if self.each:
            return str(number)
        cells = self._cells(record)
        return "\0".join(cells.get(header, "").strip(BLANKS) for header in self.columns)

    def fault(self, record: Sequence[str]) -> str:
        """Why a cell cannot stand where it would have to."""
        try:
            self.prepared.sending("", self._cells(record), "")
        except Unfit as unfit:
            return str(unfit)
        return ""

    def command(self, who: str, record: Sequence[str], operation: str) -> Command:
        """The request of a row: a command that `RecordedDirectory` understands and the runner hands through."""
        return cast("Command", self.prepared.sending(who, self._cells(record), operation))

    def _cells(self, record: Sequence[str]) -> Mapping[str, str]:
        return {name: self.cast(cell) for name, cell in zip(self.header, record, strict=False)}
