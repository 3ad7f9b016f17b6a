"""`keyturn runs show`: one run, and how it stands."""

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.runs.opened import chosen, opened, told_of
from keyturn.core.harmless import harmless


@click.command()
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@pass_frame
def show(frame: Frame, run: str) -> None:
    """One run: what it was to do, how it stands, and the folder where everything of it is.

    \b
      keyturn runs show
      keyturn runs show r7f3k2a
    """
    from keyturn.bulk.record.report import outcomes

    folder = chosen(frame, run)
    with opened(frame, folder) as (journal, facts):
        told = told_of(folder, journal, facts)
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
