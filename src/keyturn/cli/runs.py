"""`keyturn runs`: the runs of this machine, and what became of their rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.completion import complete_runs, complete_targets
from keyturn.cli.frame import Frame, Output, harmless, pass_frame

if TYPE_CHECKING:
    from keyturn.bulk.facts import Facts
    from keyturn.bulk.folder import RunFolder
    from keyturn.core.journal import Journal

OUTCOMES = ("created", "changed", "skipped", "failed", "uncertain", "not tried", "sent")


@click.group()
def runs() -> None:
    """Look at runs.

    \b
    Examples:
      keyturn runs list
      keyturn runs rows r7f3k2a --outcome failed
      keyturn runs report r7f3k2a --report html --report-dir .
    """


@runs.command("list")
@pass_frame
def list_runs(frame: Frame) -> None:
    """The runs of this machine, the newest first.

    \b
      keyturn runs list
      keyturn runs list --json
    """
    from keyturn.bulk.folder import run_folders
    from keyturn.core.errors import RunError, StoreError

    found = []
    for folder in run_folders(frame.settings.folders.runs):
        try:
            with _opened(frame, folder.run) as (journal, facts):
                found.append(_told(folder, journal, facts))
        except RunError:
            found.append({"run": folder.run, "state": "held by another process"})
        except StoreError:
            found.append({"run": folder.run, "state": "damaged"})
    if frame.wants_json:
        frame.json(found)
        return
    head = ("run", "state", "operation", "target", "file", "done", "left", "exit", "begun", "name")
    frame.table(head, [[str(each.get(name, "")) for name in head] for each in found], empty="no runs yet")


@runs.command()
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@pass_frame
def show(frame: Frame, run: str) -> None:
    """One run: what it was to do, how it stands, and the folder where everything of it is.

    \b
      keyturn runs show
      keyturn runs show r7f3k2a
    """
    from keyturn.bulk.folder import find_run
    from keyturn.bulk.report import outcomes

    folder = find_run(frame.settings.folders.runs, _named(frame, run))
    with _opened(frame, folder.run) as (journal, facts):
        told = _told(folder, journal, facts)
        journal_counts = journal.counts()
        reasons = [{"outcome": str(s), "reason": r, "count": n} for s, r, n in journal.reasons() if r]
    if frame.wants_json:
        frame.json({**told, "reasons": reasons})
        return
    for name, value in told.items():
        if value != "" and not isinstance(value, dict):
            frame.data(f"{name:<10} {harmless(str(value))}")
    for outcome, count in outcomes(journal_counts).items():
        frame.data(f"  {outcome:<10} {count:,}")
    for reason in reasons:
        frame.data(f"  {reason['outcome']:<10} {reason['count']:>7,}  {reason['reason']}")


@runs.command()
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@click.option("--outcome", multiple=True, type=click.Choice(OUTCOMES), help="Only rows that ended so.")
@click.option("-t", "--target", shell_complete=complete_targets, help="Only rows that go there.")
@pass_frame
def rows(frame: Frame, run: str, outcome: tuple[str, ...], target: str | None) -> None:
    """The rows of a run, with outcome, delivery and reason.

    \b
      keyturn runs rows r7f3k2a --outcome failed -t maximo-prod
      keyturn runs rows r7f3k2a --output jsonl > rows.jsonl
    """
    from keyturn.bulk.report import SIGNS, row_event
    from keyturn.core.journal import RowState

    name = _named(frame, run)
    with _opened(frame, name) as (journal, facts):
        several = len(facts.pins) > 1
        for row in journal.rows(tuple(RowState(word) for word in outcome), target=target):
            if frame.output in (Output.JSON, Output.JSONL):
                frame.json(row_event(name, row))
            else:
                who, why = harmless(row.who), harmless(row.text or row.reason)
                who = f"{harmless(row.target) or '-'}  {who}" if several else who
                frame.data(f"{SIGNS[row.state]} {row.number:>7}  {who}  {row.state}  {row.delivery}  {why}".rstrip())


@runs.command()
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@click.option("--report", "kinds", default="html,csv,jsonl", metavar="KINDS", help="html,csv,jsonl")
@click.option("--report-dir", type=click.Path(path_type=Path, file_okay=False), help="Where they go.")
@pass_frame
def report(frame: Frame, run: str, kinds: str, report_dir: Path | None) -> None:
    """Write the reports of a run again; they hold no password.

    \b
      keyturn runs report r7f3k2a --report html --report-dir .
    """
    from keyturn import __version__
    from keyturn.bulk.folder import find_run
    from keyturn.bulk.report import Told, write_reports

    name = _named(frame, run)
    folder = find_run(frame.settings.folders.runs, name)
    with _opened(frame, name) as (journal, facts):
        told = Told(name, facts, journal.counts(), journal.reasons(), int(facts["exit"] or 0), __version__)
        wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
        written = write_reports(journal, told, report_dir or folder.path, wanted)
    if frame.wants_json:
        frame.json({"run": name, "reports": [str(path) for path in written]})
        return
    for path in written:
        frame.data(str(path))


def _named(frame: Frame, run: str) -> str:
    """The named run, else the newest.  Raises RunError when there is none."""
    from keyturn.bulk.folder import run_folders
    from keyturn.core.errors import RunError

    if run:
        return run
    folders = run_folders(frame.settings.folders.runs)
    if not folders:
        raise RunError("there are no runs yet", code="KT-RUN-002", where=str(frame.settings.folders.runs))
    return folders[0].run


@contextmanager
def _opened(frame: Frame, run: str) -> "Iterator[tuple[Journal, Facts]]":
    from keyturn.app.runs import Machine
    from keyturn.bulk.facts import Facts
    from keyturn.bulk.folder import find_run

    machine = Machine(frame.settings)
    journal = machine.journal(find_run(machine.folders.runs, _named(frame, run)).journal)
    try:
        yield journal, Facts(journal.facts())
    finally:
        journal.close()


def _told(folder: "RunFolder", journal: "Journal", facts: "Facts") -> dict[str, object]:
    from keyturn.bulk.report import outcomes
    from keyturn.core.journal import DONE, RowState

    counts = journal.counts()
    return {
        "run": folder.run,
        "folder": str(folder.path),
        "name": facts["name"],
        "state": _state(facts["state"]),
        "operation": facts["operation"],
        "target": facts["target"],
        "account": ", ".join(pin.address.account for pin in facts.pins if pin.address.account),
        "file": facts.file.name,
        "sha256": facts["sha256"],
        "begun": _moment(facts["created"]),
        "ended": _moment(facts["ended"]),
        "exit": int(facts["exit"]) if facts["exit"] else "",
        "done": sum(counts.get(state, 0) for state in DONE),
        "left": counts.get(RowState.NOT_TRIED, 0) + counts.get(RowState.SENT, 0),
        "outcomes": outcomes(counts),
    }


def _state(written: str) -> str:
    """What an open journal says.  Whoever works on a run holds its journal, so `running` was left in the middle."""
    from keyturn.bulk.facts import RUNNING

    return "unfinished" if written == RUNNING else written


def _moment(written: str) -> str:
    """A time to the second, with its zone."""
    return f"{written[:19]}Z" if written else ""
