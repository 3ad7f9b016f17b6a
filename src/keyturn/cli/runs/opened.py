"""Opens a run that is on this machine, by its name or as the newest, and tells of it as plain values."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from keyturn.cli.frame import Frame

if TYPE_CHECKING:
    from keyturn.bulk.record.facts import Facts
    from keyturn.bulk.record.folder import RunFolder
    from keyturn.core.journal import Journal

NEVER_BEGAN = "never began"
"""How a run stands whose process ended before its journal was whole: nothing was sent."""


def chosen(frame: Frame, run: str) -> "RunFolder":
    """The named run, else the newest.  Raises RunError when there is none."""
    from keyturn.bulk.record.folder import find_run, run_folders
    from keyturn.core.errors import RunError

    runs = frame.settings.folders.runs
    if run:
        return find_run(runs, run)
    folders = run_folders(runs)
    if not folders:
        fix = "keyturn plan reset FILE -t TARGET  shows what the first one would do"
        raise RunError("there are no runs yet", code="KT-RUN-002", where=str(runs), fix=fix)
    return folders[0]


@contextmanager
def opened(frame: Frame, folder: "RunFolder") -> "Iterator[tuple[Journal, Facts]]":
    """The journal of a run with its facts, held until the block ends."""
    from contextlib import closing

    from keyturn.app.run.machine import Machine
    from keyturn.bulk.record.facts import Facts

    with closing(Machine(frame.settings).journal(folder.journal)) as journal:
        yield journal, Facts(journal.facts())


def told_of(folder: "RunFolder", journal: "Journal", facts: "Facts") -> dict[str, object]:
    """How a run stands, as plain values."""
    from keyturn.bulk.record.report import looked_up, outcomes
    from keyturn.core.journal import DONE, RowState

    counts = journal.counts()
    return {
        "run": folder.run,
        "folder": str(folder.path),
        "name": facts["name"],
        "state": _state(facts["state"]),
        "operation": facts["operation"],
        "target": facts["target"],
        "account": ", ".join(pin.address.account for pin in facts.pins if pin.address.account),
        "file": facts.file.name,
        "sha256": facts["sha256"],
        "planned_by": facts["made_by"],
        "approved_by": ", ".join(facts.approvers),
        "looked_up": looked_up(facts),
        "begun": moment_of(facts["created"]),
        "ended": moment_of(facts["ended"]),
        "exit": int(facts["exit"]) if facts["exit"] else "",
        "done": sum(counts.get(state, 0) for state in DONE),
        "left": counts.get(RowState.NOT_TRIED, 0) + counts.get(RowState.SENT, 0),
        "outcomes": outcomes(counts),
    }


def _state(written: str) -> str:
    """What an open journal says.  Whoever works on a run holds its journal, so `running` was left in the middle."""
    from keyturn.bulk.record.facts import PLANNING, RUNNING

    return {RUNNING: "unfinished", PLANNING: NEVER_BEGAN, "": NEVER_BEGAN}.get(written, written)


def moment_of(written: str) -> str:
    """A time to the second, with its zone."""
    return f"{written[:19]}Z" if written else ""
