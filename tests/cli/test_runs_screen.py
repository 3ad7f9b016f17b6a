"""What a run looks like while it goes: a bar, a line in a log, sentences for a screen reader."""

import json
import re
from collections.abc import Mapping, Sequence

import pytest

from keyturn.bulk.running.breaker import Cause, Trip
from keyturn.bulk.running.events import Event, Held, Paused, Progress, ReadingBack, RowSettled, RowVerified, Stopping
from keyturn.bulk.running.pacing import Slowed, Why
from keyturn.cli.desk.watching import Heartbeat, watch
from keyturn.cli.frame import Frame, Manners, Output
from keyturn.core.journal import Row, RowState

FAILED = RowSettled(Row(7, "ghost", RowState.FAILED, reason="no-such-user"))
FINE = RowSettled(Row(8, "amal", RowState.CHANGED))


def progress(through: int, *, left: float | None = 94.0, slowed: Slowed | None = None, total: int = 100) -> Progress:
    """A moment of a run."""
    states: Mapping[RowState, int] = {RowState.CHANGED: through - 1, RowState.FAILED: 1}
    return Progress(total, through, 19.84, left, 3, 8, states, slowed)


EVENTS: list[Event] = [
    progress(5),
    FAILED,
    FINE,
    RowSettled(Row(9, "noor", RowState.NOT_TRIED)),
    Paused(12.4),
    progress(50, left=4000, slowed=Slowed(Why.ASKED, 3)),
    progress(51, left=None),
    Stopping(Trip(Cause.FAILURES, "31 of the first 412 rows failed")),
    progress(0, total=0),
]


SLOWED = [
    (Slowed(Why.ASKED, 12.4), "waiting 12 s: the server asked us to slow down", "waiting=12s"),
    (
        Slowed(Why.USED_UP, 34, "600/min"),
        "waiting 34 s: the server's limit of 600/min is used up",
        "limit=600/min waiting=34s",
    ),
    (Slowed(Why.RATE, 0.05, "20/s"), "at the limit 20/s", "limit=20/s"),
]


