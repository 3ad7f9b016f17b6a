"""`keyturn runs pause`: speak to a run that another process works on."""

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame, pass_frame


@click.command("pause")
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@pass_frame
def pause_run(frame: Frame, run: str) -> None:
    """Hold a run that another process works on: rows in flight come back, then it waits.

    Once everything is back the handout is sealed as it stands. `keyturn runs go` lets the run go on.

    \b
      keyturn runs pause
      keyturn runs pause r7f3k2a
    """
    from keyturn.bulk.running.channel import Word
    from keyturn.cli.runs.spoken import speak

    speak(frame, run, Word.PAUSE)
