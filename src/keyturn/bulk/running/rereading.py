"""Reads a run back that has ended: goes on where an earlier reading was interrupted, and brings the run up to date."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from keyturn.bulk.intake.source import Source
from keyturn.bulk.record.closing import conclude
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.record.facts import FINISHED, KEY, Facts
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.handout import Handout
from keyturn.bulk.record.report import WRITERS, Told, report_path, write_reports
from keyturn.bulk.record.retry import RETRY, keep_retry
from keyturn.bulk.record.veil import veil_of
from keyturn.bulk.running.attending import attended
from keyturn.bulk.running.breaker import EXITS, Trip
from keyturn.bulk.running.channel import Channel, Steering
from keyturn.bulk.running.checking import Trials, read_back
from keyturn.bulk.running.events import Listener, told_to
from keyturn.bulk.running.run import exit_of
from keyturn.bulk.running.sealing import seal
from keyturn.bulk.running.shares import Share
from keyturn.bulk.running.stopping import Stop
from keyturn.bulk.running.verifying import TOLD, Asked, Bench, unproven
from keyturn.core.journal import DONE, Journal, Row, RowState, Verified
from keyturn.core.ports import Clock

STATES: Final[Mapping[str, Sequence[RowState]]] = {
    "uncertain": (RowState.UNCERTAIN,),
    "changed": tuple(sorted(DONE)),
    "all": TOLD,
}
"""Which rows can be asked for, by the word that people say."""

HALF_READ: Final = "half-read"
"""The fact that says how far an interrupted reading is; empty when none is."""


@dataclass(frozen=True, slots=True)
class Rereading:
    """A run that is to be read back.  shares: of the targets that are asked.  outcome: a word of `STATES`.

    again: also rows that were proven before.  trials: try passwords, too.  source: the file of the run, None when it is
    gone; handout: how it is sealed, None when it cannot be, or need not.
    """

    folder: RunFolder
    journal: Journal
    shares: Sequence[Share]
    clock: Clock
    outcome: str = "all"
    again: bool = False
    trials: Trials | None = None
    version: str = ""
    source: Source | None = None
    handout: Handout | None = None

    @property
    def lost(self) -> bool:
        """Whether the handout cannot be brought up to date, since the file of the run is gone; the run stays open."""
        facts = Facts(self.journal.facts())
        return self.source is None and bool(facts[KEY]) and not facts.job.password.known

    @property
    def states(self) -> Sequence[RowState]:
        """The states of the rows that are read."""
        return STATES[self.outcome]

    @property
    def total(self) -> int:
        """How many rows that may be."""
        counts = self.journal.by_target()
        return sum(counts.get(share.target, {}).get(state, 0) for share in self.shares for state in self.states)


@dataclass(frozen=True, slots=True)
class Reread:
    """What came of it.  verdicts and states: of all rows of the run; unread: what was not read to its end, and why.

    need: the rows that need somebody, the first of them.
    """

    exit: ExitCode
    states: Mapping[RowState, int]
    verdicts: Mapping[Verified, int]
    unread: Sequence[tuple[str, Trip]] = ()
    need: Sequence[Row] = ()


MOST_SHOWN: Final = 20
"""Rows that need somebody of which a person is told at once."""


async def reread(reading: Rereading, stop: Stop, listeners: Sequence[Listener] = ()) -> Reread:
    """Read back, write down, and bring exit code, key and reports of the run to what is known now."""
    journal, word = reading.journal, f"{reading.outcome}{' again' if reading.again else ''}"
    begun = half_read(journal, word)
    asked = [
        Asked(
            reading.states,
            (lambda _: True) if reading.again else unproven,
            begun.get(share.target, 0),
            partial(_mark, journal, word, share.target),
        )
        for share in reading.shares
    ]

    where, veil = ",".join(share.target for share in reading.shares), veil_of(Facts(journal.facts()))
    steering = Steering(Channel(reading.folder.path), stop, reading.clock, where, veil)
    tell = told_to([steering.hear, *listeners])
    bench = Bench(journal, reading.clock, tell)
    try:
        async with attended(steering, stop, tell, lambda: seal(reading.handout, journal)):
            unread = await read_back(bench, reading.shares, reading.folder, stop, asked=asked, trials=reading.trials)
    finally:
        steering.end()
    if not unread:
        journal.note({HALF_READ: ""})
    seal(reading.handout, journal)  # what was uncertain may be known now, and is marked in it
    states, verdicts = journal.counts(), journal.verdicts()
    code = exit_of(states, verdicts)
    _leave(reading, states, verdicts, code)
    need = _need(reading)
    return Reread(EXITS[unread[0][1].cause] if unread else code, states, verdicts, unread, need)


def half_read(journal: Journal, word: str) -> Mapping[str, int]:
    """How far an interrupted reading of the very same rows is, by target."""
    half = json.loads(journal.facts().get(HALF_READ) or "{}")
    return half["after"] if half.get("which") == word else {}


def _mark(journal: Journal, word: str, target: str, number: int) -> None:
    after = {**half_read(journal, word), target: number}
    journal.note({HALF_READ: json.dumps({"which": word, "after": after}, ensure_ascii=False)})


def _leave(
    reading: Rereading, states: Mapping[RowState, int], verdicts: Mapping[Verified, int], code: ExitCode
) -> None:
    """A run that had come to its end ends as is known now; one that can be resumed is left to that."""
    journal = reading.journal
    facts = Facts(journal.facts())
    if facts["state"] == FINISHED:
        ended = {"exit": str(int(code))}
        if reading.lost:
            journal.note(ended)
        else:
            conclude(reading.folder, journal, ended)
    if reading.source is not None and (reading.folder.path / RETRY).exists():
        keep_retry(journal, reading.source, facts.job, reading.folder, reading.folder.path)
    kinds = [kind for kind in WRITERS if report_path(reading.folder.path, kind).exists()]
    exit_code = int(code) if facts["state"] == FINISHED else int(facts["exit"] or 0)
    told = Told(
        reading.folder.run, facts, states, journal.reasons(), exit_code, reading.version, veil_of(facts), verdicts
    )
    write_reports(journal, told, reading.folder.path, kinds)


def _need(reading: Rereading) -> Sequence[Row]:
    found = []
    for row in reading.journal.rows(TOLD):
        if row.verified is Verified.NO or row.state is RowState.UNCERTAIN:
            found.append(row)
            if len(found) == MOST_SHOWN:
                break
    return found
