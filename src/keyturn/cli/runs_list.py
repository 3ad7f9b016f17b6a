"""`keyturn runs list`: the runs of this machine."""

from typing import TYPE_CHECKING

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.runs_opened import opened, told_of

if TYPE_CHECKING:
    from keyturn.bulk.record.folder import RunFolder


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
            found.append({"run": folder.run, **_from_its_worker(folder)})
        except StoreError:
            found.append({"run": folder.run, "state": "damaged"})
    if frame.wants_json:
        frame.json(found)
        return
    head = ("run", "state", "operation", "target", "file", "done", "left", "exit", "begun", "name")
    frame.table(head, [[str(each.get(name, "")) for name in head] for each in found], empty="no runs yet")


def _from_its_worker(folder: "RunFolder") -> dict[str, object]:
    """How a run stands whose journal another process holds, as far as that one tells."""
    from keyturn.bulk.running.channel import Channel
    from keyturn.core.journal import DONE

    standing = Channel(folder.path).standing()
    if standing is None:
        return {"state": "held by another process"}
    done = sum(standing.states.get(str(state), 0) for state in DONE)
    left = standing.total - standing.through
    return {"state": str(standing.doing), "target": standing.where, "done": done, "left": left}
