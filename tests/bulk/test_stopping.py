"""Runs that end before their end: by a person, by a full disk, by a fault of our own."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.app.clock import SystemClock
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.running.breaker import Cause, Trip
from keyturn.bulk.running.events import Progress, Stopping
from keyturn.bulk.running.run import carry_out
from keyturn.bulk.running.stopping import Stop
from keyturn.core.commands import Commands
from keyturn.core.errors import StoreError
from keyturn.core.journal import RowState
from keyturn.core.outcomes import Outcome, Uncertain
from tests.bulk.desk import CREATE, QUICK, Desk, crowd, handed, users
from tests.support.memory_directory import MemoryDirectory
from tests.support.memory_journal import MemoryJournal


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyturn.bulk.running.pacing._FIRST_WAIT", 0.001)


@pytest.mark.proves("RN-13")
async def test_a_first_stop_waits_for_those_in_flight(tmp_path: Path) -> None:
    """Nothing is uncertain, and the rest can be resumed."""
    directory = crowd(50)
    directory.gate.clear()
    desk = Desk(tmp_path, directory).begin(users(50))
    stop = Stop()
    running = asyncio.create_task(desk.go(QUICK, stop))
    await directory.reached(QUICK.jobs)
    stop.ask()
    await asyncio.sleep(0.01)
    directory.gate.set()
    summary = await running
    assert summary.exit is ExitCode.INTERRUPTED
    assert summary.states == {RowState.CHANGED: QUICK.jobs, RowState.NOT_TRIED: 50 - QUICK.jobs}
    assert (await desk.go(QUICK)).states == {RowState.CHANGED: 50}


async def test_a_second_stop_drops_the_connections_and_those_rows_are_uncertain(tmp_path: Path) -> None:
    """Nobody knows what the server did."""
    directory = crowd(50)
    directory.gate.clear()
    desk = Desk(tmp_path, directory).begin(users(50))
    stop = Stop()
    running = asyncio.create_task(desk.go(QUICK, stop))
    await directory.reached(QUICK.jobs)
    stop.ask(Cause.TERMINATED)
    stop.ask(Cause.TERMINATED)
    summary = await running
    assert summary.exit is ExitCode.TERMINATED
    assert summary.states == {RowState.UNCERTAIN: QUICK.jobs, RowState.NOT_TRIED: 50 - QUICK.jobs}


async def test_patience_with_those_in_flight_has_an_end(tmp_path: Path) -> None:
    """The time of one answer."""
    directory = crowd(10)
    directory.gate.clear()
    desk = Desk(tmp_path, directory).begin(users(10))
    stop = Stop()
    running = asyncio.create_task(desk.go(replace(QUICK, timeout=0.05), stop))
    await directory.reached(QUICK.jobs)
    stop.ask()
    assert (await running).states[RowState.UNCERTAIN] == QUICK.jobs


async def test_a_stop_during_the_last_rows_is_no_stop(tmp_path: Path) -> None:
    """Everything is through: the run ends as it would have."""
    directory = crowd(2)
    directory.gate.clear()
    desk = Desk(tmp_path, directory).begin(users(2))
    stop = Stop()
    running = asyncio.create_task(desk.go(QUICK, stop))
    await directory.reached(2)
    stop.ask()
    directory.gate.set()
    assert (await running).exit is ExitCode.FINE


async def test_a_stop_finds_rows_that_wait_for_another_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unanswered row stays uncertain, whatever it was waiting for."""
    monkeypatch.setattr("keyturn.bulk.running.pacing._FIRST_WAIT", 30.0)
    directory = crowd(1)
    directory.switches.lose = {"user000000": 9}
    desk = Desk(tmp_path, directory).begin(users(1))
    stop = Stop()
    running = asyncio.create_task(desk.go(QUICK, stop))
    await directory.reached(1)
    stop.ask()
    assert (await running).states == {RowState.UNCERTAIN: 1}


@pytest.mark.proves("RN-2")
async def test_a_full_disk_stops_the_run_before_more_is_sent(tmp_path: Path) -> None:
    """What is on disk counts, what is not does not."""
    directory = crowd(200)
    journal = MemoryJournal()
    desk = Desk(tmp_path, directory, journal).begin(users(200))

    def fill(event: object) -> None:
        journal.full = True

    with pytest.raises(StoreError, match="full"):
        await desk.go(QUICK, listeners=[fill])
    assert len(directory.log) < 200
    journal.full = False
    assert (await desk.go(QUICK)).states == {RowState.CHANGED: 200}
    assert handed(desk) == directory.passwords


