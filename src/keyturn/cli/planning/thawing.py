"""From a plan file to a run: what it says is taken over whole, and held against what would be done now."""

from contextlib import closing
from dataclasses import replace
from hmac import compare_digest
from pathlib import Path

import click
from click.core import ParameterSource

from keyturn.app.run.machine import Machine
from keyturn.bulk.intake.content import OnDisk
from keyturn.bulk.intake.encodings import bytes_of
from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.planning.screening import Fate
from keyturn.bulk.record.approval import counted, hold_signatures, refuse_unapproved
from keyturn.bulk.record.facts import FINISHED, Facts
from keyturn.bulk.record.folder import run_folders
from keyturn.bulk.record.frozen import Frozen, hold_file, hold_plan, kept_of, read_frozen
from keyturn.cli.desk.desk import Desk, Probes
from keyturn.cli.desk.flags import FREE, Asked
from keyturn.core.errors import ConfigError, KeyturnError, PlanError, RunError, StoreError

_GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


def thawed(asked: Asked, operation: str) -> Asked:
    """What a plan file asks for, with the flags that may be given anew; what was asked, where there is none.

    Raises SourceError for a file that is no whole plan or was made of another file, ConfigError for a flag that
    contradicts it.
    """
    if asked.plan is None:
        return asked
    path, frozen = asked.plan, read_frozen(asked.plan)
    planned = str(frozen.job.operation)
    if planned != operation:
        what, fix = f"{path.name} is a plan to {planned}", f"keyturn {planned} --plan {path}"
        raise ConfigError(what, code="KT-PLN-004", where=str(path), fix=fix)
    _refuse_contradictions(asked, frozen, path)
    file = asked.file if asked.file != Path() else frozen.file
    hold_file(frozen, bytes_of(asked.taken or OnDisk(file)).sha256, file)
    return replace(
        asked,
        file=file,
        target=frozen.default,
        reading=frozen.reading,
        password=str(frozen.job.password),
        email=frozen.job.email,
        include_protected=frozen.include_protected,
        frozen=frozen,
    )


def _refuse_contradictions(asked: Asked, frozen: Frozen, path: Path) -> None:
    """A flag that the plan decides is refused by name, also where it was set in the environment."""
    context = click.get_current_context()
    for option in context.command.params:
        name = option.name or ""
        given = isinstance(option, click.Option) and context.get_parameter_source(name) in _GIVEN
        if not given or name in FREE or name not in context.params:
            continue
        if name == "target" and asked.target == ", ".join(frozen.targets):
            continue
        flag = max(option.opts, key=len)
        raise ConfigError(
            f"{flag} is decided by the plan",
            code="KT-PLN-004",
            where=str(path),
            fix=f"leave {flag} away, or make another plan with it",
        )


def agreed_upon(desk: Desk, plan: Plan, probes: Probes, asked: Asked) -> dict[str, str]:
    """What the journal keeps of the plan file and of who approved it; nothing where there is none.

    Raises unless what would be done now is exactly what the plan says, PlanError where an approval is demanded and
    there is none, and for a false one.
    """
    machine, frozen = desk.machine, asked.frozen
    why = machine.demand().why({name: plan.counts_of(name)[Fate.CHANGE] for name in plan.parts})
    whom = [person.name for person in machine.approvers]
    if frozen is None:
        if why:
            raise refuse_unapproved(why, (), whom, frozen="")
        return {}
    refuse_unanswered(probes)
    hold_plan(frozen, plan, desk.now())
    hold_signatures(frozen, machine.signed_by)
    counts, others = counted(frozen, machine.approvers, machine.person())
    if why and not counts:
        raise refuse_unapproved(why, others, whom, frozen=str(asked.plan))
    return kept_of(frozen, counts)


def refuse_unanswered(probes: Probes) -> None:
    """Raises the error of a target that did not answer: what it can do now is not known."""
    for answer in probes.values():
        if isinstance(answer, KeyturnError):
            raise answer


def refuse_second_run(machine: Machine, asked: Asked) -> None:
    """Raises PlanError when a run of this very plan is finished, unless a new run is wanted in so many words."""
    frozen = asked.frozen
    for folder in run_folders(machine.folders.runs) if frozen is not None and not asked.new_run else ():
        try:
            journal = machine.journal(folder.journal)
        except (RunError, StoreError):
            continue  # held by a run that is under way, of which the lock of the target speaks; or damaged
        with closing(journal):
            facts = Facts(journal.facts())
        if frozen is not None and compare_digest(facts["frozen"], frozen.digest) and facts["state"] == FINISHED:
            raise PlanError(
                f"this plan was carried out already, by run {folder.run}",
                code="KT-PLN-010",
                fix=f"keyturn runs show {folder.run}      or run it once more with --new-run",
            )
