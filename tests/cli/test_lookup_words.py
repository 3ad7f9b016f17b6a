"""What `--lookup` says of its own: how far it is, what it found in each target, and what it could not know."""

from datetime import UTC, datetime

import pytest

from keyturn.bulk.planning.lookup import Finding, Lookup
from keyturn.cli.planning import lookingup
from keyturn.cli.planning.lookingup import lookup_lines
from tests.cli.runs_kit import Place, place

__all__ = ["place"]

USERS = "userid\namal\nberit\nchen\n"


def lines(lookup: Lookup) -> list[str]:
    """What is said, without the columns."""
    return [" ".join(line.split()) for line in lookup_lines(lookup)]


def test_a_slow_lookup_draws_one_line_over_on_a_terminal(place: Place) -> None:
    """And leaves the line empty for the plan."""
    place.server.delay = 0.3
    told = place.call("plan", "reset", place.file(USERS), "-t", "there", "--lookup", "--output", "rich").stderr
    assert " of 3 users" in told
    drawn = told[told.index("\rlooked up ") :]
    assert f"\r{' ' * 60}\r" in drawn


def test_a_slow_lookup_writes_lines_into_a_log(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every ten seconds; here without the wait."""
    monkeypatch.setattr(lookingup, "EVERY", 0.0)
    told = place.call("plan", "reset", place.file(USERS), "-t", "there", "--lookup", "--output", "plain").stderr
    assert "looked up 3 of 3 users\n" in told
    assert "\r" not in told


def test_a_lookup_of_nobody_sends_nothing(place: Place) -> None:
    """All of them are protected, so there is nobody to ask for."""
    place.configure('protect = ["*"]')
    [told] = place.lines("plan", "reset", place.file(USERS), "-t", "there", "--lookup", "--json")
    assert told["counts"]["skip"] == 3
    assert [path for _, path in place.server.arrived if path.startswith("/v3/")] == []


def test_of_users_that_are_as_they_should_be_nothing_is_said() -> None:
    """Which is said; and no request means that nothing can have been written."""
    lookup = Lookup()
    lookup.note("there", 2, "amal", Finding(0))
    assert lines(lookup)[1:] == [
        "looked up asked for 1 user, wrote nothing (no request left this machine)",
        "nothing to be said of any of them",
    ]


def test_several_targets_are_told_apart_with_what_each_does_not_tell() -> None:
    """So that silence is not taken for a good answer."""
    lookup = Lookup(since=datetime(2026, 3, 1, 8, 30, tzinfo=UTC))
    lookup.note("north", 2, "amal", Finding.RECENT)
    lookup.note("south", 3, "berit", Finding.MISSING)
    lookup.note("south", 4, "chen", Finding.MISSING)
    lookup.dated = {"north": 1}
    lookup.untold = {"south": ("locked", "rights")}
    assert lines(lookup)[2:] == [
        "! 1 north: password changed since 2026-03-01 08:30 UTC already row 2",
        "x 2 south: no such user rows 3, 4",
        "south: none of them is known: perhaps our account may not see users there",
        "south: not told: locked, rights",
        "south: not told: when a password was changed, so nothing of --since is known",
    ]


def test_a_request_that_is_more_than_a_read_is_told_in_full() -> None:
    """A search by POST may only read; that is for whoever reads the plan to judge."""
    lookup = Lookup(asked=2, sent={"GET": 1, "HEAD": 1, "POST": 1200})
    assert lines(lookup) == ["", "looked up asked for 2 users, 2 reads; besides POST 1,200"]
    assert lookup_lines(None) == []
