"""The folder of a run: its name, and what is where in it."""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from keyturn.bulk.record.private import keep_names
from keyturn.core.errors import RunError

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
RUN_ID: Final = re.compile(r"r[a-z0-9]{6}")
JOURNAL: Final = "journal.db"
BEGUN: Final = "begun"
"""Holds the time at which the run began; the newest run is found by it without opening journals."""

MAKING: Final = "being-made"
"""There while the journal is made: a run whose process died meanwhile never began, and sent nothing."""

STONE: Final = "forgotten.json"
"""Stays where a run was that was forgotten."""


def new_run_id() -> str:
    """`r` and six letters or digits that nobody mixes up."""
    return "r" + "".join(secrets.choice(_LETTERS) for _ in range(6))


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Everything about one run.  Readable by its owner alone."""

    path: Path

    @property
    def run(self) -> str:
        """The id of the run."""
        return self.path.name

    @property
    def journal(self) -> Path:
        """The durable record."""
        return self.path / JOURNAL

    @property
    def making(self) -> Path:
        """There while the journal is being made."""
        return self.path / MAKING

    @property
    def vault(self) -> Path:
        """What a target made up and handed back, sealed."""
        return self.path / "handed-back.sealed"

    def before(self, target: str) -> Path:
        """What the users of a target showed before their rows were sent; any name makes a name of a file."""
        return self.path / f"before-{hashlib.sha256(target.encode()).hexdigest()[:16]}.jsonl"

    @property
    def piped(self) -> Path:
        """What was piped in, sealed; there until the run is closed."""
        return self.path / "input.sealed"

    @property
    def handout(self) -> Path:
        """The sealed file with the new passwords; where it is split, with those that no group is for."""
        return self.path / f"handout-{self.run}.age"

    def handouts(self) -> list[Path]:
        """The sealed files that are there, that of the whole run first."""
        return sorted(self.path.glob(f"handout-{self.run}*.age"), key=lambda path: (len(path.name), path.name))

    @property
    def stone(self) -> Path:
        """There once the run was forgotten."""
        return self.path / STONE


def make_run_folder(runs: Path, now: datetime) -> RunFolder:
    """A fresh folder under a fresh id."""
    while True:
        folder = RunFolder(runs / new_run_id())
        try:
            folder.path.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            continue
        marker = folder.path / BEGUN
        marker.touch(mode=0o600)
        marker.write_text(now.isoformat(), "ascii")
        return folder


class NeverBegan(RunError):
    """The process of a run ended while its journal was being made."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(
            f"run {folder.run} never began",
            code="KT-RUN-078",
            where=str(folder.path),
            why="its process ended before its journal was whole; nothing was sent",
            fix=f"start it again; keyturn runs forget {folder.run}  takes away what is left of this one",
        )


def mark_made(folder: RunFolder) -> None:
    """The journal is whole, and rows may be sent: from here on it tells how the run stands."""
    folder.making.unlink(missing_ok=True)
    keep_names(folder.path)


def run_folders(runs: Path) -> list[RunFolder]:
    """All runs that are here, the newest first."""
    found = [folder for folder in _all(runs) if _is_there(folder) and not folder.stone.exists()]
    return sorted(found, key=_begun, reverse=True)


def forgotten_runs(runs: Path) -> list[RunFolder]:
    """All runs that were forgotten here, the last one first."""
    found = [folder for folder in _all(runs) if folder.stone.exists()]
    return sorted(found, key=lambda folder: folder.stone.stat().st_mtime, reverse=True)


def _is_there(folder: RunFolder) -> bool:
    return folder.journal.exists() or folder.making.exists()


def _all(runs: Path) -> list[RunFolder]:
    if not runs.is_dir():
        return []
    return [RunFolder(path) for path in runs.iterdir() if RUN_ID.fullmatch(path.name)]


def _begun(folder: RunFolder) -> str:
    marker = folder.path / BEGUN
    return marker.read_text("ascii") if marker.exists() else ""


def begun_at(folder: RunFolder) -> datetime | None:
    """When a run began; None where that was not written down."""
    written = _begun(folder)
    return datetime.fromisoformat(written) if written else None


def find_run(runs: Path, run: str) -> RunFolder:
    """The folder of a run.  Raises RunError when there is none, or it was forgotten."""
    folder = RunFolder(runs / run)
    if RUN_ID.fullmatch(run) and folder.stone.exists():
        raise _forgotten(folder)
    if not RUN_ID.fullmatch(run) or not _is_there(folder):
        raise RunError(f"there is no run {run}", code="KT-RUN-002", where=str(runs), fix="keyturn runs list")
    return folder


def read_stone(folder: RunFolder) -> dict[str, Any]:
    """What was written down when a run was forgotten; empty where that is damaged: forgotten it is all the same."""
    try:
        told = json.loads(folder.stone.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _forgotten(folder: RunFolder) -> RunError:
    told = read_stone(folder)
    left = folder.handouts()
    kept = f"its handout was kept: {', '.join(map(str, left))}" if left else "its handout is gone with it"
    handout = kept if told.get("handout") != "none" else "there was no handout then"
    when = f" on {told['at'][:10]} by {told['by']}" if {"at", "by"} <= told.keys() else ""
    return RunError(
        f"run {folder.run} was forgotten{when}",
        code="KT-RUN-070",
        why=f"its key and its rows were deleted then; {handout}",
        fix="what is left to do needs a new run of its file",
    )
