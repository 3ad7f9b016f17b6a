"""`keyturn runs followup`: who has chosen a password of their own since a run, and who has not."""

from pathlib import Path

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.desk.flags import TOKEN, Asked
from keyturn.cli.frame import Frame, pass_frame


@click.command()
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@click.option("--by", default="", metavar="COLUMN", help="Count by this column of the file.")
@click.option("-o", "--out", "into", metavar="FILE", help="Write everybody into a file for sheets; - for stdout.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@TOKEN
@pass_frame
def followup(frame: Frame, run: str, by: str, into: str | None, *, force: bool, token_stdin: bool) -> int:
    """Ask the targets who has changed the password that a run gave them; changes nothing.

    Never says chosen without a sign of it: where the target does not tell, it says so.

    \b
    Examples:
      keyturn runs followup r7f3k2a
      keyturn runs followup r7f3k2a --by Site -o open.csv
      keyturn runs followup r7f3k2a --json
    """
    from keyturn.cli.runs.following import follow

    return follow(frame, run, Asked(file=Path(), token_stdin=token_stdin), by, into, force=force)
