"""Reads the folder of a collection of schema v3: its own files alone, and no more of them than a person makes."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Final

from keyturn.app.postman.yaml_text import read_yaml
from keyturn.core.errors import SourceError
from keyturn.dialects.postman.wire import FOREIGN
from keyturn.dialects.postman.wire_folder import Folder, Part

MOST_BYTES: Final = 2_000_000
MOST_ENTRIES: Final = 20_000
DEEPEST: Final = 20

_REQUESTS: Final = (".request.yaml", ".request.yml")
_RESOURCES: Final = ".resources"
_DEFINITIONS: Final = ("definition.yaml", "definition.yml")


@dataclass(slots=True)
class FolderReader:
    """Reads a tree of folders and keeps count of what it has read.  seen: the place of each file and its digest."""

    root: Path
    bytes_left: int = MOST_BYTES
    entries_left: int = MOST_ENTRIES
    seen: dict[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """The same for the same files at the same places."""
        return hashlib.sha256(json.dumps(self.seen).encode()).hexdigest()

    def read(self) -> Folder:
        """The folder.  Raises SourceError for what cannot be read, leads elsewhere or is too much."""
        try:
            return self._folder(self.root, 0)
        except OSError as error:
            where, why = str(error.filename or self.root), error.strerror or ""
            raise SourceError("the collection cannot be read", code=FOREIGN, where=where, why=why) from None

    def _folder(self, path: Path, depth: int) -> Folder:
        if depth > DEEPEST:
            raise _too_much(path, f"folders stand more than {DEEPEST} deep in each other")
        requests: dict[str, Part] = {}
        folders = []
        self._own(path)
        for name, is_folder in self._entries(path):
            if is_folder and not name.endswith(_RESOURCES) and not name.startswith("."):
                folders.append(self._folder(path / name, depth + 1))
            elif not is_folder and name.endswith(_REQUESTS):
                stem = name.rsplit(".", 2)[0]
                if stem in requests:
                    what, fix = f"there are two files of the request {stem}", "delete the one that is not meant"
                    raise SourceError(what, code=FOREIGN, where=str(path / name), fix=fix)
                requests[stem] = Part(self._file(path / name), self._scripts(path, stem))
        return Folder(path.resolve().name, self._definition(path / _RESOURCES), requests, folders)

    def _definition(self, path: Path) -> Part:
        names = self._names(path)
        found = next((name for name in _DEFINITIONS if name in names), None)
        return Part(self._file(path / found) if found else {}, self._names(path / "scripts"))

    def _scripts(self, path: Path, stem: str) -> tuple[str, ...]:
        """The scripts of a request that stand in files; the vendor has put them beside it and into `.resources`."""
        own = f"{stem}{_RESOURCES}"
        return (*self._names(path / own / "scripts"), *self._names(path / _RESOURCES / own / "scripts"))

    def _names(self, path: Path) -> tuple[str, ...]:
        """The files in a folder that need not be there."""
        self._own(path)
        entries = self._entries(path) if path.is_dir() else []
        return tuple(name for name, is_folder in entries if not is_folder and not name.startswith("."))

    def _entries(self, path: Path) -> list[tuple[str, bool]]:
        """What is in a folder by name, and whether it is one itself."""
        found = []
        with os.scandir(path) as entries:
            for entry in entries:
                self.entries_left -= 1
                if self.entries_left < 0:
                    raise _too_much(self.root, f"there are more than {MOST_ENTRIES:,} files and folders in it")
                found.append((entry.name, entry.is_dir()))
        return sorted(found)

    def _file(self, path: Path) -> Mapping[str, object]:
        self._own(path)
        if not path.is_file():
            raise SourceError(f"{path.name} is no ordinary file", code=FOREIGN, where=str(path))
        with path.open("rb") as file:
            data = file.read(self.bytes_left + 1)
        self.bytes_left -= len(data)
        if self.bytes_left < 0:
            raise _too_much(self.root, f"its files have more than {MOST_BYTES:,} bytes")
        self.seen[path.relative_to(self.root).as_posix()] = hashlib.sha256(data).hexdigest()
        value = read_yaml(data, str(path), FOREIGN)
        if not isinstance(value, Mapping):
            raise SourceError(f"{path.name} holds no names with values", code=FOREIGN, where=str(path))
        return value

    def _own(self, path: Path) -> None:
        """Raises SourceError for a link: what it leads to may be anybody's."""
        for one in takewhile(lambda each: each != self.root, (path, *path.parents)):
            if one.is_symlink():
                what, why = f"{one.name} is a link", "a collection is read from its own folder alone"
                raise SourceError(what, code=FOREIGN, where=str(one), why=why, fix="put there what it leads to")


def _too_much(path: Path, why: str) -> SourceError:
    fix = "name the folder of one collection, as postman/collections/NAME"
    return SourceError("that is too much for a collection", code=FOREIGN, where=str(path), why=why, fix=fix)
