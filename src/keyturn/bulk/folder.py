"""The folder of a run: its name, and what is where in it."""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keyturn.core.errors import RunError

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
RUN_ID: Final = re.compile(r"r[a-z0-9]{6}")
JOURNAL: Final = "journal.db"


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
    def vault(self) -> Path:
        """What a target made up and handed back, sealed."""
        return self.path / "handed-back.sealed"

    @property
    def handout(self) -> Path:
        """The sealed file with the new passwords."""
        return self.path / f"handout-{self.run}.age"


def make_run_folder(runs: Path) -> RunFolder:
    """A fresh folder under a fresh id."""
    while True:
        folder = RunFolder(runs / new_run_id())
        try:
            folder.path.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            continue
        return folder


def run_folders(runs: Path) -> list[RunFolder]:
    """All runs that are here, the newest first."""
    if not runs.is_dir():
        return []
    found = [RunFolder(path) for path in runs.iterdir() if RUN_ID.fullmatch(path.name) and (path / JOURNAL).exists()]
    return sorted(found, key=lambda folder: folder.path.stat().st_ctime_ns, reverse=True)


def find_run(runs: Path, run: str) -> RunFolder:
    """The folder of a run.  Raises RunError when there is none."""
    folder = RunFolder(runs / run)
    if not RUN_ID.fullmatch(run) or not folder.journal.exists():
        raise RunError(f"there is no run {run}", code="KT-RUN-002", where=str(runs), fix="keyturn runs list")
    return folder
