"""What is done with a run afterwards: files to mend, two runs held against each other, reports that name nobody."""

import csv
import io
import json
import xml.etree.ElementTree as ET

import jsonschema_rs
import pytest

from keyturn.bulk.record.eventform import events_schema
from tests.cli.runs_kit import Place, place

__all__ = ["place"]

RUN = ("-t", "there", "--yes", "--no-input")
EVENTS = jsonschema_rs.validator_for(events_schema())


def ran(place: Place, text: str, *flags: str, code: int = 0) -> str:
    """A run of a file; its id."""
    before = set((place.home / "state" / "runs").glob("*"))
    place.call("reset", place.file(text), *RUN, "--new-run", *flags, code=code)
    [folder] = set((place.home / "state" / "runs").glob("*")) - before
    return folder.name


def test_rows_of_an_outcome_become_a_file_to_mend(place: Place) -> None:
    """In the user's own columns; mended and run again, the mended rows are done."""
    place.server.unknown = {"-bo", "cy"}
    run = ran(place, "userid,Name\nann,A\n-bo,=B\ncy,C\n", code=3)
    fix = place.tmp / "fix.csv"
    said = place.call("runs", "rows", run, "--outcome", "failed", "--retry-file", str(fix)).stderr
    assert f"2 rows in {fix}; mend them, and run that file" in said
    assert fix.stat().st_mode & 0o777 == 0o600
    assert place.call("runs", "rows", run, "--outcome", "uncertain").stderr.strip() == "no such rows"
    rows = list(csv.reader(io.StringIO(fix.read_text("utf-8-sig"))))
    assert [row[:2] for row in rows] == [["userid", "Name"], ["'-bo", "'=B"], ["cy", "C"]]
    assert rows[0][2] == "keyturn_reason"
    place.server.unknown = {"cy"}
    place.call("reset", str(fix), *RUN, code=3)
    assert set(place.server.passwords) == {"ann", "-bo"}


def test_a_file_to_mend_is_never_written_over_another_one(place: Place) -> None:
    """Unless asked to; a dash is stdout."""
    place.server.unknown = {"bo"}
    run = ran(place, "userid\nann\nbo\n", code=3)
    path = place.file("mine", "fix.csv")
    wanted = ("runs", "rows", run, "--retry-file")
    assert "error[KT-CFG-070]" in place.call(*wanted, path, code=2).stderr
    place.call(*wanted, path, "--force")
    shown = place.call(*wanted, "-").stdout_bytes
    assert shown == (place.tmp / "fix.csv").read_bytes()
    nowhere = str(place.tmp / "none" / "fix.csv")
    assert "No such file" in place.call(*wanted, nowhere, code=2).stderr


def test_a_file_to_mend_needs_the_file_that_was_run(place: Place) -> None:
    """Its row numbers may mean other users now."""
    run = ran(place, "userid\nann\n")
    place.file("userid\nbo\n")
    assert "error[KT-IN-015]" in place.call("runs", "rows", run, "--retry-file", "-", code=5).stderr


def test_two_runs_are_held_against_each_other(place: Place) -> None:
    """Who ended otherwise, and who was in one alone; by id, not by row."""
    place.server.unknown = {"bo", "cy"}
    first = ran(place, "userid\nann\nbo\ncy\ndi\nbo\n", code=3)
    place.server.unknown = {"cy"}
    second = ran(place, "userid\ncy\nbo\n=ed\nann\n", code=3)
    [told] = place.lines("runs", "diff", first, second, "--json")
    assert told["same"] == {"changed": 1, "failed": 1}
    assert {(each["user"], each["first"], each["second"]) for each in told["rows"]} == {
        ("bo", "failed", "changed"), ("di", "changed", "not in it"), ("=ed", "not in it", "changed"),
    }  # fmt: skip
    shown = place.call("runs", "diff", first, second).stdout
    assert "bo  failed -> changed  no such user" in shown
    assert "        1  failed -> changed" in shown
    sheet = place.call("runs", "diff", first, second, "-o", "-").stdout_bytes.decode("utf-8-sig")
    assert "'=ed,,not in it,changed,,4,," in sheet
    lines = place.lines("runs", "diff", first, second, "--output", "jsonl")
    assert [line["type"] for line in lines] == ["user", "user", "user", "counts"]
    place.call("runs", "diff", first, first, code=2)


