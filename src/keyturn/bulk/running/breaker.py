"""Stops a run that goes wrong before it goes wrong for everybody."""

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from typing import Final

from keyturn.bulk.record.exit import ExitCode
from keyturn.core.errors import ConfigError
from keyturn.core.journal import DONE, RowState
from keyturn.core.outcomes import Reason

IN_A_ROW: Final = 20
FIRST: Final = 50
"""A share means nothing before so many rows are through."""

LOST_ANSWER: Final = "lost-answer"
"""Why a row is uncertain."""

CAUSES: Final = frozenset({*map(str, Reason), LOST_ANSWER})
"""Why a row can fail."""


@unique
class Cause(StrEnum):
    """Why a run stopped before its end."""

    SIGNED_OUT = "not-signed-in"
    NOT_ALLOWED = "not-allowed"
    FAILURES = "failures"
    CANARY = "canary"
    UNREACHABLE = "unreachable"
    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"
    TOLD = "told"
    FAULT = "fault"


EXITS: Final = {
    Cause.SIGNED_OUT: ExitCode.SIGN_IN,
    Cause.NOT_ALLOWED: ExitCode.SIGN_IN,
    Cause.FAILURES: ExitCode.BRAKE,
    Cause.CANARY: ExitCode.BRAKE,
    Cause.UNREACHABLE: ExitCode.UNREACHABLE,
    Cause.INTERRUPTED: ExitCode.INTERRUPTED,
    Cause.TERMINATED: ExitCode.TERMINATED,
    Cause.TOLD: ExitCode.INTERRUPTED,
    Cause.FAULT: ExitCode.OUR_FAULT,
}


@dataclass(frozen=True, slots=True)
class Trip:
    """The stop of a run: cause, and a sentence with the figures."""

    cause: Cause
    text: str


@dataclass(frozen=True, slots=True)
class Limit:
    """How many failures are too many: a number, or a share after the first 50 rows.

    apart: causes that are counted by themselves, each under a limit of its own; the others share this one.

    >>> Limit.parse("5%")
    Limit(count=None, share=0.05, apart=())
    >>> [(cause, str(limit)) for cause, limit in Limit.parse("5%,no-such-user=30%").apart]
    [('no-such-user', '30 %')]
    """

    count: int | None = None
    share: float | None = 0.05
    apart: tuple[tuple[str, "Limit"], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Read `20` or `5%`, and behind it causes with limits of their own.  Raises ConfigError."""
        first, *others = text.split(",")
        named = "=" in first
        whole = cls() if named else cls._one(first, text)
        apart = []
        for each in [first, *others] if named else others:
            cause, equals, limit = each.partition("=")
            if not equals or cause.strip() not in CAUSES:
                raise _no_limit(text)
            apart.append((cause.strip(), cls._one(limit, text)))
        return replace(whole, apart=tuple(apart))

    @classmethod
    def _one(cls, part: str, text: str) -> "Limit":
        part = part.strip()
        try:
            if part.endswith("%"):
                share = float(part[:-1]) / 100
                if 0 < share <= 1:
                    return cls(None, share)
            elif int(part) > 0:
                return cls(int(part), None)
        except ValueError:
            pass
        raise _no_limit(text)

    def __str__(self) -> str:
        return str(self.count) if self.count is not None else f"{(self.share or 1.0) * 100:.3g} %"


def _no_limit(text: str) -> ConfigError:
    return ConfigError(
        f"{text} is not a limit",
        code="KT-CFG-032",
        fix="a number as in 20, or a share as in 5%; a cause by itself as in 5%,no-such-user=30%",
    )


class Tally:
    """The failures that share one limit."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._in_a_row: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()

    def good(self) -> None:
        """A row that did not fail is through."""
        self._in_a_row.clear()

    def failed(self, cause: str, through: int) -> Trip | None:
        """A row failed; the stop that it causes, if any.  through: rows that have come to an end so far."""
        self._failed[cause] += 1
        self._in_a_row[cause] += 1
        limit, failed, in_a_row = self._limit, self._failed.total(), self._in_a_row.total()
        if limit.count is not None:
            if failed < limit.count:
                return None
            return _tripped(f"{failed:,} rows failed (limit {limit})", self._failed)
        share = limit.share or 1.0
        if share < 1 and in_a_row >= IN_A_ROW:
            return _tripped(f"{in_a_row} rows in a row failed", self._in_a_row)
        if through > FIRST and failed > share * through:
            part = f"{failed / through * 100:.1f} %, limit {limit}"
            return _tripped(f"{failed:,} of the first {through:,} rows failed ({part})", self._failed)
        return None


class Breaker:
    """Counts the rows of one target in one sitting, by what became of them.

    An uncertain row counts as a failure here: it is not known to be good.
    """

    def __init__(self, limit: Limit) -> None:
        self._shared = Tally(limit)
        self._apart = {cause: Tally(own) for cause, own in limit.apart}
        self._through = 0
        self.done = 0

    def count(self, state: RowState, cause: str = "") -> Trip | None:
        """One row is through, and why it failed if it did; the stop that it causes, if any."""
        self._through += 1
        if state in DONE:
            self.done += 1
        if state in (RowState.FAILED, RowState.UNCERTAIN):
            return self._apart.get(cause, self._shared).failed(cause, self._through)
        for tally in (self._shared, *self._apart.values()):
            tally.good()
        return None


def _tripped(text: str, causes: Counter[str]) -> Trip:
    """The stop, with the cause that most of these failures have."""
    [(cause, count)] = causes.most_common(1)
    if cause:
        words = cause.replace("-", " ")
        text += f', all of them: "{words}"' if count == causes.total() else f'; {count:,} of them: "{words}"'
    return Trip(Cause.FAILURES, text)
