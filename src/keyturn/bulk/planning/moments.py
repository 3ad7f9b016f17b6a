"""Reads a moment as people say it: a date, a time, or how long ago."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from keyturn.core.errors import ConfigError

_AGO: Final = re.compile(r"(\d{1,6})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment_of(text: str, now: datetime) -> datetime:
    """The moment in UTC: `24h` ago, or a date or time as ISO 8601 writes it (UTC where no zone is given).

    Raises ConfigError for anything else.

    >>> moment_of("24h", datetime(2026, 11, 29, 12, tzinfo=UTC)).isoformat()
    '2026-11-28T12:00:00+00:00'
    >>> moment_of("2026-11-28", datetime(2026, 11, 29, tzinfo=UTC)).isoformat()
    '2026-11-28T00:00:00+00:00'
    """
    text = text.strip()
    try:
        if ago := _AGO.fullmatch(text):
            return now.astimezone(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{text!r} is neither a time such as 2026-11-01 nor an age such as 30d", code="KT-CFG-030"
        ) from None
