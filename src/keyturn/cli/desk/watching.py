"""Shows a run while it goes: a bar on a terminal, a line now and then in a log, one object a line for machines."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from keyturn.bulk.record.report import outcomes, row_event, verified_event
from keyturn.bulk.record.veil import OPEN, Veil
from keyturn.bulk.running.events import (
    Event,
    Held,
    Listener,
    Paused,
    Progress,
    ReadingBack,
    RowSettled,
    RowVerified,
    Stopping,
)
from keyturn.bulk.running.pacing import Slowed, Why
from keyturn.cli.frame import Frame, Output
from keyturn.core.harmless import harmless
from keyturn.core.journal import DONE, Row, RowState

if TYPE_CHECKING:
    from rich.console import Console

EVERY = 10.0
MOST_PROBLEMS = 1.0
WORTH_SAYING = 1.0
"""Seconds of a common wait that people are told of; shorter ones show in the rate."""


@contextmanager
def watch(
    frame: Frame,
    run: str,
    target: str,
    total: int,
    *,
    title: str = "",
    end: str = "Ctrl-C stops cleanly",
    veil: Veil = OPEN,
) -> Iterator[Sequence[Listener]]:
    """The listeners that fit the way this command speaks.

    title: what is going on, for a person to read above the bar; end: what the keyboard is good for meanwhile.
    veil: what stands in place of ids for machines.
    """
    if frame.output is Output.JSONL:
        yield [Lines(frame, run, veil).hear]
    elif frame.output is Output.RICH and not frame.accessible and frame.loud >= 0:
        with bar(frame, f"{title or target}   run {run}   {end}", total, target) as listener:
            yield [listener]
    else:
        yield [Heartbeat(frame, run, target).hear]


class Lines:
    """For machines: a line for each row as soon as it counts, progress at most once a second."""

    def __init__(self, frame: Frame, run: str, veil: Veil = OPEN) -> None:
        self._frame = frame
        self._run = run
        self._veil = veil
        self._next = 0.0

    def hear(self, event: Event) -> None:
        """Print it."""
        match event:
            case RowSettled(row=row):
                if row.state is not RowState.NOT_TRIED:
                    self._frame.json(row_event(self._run, self._veil.row(row)))
            case RowVerified(row=row):
                self._frame.json(verified_event(self._run, self._veil.row(row)))
            case Progress():
                self._now_and_then("progress", _figures(event))
            case ReadingBack():
                self._now_and_then("reading", _how_far(event))
            case Paused(seconds=seconds, target=target):
                told = {"target": target, "reason": "retry-after", "seconds": round(seconds, 3)}
                self._frame.json({"v": 1, "type": "pause", "run": self._run, **told})
            case Held():
                told = {"target": "", "reason": "asked" if event.on else "over", "sealed": event.sealed}
                self._frame.json({"v": 1, "type": "pause", "run": self._run, **told})
            case Stopping():
                told = {"target": event.target, "reason": str(event.trip.cause), "text": event.trip.text}
                self._frame.json({"v": 1, "type": "stop", "run": self._run, **told})

    def _now_and_then(self, kind: str, figures: dict[str, object]) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 1.0
            self._frame.json({"v": 1, "type": kind, "run": self._run, **figures})


class Heartbeat:
    """For logs: a line every ten seconds and every ten percent, so that a long run never looks dead."""

    def __init__(self, frame: Frame, run: str, target: str) -> None:
        self._frame = frame
        self._head = f"run={run} target={target}"
        self._next = time.monotonic() + EVERY
        self._tenth = 0

    def hear(self, event: Event) -> None:
        """Print what is due."""
        match event:
            case Progress():
                self._beat(event)
            case Paused(seconds=seconds):
                if seconds >= WORTH_SAYING:
                    self._say(_waiting(event))
            case Held():
                self._say(_held(event))
            case Stopping():
                self._say(_stopping(event))
            case ReadingBack():
                now = time.monotonic()
                if now >= self._next:
                    self._next = now + EVERY
                    self._say(_reading(event))
            case RowSettled() | RowVerified():
                pass  # single rows are in the report

    def _beat(self, event: Progress) -> None:
        if not event.total:
            return
        tenth = event.through * 10 // event.total
        now = time.monotonic()
        if tenth <= self._tenth and now < self._next:
            return
        self._tenth, self._next = max(tenth, self._tenth), now + EVERY
        if self._frame.accessible:
            failed = event.states.get(RowState.FAILED, 0)
            self._frame.say(f"{tenth * 10} percent. {event.through:,} of {event.total:,}. {failed:,} failed.")
        else:
            self._say(_line(event))

    def _say(self, text: str) -> None:
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._frame.say(f"{stamp} {self._head} {text}")


@contextmanager
def bar(frame: Frame, title: str, total: int, target: str) -> Iterator[Callable[[Event], None]]:
    """For terminals: four lines that are redrawn at most four times a second, and the title of the window."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Drawing

    console = Console(stderr=True, no_color=frame.color is False, highlight=False)
    columns: tuple[Any, ...] = (BarColumn(bar_width=40), TextColumn("{task.description}"))
    console.print(title, markup=False)
    with _window(console) as head, Drawing(*columns, console=console, refresh_per_second=4) as drawing:
        task = drawing.add_task("", total=max(total, 1))
        last = 0.0

        def hear(event: Event) -> None:
            nonlocal last
            match event:
                case Progress():
                    drawing.update(task, completed=event.through, total=max(event.total, 1), description=_words(event))
                    head(f"{_share(event):.0%} keyturn {target}")
                case RowSettled(row=row):
                    now = time.monotonic()
                    if row.state in (RowState.FAILED, RowState.UNCERTAIN) and now - last >= MOST_PROBLEMS:
                        last = now
                        drawing.console.print(problem(row), markup=False)
                case ReadingBack():
                    drawing.update(
                        task, completed=event.through, total=max(event.total, 1), description=_reading(event)
                    )
                case Paused(seconds=seconds):
                    if seconds >= WORTH_SAYING:
                        drawing.console.print(_waiting(event), markup=False)
                case Held():
                    drawing.console.print(_held(event), markup=False)
                case Stopping():
                    drawing.console.print(_stopping(event), markup=False)
                case _:
                    pass  # what was read back is in the report

        yield hear


