"""The way of `runs verify`: find the run, connect its targets, read its rows back, tell."""

from contextlib import closing
from dataclasses import replace

from keyturn import __version__
from keyturn.app.run.machine import Machine
from keyturn.bulk.intake.source import Source
from keyturn.bulk.record.again import read_again
from keyturn.bulk.record.facts import FLAGS, KEY, PLANNING, Facts
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.report import outcomes, verdicts
from keyturn.bulk.record.same import SAME, opened
from keyturn.bulk.running.checking import Trials
from keyturn.bulk.running.rereading import MOST_SHOWN, Reread, Rereading, reread
from keyturn.bulk.running.sealing import handout_of
from keyturn.bulk.running.shares import Share
from keyturn.cli.desk.desk import Desk, desk_for, speeds_of, stoppable
from keyturn.cli.desk.flags import Asked
from keyturn.cli.desk.watching import watch
from keyturn.cli.desk.whereto import Wanted
from keyturn.cli.frame import Frame
from keyturn.cli.running.allowing import tell_of_trials
from keyturn.cli.runs.opened import chosen
from keyturn.core.errors import ConfigError, RunError, SourceError, StoreError
from keyturn.core.harmless import harmless
from keyturn.core.journal import RowState, Verified


def verify_run(frame: Frame, run: str, asked: Asked, outcome: str, target: str, *, again: bool) -> int:
    """Read a run back; the exit code of the command."""
    frame.progress = "Nothing was changed on any target."
    machine = Machine(frame.settings)
    folder = chosen(frame, run)
    with closing(machine.journal(folder.journal)) as journal:
        facts = Facts(journal.facts())
        asked = asked.with_flags(facts[FLAGS])
        with desk_for(frame, Wanted(read_targets(facts, folder, target), facts["default"]), asked) as desk:
            tell_of_trials(desk, asked)
            shares = shares_of(desk, facts, asked)
            source = _source(desk, folder, facts)
            trials = _trials(desk, folder, facts, source) if asked.trial else None
            handout = None
            if facts[KEY] and source is not None:
                handout = handout_of(folder, facts, machine.keys(facts[KEY]), source, machine.sealer())
            reading = Rereading(
                folder, journal, shares, machine.clock(), outcome, again, trials, __version__, source, handout
            )
            with desk.machine.holding(*desk.seats) as holding:
                holding.name(folder.run)
                told = _watched(desk, reading)
    _say(frame, folder.run, told)
    return int(told.exit)


def read_targets(facts: Facts, folder: RunFolder, target: str) -> tuple[str, ...]:
    """The targets to read.  Raises RunError for a run that never began, ConfigError for one that it does not have."""
    if facts["state"] in ("", PLANNING):
        what, fix = f"run {folder.run} never began, so there is nothing to read back", "begin anew with its file"
        raise RunError(what, code="KT-RUN-001", where=str(folder.path), fix=fix)
    names = tuple(pin.name for pin in facts.pins)
    if target and target not in names:
        what = f"run {folder.run} has no rows for {target}"
        raise ConfigError(what, code="KT-CFG-003", where=", ".join(names), fix="one of these, or leave -t away")
    return (target,) if target else names


def shares_of(desk: Desk, facts: Facts, asked: Asked) -> list[Share]:
    """What the targets that are read have of the run."""
    job = facts.job
    if facts[SAME] and facts[KEY]:
        job = opened(job, facts.values, desk.machine.keys(facts[KEY]))
    speeds = speeds_of(desk, asked)
    return [
        desk.share(pin.name, replace(job, rendering=pin.rendering), speeds[pin.name])
        for pin in facts.pins
        if pin.name in desk.seats
    ]


def _source(desk: Desk, folder: RunFolder, facts: Facts) -> Source | None:
    """The file of a run that is open; None for one that is closed, and where the file is gone or another one."""
    if not facts[KEY]:
        return None
    try:
        return read_again(facts, folder, desk.machine.keys)
    except (SourceError, StoreError) as error:
        handed = "" if facts.job.password.known else "; the handout stays as it was sealed, and the run stays open"
        desk.frame.warn(f"{error.what}{handed}", code="KT-RUN-042")
        return None


def _trials(desk: Desk, folder: RunFolder, facts: Facts, source: Source | None) -> Trials:
    """What knows the passwords.  Raises RunError when the key of the run is gone, or its file is another one."""
    if not facts[KEY]:
        why = "once every row has its outcome, passwords are to be had from the handout alone"
        fix = "leave --trial away; or say --verify --trial when the run is made"
        raise RunError("the key of this run was deleted", code="KT-RUN-003", why=why, fix=fix)
    keys = desk.machine.keys
    return Trials(folder.run, keys(facts[KEY]), source or read_again(facts, folder, keys))


def _watched(desk: Desk, reading: Rereading) -> Reread:
    title = f"reading back from {desk.label}{'  PRODUCTION' if desk.production else ''}"
    run, names = reading.folder.run, ",".join(desk.seats)
    with watch(desk.frame, run, names, reading.total, title=title) as listeners:
        return desk.wait_for(stoppable(lambda stop: reread(reading, stop, listeners)))


def _say(frame: Frame, run: str, told: Reread) -> None:
    found = verdicts(told.verdicts)
    left = told.verdicts.get(Verified.NOT_ASKED, 0)
    if frame.wants_json:
        unread = [{"target": name, "cause": str(trip.cause), "text": trip.text} for name, trip in told.unread]
        frame.json(
            {
                "v": 1, "type": "verification", "run": run, "exit": int(told.exit), "verified": found, "not_read": left,
                "outcomes": outcomes(told.states), "unread": unread,
                "need": [{"row": row.number, "target": row.target, "user": row.who, "outcome": str(row.state),
                          "verified": str(row.verified), "proof": row.proof} for row in told.need],
            }
        )  # fmt: skip
        return
    words = [f"{count:,} {word}" for word, count in found.items()] + ([f"{left:,} not read"] if left else [])
    frame.data(f"{', '.join(words) or 'no rows to read back'}.   exit {int(told.exit)}")
    for row in told.need:
        what = f"{row.state}, {row.verified or 'not read'}: {row.proof}".rstrip(": ")
        frame.data(f"  row {row.number:,} {harmless(row.who)}  {harmless(what)}")
    if len(told.need) == MOST_SHOWN:
        frame.say(f"      more:  keyturn runs rows {run} --verified no")
    for name, trip in told.unread:
        frame.warn(f"{name} could not be read back to the end: {trip.text}", code="KT-RUN-040")
    if told.verdicts.get(Verified.NO) and not told.verdicts.get(Verified.YES):
        frame.warn("no row shows that it was changed: sign in once by hand before you trust either", code="KT-RUN-041")
    if told.unread:
        frame.say(f"Next:  keyturn runs verify {run}")
    elif told.states.get(RowState.UNCERTAIN):
        frame.say(f"Next:  keyturn resume {run}")
