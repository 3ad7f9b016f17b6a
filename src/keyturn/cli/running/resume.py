"""`keyturn resume`: go on with a run that was interrupted."""

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.desk.flags import Asked, resume_flags
from keyturn.cli.frame import Frame, pass_frame


@click.command()
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@resume_flags
@pass_frame
def resume(frame: Frame, run: str, asked: Asked) -> int:
    """Go on with the last (or the named) unfinished run; a finished row is never done again.

    \b
    Examples:
      keyturn resume
      keyturn resume r7f3k2a --no-input
      keyturn resume r7f3k2a --rebase fixed.csv
    """
    from keyturn.cli.running.resuming import resume_run

    return resume_run(frame, run, asked)
