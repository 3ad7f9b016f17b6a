"""What one target has of a run: the directory behind it, how fast it may be called, and the order as it fits there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from keyturn.bulk.job import Job, PasswordFrom
from keyturn.bulk.running.breaker import Limit, Trip
from keyturn.bulk.running.pacing import Pace, Steady
from keyturn.bulk.running.rates import Rate
from keyturn.bulk.running.states import Passing, to_send
from keyturn.core.journal import RowState
from keyturn.core.limits import Gated
from keyturn.core.ports import Directory


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a target may be called.  jobs: requests in flight, at most where it is adaptive: then as many as the
    target takes gladly; rates: each of which holds; use_at_most: the part of what the target says it takes; timeout: of
    one answer, and how long a stop waits for those in flight; batch: users in one request, where the target takes
    several, 0 for as many as it takes."""

    jobs: int = 8
    adaptive: bool = False
    rates: Sequence[Rate] = ()
    use_at_most: float = 1.0
    timeout: float = 30.0
    retries: int = 5
    batch: int = 0
    limit: Limit = field(default_factory=Limit)

    @property
    def each_second(self) -> float | None:
        """Requests a second at most; None where no rate is set."""
        return min((rate.each_second for rate in self.rates), default=None)


def pace_of(directory: Directory, speed: Speed, clock: Steady) -> Pace:
    """The one pace of everything that is asked of a target: its rates, and the limits that it tells.

    Made once for a target, so that what went a moment ago counts, whatever it was for.
    """
    pace = Pace(clock, speed.rates, share=speed.use_at_most)
    if isinstance(directory, Gated):
        directory.through(pace)
        pace.listen()
    return pace


@dataclass(frozen=True, slots=True)
class Share:
    """The rows of a run that go to one target.  job: the order of the run, with passwords as this target takes them.

    pace: of everything that is asked there, before the run and after it as well.
    trip: why nothing can be sent there in this sitting.  canary: send so many rows and stop; None: all.
    since: skip whom the target says was reset then or later; None: nobody.
    """

    target: str
    directory: Directory
    job: Job
    pace: Pace
    speed: Speed = field(default_factory=Speed)
    trip: Trip | None = None
    canary: int | None = None
    since: datetime | None = None

    @property
    def resendable(self) -> bool:
        """True when a row whose answer was lost may be sent again."""
        return self.job.resendable(self.directory.capabilities)

    @property
    def open(self) -> Sequence[RowState]:
        """The states of rows that a sitting sends."""
        return to_send(self.resendable)

    def left(self, counts: Mapping[RowState, int]) -> int:
        """How many rows a sitting has to send.  counts: how the rows of this target stand."""
        left = sum(counts.get(state, 0) for state in self.open)
        return left if self.canary is None else min(left, self.canary)

    @property
    def passing(self) -> Passing:
        """How passwords reach their owners."""
        return Passing(handed=self.job.password.origin is PasswordFrom.GENERATE)
