"""`keyturn runs report`: the reports of a run, written again."""

from pathlib import Path

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.runs.opened import chosen, opened


@click.command()
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@click.option("--report", "kinds", default="html,csv,jsonl", metavar="KINDS", help="html,csv,jsonl,junit,md")
@click.option("--report-dir", type=click.Path(path_type=Path, file_okay=False), help="Where they go.")
@click.option(
    "--redact", default="", type=click.Choice(["", "ids"]), metavar="ids", help="A digest in place of each id."
)
@pass_frame
def report(frame: Frame, run: str, kinds: str, report_dir: Path | None, redact: str) -> None:
    """Write the reports of a run again; they hold no password.

    \b
      keyturn runs report r7f3k2a --report html --report-dir .
      keyturn runs report r7f3k2a --report junit,md --redact ids --report-dir out
    """
    from keyturn import __version__
    from keyturn.bulk.record.report import Told, write_reports
    from keyturn.bulk.record.veil import veil_of, veiled

    folder = chosen(frame, run)
    with opened(frame, folder) as (journal, facts):
        veil = veiled(journal, facts) if redact else veil_of(facts)
        told = Told(folder.run, facts, journal.counts(), journal.reasons(), int(facts["exit"] or 0), __version__, veil)
        wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
        written = write_reports(journal, told, report_dir or folder.path, wanted)
    if frame.wants_json:
        frame.json({"run": folder.run, "reports": [str(path) for path in written]})
        return
    for path in written:
        frame.data(str(path))
