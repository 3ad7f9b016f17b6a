"""The way of `reset` and `create`: plan, look for an unfinished run, confirm, begin, carry out, tell."""

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC

from keyturn import __version__
from keyturn.app.operator import account_name
from keyturn.app.run.machine import Machine
from keyturn.bulk.intake.columns import TARGET
from keyturn.bulk.intake.source import read_source
from keyturn.bulk.job import Operation
from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.record.facts import FINISHED, FLAGS, KEY, PLANNING, RECORDED, Facts, pinned
from keyturn.bulk.record.folder import RunFolder, make_run_folder, mark_made, run_folders
from keyturn.bulk.record.notices import NOTICES
from keyturn.bulk.record.piped import seal_input
from keyturn.bulk.record.same import sealed
from keyturn.bulk.record.veil import IDS, check_redact, new_veil, unnamed
from keyturn.bulk.running.begin import begin
from keyturn.bulk.running.run import Summary
from keyturn.cli.desk.confirming import confirm
from keyturn.cli.desk.desk import Desk, Probes, desk_for, speeds_of
from keyturn.cli.desk.flags import Asked
from keyturn.cli.desk.piping import taken_in
from keyturn.cli.desk.sameness import with_password
from keyturn.cli.desk.whereto import wanted
from keyturn.cli.frame import Frame, NotConfirmed, Output
from keyturn.cli.planning.handingview import handed_to
from keyturn.cli.planning.lookingup import look
from keyturn.cli.planning.planview import draw_plan
from keyturn.cli.planning.thawing import agreed_upon, refuse_second_run, thawed
from keyturn.cli.planning.twonames import refuse_unasked
from keyturn.cli.running.allowing import tell_of_skipping, tell_of_trials, with_canary
from keyturn.cli.running.begun import reports_of, run_of, under_way
from keyturn.cli.running.resuming import go_on
from keyturn.cli.running.summaryview import tell
from keyturn.cli.words import counted
from keyturn.core.errors import ConfigError, PlanError, RunError, StoreError
from keyturn.core.journal import UNFINISHED, Journal


def carry(frame: Frame, asked: Asked, operation: str) -> int:
    """Do the whole job; the exit code of the command."""
    frame.progress = "Nothing was sent."
    asked = thawed(taken_in(asked), operation)
    source = read_source(asked.content, asked.reading)
    source = source.without(TARGET) if asked.played is not None else source  # what a request goes to, it says itself
    with desk_for(frame, wanted(frame, source, asked), asked) as desk:
        asked = with_password(frame, asked)
        plan = desk.plan(source, asked, operation)
        recipients, handing = handed_to(desk.machine, asked, plan)
        speeds = speeds_of(desk, asked)
        reports_of(desk, asked)
        redacted(desk, asked)
        if asked.email and asked.notify_at is not None:
            what, fix = "the target mails at once, and --notify-at is for later", "leave one of the two away"
            raise ConfigError(what, code="KT-CFG-072", fix=fix)
        unfinished = None if asked.new_run else find_unfinished(desk.machine, plan)
        if unfinished is not None and (asked.played is not None or _go_on(frame, unfinished)):
            return go_on(frame, desk, unfinished[0], asked)
        if asked.offline:
            refuse_unasked(plan)
        refuse_second_run(desk.machine, asked)
        plan, probes = look(desk, source, asked, operation, plan)
        agreed = agreed_upon(desk, plan, probes, asked)
        if not frame.wants_json:
            draw_plan(frame.say, plan, desk, probes, speeds, (recipients, handing))
        tell_of_skipping(desk, plan, asked)
        tell_of_trials(desk, asked)
        verb = "create" if plan.job.operation is Operation.CREATE else "change"
        confirm(frame, asked, count=plan.change, target=desk.label, production=desk.production, verb=verb)
        with desk.machine.holding(*desk.seats, alongside=asked.alongside) as holding:
            folder = make_run_folder(desk.machine.folders.runs, desk.machine.clock().now())
            holding.name(folder.run)
            with closing(desk.machine.journal(folder.journal, create=True)) as journal:
                _begin(desk, folder, journal, plan, probes, recipients, asked, {**agreed, **handing.facts()})
                if frame.output is Output.JSONL:
                    told = plan.told()
                    frame.json({"run": folder.run, **(unnamed(told) if redacted(desk, asked) else told)})
                run = run_of(desk, folder, journal, plan, desk.shares(plan, speeds, probes, asked), asked)
                frame.progress = under_way(folder)
                summary = with_canary(desk, run, plan.change, asked.canary)
                return _tell(desk, summary, asked)


