"""resume and the questions before a run, and looking at runs afterwards."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keyturn.app.run.machine import Machine
from keyturn.bulk.record.facts import KEY, PLANNING, RUNNING
from keyturn.cli.frame import Frame
from keyturn.cli.main import cli
from keyturn.core.errors import PlanError
from keyturn.core.journal import RowState
from keyturn.store.journal import open_journal
from keyturn.store.private import hold
from tests.cli.runs_kit import Place, Typing, place, typing

__all__ = ["place", "typing"]

MANY = "userid\n" + "".join(f"u{n:03}\n" for n in range(30))


def stopped(place: Place) -> str:
    """A run that a brake stopped; its id."""
    place.server.unknown = {"u001"}
    flags = ("--expect", "30", "--no-input", "--max-failures", "1", "-j", "1")
    place.call("reset", place.file(MANY), "-t", "there", *flags, code=7)
    return place.run_folder().name


def test_a_stopped_run_goes_on_and_does_nothing_twice(place: Place) -> None:
    """Without a question, because nothing changed."""
    run = stopped(place)
    done = place.call("resume", "--no-input", code=3)
    assert f"run {run}: " in done.stderr
    assert all(len(values) == 1 for values in place.server.passwords.values())
    assert len(place.server.passwords) == 29
    sent = place.server.requests
    assert "is finished; nothing was sent" in place.call("resume", run, "--no-input", code=3).stderr
    assert place.server.requests == sent
    [summary] = place.lines("resume", run, "--json", code=3)
    assert summary["exit"] == 3


def test_a_changed_file_is_refused(place: Place) -> None:
    """Its row numbers may mean other users."""
    stopped(place)
    place.file(MANY + "more\n")
    done = place.call("resume", "--no-input", code=5)
    assert "is not the file that was confirmed" in done.stderr


def test_a_changed_target_needs_another_yes(place: Place, typing: Typing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without anybody to ask: exit 8, and what changed is named."""
    stopped(place)
    place.configure("[targets.there.password_rules]\nshortest = 15\nlongest = 20")
    done = place.call("resume", "--no-input", code=8)
    assert "the rules for passwords" in done.stderr
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    typing("28\n")
    assert ask(place, "resume") == 3


def ask(place: Place, *args: str) -> object:
    """Run a command at the keyboard that the test has put there."""
    return cli.main([*args], standalone_mode=False, obj=Frame())


def test_a_run_that_does_not_exist_is_usage(place: Place) -> None:
    """By name or without one: exit 2."""
    place.call("resume", "--no-input", code=2)
    place.call("resume", "rabcdef", code=2)
    place.call("runs", "show", code=2)
    assert "no runs yet" in place.call("runs", "list").stderr


def test_the_same_file_again_asks_for_the_unfinished_run(place: Place) -> None:
    """Nobody to ask: exit 8, unless one starts anew in so many words."""
    run = stopped(place)
    again = ("reset", str(place.tmp / "users.csv"), "-t", "there", "--expect", "30", "--no-input")
    assert f"run {run} on this file and target is unfinished" in place.call(*again, code=8).stderr
    place.server.unknown = set()
    place.call(*again, "--new-run")


def test_a_run_whose_process_died_is_listed_as_unfinished(place: Place) -> None:
    """Nobody holds its journal, so nobody is at work on it."""
    stopped(place)
    with closing(open_journal(place.run_folder() / "journal.db")) as journal:
        journal.note({"state": RUNNING})
    [listed] = json.loads(place.call("runs", "list", "--json").stdout)
    assert (listed["state"], listed["begun"][-1]) == ("unfinished", "Z")


def test_runs_can_be_listed_shown_and_reported(place: Place, tmp_path: Path) -> None:
    """Rows by outcome, reports again, for people and for machines."""
    run = stopped(place)
    [listed] = json.loads(place.call("runs", "list", "--json").stdout)
    assert (listed["run"], listed["state"], listed["exit"]) == (run, "stopped", 7)
    assert run in place.call("runs", "list").stdout
    assert "no-such-user" in place.call("runs", "show").stdout
    assert f"folder     {place.run_folder()}" in place.call("runs", "show").stdout
    [shown] = place.lines("runs", "show", run, "--json")
    assert shown["reasons"] == [{"outcome": "failed", "reason": "no-such-user", "count": 1}]
    [line] = place.call("runs", "rows", run, "--outcome", "failed").stdout.splitlines()
    assert line.startswith("x       3  u001  failed  none")
    assert len(place.lines("runs", "rows", "--json")) == 30
    place.call("runs", "report", "--report", "html", "--report-dir", str(tmp_path / "out"))
    assert "u001" in (tmp_path / "out" / "report.html").read_text()
    [told] = place.lines("runs", "report", run, "--json")
    assert len(told["reports"]) == 3


def test_a_run_that_another_process_holds_is_left_alone(place: Place) -> None:
    """Exit 10 for a resume and for a new run on the target; the list says so."""
    run = stopped(place)
    journal = open_journal(place.run_folder() / "journal.db")
    place.call("resume", "--no-input", code=10)
    assert "held by another process" in place.call("runs", "list").stdout
    journal.close()
    journal = open_journal(place.run_folder() / "journal.db")
    again = ("reset", str(place.tmp / "users.csv"), "-t", "there", "--expect", "30", "--no-input")
    place.server.unknown = set()
    place.call(*again)
    journal.close()
    held = hold(place.home / "state" / "targets" / "there")
    assert "error[KT-RUN-010]" in place.call("resume", run, code=10).stderr
    held.release()


