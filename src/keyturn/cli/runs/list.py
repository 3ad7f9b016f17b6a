"""`keyturn runs list`: the runs of this machine."""

from typing import TYPE_CHECKING

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.runs.opened import NEVER_BEGAN, moment_of, opened, told_of

if TYPE_CHECKING:
    from keyturn.bulk.record.folder import RunFolder


@click.command("list")
@pass_frame
def list_runs(frame: Frame) -> None:
    """The runs of this machine, the newest first, and those that were forgotten.

    \b
      keyturn runs list
      keyturn runs list --json
    """
    from keyturn.app.clock import SystemClock
    from keyturn.bulk.record.folder import NeverBegan, forgotten_runs, run_folders
    from keyturn.bulk.record.forgetting import is_old
    from keyturn.core.errors import RunError, StoreError

    found, old, days = list[dict[str, object]](), 0, frame.settings.runs.keep_days
    for folder in run_folders(frame.settings.folders.runs):
        try:
            with opened(frame, folder) as (journal, facts):
                found.append(told_of(folder, journal, facts))
                old += is_old(facts, SystemClock().now(), days)
        except NeverBegan:
            found.append({"run": folder.run, "state": NEVER_BEGAN, "begun": _when(folder)})
        except RunError:
            found.append({"run": folder.run, **_from_its_worker(folder)})
        except StoreError:
            found.append({"run": folder.run, "state": "damaged"})
    found += [_forgotten(folder) for folder in forgotten_runs(frame.settings.folders.runs)]
    if frame.wants_json:
        frame.json(found)
        return
    head = ("run", "state", "operation", "target", "file", "done", "left", "exit", "begun", "name")
    frame.table(head, [[str(each.get(name, "")) for name in head] for each in found], empty="no runs yet")
    if old:
        runs = "1 finished run is" if old == 1 else f"{old:,} finished runs are"
        frame.say(f"{runs} older than {days} days:  keyturn runs forget --old")


def _when(folder: "RunFolder") -> str:
    from keyturn.bulk.record.folder import begun_at

    begun = begun_at(folder)
    return f"{begun:%Y-%m-%dT%H:%M:%SZ}" if begun is not None else ""


def _forgotten(folder: "RunFolder") -> dict[str, object]:
    """What is still known of a run that was forgotten."""
    from keyturn.bulk.record.folder import read_stone
    from keyturn.core.journal import DONE

    stone = read_stone(folder)
    told: dict[str, object] = {
        "run": folder.run,
        "state": "forgotten",
        "forgotten": stone.get("at", ""),
        "by": stone.get("by", ""),
    }
    if "outcomes" not in stone:
        return told
    names = ("operation", "target", "file", "sha256", "begun", "ended", "exit", "name", "outcomes")
    done = sum(stone["outcomes"].get(str(state), 0) for state in DONE)
    times = {name: moment_of(stone[name]) for name in ("begun", "ended")}
    return {**told, **{name: stone[name] for name in names}, **times, "done": done}


def _from_its_worker(folder: "RunFolder") -> dict[str, object]:
    """How a run stands whose journal another process holds, as far as that one tells."""
    from keyturn.bulk.running.channel import Channel
    from keyturn.core.journal import DONE

    standing = Channel(folder.path).standing()
    if standing is None:
        return {"state": "held by another process"}
    if standing.reading:
        return {"state": "reading back", "target": standing.where}
    done = sum(standing.states.get(str(state), 0) for state in DONE)
    left = standing.total - standing.through
    return {"state": str(standing.doing), "target": standing.where, "done": done, "left": left}
