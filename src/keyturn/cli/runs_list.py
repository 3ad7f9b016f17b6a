"""`keyturn runs list`: the runs of this machine."""

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.runs_opened import opened, told_of


@click.command("list")
@pass_frame
def list_runs(frame: Frame) -> None:
    """The runs of this machine, the newest first.

    \b
      keyturn runs list
      keyturn runs list --json
    """
    from keyturn.bulk.record.folder import run_folders
    from keyturn.core.errors import RunError, StoreError

    found = []
    for folder in run_folders(frame.settings.folders.runs):
        try:
            with opened(frame, folder.run) as (journal, facts):
                found.append(told_of(folder, journal, facts))
        except RunError:
            found.append({"run": folder.run, "state": "held by another process"})
        except StoreError:
            found.append({"run": folder.run, "state": "damaged"})
    if frame.wants_json:
        frame.json(found)
        return
    head = ("run", "state", "operation", "target", "file", "done", "left", "exit", "begun", "name")
    frame.table(head, [[str(each.get(name, "")) for name in head] for each in found], empty="no runs yet")
