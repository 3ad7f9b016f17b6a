"""Reads collections, environments and globals of Postman's from disk."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Final

from keyturn.app.postman.collection_folder import FolderReader
from keyturn.app.postman.yaml_text import read_yaml
from keyturn.bulk.regular import open_regular
from keyturn.core.errors import SourceError
from keyturn.dialects.postman.wire import FOREIGN, Collection, read_collection, read_environment
from keyturn.dialects.postman.wire_folder import read_folder

MOST: Final = 50_000_000
"""Bytes of a collection in one file; more is no file of requests."""

MOST_YAML: Final = 1_000_000
"""Bytes of an environment in YAML, which is read more slowly."""

_YAML: Final = (".yaml", ".yml")


def load_collection(path: Path) -> Collection:
    """The collection in a file (schema v2.0 and v2.1) or in a folder (v3).  Raises SourceError."""
    if path.suffix in _YAML and not path.is_dir():
        what, fix = "a collection of schema v3 is a folder", "name the folder; --folder NAME chooses a request of it"
        raise SourceError(what, code=FOREIGN, where=str(path), fix=fix)
    try:
        if path.is_dir():
            reader = FolderReader(path)
            return replace(read_folder(reader.read()), sha256=reader.sha256)
        data = _bytes(path, MOST)
        return replace(read_collection(_json(data, path)), sha256=hashlib.sha256(data).hexdigest())
    except SourceError as error:
        error.where = error.where or str(path)
        raise


def load_environment(path: Path) -> dict[str, str]:
    """The variables of an environment, or of the globals, in a file.  Raises SourceError."""
    try:
        if path.suffix in _YAML:
            return dict(read_environment(read_yaml(_bytes(path, MOST_YAML), str(path), FOREIGN)))
        return dict(read_environment(_json(_bytes(path, MOST), path)))
    except SourceError as error:
        error.where = error.where or str(path)
        raise


def _bytes(path: Path, most: int) -> bytes:
    try:
        with open_regular(path) as file:
            data = file.read(most + 1)
    except OSError as error:
        what = f"{path.name} cannot be read"
        raise SourceError(what, code=FOREIGN, where=str(path), why=error.strerror or "") from None
    if len(data) > most:
        raise SourceError(f"{path.name} is too large", code=FOREIGN, where=str(path), why=f"{most:,} bytes at most")
    return data


def _json(data: bytes, path: Path) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        what, fix = f"{path.name} is not JSON", "export it from Postman again"
        raise SourceError(what, code=FOREIGN, where=str(path), fix=fix) from None
