"""`keyturn runs watch`: see how far a run is that another process works on."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame, pass_frame

if TYPE_CHECKING:
    from keyturn.bulk.record.folder import RunFolder
    from keyturn.bulk.running.channel import Standing
    from keyturn.bulk.running.events import Event, Listener

LOOKS = 0.25


@click.command("watch")
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@click.option("--once", is_flag=True, help="Tell how far it is now, and end.")
@pass_frame
def watch_run(frame: Frame, run: str, once: bool) -> None:
    """Watch a run that another process works on; Ctrl-C ends the watching, not the run.

    \b
      keyturn runs watch
      keyturn runs watch r7f3k2a --once --json
    """
    from keyturn.bulk.running.channel import Channel
    from keyturn.cli.runs.spoken import told_of, worked_on

    folder = worked_on(frame, run)
    standing = Channel(folder.path).standing()
    if not once:
        _follow(frame, folder, standing)
    elif frame.wants_json:
        frame.json({"run": folder.run, **(told_of(standing) if standing else {"doing": "unknown"})})
    else:
        frame.data(f"run {folder.run}: {_line(standing)}")


def _line(standing: "Standing | None") -> str:
    if standing is None:
        return "begins, asks somebody something, or writes its reports"
    from keyturn.bulk.running.channel import Doing
    from keyturn.cli.desk.watching import slowly

    if standing.doing is Doing.ASKING:
        return "its canary is through, and it waits for an answer:  keyturn runs go  or  keyturn runs stop"
    waits = f", {slowly(standing.slowed)}" if standing.slowed else ""
    doing = f"{standing.doing}, reading back" if standing.reading else standing.doing
    return (
        f"{doing}, {standing.through:,} of {standing.total:,} rows are through, {standing.in_flight:,} in flight{waits}"
    )


def _follow(frame: Frame, folder: "RunFolder", standing: "Standing | None") -> None:
    from keyturn.app.run.machine import Machine
    from keyturn.bulk.running.channel import Channel
    from keyturn.cli.desk.watching import watch
    from keyturn.cli.runs.opened import opened, told_of

    machine, channel = Machine(frame.settings), Channel(folder.path)
    where, total = (standing.where, standing.total) if standing else ("", 0)
    with watch(frame, folder.run, where, total, end="Ctrl-C ends the watching, not the run") as listeners:
        before: Standing | None = None
        while machine.worker(folder.journal):
            now = channel.standing()
            if now is not None and now != before:
                _pass_on(listeners, before, now)
                before = now
            time.sleep(LOOKS)
    with opened(frame, folder) as (journal, facts):
        told = told_of(folder, journal, facts)
    if frame.wants_json:
        frame.json(told)
    else:
        frame.data(f"run {folder.run}: {told['state']}, {told['done']:,} done, {told['left']:,} left")


def _pass_on(listeners: "Sequence[Listener]", before: "Standing | None", now: "Standing") -> None:
    """What is new, as the worker's own screen hears it."""
    from keyturn.bulk.running.breaker import Cause, Trip
    from keyturn.bulk.running.channel import Doing
    from keyturn.bulk.running.events import Held, Stopping

    events: list[Event] = [now.progress()]
    was = before.doing if before is not None else Doing.RUNNING
    if now.doing is not was:
        match now.doing:
            case Doing.STOPPING:
                events.append(Stopping(Trip(Cause.TOLD, now.why)))
            case Doing.RUNNING:
                events.append(Held(on=False))
            case _:
                events.append(Held(on=True, sealed=now.doing in (Doing.PAUSED, Doing.ASKING)))
    for event in events:
        for listener in listeners:
            listener(event)