@pytest.mark.proves("RN-10")
def test_events_and_reports_name_nobody_when_asked(place: Place) -> None:
    """In the stream, in each report, and in those written again; the file to mend stays in the folder of the run."""
    place.server.unknown = {"bodil"}
    out = place.tmp / "out"
    flags = ("--redact", "ids", "--report", "html,csv,jsonl,junit,md", "--report-dir", str(out))
    path = place.file("userid\nannika\nbodil\nannika\n")
    done = place.call("reset", path, *RUN, *flags, "--output", "jsonl", code=3)
    texts = [done.stdout, *(path.read_text("utf-8") for path in out.iterdir())]
    assert len(texts) == 6
    assert not any(name in text for text in texts for name in ("annika", "bodil"))
    assert "bodil" in (place.run_folder() / "retry.csv").read_text("utf-8")
    users = {event["user"] for event in map(json.loads, done.stdout.splitlines()) if event["type"] == "row"}
    again = place.tmp / "again"
    place.call("runs", "report", "--report", "jsonl", "--report-dir", str(again))
    lines = [json.loads(line) for line in (again / "report.jsonl").read_text().splitlines()]
    assert users <= {line["user"] for line in lines if line["type"] == "row"}


def test_a_report_written_again_may_hide_what_the_run_did_not(place: Place) -> None:
    """For a board that keeps what it gets."""
    run = ran(place, "userid\nannika\n")
    place.call("runs", "report", run, "--report", "junit", "--redact", "ids", "--report-dir", str(place.tmp))
    [case] = ET.parse(place.tmp / "report.junit.xml").getroot().iter("testcase")
    assert "annika" not in str(case.get("name"))


def test_every_event_is_of_the_published_form(place: Place) -> None:
    """Of a run that goes well, of one that a brake stops, of a resume; and what the reports hold."""
    place.server.unknown = {f"u{number}" for number in range(4)}
    text = "userid\n" + "".join(f"u{number}\n" for number in range(9))
    flags = (*RUN, "--output", "jsonl", "--max-failures", "2", "-j", "1")
    lines = place.lines("reset", place.file(text), *flags, code=7)
    lines += place.lines("resume", "--no-input", "--output", "jsonl", "--max-failures", "9", code=3)
    lines += place.lines("plan", "reset", place.file(text), "-t", "there", "--json")
    report = place.run_folder() / "report.jsonl"
    lines += map(json.loads, report.read_text().splitlines())
    assert {line["type"] for line in lines} == {"plan", "row", "progress", "stop", "summary", "error"}
    for line in lines:
        EVENTS.validate(line)
    for line in lines:
        assert not EVENTS.is_valid({**line, "v": 2})
    [row] = [line for line in lines if line["type"] == "row"][:1]
    assert not EVENTS.is_valid({**row, "outcome": "perhaps"})
    assert EVENTS.is_valid({"v": 1, "type": "new"})


def test_an_outcome_is_named_as_it_is_shown_or_with_a_dash(place: Place) -> None:
    """What a summary calls `not tried` is typed in a shell without quotes."""
    args = (
        "reset",
        place.file("userid\nannika\nbodil\n"),
        "-t",
        "there",
        "--expect",
        "2",
        "--canary",
        "1",
        "--no-input",
    )
    place.call(*args, code=7)
    shown = [place.call("runs", "rows", "--outcome", word).stdout for word in ("not tried", "not-tried")]
    assert shown[0] == shown[1]
    assert "bodil  not tried" in shown[0]
    assert "annika" in place.call("runs", "rows", "--verified", "not-read").stdout


def test_what_nobody_sees_in_a_name_is_spelt_out_for_people_and_kept_for_the_next_run(place: Place) -> None:
    """A mark that turns the line around is told in reports by its number, and stands in the file to mend as it was."""
    name = "\u202egnp.exe"
    place.call("reset", place.file(f"userid\n{name}\nannika\n"), *RUN, "--report", "csv,html,md", code=3)
    folder = place.run_folder()
    for report in ("report.csv", "report.html", "report.md"):
        assert "\u202e" not in (folder / report).read_text("utf-8")
    assert "\\u202egnp.exe" in (folder / "report.csv").read_text("utf-8")
    assert name in (folder / "retry.csv").read_text("utf-8")