def test_a_run_whose_key_was_deleted_cannot_go_on(place: Place) -> None:
    """Its passwords are in the handout alone."""
    stopped(place)
    journal = open_journal(place.run_folder() / "journal.db")
    journal.note({KEY: ""})
    journal.close()
    assert "error[KT-RUN-003]" in place.call("resume", "--no-input", code=2).stderr


def test_a_closed_run_forgets_its_key_and_its_passwords_are_in_the_handout(place: Place) -> None:
    """Its journal leads to no password any more; looking at it and resuming it do as before."""
    path = place.file("userid\nann\nbob\nnobody\n")
    place.server.unknown = {"nobody"}
    place.call("reset", path, "-t", "there", "--expect", "3", "--no-input", code=3)
    journal = open_journal(place.run_folder() / "journal.db")
    assert journal.facts()[KEY] == ""
    journal.close()
    assert "is finished; nothing was sent" in place.call("resume", "--no-input", code=3).stderr
    place.call("runs", "show")
    place.call("runs", "report")
    [handout] = place.run_folder().glob("handout-*.age")
    handed = {line["user"]: [line["password"]] for line in place.lines("handout", "open", str(handout))}
    assert handed == place.server.passwords


def test_a_run_that_is_not_closed_keeps_its_key(place: Place) -> None:
    """Its rows must be sent with the same passwords."""
    stopped(place)
    journal = open_journal(place.run_folder() / "journal.db")
    key = journal.facts()[KEY]
    journal.close()
    assert key
    place.server.unknown = set()
    place.call("resume", "--no-input", code=3)
    files = place.everything()
    assert key.encode() not in files


def test_a_resume_that_comes_second_finds_the_run_finished(
    place: Place, typing: Typing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else resumed it while a question was open; nothing is sent twice."""
    stopped(place)
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    carried = Machine.holding

    def late(machine: Machine, target: str, *, alongside: bool) -> Any:
        monkeypatch.setattr(Machine, "holding", carried)
        place.call("resume", "--no-input", code=3)
        return carried(machine, target, alongside=alongside)

    monkeypatch.setattr(Machine, "holding", late)
    assert ask(place, "resume") == 3
    assert all(len(values) == 1 for values in place.server.passwords.values())


def test_a_run_that_died_after_its_last_row_still_gets_its_handout(place: Place) -> None:
    """Nothing is sent; what people need is made."""
    stopped(place)
    folder = place.run_folder()
    journal = open_journal(folder / "journal.db")
    left = list(journal.rows((RowState.NOT_TRIED,)))
    journal.settle([replace(row, state=RowState.CHANGED, delivery="handout") for row in left])
    journal.note({"state": RUNNING})
    journal.close()
    sent = place.server.requests
    place.call("resume", "--no-input", code=3)
    assert place.server.requests == sent
    [handout] = folder.glob("handout-*.age")
    assert len(place.lines("handout", "open", str(handout))) == 29


def test_a_run_that_never_began_is_not_resumed(place: Place) -> None:
    """Nothing was sent for it, and nothing is."""
    stopped(place)
    journal = open_journal(place.run_folder() / "journal.db")
    journal.note({"state": PLANNING})
    journal.close()
    place.call("resume", "--no-input", code=2)


def test_a_handout_that_cannot_be_opened_says_why(place: Place, tmp_path: Path) -> None:
    """Missing, or sealed for somebody else."""
    place.call("handout", "open", str(tmp_path / "nothing.age"), code=2)
    (tmp_path / "broken.age").write_text("x")
    place.call("handout", "open", str(tmp_path / "broken.age"), code=2)


@pytest.mark.parametrize(
    ("production", "count", "typed", "sent"),
    [
        (False, 3, "y\n", True),
        (False, 3, "\n", False),
        (False, 30, "30\n", True),
        (False, 30, "yes\n3\n30\n", True),
        (False, 30, "1\n2\n3\n", False),
        (False, 30, "\n", False),
        (True, 3, "there 3\n", True),
        (True, 3, "3\n\n", False),
    ],
)
def test_a_yes_is_enough_for_few_the_number_for_many_and_the_name_in_production(
    place: Place, typing: Typing, monkeypatch: pytest.MonkeyPatch, production: bool, count: int, typed: str, sent: bool
) -> None:
    """Enter alone is no, and three wrong answers end it."""
    place.configure("production = true" if production else "")
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    file = place.file("userid\n" + "".join(f"u{n}\n" for n in range(count)))
    typing(typed)
    if sent:
        assert ask(place, "reset", file, "-t", "there") == 0
    else:
        with pytest.raises(PlanError):
            ask(place, "reset", file, "-t", "there")
    assert place.server.requests == (count if sent else 0)


def test_the_question_names_what_would_be_done(
    place: Place, typing: Typing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A creation is no change."""
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    typing("n\nn\n")
    for command in ("create", "reset"):
        with pytest.raises(PlanError, match="not confirmed"):
            ask(place, command, place.file("userid\na\n"), "-t", "there")
    told = capsys.readouterr().err
    assert "Create 1 user on there? [y/N]" in told
    assert "Change 1 user on there? [y/N]" in told


@pytest.mark.parametrize(("answer", "code"), [("r", 3), ("n", 0), ("q", None)])
def test_somebody_at_the_keyboard_chooses_between_going_on_and_anew(
    place: Place, typing: Typing, monkeypatch: pytest.MonkeyPatch, answer: str, code: int | None
) -> None:
    """The default is to resume."""
    stopped(place)
    place.server.unknown = set()
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    typing(f"{answer}\n30\n")
    args = ("reset", str(place.tmp / "users.csv"), "-t", "there")
    if code is None:
        with pytest.raises(PlanError):
            ask(place, *args)
    else:
        assert ask(place, *args) == code
