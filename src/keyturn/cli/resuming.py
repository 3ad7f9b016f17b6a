"""The way of `resume`: find the run, hold it against what was confirmed, carry out what is left."""

from contextlib import closing

from keyturn.app.runs import Machine, rules_of
from keyturn.bulk.encodings import letters_of
from keyturn.bulk.facts import FINISHED, KEY, PLANNING, Facts, capabilities_digest, changed, same_file, same_target
from keyturn.bulk.folder import RunFolder, find_run, run_folders
from keyturn.bulk.plan import Destination, Plan, make_plan
from keyturn.bulk.run import Summary, recall
from keyturn.bulk.same import SAME, opened
from keyturn.bulk.source import read_source
from keyturn.bulk.states import to_send
from keyturn.cli.begun import reports_of, run_of, under_way
from keyturn.cli.confirming import confirm
from keyturn.cli.frame import Frame
from keyturn.cli.runflags import Asked
from keyturn.cli.running import Desk, desk_for, speed_of, work_off
from keyturn.cli.summaryview import tell
from keyturn.core.errors import RunError


def resume_run(frame: Frame, run: str, asked: Asked) -> int:
    """Go on with a run; the exit code of the command."""
    frame.progress = "Nothing was sent."
    machine = Machine(frame.settings)
    folder, facts = _chosen(machine, run)
    with closing(machine.journal(folder.journal)) as journal:
        ended = recall(folder, journal)
    if ended is not None:
        return _tell_again(frame, machine, facts, ended)
    with desk_for(frame, facts["target"], asked) as desk:
        return go_on(frame, desk, folder, asked)


def go_on(frame: Frame, desk: Desk, folder: RunFolder, asked: Asked) -> int:
    """Carry out what is left of a run, if file and target are what was confirmed."""
    with desk.machine.holding(desk.target.name), closing(desk.machine.journal(folder.journal)) as journal:
        facts = Facts(journal.facts())
        ended = recall(folder, journal)
        if ended is not None:  # by somebody else, while we waited for an answer
            return _tell_again(frame, desk.machine, facts, ended)
        if facts["capabilities"] != capabilities_digest(desk.directory.capabilities):
            desk.probe()  # a target may have told then what it asks of passwords
        plan = _same_plan(desk, facts)
        reports_of(desk, asked)
        counts = journal.counts()
        wanted = to_send(plan.job.resendable(desk.directory.capabilities))
        left = sum(counts.get(state, 0) for state in wanted)
        if left:
            _ask_again(frame, desk, facts, asked, left)
            frame.say(f"run {folder.run}: {left:,} rows are left")
        run = run_of(desk, folder, journal, facts, plan, asked)
        frame.progress = under_way(folder)
        return tell(frame, desk.machine, desk.target.name, work_off(desk, run, speed_of(desk, asked), left))


def _tell_again(frame: Frame, machine: Machine, facts: Facts, ended: Summary) -> int:
    frame.say(f"run {ended.run} is finished; nothing was sent")
    return tell(frame, machine, facts["target"], ended)


def _chosen(machine: Machine, run: str) -> tuple[RunFolder, Facts]:
    """The named run, else the newest unfinished one, else the newest.  Raises RunError when there is none."""
    folders = [find_run(machine.folders.runs, run)] if run else run_folders(machine.folders.runs)
    begun = []
    for folder in folders:
        with closing(machine.journal(folder.journal)) as journal:
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


def _same_plan(desk: Desk, facts: Facts) -> Plan:
    """The plan of the run, made again from the file that it was made of.  Raises SourceError for another file."""
    same_file(facts, letters_of(facts.file, facts["encoding"]).sha256)
    destination = Destination(
        desk.target.name, desk.directory.capabilities, facts["account"], facts.protect, rules_of(desk.target.settings)
    )
    job = opened(facts.job, facts.values, desk.machine.keys(facts[KEY])) if facts[SAME] else facts.job
    return make_plan(read_source(facts.file, facts.reading), job, destination, desk.machine.blocklist())


def _ask_again(frame: Frame, desk: Desk, facts: Facts, asked: Asked, left: int) -> None:
    """Nothing is asked when nothing changed since the run was confirmed."""
    address, capabilities = desk.address(), desk.directory.capabilities
    differences = changed(facts, address, capabilities)
    if not differences:
        return
    if not frame.may_ask:
        same_target(facts, address, capabilities)
    frame.say("changed since the run was confirmed:")
    for difference in differences:
        frame.say(f"  {difference}")
    confirm(frame, asked, count=left, target=desk.target.name, production=desk.target.settings.production)
