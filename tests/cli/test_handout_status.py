"""`handout status`: how old, opened or not, deleted or not, and what the target tells of its users since."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keyturn.app.clock import SystemClock
from keyturn.bulk.record.followup import Choice
from keyturn.bulk.running.chosen import choice_of, choices
from keyturn.bulk.running.pacing import Pace
from keyturn.core.capabilities import Capabilities
from keyturn.core.evidence import Evidence
from keyturn.core.journal import Row, RowState
from keyturn.core.outcomes import Reason, Refused
from tests.cli.runs_kit import Place, place
from tests.support.memory_directory import MemoryDirectory

__all__ = ["place"]

THEN = datetime(2026, 11, 29, 9, tzinfo=UTC)
ASKS = Capabilities(carries=frozenset(), temporary=True)
NEVER_ASKS = Capabilities(carries=frozenset(), temporary=False)


LATER = THEN + timedelta(hours=1)
REFUSED = Refused("", Reason.UNREACHABLE, "no answer")


@pytest.mark.parametrize(
    ("shown", "able", "choice"),
    [
        (Evidence("amal", exists=False), ASKS, Choice.GONE),
        (Evidence("amal", must_change=True), ASKS, Choice.NOT_YET),
        (Evidence("amal", must_change=True, password_changed=LATER), NEVER_ASKS, Choice.NOT_YET),
        (Evidence("amal", must_change=False), ASKS, Choice.OWN),
        (Evidence("amal", must_change=False), NEVER_ASKS, Choice.NOT_TOLD),
        (Evidence("amal"), ASKS, Choice.NOT_TOLD),
        (Evidence("amal", password_changed=THEN + timedelta(seconds=9)), ASKS, Choice.NOT_TOLD),
        (Evidence("amal", password_changed=LATER), NEVER_ASKS, Choice.OWN),
        (Evidence("amal", password_changed=LATER, floating=True), NEVER_ASKS, Choice.NOT_TOLD),
        (REFUSED, ASKS, Choice.NOT_TOLD),
    ],
)
def test_a_password_counts_as_their_own_only_when_the_target_says_so(
    shown: Evidence | Refused, able: Capabilities, choice: Choice
) -> None:
    row = Row(2, "amal", RowState.CHANGED, settled=THEN)
    assert choice_of(shown, row, able) is choice


async def test_everybody_is_asked_for_and_told_of_in_order() -> None:
    directory = MemoryDirectory([f"u{number}" for number in range(9)])
    rows = [Row(number + 2, f"u{number}", RowState.CHANGED) for number in range(10)]
    told = await choices(directory, rows, jobs=2, pace=Pace(SystemClock()))
    assert [row for row, _ in told] == rows
    assert [choice is Choice.GONE for _, choice in told] == [False] * 9 + [True]


def test_it_says_how_each_handout_stands(place: Place) -> None:
    """An old one is called out, one that is gone still has its line."""
    assert "no run here has a handout" in place.call("handout", "status").stderr
    place.call("reset", place.file("userid\na\nb\n"), "-t", "there", "--yes")
    folder = place.run_folder()
    [told] = place.lines("handout", "status", "--json")
    assert told == {"run": folder.name, "passwords": 2, "files": 1, "days": 0, "opened": "", "deleted": ""}
    place.call("handout", "open", folder.name)
    _make_older(folder, days=41)
    shown = place.call("handout", "status")
    assert "41 days" in shown.stdout
    assert f"{datetime.now(UTC):%Y-%m-%d}" in shown.stdout
    assert f"warning[KT-RUN-063]: the handout of run {folder.name} is 41 days old" in shown.stderr
    place.call("handout", "shred", folder.name, "--yes")
    [told] = place.lines("handout", "status", "--json")
    assert (told["files"], told["days"], told["deleted"][:2]) == (0, "", "20")


def _make_older(folder: Path, days: int) -> None:
    for path in folder.glob("*.age"):
        then = path.stat().st_mtime - days * 86_400
        os.utime(path, (then, then))


def test_of_one_run_it_asks_the_target(place: Place) -> None:
    place.call("reset", place.file("userid\na\nb\n"), "-t", "there", "--yes")
    run = place.run_folder().name
    told = json.loads(place.call("handout", "status", run, "--json").stdout)
    assert (told["passwords"], sum(told["since"].values())) == (2, 2)
    assert [each["user"] for each in told["users"]] == ["a", "b"]
    requests = place.server.requests
    assert "2" in place.call("handout", "status", run, "--offline").stdout
    assert place.server.requests == requests


def test_a_run_without_one_says_so(place: Place) -> None:
    place.call("reset", place.file("userid,pw\na,some good words\n"), "-t", "there", "--yes", "--password", "column:pw")
    assert "has no handout" in place.call("handout", "status", place.run_folder().name, code=2).stderr
