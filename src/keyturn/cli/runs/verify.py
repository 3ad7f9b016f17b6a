"""`keyturn runs verify`: ask the target what became of the rows of a run."""

from pathlib import Path

import click

from keyturn.cli.completion import complete_runs, complete_targets
from keyturn.cli.desk.flags import RATE, TOKEN, TRIAL, Asked
from keyturn.cli.frame import Frame, pass_frame

WHICH = ("uncertain", "changed", "all")


@click.command()
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@click.option("--outcome", type=click.Choice(WHICH), default="all", show_default=True, help="Which rows.")
@click.option("-t", "--target", default="", shell_complete=complete_targets, help="Only rows that go there.")
@click.option("--again", is_flag=True, help="Also rows that were proven before.")
@RATE
@TRIAL
@TOKEN
@pass_frame
def verify(
    frame: Frame, run: str, outcome: str, target: str, rate: str, *, again: bool, trial: bool | None, token_stdin: bool
) -> int:
    """Read the rows of a run back: yes, no, or cannot tell, and by what it is seen.

    Changes nothing on the target. An uncertain row that is proven by it becomes created or changed.

    \b
    Examples:
      keyturn runs verify r7f3k2a
      keyturn runs verify r7f3k2a --outcome uncertain
      keyturn runs verify r7f3k2a -t maximo-test --trial --json
    """
    from keyturn.cli.runs.verifying import verify_run

    asked = Asked(file=Path(), rate=rate, trial=trial, token_stdin=token_stdin)
    return verify_run(frame, run, asked, outcome, target, again=again)
