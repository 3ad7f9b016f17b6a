"""`keyturn runs rows`: what became of each row."""

import click

from keyturn.cli.completion import complete_runs, complete_targets
from keyturn.cli.frame import Frame, Output, harmless, pass_frame
from keyturn.cli.runs_opened import named, opened

OUTCOMES = ("created", "changed", "skipped", "failed", "uncertain", "not tried", "sent")


@click.command()
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
    from keyturn.bulk.record.report import SIGNS, row_event
    from keyturn.core.journal import RowState

    name = named(frame, run)
    with opened(frame, name) as (journal, facts):
        several = len(facts.pins) > 1
        for row in journal.rows(tuple(RowState(word) for word in outcome), target=target):
            if frame.output in (Output.JSON, Output.JSONL):
                frame.json(row_event(name, row))
            else:
                who, why = harmless(row.who), harmless(row.text or row.reason)
                who = f"{harmless(row.target) or '-'}  {who}" if several else who
                frame.data(f"{SIGNS[row.state]} {row.number:>7}  {who}  {row.state}  {row.delivery}  {why}".rstrip())