@pytest.mark.parametrize(("slowed", "said", "logged"), SLOWED, ids=[str(one.why) for one, _, _ in SLOWED])
def test_why_it_goes_no_quicker_is_said(
    slowed: Slowed, said: str, logged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the screen in words, in a log in few, to machines as fields."""
    hear(Manners(output=Output.RICH), [progress(50, slowed=slowed)])
    assert said in " ".join(capsys.readouterr().err.split())
    hear(Manners(output=Output.PLAIN), [progress(50, slowed=slowed)])
    assert f" {logged} ok=" in capsys.readouterr().err
    hear(Manners(output=Output.JSONL), [progress(50, slowed=slowed)])
    told = {"reason": str(slowed.why), "limit": slowed.limit, "seconds": slowed.seconds}
    assert json.loads(capsys.readouterr().out)["slowed"] == told


def hear(manners: Manners, events: Sequence[Event] = EVENTS) -> None:
    """Everything, as one run."""
    with watch(Frame(manners), "rabcdef", "there", 100) as listeners:
        for event in events:
            for listener in listeners:
                listener(event)


@pytest.mark.parametrize("output", [Output.RICH, Output.PLAIN])
def test_a_wait_of_no_time_is_told_to_nobody(output: Output, capsys: pytest.CaptureFixture[str]) -> None:
    """A busy server says so to every other request; machines hear of each."""
    hear(Manners(output=output), [Paused(0.2)] * 9)
    assert "waiting" not in capsys.readouterr().err
    hear(Manners(output=Output.JSONL), [Paused(0.2)])
    assert json.loads(capsys.readouterr().out)["seconds"] == 0.2


def test_a_log_gets_a_line_for_every_ten_percent(capsys: pytest.CaptureFixture[str]) -> None:
    """With time, run and target, and the reason whenever it waits."""
    hear(Manners(output=Output.PLAIN))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ run=rabcdef target=there ", line) for line in lines)
    assert lines[0].endswith("waiting 12 s: the server asked us to slow down")
    assert lines[1].endswith("50/100 50% 19.8/s eta=1h06m waiting=3s ok=49 failed=1 uncertain=0 retries=3")
    assert lines[2].endswith("stopping: 31 of the first 412 rows failed")


def test_a_log_gets_a_line_every_ten_seconds_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a slow run never looks dead."""
    monkeypatch.setattr("keyturn.cli.desk.watching.EVERY", 0.0)
    beat = Heartbeat(Frame(Manners(output=Output.PLAIN)), "rabcdef", "there")
    beat.hear(progress(2, left=34.0))
    beat.hear(progress(3, left=None))
    lines = capsys.readouterr().err.splitlines()
    assert ["eta=34s" in line for line in lines] == [True, False]


def test_a_screen_reader_gets_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    """Percent in words, nothing redrawn."""
    hear(Manners(output=Output.RICH, accessible=True))
    assert "50 percent. 50 of 100. 1 failed." in capsys.readouterr().err


def test_the_environment_can_ask_for_sentences_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `--accessible` does."""
    monkeypatch.setenv("ACCESSIBLE", "1")
    hear(Manners())
    assert "50 percent. 50 of 100. 1 failed." in capsys.readouterr().err


def test_a_terminal_gets_a_bar_and_the_problems(capsys: pytest.CaptureFixture[str]) -> None:
    """At most one problem a second."""
    hear(Manners(output=Output.RICH))
    shown = capsys.readouterr().err
    assert "there   run rabcdef   Ctrl-C stops cleanly" in shown
    assert shown.count("failed  row 7 ghost: no-such-user") == 1
    assert "stopping: 31 of the first 412 rows failed" in shown


def test_machines_get_objects(capsys: pytest.CaptureFixture[str]) -> None:
    """Progress at most once a second."""
    hear(Manners(output=Output.JSONL))
    kinds = re.findall(r'"type": ?"(\w+)"', capsys.readouterr().out)
    assert kinds == ["progress", "row", "row", "pause", "stop"]


def test_a_quiet_run_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """`--quiet` is quiet."""
    hear(Manners(output=Output.RICH, loud=-1))
    assert capsys.readouterr().err == ""


BESIDES: list[Event] = [
    ReadingBack("there", 40, 100, before=True),
    Paused(3.2, "there"),
    Held(on=True),
    Held(on=True, sealed=True),
    Held(on=False),
    RowVerified(Row(8, "amal", RowState.CHANGED)),
    ReadingBack("there", 1200, 2000),
]
SAID = [
    "looked at 40/100 on there",
    "waiting 3 s: there asked us to slow down",
    "pausing: no more rows leave",
    "paused: everything came back, the handout is sealed",
    "going on",
    "read back 1,200/2,000 on there",
]


def test_a_terminal_shows_what_is_read_back_and_what_holds_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    """The last of the bar stays; single rows are in the report."""
    hear(Manners(output=Output.RICH), BESIDES)
    shown = capsys.readouterr().err
    assert [line for line in SAID[1:] if line not in shown] == []
    assert "amal" not in shown


def test_a_log_tells_the_same_in_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """How far the reading is every ten seconds; here without the wait."""
    monkeypatch.setattr("keyturn.cli.desk.watching.EVERY", 0.0)
    hear(Manners(output=Output.PLAIN), BESIDES)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition("target=there ")[2] for line in lines] == SAID


def test_a_log_is_not_filled_with_readings(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor with progress of which there is none."""
    hear(Manners(output=Output.PLAIN), [ReadingBack("there", 1, 2), progress(0, total=0)])
    assert capsys.readouterr().err == ""


def test_machines_are_told_how_far_the_reading_is_and_who_holds_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    """The reading at most once a second."""
    hear(Manners(output=Output.JSONL), BESIDES)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["type"] for each in told] == ["reading", "pause", "pause", "pause", "pause", "verified"]
    assert (told[0]["target"], told[0]["done"], told[0]["total"], told[0]["before"]) == ("there", 40, 100, True)
    assert [(each["reason"], each.get("sealed")) for each in told[1:5]] == [
        ("retry-after", None), ("asked", False), ("asked", True), ("over", False),
    ]  # fmt: skip
