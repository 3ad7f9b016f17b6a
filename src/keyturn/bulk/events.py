"""What a run tells while it goes: screens, files and machines are listeners."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from keyturn.bulk.breaker import Trip
from keyturn.core.journal import Row, RowState


@dataclass(frozen=True, slots=True)
class RowSettled:
    """A row's outcome is on disk."""

    row: Row


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the run is.  total: rows that were to be sent in all; rate: rows a second lately; waiting: seconds of a
    pause that are left; states: of all rows of the run."""

    total: int
    through: int
    rate: float
    left: float | None
    waiting: float
    retries: int
    in_flight: int
    states: Mapping[RowState, int]


@dataclass(frozen=True, slots=True)
class Paused:
    """Everybody waits: the server asked us to slow down."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Stopping:
    """The run stops before its end."""

    trip: Trip


Event: TypeAlias = RowSettled | Progress | Paused | Stopping
Listener: TypeAlias = Callable[[Event], None]
