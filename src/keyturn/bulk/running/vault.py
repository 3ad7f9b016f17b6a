"""Keeps what cannot be derived again: passwords that a target made up and handed back, sealed under the run's key.

A record is on disk before its rows count as done.  A torn last record (the machine died) is left out: its rows never
counted.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from keyturn.bulk.ports import RunKeys
from keyturn.bulk.record.private import add_private
from keyturn.core.errors import StoreError
from keyturn.core.secret import Secret

LABEL: Final = "keyturn handed back"
_LENGTH: Final = 4


class Vault:
    """A file of sealed records beside the journal of the run."""

    def __init__(self, path: Path, keys: RunKeys) -> None:
        self._path = path
        self._keys = keys

    def put(self, secrets: Iterable[tuple[int, Secret]]) -> None:
        """Keep these, by row; returns when they are on disk.  Raises StoreError when they cannot be."""
        clear = json.dumps([(number, secret.reveal()) for number, secret in secrets]).encode()
        sealed = self._keys.seal(clear, LABEL)
        try:
            add_private(self._path, len(sealed).to_bytes(_LENGTH, "big") + sealed)
        except OSError as error:
            what = f"what the target handed back cannot be kept: {error.strerror}"
            raise StoreError(what, where=str(self._path)) from error

    def read(self) -> Mapping[int, Secret]:
        """Everything that was kept; a later record of a row counts."""
        found: dict[int, Secret] = {}
        if not self._path.exists():
            return found
        with self._path.open("rb") as file:
            while len(head := file.read(_LENGTH)) == _LENGTH:
                sealed = file.read(length := int.from_bytes(head, "big"))
                if len(sealed) != length:
                    break
                for number, clear in json.loads(self._keys.open(sealed, LABEL)):
                    found[number] = Secret(clear)
        return found