@contextmanager
def _window(console: "Console") -> Iterator[Callable[[str], None]]:
    """The title of the terminal's window, put back as it was in the end where the terminal can do that."""
    shown = ""

    def head(text: str) -> None:
        nonlocal shown
        if text != shown:
            shown = text
            console.set_window_title(harmless(text))

    put = console.file.write if console.is_terminal and not console.legacy_windows else len
    put("\x1b[22;0t")
    try:
        yield head
    finally:
        put("\x1b[23;0t")


def _share(event: Progress) -> float:
    return event.through / event.total if event.total else 1.0


def _reading(event: ReadingBack) -> str:
    what = "looked at" if event.before else "read back"
    return f"{what} {event.through:,}/{event.total:,} on {event.target}"


def _how_far(event: ReadingBack) -> dict[str, object]:
    return {"target": event.target, "done": event.through, "total": event.total, "before": event.before}


def _waiting(event: Paused) -> str:
    return f"waiting {event.seconds:.0f} s: {event.target or 'the server'} asked us to slow down"


def _held(event: Held) -> str:
    if not event.on:
        return "going on"
    return "paused: everything came back, the handout is sealed" if event.sealed else "pausing: no more rows leave"


def slowly(slowed: Slowed) -> str:
    """Why it goes no quicker."""
    match slowed.why:
        case Why.ASKED:
            return f"waiting {slowed.seconds:.0f} s: the server asked us to slow down"
        case Why.USED_UP:
            return f"waiting {slowed.seconds:.0f} s: the server's limit of {slowed.limit} is used up"
        case _:
            return f"at the limit {slowed.limit}"


def _stopping(event: Stopping) -> str:
    return f"stopping{' ' if event.target else ''}{event.target}: {event.trip.text}"


def problem(row: Row) -> str:
    """A row that needs somebody, in one line."""
    return harmless(f"{row.state}  row {row.number:,} {row.who}: {row.text or row.reason}")


def _words(event: Progress) -> str:
    left = f"  about {_duration(event.left)} left" if event.left else ""
    waiting = event.slowed is not None and event.slowed.why is not Why.RATE
    held = f"  {slowly(event.slowed)}" if event.slowed else ""
    rate = f"{event.rate:,.1f} rows/s{held}{'' if waiting else left}"
    return (
        f"{event.through:,}/{event.total:,}  {_share(event):.0%}  {rate}\n"
        f"done {_done(event):,}  failed {event.states.get(RowState.FAILED, 0):,}"
        f"  uncertain {event.states.get(RowState.UNCERTAIN, 0):,}  retries {event.retries:,}\n"
        f"in flight {event.in_flight}{_times(event)}"
    )


def _times(event: Progress) -> str:
    """How long answers take."""
    if event.median is None or event.slowest is None:
        return ""
    return f", median {_took(event.median)}, slowest {_took(event.slowest)}"


def _took(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _line(event: Progress) -> str:
    share = event.through * 100 // event.total
    eta = f" eta={_duration(event.left)}" if event.left else ""
    waiting = ""
    if event.slowed is not None:
        waiting = f" limit={event.slowed.limit}" if event.slowed.limit else ""
        waiting += f" waiting={event.slowed.seconds:.0f}s" if event.slowed.why is not Why.RATE else ""
    return (
        f"{event.through}/{event.total} {share}% {event.rate:.1f}/s{eta}{waiting} ok={_done(event)}"
        f" failed={event.states.get(RowState.FAILED, 0)} uncertain={event.states.get(RowState.UNCERTAIN, 0)}"
        f" retries={event.retries}"
    )


def _figures(event: Progress) -> dict[str, object]:
    slowed = event.slowed
    told = {"reason": str(slowed.why), "limit": slowed.limit, "seconds": round(slowed.seconds, 3)} if slowed else None
    left = round(event.left) if event.left is not None else None
    return {
        "done": event.through,
        "total": event.total,
        "rate": round(event.rate, 1),
        "eta_s": left,
        "outcomes": outcomes(event.states),
        "retries": event.retries,
        "slowed": told,
        "median_ms": event.median,
        "slowest_ms": event.slowest,
    }


def _done(event: Progress) -> int:
    return sum(event.states.get(state, 0) for state in DONE)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"
