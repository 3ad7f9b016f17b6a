"""`keyturn runs go`: speak to a run that another process works on."""

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame, pass_frame


@click.command("go")
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@pass_frame
def go_run(frame: Frame, run: str) -> None:
    """Let a run go on that is paused.

    What was not sent yet is sent now, at the pace of before.

    \b
      keyturn runs go
      keyturn runs go r7f3k2a
    """
    from keyturn.bulk.running.channel import Word
    from keyturn.cli.runs.spoken import speak

    speak(frame, run, Word.GO)
