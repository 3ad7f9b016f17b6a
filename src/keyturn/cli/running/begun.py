"""A run that has begun, with everything that this machine and this command add to it."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile

from keyturn import __version__
from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.record.facts import KEY, Facts
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.report import check_kinds
from keyturn.bulk.running.run import Checking, Run
from keyturn.bulk.running.shares import Share
from keyturn.cli.desk.desk import Desk
from keyturn.cli.desk.flags import Asked
from keyturn.core.errors import ConfigError
from keyturn.core.journal import Journal


def run_of(desk: Desk, folder: RunFolder, journal: Journal, plan: Plan, shares: Sequence[Share], asked: Asked) -> Run:
    """The run with everything that this machine adds to it."""
    facts = Facts(journal.facts())
    kinds, report_dir = reports_of(desk, asked)
    return Run(
        folder=folder,
        journal=journal,
        shares=shares,
        source=plan.source,
        job=plan.job,
        keys=desk.machine.keys(facts[KEY]),
        sealer=desk.machine.sealer(),
        clock=desk.machine.clock(),
        local=facts["local"] == "yes",
        reports=kinds,
        report_dir=report_dir,
        version=__version__,
        check=Checking(bool(asked.verify or asked.trial), bool(asked.trial)),
    )


def reports_of(desk: Desk, asked: Asked) -> tuple[Sequence[str], Path | None]:
    """Which reports are wanted, and where: judged before anything is sent.

    Raises ConfigError for a kind that is not known and a folder that cannot be written to.
    """
    settings = desk.frame.settings.runs
    kinds = tuple(kind.strip() for kind in asked.report.split(",") if kind.strip()) or settings.report
    check_kinds(kinds)
    folder = asked.report_dir or (Path(settings.report_dir).expanduser() if settings.report_dir else None)
    if folder is not None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            TemporaryFile(dir=folder).close()
        except OSError as error:
            raise ConfigError(
                "reports cannot be written there",
                code="KT-CFG-033",
                where=str(folder),
                why=error.strerror or "",
                fix="choose another folder with --report-dir",
            ) from None
    return kinds, folder


def under_way(folder: RunFolder) -> str:
    """How far it got, when something breaks after the first row may have been sent."""
    return f"Rows may have been sent; what became of each:  keyturn resume {folder.run}"
