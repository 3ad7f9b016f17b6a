"""Runs that somebody holds, lets go on and stops from outside, and runs that send a few rows first."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.app.clock import SystemClock
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.record.facts import FINISHED, STOPPED
from keyturn.bulk.running.breaker import Cause, Trip
from keyturn.bulk.running.channel import STANDING, WORD, Channel, Doing, Standing, Steering, Word
from keyturn.bulk.running.events import Held, Stopping
from keyturn.bulk.running.rates import Rate
from keyturn.bulk.running.run import Summary, carry_out
from keyturn.bulk.running.stopping import Stop
from keyturn.core.journal import RowState
from tests.bulk.desk import QUICK, Desk, crowd, handed, users


async def until(channel: Channel, doing: Doing) -> Standing:
    """Wait until the run says that it does so."""
    for _ in range(1000):
        standing = channel.standing()
        if standing is not None and standing.doing is doing:
            return standing
        await asyncio.sleep(0.01)
    raise AssertionError(f"it never was {doing}")


def channel_of(desk: Desk) -> Channel:
    """The channel of the run on this desk."""
    assert desk.folder is not None
    return Channel(desk.folder.path)


@pytest.mark.proves("RN-11")
async def test_a_run_is_paused_goes_on_and_is_stopped_from_outside(tmp_path: Path) -> None:
    """At a pause everything comes back and the handout holds what was done; nothing leaves until the go."""
    directory = crowd(400)
    directory.switches.delay = 0.01
    desk = Desk(tmp_path, directory).begin(users(400))
    channel = channel_of(desk)
    running = asyncio.create_task(desk.go(QUICK))
    await until(channel, Doing.RUNNING)
    number = channel.say(Word.PAUSE)
    standing = await until(channel, Doing.PAUSED)
    assert standing.heard == number
    assert standing.in_flight == 0
    done = len(directory.log)
    assert 0 < done < 400
    assert handed(desk) == directory.passwords
    await asyncio.sleep(0.1)
    assert len(directory.log) == done
    channel.say(Word.GO)
    await until(channel, Doing.RUNNING)
    await directory.reached(1)
    channel.say(Word.PAUSE)
    await until(channel, Doing.PAUSED)
    channel.say(Word.STOP)
    summary = await running
    assert summary.exit is ExitCode.INTERRUPTED
    assert summary.trip == Trip(Cause.TOLD, "stopped by keyturn runs stop")
    assert set(summary.states) == {RowState.CHANGED, RowState.NOT_TRIED}
    assert handed(desk) == directory.passwords
    assert [event for event in desk.heard if isinstance(event, Held)][:3] == [
        Held(on=True), Held(on=True, sealed=True), Held(on=False),
    ]  # fmt: skip
    assert any(isinstance(event, Stopping) for event in desk.heard)
    assert channel.standing() is None
    assert (await desk.go(QUICK)).states == {RowState.CHANGED: 400}
    assert len(directory.log) == 400


async def test_a_hold_takes_no_more_than_what_is_in_flight(tmp_path: Path) -> None:
    """Rows that wait for their turn at a rate do not leave either."""
    directory = crowd(40)
    desk = Desk(tmp_path, directory).begin(users(40))
    stop = Stop()
    running = asyncio.create_task(desk.go(replace(QUICK, rates=[Rate(20)]), stop))
    await directory.reached(1)
    stop.hold()
    await asyncio.sleep(0.2)
    assert len(directory.log) <= 1 + QUICK.jobs
    stop.ask(Cause.TERMINATED)
    summary = await running
    assert summary.exit is ExitCode.TERMINATED
    assert RowState.UNCERTAIN not in summary.states


async def test_words_of_an_earlier_sitting_are_not_heard(tmp_path: Path) -> None:
    """A crash leaves both files behind; the next sitting deletes them."""
    desk = Desk(tmp_path, crowd(20)).begin(users(20))
    channel = channel_of(desk)
    channel.say(Word.STOP)
    channel.tell(Standing(Doing.PAUSED))
    summary = await desk.go(QUICK)
    assert summary.exit is ExitCode.FINE
    assert channel.standing() is None
    assert channel.heed() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"word": "dance", "number": "1"}', '{"doing": "dancing"}', "\x00"])
def test_what_is_no_word_is_not_heard(tmp_path: Path, text: str) -> None:
    """Half written, or not by us."""
    (tmp_path / WORD).write_text(text)
    (tmp_path / STANDING).write_text(text)
    channel = Channel(tmp_path)
    assert channel.heed() is None
    assert channel.standing() is None
    assert not (tmp_path / WORD).exists()


def test_both_files_are_for_their_owner_alone_and_a_full_disk_disturbs_no_run(tmp_path: Path) -> None:
    """A folder that is gone takes nothing."""
    channel = Channel(tmp_path)
    channel.say(Word.GO)
    channel.tell(Standing(Doing.RUNNING, where="there"))
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert json.loads((tmp_path / STANDING).read_text())["where"] == "there"
    gone = Steering(Channel(tmp_path / "gone"), Stop(), SystemClock())
    gone.hear(Held(on=True))
    gone.hear(Stopping(Trip(Cause.FAILURES, "too many"), "there"))
    gone.end()


async def canary(desk: Desk, rows: int | None) -> Summary:
    """Carry out so many rows of the run, or what is left."""
    run = desk.run(QUICK)
    shares = [replace(share, canary=rows) for share in run.shares]
    return await carry_out(replace(run, shares=shares), Stop(), [desk.heard.append])


async def test_a_canary_sends_a_few_rows_and_the_rest_is_the_same_run(tmp_path: Path) -> None:
    """Its rows are in the handout at once, and are never sent again."""
    directory = crowd(50)
    desk = Desk(tmp_path, directory).begin(users(50))
    summary = await canary(desk, 5)
    assert summary.exit is ExitCode.BRAKE
    assert summary.states == {RowState.CHANGED: 5, RowState.NOT_TRIED: 45}
    assert summary.trip is not None
    assert summary.trip.cause is Cause.CANARY
    assert len(handed(desk)) == len(directory.log) == 5
    assert desk.journal.facts()["state"] == STOPPED
    assert (await canary(desk, None)).states == {RowState.CHANGED: 50}
    assert len(directory.log) == 50
    assert desk.journal.facts()["state"] == FINISHED


@pytest.mark.parametrize("rows", [3, 4, 500])
async def test_a_canary_of_everything_is_the_whole_run(tmp_path: Path, rows: int) -> None:
    """There is nothing to go on with."""
    desk = Desk(tmp_path, crowd(3)).begin(users(3))
    assert (await canary(desk, rows)).exit is ExitCode.FINE
