"""Whether the demo's run came out exactly as it had to, read from its report row by row."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from keyturn.app.demo import file as demo_file

CHANGED: Final = demo_file.USERS
EXPECTED_EXIT: Final = 3
"""One row failed, so the run inside is not green; the demo itself is, when that is all."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The rows of the report by number, and everything that is not as expected, in words."""

    rows: Mapping[int, Mapping[str, Any]]
    surprises: tuple[str, ...]

    def count(self, outcome: str) -> int:
        """How many rows had this outcome."""
        return Counter(row["outcome"] for row in self.rows.values())[outcome]

    def attempts(self, who: str) -> tuple[int, int]:
        """The row of a user, and how often it was sent."""
        for number, row in self.rows.items():
            if row["user"] == who:
                return number, int(row["attempts"])
        return 0, 0


def judge(report: Path, code: int, mails: Mapping[str, int]) -> Verdict:
    """Compare what happened with what had to.  mails: how many came for each address."""
    rows = _rows(report)
    surprises = [f"row {number}: {told}" for number, told in _odd_rows(rows)]
    if code != EXPECTED_EXIT:
        surprises.append(f"the run ended with exit code {code} in place of {EXPECTED_EXIT}")
    if len(mails) != CHANGED or set(mails.values()) != {1}:
        surprises.append(
            f"{sum(mails.values())} mails came for {len(mails)} people in place of one for each of {CHANGED:,}"
        )
    return Verdict(rows, tuple(surprises))


def _odd_rows(rows: Mapping[int, Mapping[str, Any]]) -> list[tuple[int, str]]:
    odd = []
    left_out = {*demo_file.REPEATS, demo_file.BLANK_ROW}
    for number in range(2, demo_file.BLANK_ROW + 1):
        wanted = "skipped" if number in left_out else "failed" if number == demo_file.GHOST_ROW else "changed"
        row = rows.get(number)
        if row is None:
            odd.append((number, f"is missing, expected {wanted}"))
        elif row["outcome"] != wanted:
            odd.append((number, f"{row['user']} is {row['outcome']} ({row['reason']}), expected {wanted}"))
    return odd


def _rows(report: Path) -> Mapping[int, Mapping[str, Any]]:
    if not report.is_file():
        return {}
    events = map(json.loads, report.read_text(encoding="utf-8").splitlines())
    return {event["row"]: event for event in events if event["type"] == "row"}
