"""One run a target, unless told otherwise; and who was reset lately is left as they are."""

import os
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from keyturn.app.config.settings import load
from keyturn.app.run.machine import MOST_ALONGSIDE, Machine
from keyturn.core.errors import RunError
from tests.cli.runs_kit import Place, place

__all__ = ["place"]


@pytest.fixture
def machine(place: Place) -> Machine:
    """The machine, as another process sees it."""
    return Machine(load(None, place.environment))


def reset(place: Place, *more: str, code: int = 0) -> str:
    """Reset one user."""
    return place.call(
        "reset", place.file("userid\na\n"), "-t", "there", "--expect", "1", "--no-input", "--new-run", *more, code=code
    ).stderr


@pytest.mark.proves("RN-6")
def test_a_target_is_one_run_s_and_the_other_is_told_whose(place: Place, machine: Machine) -> None:
    """Run, process, person and time."""
    with machine.holding("there") as holding:
        holding.name("rabcdef")
        told = reset(place, code=10)
        assert "error[KT-RUN-010]: another run works on there" in told
        assert f"run rabcdef, process {os.getpid()}" in told
        assert f"{datetime.now(UTC):%Y-%m-%d}" in told
        assert "--alongside" in told
        assert place.server.requests == 0
        reset(place, "--alongside")
        assert place.server.requests == 1
    reset(place)


def test_a_run_beside_another_keeps_its_place_when_the_other_ends(machine: Machine) -> None:
    """So that one run a target stays the rule, and as many as told the exception."""
    with ExitStack() as stack:
        with machine.holding("there", "elsewhere"):
            stack.enter_context(machine.holding("there", alongside=True))
        with pytest.raises(RunError, match="another run works on there"), machine.holding("there"):
            pass
        with machine.holding("elsewhere"), machine.holding("there", alongside=True):
            pass
    with machine.holding("there"):
        pass


def test_there_is_an_end_to_runs_beside_each_other(machine: Machine) -> None:
    """Eight share what the target allows."""
    with machine.holding(*["there"] * MOST_ALONGSIDE, alongside=True):
        more = machine.holding("there", alongside=True)
        with pytest.raises(RunError, match="8 runs work on there already"), more:
            pass


def test_what_does_not_tell_is_said_in_the_plan(place: Place) -> None:
    """The rows are sent, and the person knows."""
    told = reset(place, "--skip-if-reset-since", "24h")
    assert "warning[KT-RUN-035]: there does not tell when a password was changed" in told
    assert place.server.requests == 1
    assert "neither a time" in reset(place, "--skip-if-reset-since", "soon", code=2)


def test_the_plan_says_what_becomes_of_open_sessions(place: Place) -> None:
    """Of a vendor no page says it; a keyturn ends them."""
    file = place.file("userid\na\n")
    plan = ("plan", "reset", file, "-t", "there")
    assert "no page says whether sessions that they have open end" in place.call(*plan).output
    place.configure("repeats = true")
    assert "  sessions that they have open end\n" in place.call(*plan).output


def test_a_directory_of_our_own_tells_and_who_was_reset_is_skipped(place: Place) -> None:
    """From the first row to the second run, at a real directory."""
    data = place.tmp / "data"
    place.call("init", "--data", str(data))
    with (place.home / "config.toml").open("a") as config:
        config.write(f'[targets.own]\nkind = "local"\ndata = "{data}"\n')
    file = place.file("userid\namal\nbo\n")
    place.call("create", file, "-t", "own", "--expect", "2", "--no-input")
    again = ("reset", file, "-t", "own", "--expect", "2", "--no-input", "--new-run", "--skip-if-reset-since")
    done = place.call(*again, "1h")
    assert "own is asked before each row" in done.stderr
    assert "2 reset since" in done.stdout
    assert "2 changed" in place.call(*again, "2099-01-01").stdout
