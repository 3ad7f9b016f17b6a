"""What was right a moment ago, so that a script at a door without sessions pays for one slow comparison a minute."""

from typing import Final


class Recent:
    """Right passwords of the last minute: a keyed digest of what was given, and whose epoch it was right in."""

    AGE: Final = 60.0
    MOST: Final = 10_000

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, str, int]] = {}

    def get(self, given: str, now: float) -> tuple[str, int] | None:
        """Uid and epoch, if this was right less than a minute ago."""
        when, uid, epoch = self._known.get(given, (float("-inf"), "", 0))
        return (uid, epoch) if now - when < self.AGE else None

    def put(self, given: str, uid: str, epoch: int, now: float) -> None:
        """Remember; when there are too many, all are forgotten."""
        if len(self._known) >= self.MOST:
            self._known = {}
        self._known[given] = (now, uid, epoch)
