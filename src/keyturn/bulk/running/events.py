"""What a run tells while it goes: screens, files and machines are listeners."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from keyturn.bulk.running.breaker import Trip
from keyturn.bulk.running.pacing import Slowed
from keyturn.core.journal import Row, RowState


@dataclass(frozen=True, slots=True)
class RowSettled:
    """A row's outcome is on disk."""

    row: Row


@dataclass(frozen=True, slots=True)
class RowVerified:
    """What reading back told of a row is on disk."""

    row: Row


@dataclass(frozen=True, slots=True)
class ReadingBack:
    """How far the reading of a target is; before: of what is there before its rows are sent."""

    target: str
    through: int
    total: int
    before: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far this sitting is.  total: rows that it has to send; through: how many of them have their outcome, and
    states which; rate: rows a second lately; slowed: why no target gets them any quicker, where we hold all back.
    median: milliseconds that an answer takes lately; slowest: that any took; None before the first."""

    total: int
    through: int
    rate: float
    left: float | None
    retries: int
    in_flight: int
    states: Mapping[RowState, int]
    slowed: Slowed | None = None
    median: int | None = None
    slowest: int | None = None


@dataclass(frozen=True, slots=True)
class Paused:
    """All rows of a target wait: the server asked us to slow down."""

    seconds: float
    target: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody holds the run, or has let it go.  sealed: everything came back, and the handout is as it stands now."""

    on: bool
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Stopping:
    """The run stops before its end; with a target, only the rows that go there."""

    trip: Trip
    target: str = ""


Event: TypeAlias = RowSettled | RowVerified | ReadingBack | Progress | Paused | Held | Stopping
Listener: TypeAlias = Callable[[Event], None]


def told_to(listeners: Iterable[Listener]) -> Listener:
    """Passes events on to all of these.  Whoever went away (`| head`) hears nothing more, and the run goes on."""
    hearing = [*listeners]

    def tell(event: Event) -> None:
        for listener in tuple(hearing):
            try:
                listener(event)
            except OSError:
                hearing.remove(listener)

    return tell
