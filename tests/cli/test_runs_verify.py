"""`--verify` and `runs verify` from the command line: what is read back is said, shown, and decides the exit code."""

import csv
from pathlib import Path

import jsonschema_rs
import pytest

from keyturn.bulk.record.eventform import events_schema
from tests.cli.runs_kit import Place, place

__all__ = ["place"]

EVENTS = jsonschema_rs.validator_for(events_schema())
THREE = "userid\namal\nbela\ncora\n"
RUN = ("--no-input", "--expect", "3")


def begin(place: Place, *more: str, code: int = 0) -> str:
    """A run of three users; its id."""
    place.call("reset", place.file(THREE), "-t", "there", *RUN, *more, code=code)
    return place.run_folder().name


@pytest.mark.proves("RN-5")
def test_a_lying_200_is_caught_and_is_not_green(place: Place) -> None:
    """The summary, the reports and the rows say so; the exit code is that of what nobody can be sure of."""
    place.server.lie = {"bela"}
    shown = place.call("reset", place.file(THREE), "-t", "there", *RUN, "--verify", code=9)
    assert "read back  2 yes  |  1 no" in shown.stdout
    run = place.run_folder().name
    assert f"keyturn runs rows {run} --verified no" in shown.stderr
    [line] = place.call("runs", "rows", run, "--verified", "no").stdout.splitlines()
    assert line.startswith("~       3  bela  changed")
    assert line.endswith("[no: need not be changed at the next sign-in, which a reset asks for]")


def test_what_was_read_before_is_compared_with_what_is_there_afterwards(place: Place) -> None:
    """So that a version is a proof, where none of the times is told."""
    run = begin(place, "--verify")
    assert place.server.looks == 6
    rows = place.lines("runs", "rows", run, "--output", "jsonl")
    assert {row["verified"] for row in rows} == {"yes"}
    assert all("version 2, was 1" in row["proof"] for row in rows)


def test_a_run_is_read_back_later_by_what_is_told_without_a_reading_before(place: Place) -> None:
    """Which is less: that they must change it proves that somebody reset them."""
    run = begin(place)
    assert place.server.looks == 0
    shown = place.call("runs", "verify", run)
    assert shown.stdout == "3 cannot tell.   exit 0\n"
    [row, *_] = place.lines("runs", "rows", run, "--output", "jsonl")
    assert row["proof"] == "must be changed at the next sign-in: some reset took effect, it is not told when"


def test_a_lie_is_caught_later_as_well(place: Place) -> None:
    """And named."""
    place.server.lie = {"bela"}
    run = begin(place)
    shown = place.call("runs", "verify", run, code=9)
    assert "2 cannot tell, 1 no" in shown.stdout or "1 no, 2 cannot tell" in shown.stdout
    assert "row 3 bela  changed, no: need not be changed at the next sign-in" in shown.stdout
    [told] = place.lines("runs", "verify", run, "--json", code=9)
    EVENTS.validate(told)
    assert (told["type"], told["exit"], told["verified"]) == ("verification", 9, {"no": 1, "cannot tell": 2})
    assert [(need["row"], need["user"], need["verified"]) for need in told["need"]] == [(3, "bela", "no")]
    with (place.run_folder() / "report.csv").open(encoding="utf-8-sig") as file:
        assert [row["verified"] for row in csv.DictReader(file)] == ["cannot tell", "no", "cannot tell"]
    assert place.call("runs", "show", run).stdout.count("exit") >= 1


def test_where_every_row_is_spoken_against_a_person_is_told_to_look(place: Place) -> None:
    """It may be the target that does not show it."""
    place.server.lie = {"amal", "bela", "cora"}
    run = begin(place)
    shown = place.call("runs", "verify", run, code=9)
    assert "warning[KT-RUN-041]" in shown.stderr


def test_a_target_that_lets_nobody_read_ends_the_reading(place: Place) -> None:
    """Asked for and not done is not green, and what was answered stands."""
    place.server.closed = True
    shown = place.call("reset", place.file(THREE), "-t", "there", *RUN, "--verify", code=4)
    assert "3 changed" in shown.stdout
    assert "warning[KT-RUN-040]: there could not be read back to the end: the account may not read the user" in (
        shown.stderr
    )
    run = place.run_folder().name
    place.server.closed = False
    assert place.call("runs", "verify", run).stdout.startswith("3 cannot tell")


