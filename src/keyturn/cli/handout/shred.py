"""`keyturn handout shred`: delete the handout of a run, and write down that it was."""

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame, pass_frame


@click.command()
@click.argument("run", shell_complete=complete_runs)
@click.option("--yes", is_flag=True, help="Confirm.")
@pass_frame
def shred(frame: Frame, run: str, yes: bool) -> None:
    """Delete the handout of a run once everybody has theirs; the journal keeps when. There is no way back.

    A disk may keep old blocks, and backups their copies: those stay sealed, and open with the recipients' keys alone.

    \b
      keyturn handout shred r7f3k2a
      keyturn handout shred r7f3k2a --yes
    """
    from contextlib import closing

    from keyturn.app.run.machine import Machine
    from keyturn.bulk.record.folder import find_run
    from keyturn.bulk.record.shredding import refuse_open, shred_handouts

    frame.progress = "Nothing was deleted."
    machine = Machine(frame.settings)
    folder = find_run(machine.folders.runs, run)
    with closing(machine.journal(folder.journal)) as journal:
        refuse_open(folder, journal.facts())
        names = ", ".join(path.name for path in folder.handouts())
        if not yes:
            frame.insist(f"Delete {names}? The passwords are lost with it.", otherwise="--yes")
        gone = shred_handouts(folder, journal, machine.clock().now())
    if frame.wants_json:
        frame.json({"run": run, "deleted": [path.name for path in gone]})
    else:
        frame.data(f"deleted: {names}")
    frame.say("What the disk or a backup still holds of it is sealed, and opens with the keys of its recipients alone.")