async def test_a_fault_of_our_own_stops_the_run_and_names_its_kind(tmp_path: Path) -> None:
    """Its rows are uncertain; no value of it is shown."""
    directory = crowd(30)
    directory.switches.crash = "user000002"
    summary = await Desk(tmp_path, directory).begin(users(30)).go(QUICK)
    assert summary.exit is ExitCode.OUR_FAULT
    assert summary.trip is not None
    assert "RuntimeError" in summary.trip.text
    assert summary.states[RowState.UNCERTAIN] == 1


@pytest.mark.proves("RN-6")
async def test_a_file_that_changes_under_the_run_stops_it(tmp_path: Path) -> None:
    """Rows that were sent stay sent; no other cells are taken."""
    directory = MemoryDirectory()
    desk = Desk(tmp_path, directory).begin("userid\na\nb\n", CREATE)
    (tmp_path / "users.csv").write_text("userid\na\n")
    with pytest.raises(Exception, match="has no row 3 any more"):
        await desk.go(QUICK)


async def test_a_stop_after_a_brake_drops_the_connections(tmp_path: Path) -> None:
    """Somebody does not want to wait for those in flight."""
    directory = crowd(20)
    directory.gate.clear()
    desk = Desk(tmp_path, directory).begin(users(20))
    stop = Stop()
    running = asyncio.create_task(desk.go(QUICK, stop))
    await directory.reached(QUICK.jobs)
    stop.pull(Trip(Cause.FAILURES, "too many"))
    stop.ask()
    summary = await running
    assert summary.exit is ExitCode.BRAKE
    assert summary.states[RowState.UNCERTAIN] == QUICK.jobs


async def test_a_stop_finds_rows_that_were_told_to_come_again(tmp_path: Path) -> None:
    """Certain that nothing changed: not tried, not failed."""
    directory = crowd(1)
    directory.gate.clear()
    directory.switches.busy = 1
    desk = Desk(tmp_path, directory).begin(users(1))
    stop = Stop()
    running = asyncio.create_task(desk.go(QUICK, stop))
    await directory.reached(1)
    stop.ask()
    directory.gate.set()
    assert (await running).states == {RowState.NOT_TRIED: 1}


async def test_a_disk_that_fills_before_a_repeat_stops_the_run_at_once(tmp_path: Path) -> None:
    """Nobody waits for workers that cannot go on."""
    journal = MemoryJournal()

    class Filling(MemoryDirectory):
        async def execute(self, commands: Commands) -> Sequence[Outcome]:
            journal.full = True
            return [Uncertain(command.who) for command in commands]

    desk = Desk(tmp_path, Filling(), journal).begin(users(100))
    with pytest.raises(StoreError, match="full"):
        await desk.go(replace(QUICK, jobs=1))


async def test_a_listener_that_breaks_breaks_the_run_and_not_in_silence(tmp_path: Path) -> None:
    """What was sent is in the journal all the same."""

    def broken(event: object) -> None:
        if isinstance(event, Stopping):
            raise RuntimeError("a listener broke")

    directory = crowd(100)
    directory.switches.signed_out = True
    desk = Desk(tmp_path, directory).begin(users(100))
    with pytest.raises(RuntimeError, match="a listener broke"):
        await desk.go(QUICK, listeners=[broken])


async def test_the_speed_is_that_of_the_last_half_minute(tmp_path: Path) -> None:
    """Older marks are forgotten."""
    clock = Leaping()
    desk = Desk(tmp_path, crowd(3)).begin(users(3))
    summary = await carry_out(replace(desk.run(QUICK), clock=clock), Stop(), [desk.heard.append])
    assert summary.exit is ExitCode.FINE
    progress = [event for event in desk.heard if isinstance(event, Progress)]
    assert progress[-1].through == 3


class Leaping(SystemClock):
    """A clock on which every look takes a minute."""

    def __init__(self) -> None:
        self.looks = 0

    def monotonic(self) -> float:
        """A minute later than the last time."""
        self.looks += 1
        return self.looks * 60.0
