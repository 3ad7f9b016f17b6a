"""Finds the handout that a command means, opens it with an identity, and writes down that it was opened."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame

if TYPE_CHECKING:
    from datetime import datetime

    from keyturn.app.run.machine import Machine
    from keyturn.bulk.record.folder import RunFolder
    from keyturn.core.handout import Handed

NAMED = click.argument("named", metavar="RUN|FILE", shell_complete=complete_runs)
IDENTITY = click.option(
    "--identity", type=click.Path(path_type=Path), help="Your age identity; otherwise that of this machine."
)


def one_handout(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument and the flag that say which handout, and who opens it."""
    return NAMED(IDENTITY(command))


@dataclass(frozen=True, slots=True)
class Opened:
    """A handout, opened.  name: of its file, without the ending; path: its file, of several the first."""

    name: str
    people: "list[Handed]"
    path: Path

    @property
    def written(self) -> "datetime":
        """When it was sealed."""
        from datetime import UTC, datetime

        return datetime.fromtimestamp(int(self.path.stat().st_mtime), UTC)

    @property
    def memory(self) -> Path:
        """The file beside it that says whom it was mailed to."""
        from keyturn.app.run.resending import memory_of

        return memory_of(self.path.with_stem(self.name))


def opened(frame: Frame, named: str, identity: Path | None) -> Opened:
    """Everybody in the handout of a run, or in a file of it.

    Of a run that was split, the files that the identity opens.  Raises ConfigError when it opens none.
    """
    from keyturn.app.run.machine import Machine
    from keyturn.core.errors import ConfigError

    frame.progress = "Nothing was changed."
    machine = Machine(frame.settings)
    folder, paths = found(frame, named)
    if folder is not None:
        _hold_sealed(frame, machine, folder, paths)
    people: list[Handed] = []
    refused: list[ConfigError] = []
    for path in paths:
        try:
            people += _read(machine, path, identity or machine.identity)
        except ConfigError as error:
            refused.append(error)
    if len(refused) == len(paths):
        raise refused[0]
    for each in refused:
        frame.say(f"left out: {each.where.splitlines()[0]}: {each.why}")
    if folder is not None:
        _note_opened(frame, folder)
    name = folder.handout.stem if folder is not None and len(paths) > 1 else paths[0].stem
    return Opened(name, sorted(people, key=lambda handed: handed.row), paths[0])


def found(frame: Frame, named: str) -> "tuple[RunFolder | None, list[Path]]":
    """The run and the sealed files that are meant.  Raises ConfigError when there is none."""
    from keyturn.bulk.record.folder import RUN_ID, RunFolder, find_run
    from keyturn.core.errors import ConfigError

    runs = frame.settings.folders.runs
    if RUN_ID.fullmatch(named):
        folder = find_run(runs, named)
        paths = folder.handouts()
        if not paths:
            what, fix = f"run {named} has no handout", f"keyturn runs show {named} says what became of its passwords"
            raise ConfigError(what, code="KT-CFG-035", where=str(folder.path), fix=fix)
        return folder, paths
    path = Path(named)
    parent = path.absolute().parent
    return (RunFolder(parent) if parent.parent == runs.absolute() else None), [path]


def _hold_sealed(frame: Frame, machine: "Machine", folder: "RunFolder", paths: "list[Path]") -> None:
    """Raises RunError for a file that is not the one which the run sealed: whoever knows a recipient can make one."""
    from contextlib import closing
    from hashlib import file_digest

    from keyturn.bulk.record.facts import sealed_as
    from keyturn.core.errors import RunError, StoreError

    try:
        with closing(machine.journal(folder.journal)) as journal:
            known = sealed_as(journal.facts())
    except (RunError, StoreError) as error:
        frame.detail(f"whether it is what the run sealed is not known: {error.what}")
        return
    for path in paths if known else ():
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        if digest not in known.get(path.name, ()):
            raise RunError(
                f"this is not the handout that run {folder.run} sealed",
                code="KT-RUN-064",
                where=str(path),
                why="the file was changed, or another one was put in its place",
                fix="open a copy that was taken from here before; a recipient who has one need not ask",
            )


def _read(machine: Any, path: Path, identity: Path) -> "list[Handed]":
    from keyturn.bulk.regular import open_regular
    from keyturn.core.errors import ConfigError
    from keyturn.core.handout import read_line

    try:
        with open_regular(path) as file:
            sealed = file.read()
    except OSError as error:
        what, why = "the handout cannot be read", error.strerror or ""
        fix = "name a run, or its file handout-RUN.age"
        raise ConfigError(what, code="KT-CFG-035", where=str(path), why=why, fix=fix) from None
    try:
        return [read_line(line) for line in machine.sealer().open(sealed, identity, path).splitlines() if line]
    except ValueError:
        raise ConfigError("this is no handout", code="KT-CFG-046", where=str(path)) from None


def _note_opened(frame: Frame, folder: "RunFolder") -> None:
    """Write into the journal that somebody opened it; while the run is under way its own process holds the journal."""
    from contextlib import closing

    from keyturn.app.run.machine import Machine
    from keyturn.bulk.record.facts import OPENED
    from keyturn.core.errors import RunError, StoreError

    machine = Machine(frame.settings)
    try:
        with closing(machine.journal(folder.journal)) as journal:
            journal.note({OPENED: machine.clock().now().isoformat()})
    except (RunError, StoreError) as error:
        frame.detail(f"that it was opened is not written down: {error.what}")
