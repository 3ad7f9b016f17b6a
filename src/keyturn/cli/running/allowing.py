"""What a run is careful about: whom it skips since they were reset lately, and a few rows before all others."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import click

from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.running.breaker import Cause
from keyturn.bulk.running.channel import Channel, Doing, Standing, Word
from keyturn.bulk.running.events import Event, RowSettled
from keyturn.bulk.running.run import Run, Summary
from keyturn.cli.desk.desk import Desk, work_off
from keyturn.cli.desk.flags import Asked
from keyturn.cli.frame import Frame
from keyturn.cli.words import counted
from keyturn.core.harmless import harmless
from keyturn.core.journal import Row, RowState

MOST_SHOWN = 50


def with_canary(desk: Desk, run: Run, total: int, canary: int | None) -> Summary:
    """Carry a run out; with a canary so many rows of each target first, and the others when somebody says so.

    Where nobody may be asked the run stops after the canary, with its handout sealed: `keyturn resume` is the go.
    """
    if canary is None:
        return work_off(desk, run, total)
    through: list[Row] = []

    def hear(event: Event) -> None:
        if isinstance(event, RowSettled) and event.row.state is not RowState.NOT_TRIED:
            through.append(event.row)

    few = replace(run, shares=[replace(share, canary=canary) for share in run.shares])
    summary = work_off(desk, few, min(total, canary * len(run.shares)), [hear])
    if {trip.cause for _, trip in summary.halts} != {Cause.CANARY}:
        return summary  # nothing is left, or something else stopped it
    _show(desk.frame, through)
    if not _allowed(desk.frame, Asking(Channel(run.folder.path), ",".join(desk.seats), summary)):
        return summary
    return work_off(desk, run, summary.left)


def tell_of_skipping(desk: Desk, plan: Plan, asked: Asked) -> None:
    """Whom the run skips since they were reset lately; a warning for each target that does not tell."""
    if asked.since is None:
        return
    since = asked.since.isoformat(timespec="minutes")
    for name in plan.parts:
        if desk.seats[name].directory.capabilities.tells_password_change:
            desk.frame.say(f"  {name} is asked before each row; who was reset since {since} is skipped")
        else:
            text = f"{name} does not tell when a password was changed: its rows are sent, whoever was reset lately"
            desk.frame.warn(text, code="KT-RUN-035")


def tell_of_trials(desk: Desk, asked: Asked) -> None:
    """A warning for each target where --trial tries nothing."""
    if not asked.trial:
        return
    for name, seat in desk.seats.items():
        if not seat.directory.capabilities.trial:
            desk.frame.warn(f"no password is tried on {name}: rows are read back there, no more", code="KT-RUN-079")


class Asking:
    """The question, as it stands for other terminals, where `runs go` and `runs stop` answer it as well."""

    def __init__(self, channel: Channel, where: str, summary: Summary) -> None:
        total, through = sum(summary.states.values()), sum(summary.states.values()) - summary.left
        states = {str(state): count for state, count in summary.states.items()}
        self.left = summary.left
        self._channel = channel
        self._standing = Standing(Doing.ASKING, where, total=total, through=through, states=states)
        self._tell()

    def heard(self) -> str:
        """What was said elsewhere, as an answer to the question; nothing where it still stands."""
        said = self._channel.heed()
        if said is None:
            return ""
        number, word = said
        self._standing = replace(self._standing, heard=number, doing=_FOLLOWS[word])
        self._tell()
        return {Word.GO: "y", Word.STOP: "n"}.get(word, "")

    def _tell(self) -> None:
        with suppress(OSError):  # a disk that takes nothing disturbs no run
            self._channel.tell(self._standing)


_FOLLOWS = {Word.GO: Doing.RUNNING, Word.STOP: Doing.STOPPING, Word.PAUSE: Doing.ASKING}


def _allowed(frame: Frame, asking: Asking) -> bool:
    if not frame.may_ask:
        return False
    with suppress(click.Abort):  # the keyboard went away: nobody said go
        return frame.confirm(f"Go on with the other {asking.left:,}?", elsewhere=asking.heard)
    return False


def _show(frame: Frame, rows: Sequence[Row]) -> None:
    frame.say(f"the canary is through: {counted(len(rows), 'row')}")
    for row in rows[:MOST_SHOWN]:
        told = row.text or row.reason or (f"password: {row.delivery}" if row.delivery != "none" else "")
        took = f"{row.milliseconds:,} ms" if row.milliseconds is not None else ""
        parts = (f"{row.state:<9}", f"row {row.number:,}", row.target, harmless(row.who), harmless(told), took)
        frame.say(f"  {'  '.join(part for part in parts if part)}")
    if len(rows) > MOST_SHOWN:
        frame.say(f"  and {len(rows) - MOST_SHOWN:,} more: keyturn runs rows")
