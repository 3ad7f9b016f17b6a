"""The way of `resume`: find the run, hold it against what was confirmed, carry out what is left."""

from contextlib import closing
from dataclasses import replace
from functools import partial

from keyturn.app.run.machine import Machine, rules_of
from keyturn.bulk.intake.columns import TARGET
from keyturn.bulk.planning.plan import Destination, Plan, make_plan
from keyturn.bulk.record.again import read_again
from keyturn.bulk.record.facts import (
    FINISHED,
    FLAGS,
    KEY,
    PLANNING,
    RECORDED,
    Facts,
    Now,
    Pin,
    changed,
    same_targets,
    targets_of,
)
from keyturn.bulk.record.folder import NeverBegan, RunFolder, find_run, run_folders
from keyturn.bulk.record.same import SAME, opened
from keyturn.bulk.record.veil import REDACT, REDACTION, new_key
from keyturn.bulk.running.run import Summary, recall
from keyturn.cli.desk.confirming import confirm
from keyturn.cli.desk.desk import Desk, Probes, desk_for, halted, speeds_of, work_off
from keyturn.cli.desk.ending import Ending
from keyturn.cli.desk.flags import Asked
from keyturn.cli.desk.whereto import Wanted
from keyturn.cli.frame import Frame
from keyturn.cli.running.begun import reports_of, run_of, under_way
from keyturn.cli.running.rebasing import rebase
from keyturn.cli.running.summaryview import tell
from keyturn.cli.words import counted
from keyturn.core.capabilities import capabilities_digest
from keyturn.core.errors import RunError, StoreError
from keyturn.core.harmless import harmless


def resume_run(frame: Frame, run: str, asked: Asked) -> int:
    """Go on with a run; the exit code of the command."""
    frame.progress = "Nothing was sent."
    machine = Machine(frame.settings)
    folder, facts = _chosen(frame, machine, run)
    with closing(machine.journal(folder.journal)) as journal:
        ended = recall(folder, journal)
    if ended is not None:
        _refuse_rebase(asked, ended)
        return _tell_again(frame, machine, facts, ended)
    if facts[RECORDED]:
        asked = _recorded(frame, machine, facts, asked)
    names = tuple(pin.name for pin in facts.pins)
    with desk_for(frame, Wanted(names, facts["default"]), asked.with_flags(facts[FLAGS])) as desk:
        return go_on(frame, desk, folder, asked)


def _recorded(frame: Frame, machine: Machine, facts: Facts, asked: Asked) -> Asked:
    """With the request that the run was begun for, made again of the same collection."""
    from keyturn.app.postman.earlier import earlier
    from keyturn.app.postman.recipe import played_again
    from keyturn.cli.desk.reaching import pass_phrase

    if asked.rebase is not None or asked.token_stdin:
        raise RunError(
            "a run of a collection takes neither other rows nor another secret",
            code="KT-COL-010",
            why="both stand in files that it reads again",
            fix="put a new secret into the environment; correct the rows and say  keyturn postman run  again",
        )
    play, behind = played_again(facts, machine.settings, machine.keys(facts[KEY]), partial(pass_phrase, frame))
    if behind:
        names = harmless(", ".join(behind))
        frame.say(f"behind it in the collection: {names}; keyturn postman run begins what was never begun")
    return replace(asked, played=play.knowing(earlier(machine, play, facts["sha256"])))


def go_on(frame: Frame, desk: Desk, folder: RunFolder, asked: Asked) -> int:
    """Carry out what is left of a run, if file and targets are what was confirmed."""
    with (
        desk.machine.holding(*desk.seats, alongside=asked.alongside) as holding,
        closing(desk.machine.journal(folder.journal)) as journal,
    ):
        holding.name(folder.run)
        facts = Facts(journal.facts())
        asked = asked.with_flags(facts[FLAGS])
        ended = recall(folder, journal)
        if ended is not None:  # by somebody else, while we waited for an answer
            return _tell_again(frame, desk.machine, facts, ended, asked.ending or tell)
        # A target may have told then what it asks of passwords, and may not have told us yet.
        untold = [pin.name for pin, now in _pairs(desk, facts) if pin.capabilities != _digest(now)]
        probes = desk.probe(untold) if untold else {}
        facts = rebase(frame, desk, folder, journal, asked, lambda anew: _same_plan(desk, folder, anew, asked))
        plan = _same_plan(desk, folder, facts, asked)
        reports_of(desk, asked)
        if asked.redact and not facts[REDACT]:
            journal.note({REDACT: asked.redact, REDACTION: facts[REDACTION] or new_key()})
        shares = desk.shares(plan, speeds_of(desk, asked), probes, asked)
        counts = journal.by_target()
        left = sum(counts.get(share.target, {}).get(state, 0) for share in shares for state in share.open)
        if left:
            _ask_again(frame, desk, facts, probes, asked, left)
            frame.say(f"run {folder.run}: {counted(left, 'row')} left")
        fresh = {pin.name: pin for pin in desk.pins(plan, probes)}
        journal.note(targets_of([pin if halted(probes.get(pin.name)) else fresh[pin.name] for pin in facts.pins]))
        run = run_of(desk, folder, journal, plan, shares, asked)
        frame.progress = under_way(folder)
        end = asked.ending or tell
        return end(frame, desk.machine, desk.label, work_off(desk, run, left))


