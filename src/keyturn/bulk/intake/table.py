"""What every kind of file comes to: a header, and rows of text behind it."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum, unique
from typing import Final, NamedTuple, Protocol


@unique
class Mark(StrEnum):
    """What else is to be said of a cell that was no text where it came from.

    NUMBER: a whole number, written without a point; all others say why its text may not be what was meant.
    """

    NUMBER = "number"
    LONG = "long"
    FRACTION = "fraction"
    DATE = "date"
    TRUTH = "truth"
    ERROR = "error"
    SHOWN = "shown"
    EMPTY = "empty"


NO_MARKS: Final[Mapping[int, Mark]] = {}


class Record(NamedTuple):
    """A row as it stands.  number: as people count in this file; line: where it begins, for messages.

    cells: empty for a blank row; marks: by place of the cell, for the few that were no text; hidden: the sheet does
    not show it.
    """

    number: int
    line: int
    cells: Sequence[str]
    marks: Mapping[int, Mark] = NO_MARKS
    hidden: bool = False


class Table(Protocol):
    """A file that was found readable, with its header.

    how: the way it is written, in a few words; delimiter: what stands between its cells, empty where nothing does;
    first: the number of the row of the header.
    """

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        ...

    @property
    def how(self) -> str:
        """As `utf-8, comma` or `sheet "Users"`."""
        ...

    @property
    def delimiter(self) -> str:
        """The character, where there is one."""
        ...

    @property
    def sheet(self) -> str:
        """The name of the sheet, where there are sheets."""
        ...

    def place(self, record: Record, column: int | None = None) -> str:
        """Where a row or a cell is, for a message."""
        ...

    def records(self) -> Iterator[Record]:
        """The rows behind the header, blank ones too, read anew."""
        ...
