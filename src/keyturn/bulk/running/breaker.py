"""Stops a run that goes wrong before it goes wrong for everybody."""

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from keyturn.bulk.record.exit import ExitCode
from keyturn.core.errors import ConfigError
from keyturn.core.journal import DONE, RowState

IN_A_ROW: Final = 20
FIRST: Final = 50
"""A share means nothing before so many rows are through."""


@unique
class Cause(StrEnum):
    """Why a run stopped before its end."""

    SIGNED_OUT = "not-signed-in"
    NOT_ALLOWED = "not-allowed"
    FAILURES = "failures"
    UNREACHABLE = "unreachable"
    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"
    FAULT = "fault"


EXITS: Final = {
    Cause.SIGNED_OUT: ExitCode.SIGN_IN,
    Cause.NOT_ALLOWED: ExitCode.SIGN_IN,
    Cause.FAILURES: ExitCode.BRAKE,
    Cause.UNREACHABLE: ExitCode.UNREACHABLE,
    Cause.INTERRUPTED: ExitCode.INTERRUPTED,
    Cause.TERMINATED: ExitCode.TERMINATED,
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

    >>> Limit.parse("5%")
    Limit(count=None, share=0.05)
    """

    count: int | None = None
    share: float | None = 0.05

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Read `20` or `5%`.  Raises ConfigError."""
        try:
            if text.endswith("%"):
                share = float(text[:-1]) / 100
                if 0 < share <= 1:
                    return cls(None, share)
            elif int(text) > 0:
                return cls(int(text), None)
        except ValueError:
            pass
        raise ConfigError(f"{text} is not a limit", code="KT-CFG-032", fix="a number as in 20, or a share as in 5%")


class Breaker:
    """Counts the rows of one sitting.  An uncertain row counts as a failure here: it is not known to be good."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._in_a_row = 0
        self._failed = 0
        self._through = 0
        self.done = 0

    def count(self, state: RowState) -> Trip | None:
        """One row is through; the stop that it causes, if any."""
        self._through += 1
        if state in DONE:
            self.done += 1
        if state not in (RowState.FAILED, RowState.UNCERTAIN):
            self._in_a_row = 0
            return None
        self._failed += 1
        self._in_a_row += 1
        return self._judge()

    def _judge(self) -> Trip | None:
        limit = self._limit
        if limit.count is not None:
            if self._failed >= limit.count:
                return Trip(Cause.FAILURES, f"{self._failed} rows failed (limit {limit.count})")
            return None
        share = limit.share or 1.0
        if share < 1 and self._in_a_row >= IN_A_ROW:
            return Trip(Cause.FAILURES, f"{self._in_a_row} rows in a row failed")
        if self._through > FIRST and self._failed > share * self._through:
            part = self._failed / self._through
            text = f"{self._failed} of the first {self._through} rows failed ({part:.1%}, limit {share:.0%})"
            return Trip(Cause.FAILURES, text)
        return None