def _begin(
    desk: Desk,
    folder: RunFolder,
    journal: Journal,
    plan: Plan,
    probes: Probes,
    recipients: tuple[str, ...],
    asked: Asked,
    more: Mapping[str, str],
) -> None:
    own = "" if recipients else desk.machine.own_recipient()
    pins = desk.pins(plan, probes)
    key = desk.machine.new_key()
    keys = desk.machine.keys(key)
    kept = {KEY: key, FLAGS: asked.remembered(), **sealed(plan.job, keys)}
    kept |= asked.played.kept(keys) if asked.played is not None else {}
    if plan.source.kept is not None:
        seal_input(plan.source.kept, folder.piped, keys)
    facts = pinned(plan, pins, recipients or (own,), desk.machine.clock().now())
    hidden = new_veil() if redacted(desk, asked) else {}
    said = {**hidden, **_hand(), **_notices(asked), "name": asked.name, "local": "yes" if own else "no"}
    begin(journal, plan, {**facts, **kept, **said, **more})
    mark_made(folder)


def _tell(desk: Desk, summary: Summary, asked: Asked) -> int:
    """What became of it, and what is still to be done; the exit code of the command."""
    end = asked.ending or tell
    code = end(desk.frame, desk.machine, desk.label, summary, hints=not asked.no_hints)
    if asked.notify_at is not None and not asked.no_hints:
        desk.frame.say(f"Nobody was told yet; for that:  keyturn runs notify {summary.run}")
    return code


def _notices(asked: Asked) -> dict[str, str]:
    """When people are to be told, if not by the reset itself."""
    return {} if asked.notify_at is None else {NOTICES: asked.notify_at.astimezone(UTC).isoformat()}


def _hand() -> dict[str, str]:
    """Who begins the run, and with what."""
    return {"by": account_name(), "version": __version__}


def redacted(desk: Desk, asked: Asked) -> bool:
    """Whether reports and events name nobody.  Raises ConfigError for settings that are not understood."""
    check_redact(desk.frame.settings.runs.redact)
    return IDS in (asked.redact, *desk.frame.settings.runs.redact)


def find_unfinished(machine: Machine, plan: Plan) -> tuple[RunFolder, int] | None:
    """The newest unfinished run of the same file, operation and targets, with how many rows it has left."""
    for folder in run_folders(machine.folders.runs):
        try:
            journal = machine.journal(folder.journal)
        except (RunError, StoreError):
            continue  # held by a run that is under way, of which the lock of the target speaks; or damaged
        with closing(journal):
            facts = Facts(journal.facts())
            same = facts["sha256"] == plan.source.sha256 and facts["target"] == plan.target
            same = same and facts["operation"] == str(plan.job.operation)
            same = same and facts[RECORDED] == (plan.job.recorded.fingerprint if plan.job.recorded is not None else "")
            if same and facts["state"] not in (FINISHED, PLANNING, ""):
                counts = journal.counts()
                return folder, sum(count for state, count in counts.items() if state in UNFINISHED)
    return None


def _go_on(frame: Frame, unfinished: tuple[RunFolder, int]) -> bool:
    """True to resume the unfinished run, False to start a new one.  Raises PlanError where nobody may be asked."""
    folder, left = unfinished
    frame.progress = "Nothing was sent."
    if not frame.may_ask:
        raise PlanError(
            f"run {folder.run} on this file and target is unfinished, {counted(left, 'row')} left",
            code="KT-RUN-025",
            fix=f"keyturn resume {folder.run}      or start anew with --new-run",
        )
    frame.say(f"run {folder.run} on this file and target is unfinished, {counted(left, 'row')} left")
    answer = frame.ask("[r]esume, start a [n]ew run, or [q]uit?", default="r").strip().lower()[:1]
    if answer not in ("r", "n"):
        raise NotConfirmed
    return answer == "r"