def test_only_what_is_asked_for_is_read(place: Place) -> None:
    """By outcome; by target; and what is proven is left alone unless it is to be read again."""
    run = begin(place, "--verify")
    before = place.server.looks
    assert "no rows" not in place.call("runs", "verify", run, "--outcome", "uncertain").stdout
    assert place.server.looks == before
    place.call("runs", "verify", run)
    assert place.server.looks == before
    place.call("runs", "verify", run, "--again")
    assert place.server.looks == before + 3
    wrong = place.call("runs", "verify", run, "-t", "elsewhere", code=2)
    assert "has no rows for elsewhere" in wrong.stderr


def test_a_resume_reads_back_as_the_run_was_begun(place: Place) -> None:
    """The flag is remembered."""
    place.server.signed_out = True
    begin(place, "--verify", code=4)
    place.server.signed_out = False
    resumed = place.call("resume", "--no-input")
    assert "read back  3 yes" in resumed.stdout


def test_a_trial_is_not_offered_by_a_target_that_signs_nobody_in(place: Place) -> None:
    """Nothing but reads is sent, and the run and `target caps` say so."""
    told = place.call("reset", place.file(THREE), "-t", "there", *RUN, "--verify", "--trial").stderr
    assert "warning[KT-RUN-079]: no password is tried on there" in told
    run = place.run_folder().name
    assert place.server.requests == 3
    assert "a password can be tried, and nothing is consumed" in place.call("target", "caps", "there").stdout
    assert {row["verified"] for row in place.lines("runs", "rows", run, "--output", "jsonl")} == {"yes"}


def test_a_trial_needs_the_key_of_the_run(place: Place) -> None:
    """Which is gone once the run is closed: the passwords are in the handout alone."""
    run = begin(place)
    shown = place.call("runs", "verify", run, "--trial", code=2)
    assert "error[KT-RUN-003]" in shown.stderr


def test_json_lines_tell_each_reading(place: Place) -> None:
    """One object a row, as soon as it is on disk."""
    events = place.lines("reset", place.file(THREE), "-t", "there", *RUN, "--verify", "--output", "jsonl")
    for event in events:
        EVENTS.validate(event)
    verified = [event for event in events if event["type"] == "verified"]
    assert [(each["row"], each["verified"], each["outcome"]) for each in verified] == [
        (2, "yes", "changed"), (3, "yes", "changed"), (4, "yes", "changed"),
    ]  # fmt: skip
    assert events[-1]["verified"] == {"yes": 3}


def test_what_was_there_before_holds_no_password_and_is_its_owners_alone(place: Place) -> None:
    """It is a file of the run like the others."""
    begin(place, "--verify")
    [kept] = place.run_folder().glob("before-*.jsonl")
    assert Path(kept).stat().st_mode & 0o777 == 0o600
    passwords = [value for values in place.server.passwords.values() for value in values]
    assert passwords
    assert not any(value.encode() in place.everything() for value in passwords)


def test_a_followup_says_who_has_chosen_and_who_has_not(place: Place) -> None:
    """By a column, as lines, and into a file."""
    file = place.file("userid,Site\namal,Lyon\nbela,Oslo\ncora,Lyon\n")
    place.call("reset", file, "-t", "there", *RUN, "--verify")
    run = place.run_folder().name
    place.server.chosen = {"cora"}
    shown = place.call("runs", "followup", run, "--by", "Site", "-o", str(place.tmp / "open.csv"))
    assert "1  have chosen a password of their own" in shown.stdout
    assert "2  have not" in shown.stdout
    [lyon] = [line for line in shown.stdout.splitlines() if line.startswith("Lyon")]
    assert lyon.split() == ["Lyon", "1", "1", "0", "0", "0"]
    with (place.tmp / "open.csv").open(encoding="utf-8-sig") as sheet:
        found = {row["user"]: (row["Site"], row["choice"]) for row in csv.DictReader(sheet)}
    assert found == {"amal": ("Lyon", "not yet"), "bela": ("Oslo", "not yet"), "cora": ("Lyon", "own password")}
    *people, told = place.lines("runs", "followup", run, "--output", "jsonl")
    assert [each["choice"] for each in people] == ["not yet", "not yet", "own password"]
    EVENTS.validate(told)
    assert (told["type"], told["choices"]["own password"]) == ("followup", 1)
    assert place.server.requests == 3, "nothing was reset again"


def test_a_followup_counts_by_no_column_of_passwords(place: Place) -> None:
    """Nor by one that is not there."""
    run = begin(place)
    assert (
        "fix    name a column of the header with --by"
        in place.call("runs", "followup", run, "--by", "Town", code=2).stderr
    )
