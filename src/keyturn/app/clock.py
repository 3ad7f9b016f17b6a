"""The machine's own clock."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The core's Clock."""

    def now(self) -> datetime:
        """The time of day in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()
