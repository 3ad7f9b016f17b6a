"""How another terminal speaks with the process that works on a run: two small files in the run's folder.

The journal is held by whoever works on the run, so nobody else can read there how far it is.  The worker writes that
into one file, a few times a second, and looks for a word to it in the other.  Only the owner of the folder can read or
write either; what a crash leaves behind is deleted by the next sitting and believed by nobody, since a run that is
worked on is known by its lock.
"""

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum, unique
from pathlib import Path
from typing import Any, Final

from keyturn.bulk.record.veil import OPEN, Veil
from keyturn.bulk.running.breaker import Cause
from keyturn.bulk.running.events import Event, Held, Paused, Progress, ReadingBack, RowSettled, RowVerified, Stopping
from keyturn.bulk.running.pacing import Slowed, Why
from keyturn.bulk.running.stopping import Stop
from keyturn.core.journal import RowState
from keyturn.core.ports import Clock

WORD: Final = "word.json"
STANDING: Final = "standing.json"
BETWEEN: Final = 0.5
"""Seconds between two writings of how far a run is."""

LONGEST: Final = 64 * 1024


@unique
class Word(StrEnum):
    """What may be said to a run."""

    STOP = "stop"
    PAUSE = "pause"
    GO = "go"


@unique
class Doing(StrEnum):
    """What a run is doing.  Paused: nothing is in flight any more, and the handout is as it stands now.

    Asking: its canary is through, and it waits for a go.
    """

    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"
    ASKING = "asking"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run is, as its worker tells.  where: its targets; why: it stops; problem: the last row that needs
    somebody; heard: the last word that was taken, by its number; reading: rows are read, none is sent."""

    doing: Doing
    where: str = ""
    why: str = ""
    total: int = 0
    through: int = 0
    rate: float = 0.0
    left: float | None = None
    retries: int = 0
    in_flight: int = 0
    states: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""
    heard: str = ""
    slowed: Slowed | None = None
    median: int | None = None
    slowest: int | None = None
    reading: bool = False

    def progress(self) -> Progress:
        """The same as an event."""
        states = {RowState(name): count for name, count in self.states.items()}
        return Progress(
            self.total, self.through, self.rate, self.left, self.retries, self.in_flight, states, self.slowed,
            self.median, self.slowest,
        )  # fmt: skip


class Channel:
    """The two files."""

    def __init__(self, folder: Path) -> None:
        self._word = folder / WORD
        self._standing = folder / STANDING

    def say(self, word: Word) -> str:
        """Leave a word for the worker; answers the number by which it will tell that it was heard."""
        number = secrets.token_hex(8)
        _put(self._word, {"word": word, "number": number})
        return number

    def standing(self) -> Standing | None:
        """How far the run is; None when nobody tells."""
        told = _get(self._standing)
        try:
            slowed = told.get("slowed")
            slowed = Slowed(**{**slowed, "why": Why(slowed["why"])}) if slowed else None
            return Standing(**{**told, "doing": Doing(told["doing"]), "slowed": slowed}) if told else None
        except (KeyError, TypeError, ValueError):
            return None

    def heed(self) -> tuple[str, Word] | None:
        """For the worker: the word that was left, with its number; it is taken away."""
        if not self._word.exists():
            return None
        told = _get(self._word)
        self._word.unlink(missing_ok=True)
        with suppress(KeyError, ValueError):
            return str(told["number"]), Word(told["word"])
        return None

    def tell(self, standing: Standing) -> None:
        """For the worker: write down how far it is."""
        _put(self._standing, asdict(standing))

    def clear(self) -> None:
        """For the worker: nothing of an earlier sitting counts, and nothing of this one once it has ended."""
        for path in (self._word, self._standing):
            path.unlink(missing_ok=True)


class Steering:
    """Listens to a run, tells others how far it is and does as they say.  A disk that takes nothing disturbs no run."""

    def __init__(self, channel: Channel, stop: Stop, clock: Clock, where: str = "", veil: Veil = OPEN) -> None:
        self._channel = channel
        self._stop = stop
        self._clock = clock
        self._veil = veil
        self._standing = Standing(Doing.RUNNING, where)
        self._next = float("-inf")
        self._read: dict[str, ReadingBack] = {}
        with suppress(OSError):
            channel.clear()

    def hear(self, event: Event) -> None:
        """Take an event in; looks for a word at each progress."""
        with suppress(OSError):
            self._hear(event)

    def look(self) -> None:
        """Do as another terminal says, and tell how far it is."""
        with suppress(OSError):
            self._look()

    def end(self) -> None:
        """The sitting is over."""
        with suppress(OSError):
            self._channel.clear()

    def _hear(self, event: Event) -> None:
        match event:
            case Progress():
                self._progress(event)
                self._look()
            case ReadingBack():
                self._read[event.target] = event
                self._standing = replace(
                    self._standing,
                    reading=True,
                    through=sum(each.through for each in self._read.values()),
                    total=sum(each.total for each in self._read.values()),
                )
            case RowSettled(row=row):
                if row.state in (RowState.FAILED, RowState.UNCERTAIN):
                    shown = self._veil.row(row)
                    problem = f"row {shown.number:,} {shown.who}: {shown.text or shown.reason}"
                    self._standing = replace(self._standing, problem=problem)
            case Held():
                self._tell(replace(self._standing, doing=_doing(event)))
            case Stopping():
                if not event.target:
                    self._tell(replace(self._standing, doing=Doing.STOPPING, why=event.trip.text))
            case Paused() | RowVerified():
                pass  # the wait stands in the progress, and how far the reading is as well

    def _progress(self, event: Progress) -> None:
        self._read.clear()
        states = {str(state): count for state, count in event.states.items()}
        figures = {**asdict(event), "states": states, "slowed": event.slowed}
        self._standing = replace(self._standing, reading=False, **figures)

    def _look(self) -> None:
        said = self._channel.heed()
        if said is not None:
            heard, word = said
            self._standing = replace(self._standing, heard=heard)
            self._obey(word)
        now = self._clock.monotonic()
        if now >= self._next or said is not None:
            self._next = now + BETWEEN
            self._tell(self._standing)

    def _obey(self, word: Word) -> None:
        match word:
            case Word.STOP:
                self._stop.ask(Cause.TOLD)
            case Word.PAUSE:
                self._stop.hold()
            case _:
                self._stop.let_go()

    def _tell(self, standing: Standing) -> None:
        self._standing = standing
        self._channel.tell(standing)


def _doing(event: Held) -> Doing:
    if not event.on:
        return Doing.RUNNING
    return Doing.PAUSED if event.sealed else Doing.PAUSING


def _put(path: Path, value: Mapping[str, object]) -> None:
    """Replace a file as a whole; not flushed to the disk, since it means nothing after a crash."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(value, file)
    fresh.replace(path)


def _get(path: Path) -> Mapping[str, Any]:
    """What such a file holds; empty for one that is not there or cannot be read."""
    try:
        with path.open(encoding="utf-8") as file:
            found = json.loads(file.read(LONGEST))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
