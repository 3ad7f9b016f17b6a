"""A run that has begun, with everything that this machine and this command add to it."""

from pathlib import Path

from keyturn.bulk.facts import KEY, Facts
from keyturn.bulk.folder import RunFolder
from keyturn.bulk.plan import Plan
from keyturn.bulk.run import Run
from keyturn.cli.runflags import Asked
from keyturn.cli.running import VERSION, Desk
from keyturn.core.journal import Journal


def run_of(desk: Desk, folder: RunFolder, journal: Journal, facts: Facts, plan: Plan, asked: Asked) -> Run:
    """The run with everything that this machine adds to it."""
    wanted = tuple(kind.strip() for kind in asked.report.split(",") if kind.strip())
    settings = desk.frame.settings.runs
    report_dir = asked.report_dir or (Path(settings.report_dir).expanduser() if settings.report_dir else None)
    return Run(
        folder=folder,
        journal=journal,
        directory=desk.directory,
        source=plan.source,
        job=plan.job,
        keys=desk.machine.keys(facts[KEY]),
        sealer=desk.machine.sealer(),
        recipients=facts.recipients,
        clock=desk.machine.clock(),
        local=facts["local"] == "yes",
        reports=wanted or settings.report,
        report_dir=report_dir,
        version=VERSION,
    )
