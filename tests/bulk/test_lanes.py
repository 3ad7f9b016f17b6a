"""Several targets in one run on directories in memory: each at its own pace, under its own brakes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.app.clock import SystemClock
from keyturn.bulk.intake.source import read_source
from keyturn.bulk.job import Job
from keyturn.bulk.planning.plan import Destination, Plan, make_plan
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.record.facts import Address, pin_of, pinned
from keyturn.bulk.record.folder import make_run_folder
from keyturn.bulk.running.begin import begin
from keyturn.bulk.running.breaker import Cause, Limit, Trip
from keyturn.bulk.running.events import Event, Listener, Paused, Progress, Stopping
from keyturn.bulk.running.run import Run, Summary, carry_out
from keyturn.bulk.running.shares import Share, pace_of
from keyturn.bulk.running.stopping import Stop
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import ChangePassword, Commands, CreateUser, ResetPassword
from keyturn.core.errors import ConfigError
from keyturn.core.journal import RowState
from keyturn.core.outcomes import Outcome, Reason, Refused
from keyturn.crypto.handout import AgeSealer, new_identity, recipient_of
from keyturn.crypto.runkeys import RunKeys
from tests.bulk.desk import QUICK, RESET, NoBlocklist, job, write
from tests.support.memory_directory import MemoryDirectory, able
from tests.support.memory_journal import MemoryJournal

NAMES = ("east", "west")


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyturn.bulk.running.pacing._FIRST_WAIT", 0.001)


def plan_for(path: Path, order: Job, places: Mapping[str, Capabilities]) -> Plan:
    """The plan of a file with a column of targets."""
    destinations = [Destination(name, capabilities) for name, capabilities in places.items()]
    return make_plan(read_source(path), order, destinations, NoBlocklist())


class Two:
    """A run of so many users on each of two targets."""

    def __init__(self, tmp: Path, count: int) -> None:
        whos = [f"u{number:03}" for number in range(count)]
        self.towns = {name: MemoryDirectory(whos) for name in NAMES}
        self.speeds = dict.fromkeys(NAMES, QUICK)
        self.heard: list[Event] = []
        self._tmp = tmp
        self._text = "target,userid\n" + "".join(f"{name},{who}\n" for who in whos for name in NAMES)

    def _recipient(self) -> str:
        identity = self._tmp / "identity"
        return recipient_of(identity) if identity.exists() else new_identity(identity)

    async def go(self, stop: Stop | None = None, listeners: Sequence[Listener] = (), **trips: Trip) -> Summary:
        """Plan, begin and carry out.  trips: why nothing can be sent to a target."""
        plan = plan_for(write(self._tmp, self._text), RESET, {name: each.able for name, each in self.towns.items()})
        journal, recipient = MemoryJournal(), self._recipient()
        pins = [pin_of(part, Address(name, "memory", "", "me")) for name, part in plan.parts.items()]
        begin(journal, plan, pinned(plan, pins, [recipient], SystemClock().now()))
        shares = [
            Share(name, each, plan.parts[name].job, pace_of(each, speed, SystemClock()), speed, trips.get(name))
            for (name, each), speed in zip(self.towns.items(), self.speeds.values(), strict=True)
        ]
        folder = make_run_folder(self._tmp / "runs", SystemClock().now())
        run = Run(folder, journal, shares, plan.source, plan.job, RunKeys(b"k" * 32), AgeSealer(), SystemClock())
        return await carry_out(run, stop or Stop(), [self.heard.append, *listeners])


class Sets(MemoryDirectory):
    """Remembers who came together."""

    sets: list[list[str]]

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """Do them."""
        self.sets = [*getattr(self, "sets", []), [command.who for command in commands]]
        return await super().execute(commands)


async def test_users_are_sent_in_sets_only_within_one_target(tmp_path: Path) -> None:
    """As large as that one takes."""
    two = Two(tmp_path, 20)
    sets = Sets(list(two.towns["east"].users))
    sets.able = able(batch=10)
    two.towns["east"] = sets
    assert (await two.go()).exit is ExitCode.FINE
    assert [len(each) for each in sets.sets] == [10, 10]
    assert {type(command) for command in two.towns["west"].log} == {ResetPassword}


async def test_failures_on_one_target_do_not_brake_the_other(tmp_path: Path) -> None:
    """And the summary says which one stopped."""
    two = Two(tmp_path, 30)
    two.towns["west"].switches.refuse = dict.fromkeys(two.towns["west"].users, Reason.NO_SUCH_USER)
    two.speeds["west"] = replace(QUICK, limit=Limit(3, None), jobs=1)
    summary = await two.go()
    assert summary.exit is ExitCode.BRAKE
    assert [(name, trip.cause) for name, trip in summary.halts] == [("west", Cause.FAILURES)]
    assert summary.targets["east"] == {RowState.CHANGED: 30}
    assert summary.targets["west"] == {RowState.FAILED: 3, RowState.NOT_TRIED: 27}
    assert [event.target for event in two.heard if isinstance(event, Stopping)] == ["west"]


async def test_the_pause_of_one_target_is_not_that_of_the_other(tmp_path: Path) -> None:
    """The run as a whole does not wait while one of them goes on."""
    two = Two(tmp_path, 5)
    two.towns["west"].switches.slow_down = 1
    two.towns["west"].switches.retry_after = 0.4
    summary = await two.go()
    assert summary.exit is ExitCode.FINE
    assert {event.target for event in two.heard if isinstance(event, Paused)} == {"west"}
    last = [event for event in two.heard if isinstance(event, Progress)][-1]
    assert (last.total, last.through, last.states, last.slowed) == (10, 10, {RowState.CHANGED: 10}, None)


async def test_a_stop_from_outside_stops_every_target_and_is_said_once(tmp_path: Path) -> None:
    """A second one drops the connections of all."""
    two = Two(tmp_path, 30)
    for each in two.towns.values():
        each.gate.clear()
    stop = Stop()
    running = asyncio.create_task(two.go(stop))
    for each in two.towns.values():
        await each.reached(QUICK.jobs)
    stop.ask()
    stop.ask()
    summary = await running
    assert summary.exit is ExitCode.INTERRUPTED
    assert summary.halts[0][0] == ""
    assert summary.states == {RowState.UNCERTAIN: 2 * QUICK.jobs, RowState.NOT_TRIED: 60 - 2 * QUICK.jobs}
    assert len([event for event in two.heard if isinstance(event, Stopping)]) == 1


async def test_a_fault_of_our_own_on_one_target_stops_all(tmp_path: Path) -> None:
    """Nobody knows what else it touches."""
    two = Two(tmp_path, 40)
    two.towns["east"].switches.crash = "u001"
    two.towns["west"].switches.delay = 0.01
    summary = await two.go()
    assert summary.exit is ExitCode.OUR_FAULT
    assert summary.targets["west"][RowState.NOT_TRIED] > 0


async def test_a_listener_that_breaks_on_one_target_stops_all(tmp_path: Path) -> None:
    """Not in silence, and not at the end of everybody else's rows."""

    def broken(event: Event) -> None:
        if isinstance(event, Stopping) and event.target:
            raise RuntimeError("a listener broke")

    two = Two(tmp_path, 100)
    two.towns["east"].switches.signed_out = True
    two.towns["west"].switches.delay = 0.02
    with pytest.raises(RuntimeError, match="a listener broke"):
        await two.go(listeners=[broken])
    assert len(two.towns["west"].log) < 100


