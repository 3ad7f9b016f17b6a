"""`keyturn runs stop`: speak to a run that another process works on."""

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame, pass_frame


@click.command("stop")
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@pass_frame
def stop_run(frame: Frame, run: str) -> None:
    """Stop a run that another process works on: rows in flight come back, nothing more is sent.

    The handout is sealed, the reports are written, and `keyturn resume` goes on with what is left. A second stop drops
    the connections: rows in flight are then uncertain.

    \b
      keyturn runs stop
      keyturn runs stop r7f3k2a
    """
    from keyturn.bulk.running.channel import Word
    from keyturn.cli.runs.spoken import speak

    speak(frame, run, Word.STOP)
