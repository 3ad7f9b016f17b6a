"""Carries out a confirmed run, or what is left of it, and leaves everything behind that people need afterwards."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from keyturn.bulk.intake.source import Source
from keyturn.bulk.job import Job
from keyturn.bulk.ports import HandoutSealer, RunKeys
from keyturn.bulk.record.closing import conclude
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.record.facts import FINISHED, RUNNING, STOPPED, Facts
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.handout import Handout
from keyturn.bulk.record.report import Told, write_reports
from keyturn.bulk.record.retry import keep_retry
from keyturn.bulk.record.veil import OPEN, veil_of
from keyturn.bulk.running.attending import attended
from keyturn.bulk.running.breaker import EXITS, Trip
from keyturn.bulk.running.channel import Channel, Steering
from keyturn.bulk.running.checking import Trials, look_before, read_back
from keyturn.bulk.running.events import Listener, told_to
from keyturn.bulk.running.sealing import handout_of, seal
from keyturn.bulk.running.shares import Share
from keyturn.bulk.running.sitting import Sitting, Work
from keyturn.bulk.running.states import to_send
from keyturn.bulk.running.stopping import Stop
from keyturn.bulk.running.vault import Vault
from keyturn.bulk.running.verifying import Bench
from keyturn.core.errors import KeyturnError
from keyturn.core.journal import DONE, Journal, RowState, Verified
from keyturn.core.ports import Clock


@dataclass(frozen=True, slots=True)
class Checking:
    """Whether rows are read back once they were sent.  trial: and their passwords tried, where the target can."""

    wanted: bool = False
    trial: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A run with everything it needs.  shares: one a target.  reports: which kinds to write, and where.

    local: this very machine can open its handout.
    """

    folder: RunFolder
    journal: Journal
    shares: Sequence[Share]
    source: Source
    job: Job
    keys: RunKeys
    sealer: HandoutSealer
    clock: Clock
    local: bool = False
    reports: Sequence[str] = ("html", "csv", "jsonl")
    report_dir: Path | None = None
    version: str = ""
    check: Checking = field(default_factory=Checking)


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of it.  states: of all rows; targets: the same by target, under an empty name what goes nowhere;
    deliveries: what became of the passwords of done rows; handouts: none when no password needs one.

    verdicts: what reading back told of done and uncertain rows; unread: which targets could not be read back, and why.

    sent: how many rows got through in this sitting; halts: what stopped early and why, by target, or under an empty
    name the whole run.
    """

    run: str
    exit: ExitCode
    states: Mapping[RowState, int]
    reasons: Sequence[tuple[RowState, str, int]]
    sent: int = 0
    retries: int = 0
    seconds: float = 0.0
    halts: Sequence[tuple[str, Trip]] = ()
    reports: Sequence[Path] = ()
    retry: Path | None = None
    handouts: Sequence[Path] = ()
    handed: int = 0
    local: bool = False
    deliveries: Mapping[str, int] = field(default_factory=dict)
    targets: Mapping[str, Mapping[RowState, int]] = field(default_factory=dict)
    verdicts: Mapping[Verified, int] = field(default_factory=dict)
    unread: Sequence[tuple[str, Trip]] = ()

    @property
    def trip(self) -> Trip | None:
        """Why it stopped early: what the exit code speaks of."""
        return self.halts[0][1] if self.halts else None

    @property
    def done(self) -> int:
        """Rows known to be good."""
        return sum(self.states.get(state, 0) for state in DONE)

    @property
    def left(self) -> int:
        """Rows that a resume would send."""
        return self.states.get(RowState.NOT_TRIED, 0) + self.states.get(RowState.SENT, 0)


async def carry_out(run: Run, stop: Stop, listeners: Sequence[Listener] = ()) -> Summary:
    """Send what is left, write handout, reports and retry file, and say how it ended.

    Raises StoreError when the journal cannot be written: then nothing more was sent.
    """

    where, veil = ",".join(share.target for share in run.shares), veil_of(Facts(run.journal.facts()))
    steering = Steering(Channel(run.folder.path), stop, run.clock, where, veil)
    tell = told_to([steering.hear, *listeners])
    began = run.clock.monotonic()
    vault = Vault(run.folder.vault, run.keys)
    handout = _handout_of(run)
    run.journal.note({"state": RUNNING, "started": run.clock.now().isoformat()})
    work = Work(run.folder.run, run.journal, run.shares, run.source, run.keys, vault, run.clock)
    bench = Bench(run.journal, run.clock, tell)

    def pause() -> int:
        return seal(handout, run.journal)

    try:
        if run.check.wanted:
            async with attended(steering, stop, tell):
                await look_before(bench, run.shares, run.folder, stop)
        sitting = Sitting(work, stop, tell, pause=pause)
        try:
            await sitting.run()
        except KeyturnError:
            with suppress(OSError):  # what stopped us comes first; the next sitting seals again
                pause()
            raise
        finally:
            sitting.ledger.close()
        halts, unread = sitting.halts(), list[tuple[str, Trip]]()
        if run.check.wanted and not stop.asked:
            pause()  # first: a reading may take as long as the run
            trials = Trials(run.folder.run, run.keys, run.source) if run.check.trial else None
            async with attended(steering, stop, tell, pause):
                unread += await read_back(bench, run.shares, run.folder, stop, trials=trials)
    finally:
        steering.end()
    seconds = run.clock.monotonic() - began
    outlay = Outlay(sitting.progress().through, sitting.figures.retries, seconds, unread)
    return wind_up(run, halts, outlay)


@dataclass(frozen=True, slots=True)
class Outlay:
    """What a sitting took.  unread: which targets could not be read back, and why."""

    sent: int = 0
    retries: int = 0
    seconds: float = 0.0
    unread: Sequence[tuple[str, Trip]] = ()


def wind_up(run: Run, halts: Sequence[tuple[str, Trip]], outlay: Outlay) -> Summary:
    """Write down how the run stands, and everything that is made from its journal."""
    states, targets = run.journal.counts(), _by_target(run.journal, [share.target for share in run.shares])
    left = any(targets.get(share.target, {}).get(state) for share in run.shares for state in share.open)
    if not left:  # what only stops was through before it could
        halts = [(target, trip) for target, trip in halts if EXITS[trip.cause] < ExitCode.INTERRUPTED]
    verdicts = run.journal.verdicts()
    code = EXITS[halts[0][1].cause] if halts else exit_of(states, verdicts)
    if code is ExitCode.FINE and outlay.unread:  # a reading was asked for, and nobody knows what it would have told
        code = EXITS[outlay.unread[0][1].cause]
    spent = float(Facts(run.journal.facts())["seconds"] or 0) + outlay.seconds
    run.journal.note({"ended": run.clock.now().isoformat(), "seconds": f"{spent:.3f}"})
    handed = seal(_handout_of(run), run.journal)
    facts = Facts(run.journal.facts())
    veil, reasons = veil_of(facts), run.journal.reasons()
    told = Told(run.folder.run, facts, states, reasons, int(code), run.version, veil, verdicts)
    where = run.report_dir or run.folder.path
    reports = write_reports(run.journal, told, where, run.reports)
    # It names users, so where reports do not it stays in the folder of the run.
    retry = keep_retry(run.journal, run.source, run.job, run.folder, where if veil == OPEN else run.folder.path)
    # Said last: a run counts as finished only when everything that people need of it is there.
    state = STOPPED if halts and left else FINISHED
    conclude(run.folder, run.journal, {"state": state, "exit": str(int(code))})
    return Summary(
        run.folder.run,
        code,
        states,
        told.reasons,
        outlay.sent,
        outlay.retries,
        outlay.seconds,
        halts,
        reports,
        retry,
        run.folder.handouts() if handed else (),
        handed,
        run.local,
        run.journal.deliveries(),
        targets,
        verdicts,
        outlay.unread,
    )


def recall(folder: RunFolder, journal: Journal) -> Summary | None:
    """The end of a run that is finished, as it was; None when rows are left that may be sent."""
    facts = Facts(journal.facts())
    states = journal.counts()
    if facts["state"] != FINISHED or any(states.get(state) for state in to_send(facts.job.ours)):
        return None
    code = ExitCode(int(facts["exit"]))
    reasons, deliveries = journal.reasons(), journal.deliveries()
    targets = _by_target(journal, [pin.name for pin in facts.pins])
    return Summary(
        folder.run, code, states, reasons, handouts=folder.handouts(), deliveries=deliveries, targets=targets,
        verdicts=journal.verdicts(),
    )  # fmt: skip


def _by_target(journal: Journal, names: Sequence[str]) -> Mapping[str, Mapping[RowState, int]]:
    """How the rows of each target stand; those that go nowhere are under an empty name."""
    found = {name: Counter[RowState]() for name in names}
    for name, counts in journal.by_target().items():
        found.setdefault(name if name in names else "", Counter()).update(counts)
    return found


def exit_of(states: Mapping[RowState, int], verdicts: Mapping[Verified, int] | None = None) -> ExitCode:
    """How a run that came to its end ends: green only when every row is known good, and none is spoken against."""
    against = verdicts is not None and verdicts.get(Verified.NO)
    if states.get(RowState.UNCERTAIN) or states.get(RowState.SENT) or against:
        return ExitCode.UNCERTAIN
    if states.get(RowState.FAILED) or states.get(RowState.NOT_TRIED):
        return ExitCode.FAILURES
    return ExitCode.FINE


def _handout_of(run: Run) -> Handout | None:
    return handout_of(run.folder, Facts(run.journal.facts()), run.keys, run.source, run.sealer)