async def test_nothing_is_sent_to_a_target_that_did_not_answer_or_after_a_stop(tmp_path: Path) -> None:
    """Its rows are left for later; where it has none, nothing is missing."""
    two = Two(tmp_path, 3)
    summary = await two.go(west=Trip(Cause.SIGNED_OUT, "no"))
    assert (summary.exit, summary.targets["west"]) == (ExitCode.SIGN_IN, {RowState.NOT_TRIED: 3})
    assert two.towns["west"].log == []
    stop = Stop()
    stop.ask()
    assert (await two.go(stop)).states == {RowState.NOT_TRIED: 6}
    nobody = Two(tmp_path, 0)
    assert (await nobody.go(west=Trip(Cause.SIGNED_OUT, "no"))).exit is ExitCode.FINE


class Refusing(MemoryDirectory):
    """Too busy for ever, and says when to come again."""

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """Refuse."""
        self.log += commands
        return [Refused(command.who, Reason.BUSY, "busy", retry_after=0.001) for command in commands]


async def test_a_server_that_is_busy_for_ever_ends_a_row_after_its_retries(tmp_path: Path) -> None:
    """However often it says when to come again."""
    two = Two(tmp_path, 2)
    two.towns["east"] = Refusing()
    summary = await two.go()
    assert summary.targets["east"] == {RowState.FAILED: 2}
    assert len(two.towns["east"].log) == 2 * (1 + QUICK.retries)
    assert any(isinstance(event, Paused) for event in two.heard)


def test_present_passwords_are_for_those_targets_that_ask_for_them(tmp_path: Path) -> None:
    """Where none asks, nobody can use them."""
    asks = able(needs_old=True, carries=frozenset({ChangePassword, ResetPassword, CreateUser}))
    order = Job(RESET.operation, old="was")
    path = write(tmp_path, "target,userid,was\neast,amal,the first of hers\nwest,bo,\neast,cyd,\n")
    plan = plan_for(path, order, {"east": asks, "west": able()})
    assert {name: part.job.old for name, part in plan.parts.items()} == {"east": "was", "west": ""}
    assert [(group.target, group.reason) for group in plan.groups if group.reason] == [("east", "no-old-password")]
    with pytest.raises(ConfigError, match="without asking for the present ones"):
        plan_for(path, order, {"east": able(), "west": able()})


def test_a_target_that_cannot_do_the_job_is_named(tmp_path: Path) -> None:
    """Before anything is sent to any of them."""
    path = write(tmp_path, "target,userid\neast,amal\nwest,bo\n")
    with pytest.raises(ConfigError, match="west cannot do this: this directory sends no mail"):
        plan_for(path, job(email=True), {"east": able(), "west": able(mails=False)})


def test_a_column_full_of_names_that_are_none_does_not_flood_the_plan(tmp_path: Path) -> None:
    """The first twenty are told of by name."""
    path = write(tmp_path, "target,userid\neast,amal\n" + "".join(f"t{number},u\n" for number in range(50)))
    plan = plan_for(path, RESET, {"east": able()})
    blocked = [group for group in plan.groups if group.reason == "unknown-target"]
    assert len(blocked) == 21
    assert [(group.target, group.count) for group in blocked if group.count > 1] == [("", 30)]
    assert plan.counts["block"] == 50
