"""`handout status`: how old, opened or not, deleted or not, and what the target tells of its users since."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from tests.cli.runs_kit import Place, place

__all__ = ["place"]


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
