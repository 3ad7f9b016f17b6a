"""Deletes the handout of a run that is closed, and writes into the journal that it is gone."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from keyturn.bulk.record.facts import KEY, SHREDDED
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.private import keep_names
from keyturn.core.errors import RunError
from keyturn.core.journal import Journal


def refuse_open(folder: RunFolder, facts: Mapping[str, str]) -> None:
    """Raises RunError where there is nothing to delete, and while a key is there from which it would be made again."""
    if facts.get(KEY):
        raise RunError(
            f"run {folder.run} is not closed",
            code="KT-RUN-061",
            where=str(folder.path),
            why="its key is still there: the passwords can be derived again, and a resume would write the handout anew",
            fix=f"keyturn resume {folder.run}      or give it up with keyturn runs forget {folder.run}",
        )
    if not folder.handouts():
        when = facts.get(SHREDDED, "")
        what = (
            f"the handout of run {folder.run} is gone since {when[:10]}" if when else f"run {folder.run} has no handout"
        )
        raise RunError(what, code="KT-RUN-062", where=str(folder.path))


def shred_handouts(folder: RunFolder, journal: Journal, now: datetime) -> list[Path]:
    """Delete the files, what a target handed back with them; answers what was deleted.

    Nothing is written over first: on the disks of today that reaches other blocks, and what is left is sealed.
    """
    gone = folder.handouts()
    for path in (*gone, folder.vault):
        path.unlink(missing_ok=True)
    keep_names(folder.path)
    journal.note({SHREDDED: now.isoformat()})
    return gone
