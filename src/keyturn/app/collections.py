"""Reads collections, environments and globals of Postman's from files."""

import json
from pathlib import Path
from typing import Final

from keyturn.core.errors import SourceError
from keyturn.dialects.postman.wire import FOREIGN, Collection, read_collection, read_environment

MOST: Final = 50_000_000
"""Bytes of a collection; more is no file of requests."""


def load_collection(path: Path) -> Collection:
    """The collection in a file.  Raises SourceError."""
    if path.is_dir():
        what, fix = "a collection of schema v3, a folder of YAML files, is not read", "export it from Postman as v2.1"
        raise SourceError(what, code=FOREIGN, where=str(path), fix=fix)
    try:
        return read_collection(_json(path))
    except SourceError as error:
        error.where = error.where or str(path)
        raise


def load_environment(path: Path) -> dict[str, str]:
    """The variables of an environment, or of the globals, in a file.  Raises SourceError."""
    try:
        return dict(read_environment(_json(path)))
    except SourceError as error:
        error.where = error.where or str(path)
        raise


def _json(path: Path) -> object:
    try:
        with path.open("rb") as file:
            data = file.read(MOST + 1)
        if len(data) > MOST:
            raise SourceError("the file is too large to be a collection", code=FOREIGN, where=str(path))
        return json.loads(data)
    except OSError as error:
        what = f"{path.name} cannot be read"
        raise SourceError(what, code=FOREIGN, where=str(path), why=error.strerror or "") from None
    except (ValueError, RecursionError):
        what, fix = f"{path.name} is not JSON", "export the collection again as v2.1"
        raise SourceError(what, code=FOREIGN, where=str(path), fix=fix) from None
