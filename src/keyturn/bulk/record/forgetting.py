"""Forgets a run: its key first, so that its passwords are gone for good, then everything else in its folder.

A stone stays where the run was, so that whoever asks for it is told plainly; of the rows it holds counts at most.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from keyturn.bulk.record.closing import keyless
from keyturn.bulk.record.facts import FINISHED, Facts
from keyturn.bulk.record.folder import STONE, RunFolder, read_stone
from keyturn.bulk.record.notices import planned
from keyturn.bulk.record.private import add_private, open_private
from keyturn.bulk.record.report import label_of, outcomes
from keyturn.core.errors import RunError
from keyturn.core.journal import UNFINISHED, Journal

NOTES: Final = "notes.jsonl"
"""In the state folder: what people did to runs that the runs themselves can no longer tell.  Only ever added to."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a run is to be forgotten, by whom and when.  even_open: although rows are not done."""

    by: str
    at: datetime
    keep_counts: bool = False
    keep_handout: bool = False
    even_open: bool = False


def open_rows(journal: Journal) -> int:
    """How many rows are uncertain or not tried: what only the journal knows of them would be gone."""
    counts = journal.counts()
    return sum(counts.get(state, 0) for state in UNFINISHED)


def is_old(facts: Facts, now: datetime, days: int) -> bool:
    """Whether a run is finished, and has been for so many days; 0 days: none ever is."""
    if not days or facts["state"] != FINISHED or not facts["ended"]:
        return False
    return now - datetime.fromisoformat(facts["ended"]) >= timedelta(days=days)


def mark_forgotten(folder: RunFolder, journal: Journal, wish: Wish, notes: Path) -> None:
    """Delete the key and put up the stone; from here on the run is forgotten, whatever happens.

    Raises RunError while rows are open, unless that is wished for all the same.
    """
    left = open_rows(journal)
    if left and not wish.even_open:
        raise RunError(
            f"{left:,} rows of run {folder.run} are uncertain or not tried",
            code="KT-RUN-071",
            why="what became of them stands in its journal alone, and so does the key of their passwords",
            fix=f"keyturn resume {folder.run}      or say --even-if-open",
        )
    facts = Facts(journal.facts())
    if planned(journal, facts) and not wish.even_open:
        raise RunError(
            f"notices of run {folder.run} are still to be sent",
            code="KT-RUN-071",
            why="its key is kept for them",
            fix=f"keyturn runs notify {folder.run}      or say --even-if-open",
        )
    kept = _counts(journal, facts) if wish.keep_counts else {}
    handout = "none" if not folder.handouts() else "kept" if wish.keep_handout else "deleted"
    told = {"run": folder.run, "at": wish.at.isoformat(), "by": wish.by, "open": left, "handout": handout}
    _note(notes, {**told, "what": "run.forget", "rows": sum(journal.counts().values()), "counts": wish.keep_counts})
    journal.note(keyless(facts))
    _put_stone(folder, {**told, **kept})


def mark_unbegun(folder: RunFolder, wish: Wish, notes: Path) -> None:
    """Put up the stone of a run that never began: there is no key, no row and no handout of it."""
    told = {"run": folder.run, "at": wish.at.isoformat(), "by": wish.by, "open": 0, "handout": "none"}
    _note(notes, {**told, "what": "run.forget", "rows": 0, "counts": False})
    _put_stone(folder, told)


def _put_stone(folder: RunFolder, told: Mapping[str, Any]) -> None:
    with open_private(folder.stone) as file:
        file.write(json.dumps({"v": 1, **told}, ensure_ascii=False).encode() + b"\n")


def sweep(folder: RunFolder) -> None:
    """Delete what is left in the folder of a run that was forgotten; the journal must not be open.

    It goes last: as long as it is there, an interrupted sweep is known by it.
    """
    kept = {STONE}
    if read_stone(folder).get("handout") == "kept":
        kept |= {path.name for path in folder.handouts()}
    for path in sorted(folder.path.iterdir(), key=lambda path: path == folder.journal):
        if path.name not in kept:
            with suppress(FileNotFoundError):  # another one sweeps here, too
                path.unlink()


def _counts(journal: Journal, facts: Facts) -> dict[str, Any]:
    moments = {"begun": facts["created"], "ended": facts["ended"]}
    what = {"operation": facts["operation"], "target": label_of(facts), "file": facts.file.name}
    reasons = [{"outcome": str(state), "reason": why, "count": count} for state, why, count in journal.reasons() if why]
    return {
        **what,
        **moments,
        "name": facts["name"],
        "sha256": facts["sha256"],
        "exit": facts["exit"],
        "outcomes": outcomes(journal.counts()),
        "reasons": reasons,
    }


def _note(notes: Path, told: Mapping[str, Any]) -> None:
    """Add a line, on disk before anything goes."""
    notes.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    add_private(notes, json.dumps(told, ensure_ascii=False).encode() + b"\n")
