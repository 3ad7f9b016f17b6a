"""Flags that change what a run makes, shows or says in the end, and nothing else of it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.bulk.running.events import Progress
from keyturn.cli.frame import Manners, Output
from keyturn.core.commands import Command
from keyturn.core.outcomes import Outcome
from tests.bulk.desk import QUICK, Desk, crowd, users
from tests.cli.runs_kit import Place, Terminal, place
from tests.cli.test_runs_screen import hear
from tests.support.memory_directory import MemoryDirectory, able

__all__ = ["place"]

TWO = "userid\namal\nnoor\n"
MIXED = "userid\namal\n\nnoor\namal\n{{userid}}\n"


def test_passwords_are_as_long_as_somebody_wants(place: Place) -> None:
    """In the plan, at the target, and in the sitting that goes on after a stop."""
    file = place.file(TWO)
    assert "24 characters" in place.call("plan", "reset", file, "-t", "there", "--length", "24").stdout
    place.server.signed_out = True
    place.call("reset", file, "-t", "there", "--length", "24", "--yes", code=4)
    place.server.signed_out = False
    place.call("resume")
    assert [len(password) for [password] in place.server.passwords.values()] == [24, 24]


@pytest.mark.parametrize("length", [7, 65])
def test_no_password_is_guessable_or_endless_by_wish(place: Place, length: int) -> None:
    """Eight signs hold one of each kind and are hard to guess; sixty-four are more than any target takes."""
    shown = place.call("plan", "reset", place.file(TWO), "-t", "there", "--length", str(length), code=2)
    assert "8<=x<=64" in shown.stderr


def test_a_length_that_the_target_does_not_take_is_refused_with_those_that_fit(place: Place) -> None:
    """Before anything is sent."""
    place.configure("password_rules = { shortest = 10, longest = 20 }")
    shown = place.call("reset", place.file(TWO), "-t", "there", "--length", "24", "--yes", code=2)
    assert "error[KT-POL-010]: passwords of 24 characters do not fit: at least 10 and at most 20" in shown.stderr
    assert "--length with a number from 10 to 20" in shown.stderr
    assert place.server.requests == 0


def test_a_length_is_about_passwords_that_keyturn_makes(place: Place) -> None:
    """Nothing else has one that we could choose."""
    flags = ("--password", "target", "--email", "--length", "20")
    assert "passwords that keyturn makes" in place.call("reset", place.file(TWO), "-t", "there", *flags, code=2).stderr


def test_a_dry_run_is_the_plan_and_nothing_is_sent(place: Place) -> None:
    """The same words as `plan` has, and the command to run next has no such flag any more."""
    file = place.file(TWO)
    dry = place.call("reset", file, "-t", "there", "--jobs", "3", "--dry-run")
    assert dry.stdout == place.call("plan", "reset", file, "-t", "there", "--jobs", "3").stdout
    assert dry.stderr.rstrip().endswith(f"keyturn reset {file} -t there --jobs 3")
    assert place.lines("create", file, "-t", "there", "--dry-run", "--json")[0]["operation"] == "create"
    assert place.server.requests == 0
    assert not (place.home / "state" / "runs").exists()
    assert "keyturn plan show" in place.call("reset", "--plan", "q3.plan", "--dry-run", code=2).stderr


def test_whoever_wants_no_exit_code_gets_none_for_rows_and_every_one_for_what_is_refused(place: Place) -> None:
    """As newman's -x; what was never begun is told all the same."""
    place.server.unknown = {"noor"}
    file = place.file(TWO)
    assert "1 failed" in place.call("reset", file, "-t", "there", "--yes", "--exit-zero").stdout
    place.call("resume", "--exit-zero")
    place.call("reset", file, "-t", "nowhere", "--yes", "--exit-zero", code=2)
    place.call("reset", file, "-t", "there", "--no-input", "--new-run", "--exit-zero", code=8)


def test_whoever_wants_no_exit_code_gets_none_for_a_run_that_stopped(place: Place) -> None:
    """The target refuses the sign-in in the middle: told in words, and 0."""
    place.server.signed_out = True
    done = place.call("reset", place.file(TWO), "-t", "there", "--yes", "--exit-zero")
    assert "error[KT-AUTH-001]" in done.stderr
    assert "error[KT-AUTH-001]" in place.call("resume", "--exit-zero").stderr
    place.call("resume", code=4)


def test_every_row_that_would_not_change_is_told_on_demand(place: Place) -> None:
    """To people as a table, to machines as a list; the plan by itself names five of each kind."""
    file = place.file(MIXED)
    shown = place.call("plan", "reset", file, "-t", "there", "--rows-detail").stdout
    table = shown[shown.index("row  target") :].splitlines()
    assert [line.split()[0] for line in table[1:]] == ["3", "5", "6"]
    assert "blocked" in table[3]
    assert "row 2 is the same user and is kept" in table[2]
    [told] = place.lines("plan", "reset", file, "-t", "there", "--rows-detail", "--json")
    assert [(row["row"], row["fate"], row["reason"]) for row in told["rows"]] == [
        (3, "skip", "blank"), (5, "skip", "duplicate"), (6, "block", "placeholder"),
    ]  # fmt: skip
    assert "rows" not in place.lines("plan", "reset", file, "-t", "there", "--json")[0]


class Counting(MemoryDirectory):
    """Remembers how large each batch was."""

    def __init__(self, count: int) -> None:
        super().__init__([f"user{number:06d}" for number in range(count)])
        self.sizes: list[int] = []

    async def execute(self, commands: Sequence[Command]) -> Sequence[Outcome]:
        """Note it, and do it."""
        self.sizes.append(len(commands))
        return await super().execute(commands)


async def test_a_batch_is_no_larger_than_somebody_wants(tmp_path: Path) -> None:
    """Of what the target takes in one request."""
    for wanted, sizes in ((0, [4, 1]), (2, [2, 2, 1]), (9, [4, 1])):
        directory = Counting(5)
        directory.able = able(batch=4)
        folder = tmp_path / str(wanted)
        folder.mkdir()
        await Desk(folder, directory).begin(users(5)).go(replace(QUICK, batch=wanted))
        assert directory.sizes == sizes


async def test_how_long_answers_take_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the middle and at worst: on the screen in words, to machines in milliseconds."""
    at = Desk(tmp_path, crowd(3)).begin(users(3))
    await at.go(QUICK)
    last = [event for event in at.heard if isinstance(event, Progress)][-1]
    assert last.median is not None
    assert last.slowest is not None
    assert 0 <= last.median <= last.slowest
    hear(Manners(output=Output.RICH), [replace(last, median=61, slowest=1940)])
    assert "in flight 0, median 61 ms, slowest 1.9 s" in " ".join(capsys.readouterr().err.split())
    hear(Manners(output=Output.JSONL), [last])
    told = json.loads(capsys.readouterr().out)
    assert (told["median_ms"], told["slowest_ms"]) == (last.median, last.slowest)


def test_the_window_says_how_far_it_is_and_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the terminal has a window with a title."""
    drawn = Terminal()
    monkeypatch.setattr("sys.stderr", drawn)
    monkeypatch.setenv("TERM", "xterm-256color")
    hear(Manners(output=Output.RICH), [Progress(100, 63, 19.8, None, 0, 8, {})])
    text = drawn.getvalue()
    assert text.index("\x1b[22;0t") < text.index("\x1b]0;63% keyturn there\x07") < text.index("\x1b[23;0t")
