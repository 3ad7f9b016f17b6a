"""`--lookup` from the command line, on a real server: what is told, and that nothing was written."""

import json
from pathlib import Path

import pytest

from tests.cli.runs_kit import Place, place

__all__ = ["place"]

USERS = "userid\namal\nberit\nghost\n"


def there(place: Place) -> None:
    """Two users are known there, of whom one administers and signs in elsewhere."""
    place.server.unknown.add("ghost")
    place.server.known["amal"] = {"identities": {}, "permissions": {"userAdmin": True}}
    place.server.known["berit"] = {"emails": [{"value": "berit@example.com"}]}


@pytest.mark.proves("RN-11")
def test_a_plan_with_lookup_only_reads(place: Place) -> None:
    """The server itself says what arrived; the plan says the same."""
    there(place)
    told = place.call("plan", "reset", place.file(USERS), "-t", "there", "--lookup", "--since", "24h").output
    assert "looked up     asked for 3 users, 3 reads, wrote nothing" in told
    assert {method for method, _ in place.server.arrived} == {"GET"}
    assert sorted(path for _, path in place.server.arrived if path.startswith("/v3/")) == [
        "/v3/users/amal", "/v3/users/berit", "/v3/users/ghost",
    ]  # fmt: skip
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "x 1 no such user row 4" in lines
    assert "! 1 signs in elsewhere: no password there row 2" in lines
    assert "! 1 has administrative rights row 2" in lines
    assert "! 1 no mail address row 2" in lines
    assert "not told: when a password was changed, so nothing of --since is known" in lines
    assert "x 1 blocked: the target knows no such user row 4" in lines


def test_what_was_found_is_json_too(place: Place) -> None:
    """For scripts, with the requests by method."""
    there(place)
    [told] = place.lines("plan", "reset", place.file(USERS), "-t", "there", "--lookup", "--json")
    assert told["lookup"]["sent"] == {"GET": 3}
    assert told["lookup"]["left_out"] == {"no-such-user": "4"}
    assert told["counts"] == {"change": 2, "skip": 0, "block": 1}
    [bare] = place.lines("plan", "reset", place.file(USERS), "-t", "there", "--json")
    assert (bare["lookup"], bare["counts"]["change"]) == (None, 3)


def test_a_frozen_lookup_is_run_as_it_was_found(place: Place) -> None:
    """Nobody is asked again; who was not there is named and failed, and nothing is sent for them."""
    there(place)
    path = str(place.tmp / "q3.plan")
    place.call("plan", "reset", place.file(USERS), "-t", "there", "--lookup", "-o", path)
    assert json.loads(Path(path).read_text("utf-8"))["plan"]["lookup"]["asked"] == 3
    assert "x       1  no such user   row 4" in place.call("plan", "show", path).output
    place.server.arrived.clear()
    place.server.unknown.clear()
    place.call("reset", "--plan", path, "--no-input", code=3)
    assert sorted(place.server.passwords) == ["amal", "berit"]
    assert [path for method, path in place.server.arrived if method == "GET" and path.startswith("/v3/")] == []
    [row] = place.lines("runs", "rows", "--outcome", "failed", "--json")
    assert (row["user"], row["reason"]) == ("ghost", "no-such-user")


def test_a_run_may_look_up_as_well(place: Place) -> None:
    """The number that is confirmed is that of those who are there."""
    there(place)
    place.call("reset", place.file(USERS), "-t", "there", "--lookup", "--no-input", "--expect", "3", code=8)
    place.call("reset", place.file(USERS), "-t", "there", "--lookup", "--no-input", "--expect", "2", code=3)
    assert sorted(place.server.passwords) == ["amal", "berit"]


def test_what_was_looked_up_stands_in_the_record_of_the_run(place: Place) -> None:
    """For whom was asked, what was found, who was left out, and that it only read: in reports, evidence and show."""
    there(place)
    place.call("reset", place.file(USERS), "-t", "there", "--lookup", "--no-input", "--expect", "2", code=3)
    words = "3 users, 3 reads, wrote nothing; 1 no such user, 1 signs in elsewhere: no password there"
    folder = place.run_folder()
    assert words in (folder / "report.html").read_text("utf-8")
    assert words in place.call("runs", "show").stdout
    *_, summary = map(json.loads, (folder / "report.jsonl").read_text("utf-8").splitlines())
    assert (summary["lookup"]["asked"], summary["lookup"]["sent"]) == (3, {"GET": 3})
    [target] = summary["lookup"]["targets"]
    assert ("missing", 1) in [(each["what"], each["count"]) for each in target["found"]]
    place.call("runs", "evidence", "-o", str(place.tmp / "proof.jsonl"))
    facts = json.loads((place.tmp / "proof.jsonl").read_text("utf-8").splitlines()[0])
    assert facts["lookup"] == summary["lookup"]
    place.call("runs", "evidence", "--verify", str(place.tmp / "proof.jsonl"))


def test_nobody_known_there_may_mean_that_we_may_not_look(place: Place) -> None:
    """It is said, since all rows are blocked."""
    place.server.unknown.update(("amal", "berit", "ghost"))
    told = place.call("plan", "reset", place.file(USERS), "-t", "there", "--lookup").output
    assert "none of them is known: perhaps our account may not see users there" in told
    assert "no user would change" in told


def test_a_target_that_stops_answering_ends_the_lookup(place: Place) -> None:
    """Exit 6, and nothing was changed."""
    there(place)
    place.server.closed = True
    refused = place.call("plan", "reset", place.file(USERS), "-t", "there", "--lookup", "--rate", "50/s", code=4)
    assert "Nothing was changed." in refused.output


@pytest.mark.parametrize("flags", [("--lookup", "--offline"), ("--since", "24h")])
def test_flags_that_mean_nothing_together_are_refused(place: Place, flags: tuple[str, ...]) -> None:
    """A mistake on the command line, before anything is read."""
    place.call("plan", "reset", place.file(USERS), "-t", "there", *flags, code=2)