def _refuse_rebase(asked: Asked, ended: Summary) -> None:
    """Raises RunError for corrected rows of a run that is finished: its key is gone, or nothing of it can be sent."""
    if asked.rebase is not None:
        raise RunError(
            f"run {ended.run} is finished, so no rows can be put under it",
            code="KT-RUN-076",
            why="the key that its passwords are made with is deleted when nothing of it is open any more",
            fix=f"start a new run with {asked.rebase}",
        )


def _tell_again(frame: Frame, machine: Machine, facts: Facts, ended: Summary, end: Ending = tell) -> int:
    frame.say(f"run {ended.run} is finished; nothing was sent")
    return end(frame, machine, facts["target"], ended)


def _chosen(frame: Frame, machine: Machine, run: str) -> tuple[RunFolder, Facts]:
    """The named run, else the newest unfinished one, else the newest.  Raises RunError when there is none."""
    folders = [find_run(machine.folders.runs, run)] if run else run_folders(machine.folders.runs)
    begun = []
    for folder in folders:
        try:
            journal = machine.journal(folder.journal)
        except NeverBegan:
            if run:
                raise
            continue
        except StoreError as error:
            if run:
                raise
            frame.warn(f"run {folder.run} is passed over: {error.what}", code="KT-RUN-034")
            continue
        with closing(journal):
            facts = Facts(journal.facts())
        if facts["state"] not in ("", PLANNING):
            begun.append((folder, facts))
            if facts["state"] != FINISHED:
                return folder, facts
    if not begun:
        raise RunError(
            "there is no run to resume", code="KT-RUN-002", where=str(machine.folders.runs), fix="keyturn runs list"
        )
    return begun[0]


def _pairs(desk: Desk, facts: Facts) -> list[tuple[Pin, Now]]:
    """Each target as it was confirmed, and as it is."""
    now = desk.now()
    return [(pin, now[pin.name]) for pin in facts.pins]


def _digest(now: Now) -> str:
    return capabilities_digest(now.capabilities)


def _same_plan(desk: Desk, folder: RunFolder, facts: Facts, asked: Asked) -> Plan:
    """The plan of the run, made again from the file that it was made of.  Raises SourceError for another file."""
    source = read_again(facts, folder, desk.machine.keys)
    destinations = [
        Destination(
            pin.name,
            now.capabilities,
            pin.address.account,
            pin.protect,
            rules_of(desk.seats[pin.name].target.settings),
            pin.rendering,
        )
        for pin, now in _pairs(desk, facts)
    ]
    job = opened(facts.job, facts.values, desk.machine.keys(facts[KEY])) if facts[SAME] else facts.job
    if asked.played is not None:
        job, source = replace(job, recorded=asked.played.request), source.without(TARGET)
    return make_plan(source, job, destinations, desk.machine.blocklist(), default=facts["default"])


def _ask_again(frame: Frame, desk: Desk, facts: Facts, probes: Probes, asked: Asked, left: int) -> None:
    """Nothing is asked when nothing changed since the run was confirmed."""
    now = {name: each for name, each in desk.now().items() if halted(probes.get(name)) is None}
    differences = changed(facts.pins, now)
    if not differences:
        return
    if not frame.may_ask:
        same_targets(facts, now)
    frame.say("changed since the run was confirmed:")
    for difference in differences:
        frame.say(f"  {difference}")
    confirm(frame, asked, count=left, target=desk.label, production=desk.production)
