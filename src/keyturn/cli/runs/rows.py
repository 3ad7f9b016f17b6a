"""`keyturn runs rows`: what became of each row."""

from typing import TYPE_CHECKING, Any

import click

from keyturn.cli.completion import complete_runs, complete_targets
from keyturn.cli.frame import Frame, Output, pass_frame
from keyturn.cli.runs.opened import chosen, opened
from keyturn.cli.words import counted
from keyturn.core.harmless import harmless

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from keyturn.bulk.record.facts import Facts
    from keyturn.bulk.record.folder import RunFolder
    from keyturn.core.journal import Journal, RowState

VERDICTS = ("yes", "no", "cannot tell", "not read")
OUTCOMES = ("created", "changed", "skipped", "failed", "uncertain", "not tried", "sent")


class Words(click.Choice[str]):
    """One of a few words, as they are shown; a dash stands for the space in `not tried`, for shells."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The words with their spaces."""
        return str(super().convert(str(value).replace("-", " "), param, ctx))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        """As a shell takes them without quotes."""
        from click.shell_completion import CompletionItem

        words = (word.replace(" ", "-") for word in self.choices)
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]


@click.command()
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@click.option("--outcome", multiple=True, type=Words(OUTCOMES), help="Only rows that ended so.")
@click.option("--verified", multiple=True, type=Words(VERDICTS), help="Only rows of which reading back told so.")
@click.option("-t", "--target", shell_complete=complete_targets, help="Only rows that go there.")
@click.option("--retry-file", metavar="FILE", help="Write them in the columns of your file, to mend; - for stdout.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@pass_frame
def rows(
    frame: Frame,
    run: str,
    outcome: tuple[str, ...],
    verified: tuple[str, ...],
    target: str | None,
    retry_file: str | None,
    *,
    force: bool,
) -> None:
    """The rows of a run, with outcome, delivery, reason and what reading back told; or a file of them to mend.

    \b
      keyturn runs rows r7f3k2a --outcome failed -t maximo-prod
      keyturn runs rows r7f3k2a --outcome not-tried
      keyturn runs rows r7f3k2a --verified no
      keyturn runs rows r7f3k2a --output jsonl > rows.jsonl
      keyturn runs rows r7f3k2a --outcome failed --retry-file fix.csv
    """
    from keyturn.bulk.record.report import SIGNS, row_event
    from keyturn.core.journal import RowState, Verified

    folder = chosen(frame, run)
    states, shown = tuple(RowState(word) for word in outcome), False
    with opened(frame, folder) as (journal, facts):
        if retry_file is not None:
            return _to_mend(frame, journal, facts, states, (folder, retry_file, target), force=force)
        several = len(facts.pins) > 1
        told = {Verified("" if word == "not read" else word) for word in verified} or set(Verified)
        for row in journal.rows(states, target=target):
            if row.verified not in told:
                continue
            if frame.output in (Output.JSON, Output.JSONL):
                frame.json(row_event(folder.run, row))
            else:
                who, why = harmless(row.who), harmless(row.text or row.reason)
                who = f"{harmless(row.target) or '-'}  {who}" if several else who
                back = harmless(f"{row.verified}: {row.proof}") if row.proof else str(row.verified)
                line = f"{SIGNS[row.state]} {row.number:>7}  {who}  {row.state}  {row.delivery}  {why}"
                frame.data(f"{line.rstrip()}  [{back}]" if back else line.rstrip())
            shown = True
    if not shown:
        frame.say("no such rows")
    return None


def _to_mend(
    frame: Frame,
    journal: "Journal",
    facts: "Facts",
    states: "tuple[RowState, ...]",
    where: "tuple[RunFolder, str, str | None]",
    *,
    force: bool,
) -> None:
    """Write the chosen rows, those that are not done where none are chosen, in the user's own columns."""
    from keyturn.app.run.machine import Machine
    from keyturn.bulk.record.again import read_again
    from keyturn.bulk.record.retry import retry_into
    from keyturn.cli.newfile import STDOUT, write_new
    from keyturn.core.journal import NOT_DONE

    folder, path, target = where
    machine = Machine(frame.settings)
    source = read_again(facts, folder, machine.keys)
    count = write_new(
        frame,
        path,
        lambda file: retry_into(file, journal, source, facts.job, states=states or NOT_DONE, target=target),
        force=force,
    )
    if path != STDOUT:
        frame.say(f"{counted(count, 'row')} in {path}; mend them, and run that file")
