"""The key folder: random keys that live outside the database, one file a key, readable by nobody else.

```
keys/keyring.json           which key of each label is in force
keys/pepper.k4m2x9ta.key    label, key id; 256 random bits in hex
keys/audit.q7w3n8ze.pub     the public half of an audit key, for auditors
```

Several keys of one label may lie side by side: the one in force makes new things, the others only read old ones.
"""

import json
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from keyturn.core.errors import KeyFolderError

KEY_BYTES: Final = 32
KEYRING: Final = "keyring.json"
ID_SYMBOLS: Final = "23456789abcdefghjkmnpqrstvwxyz"
_KEY_FILE: Final = re.compile(r"(?P<label>[a-z]+)\.(?P<id>[0-9a-z]{8})\.key")
_PUBLIC_FILE: Final = re.compile(r"audit\.(?P<id>[0-9a-z]{8})\.pub")


@unique
class Label(StrEnum):
    """What a key is for; no key is ever used for two of these.

    derive: one-time secrets and links.  pepper: verifiers.  verify: digests of tokens and fingerprints.
    token: access tokens.  audit: signatures of checkpoints.  mail: values sealed in the outbox.
    """

    DERIVE = "derive"
    PEPPER = "pepper"
    VERIFY = "verify"
    TOKEN = "token"
    AUDIT = "audit"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class FolderKey:
    """One key of the folder; its material is never printed."""

    id: str
    label: Label
    material: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """The keys of a directory as read at start."""

    path: Path
    keys: Mapping[Label, Mapping[str, FolderKey]] = field(repr=False)
    in_force: Mapping[Label, str]
    public: Mapping[str, bytes]

    def active(self, label: Label) -> FolderKey:
        """The key that makes new things."""
        return self.keys[label][self.in_force[label]]

    def get(self, label: Label, id: str) -> FolderKey:
        """A key that made something earlier.  Raises KeyFolderError when it is not in the folder."""
        try:
            return self.keys[label][id]
        except KeyError:
            raise KeyFolderError(
                f"the {label} key {id!r} is not in the key folder",
                where=str(self.path),
                why="something in the database was made with a key that this folder does not hold",
                fix="put back the key folder that belongs to this database",
            ) from None


def create_key_folder(path: Path) -> KeyFolder:
    """Make the folder with one new key for each label.  Raises KeyFolderError where there is something already."""
    if path.exists() and any(path.iterdir()):
        raise KeyFolderError("there is a key folder already", where=str(path), fix="use it, or choose another --data")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    _write_keyring(path, {label: _write_key(path, label) for label in Label})
    return open_key_folder(path)


def add_key(path: Path, label: Label) -> KeyFolder:
    """Put a new key in force for a label; the older ones stay readable."""
    folder = open_key_folder(path)
    _write_keyring(path, {**folder.in_force, label: _write_key(path, label)})
    return open_key_folder(path)


def open_key_folder(path: Path) -> KeyFolder:
    """Read the folder.  Raises KeyFolderError when it is missing, damaged, or readable by group or others."""
    if not path.is_dir():
        raise KeyFolderError("there is no key folder", where=str(path), fix="make one with: keyturn init --data DIR")
    _refuse_open_to_others(path, "700")
    keys: dict[Label, dict[str, FolderKey]] = {label: {} for label in Label}
    public: dict[str, bytes] = {}
    for file in sorted(path.iterdir()):
        if named := _KEY_FILE.fullmatch(file.name):
            key = _read_key(file, named["label"], named["id"])
            keys[key.label][key.id] = key
        elif named := _PUBLIC_FILE.fullmatch(file.name):
            public[named["id"]] = read_key(file)
    return KeyFolder(path, keys, _read_keyring(path, keys), public)


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that only its owner can read, and have it on disk.  Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _read_private(path: Path) -> bytes:
    """Read a file that must be readable by its owner only.  Raises KeyFolderError."""
    _refuse_open_to_others(path, "600")
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFolderError(f"cannot read the key file ({error.strerror})", where=str(path)) from error


def read_key(file: Path) -> bytes:
    """The key in a private file (hex).  Raises KeyFolderError when it holds anything else, or others can read it."""
    try:
        material = bytes.fromhex(_read_private(file).decode("ascii"))
    except ValueError:
        raise _damaged(file) from None
    if len(material) != KEY_BYTES:
        raise _damaged(file)
    return material


def _refuse_open_to_others(path: Path, mode: str) -> None:
    # Windows has no such bits; its profile folders are private by their access lists.
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyFolderError(
            "other people on this machine can read the keys",
            where=str(path),
            why="whoever reads them can recompute every one-time secret and forge every token",
            fix=f"chmod {mode} {path}   and, if it was like this for long, rotate the keys",
        )


def _write_key(path: Path, label: Label) -> str:
    key_id = "".join(secrets.choice(ID_SYMBOLS) for _ in range(8))
    material = secrets.token_bytes(KEY_BYTES)
    write_private(path / f"{label}.{key_id}.key", material.hex().encode() + b"\n")
    if label is Label.AUDIT:
        write_private(path / f"{label}.{key_id}.pub", bytes(SigningKey(material).verify_key).hex().encode() + b"\n")
    return key_id


def _write_keyring(path: Path, in_force: Mapping[Label, str]) -> None:
    fresh = path / f".{KEYRING}.{secrets.token_hex(4)}"
    write_private(fresh, json.dumps({"version": 1, "in_force": in_force}, indent=1).encode() + b"\n")
    fresh.replace(path / KEYRING)


def _read_key(file: Path, label: str, id: str) -> FolderKey:
    try:
        return FolderKey(id, Label(label), read_key(file))
    except ValueError:
        raise _damaged(file) from None


def _read_keyring(path: Path, keys: Mapping[Label, Mapping[str, FolderKey]]) -> Mapping[Label, str]:
    ring = path / KEYRING
    if not ring.exists():
        raise KeyFolderError(
            "the key folder was never finished", where=str(ring), fix="delete the folder and make it again"
        )
    try:
        named = json.loads(_read_private(ring))["in_force"]
        in_force = {label: str(named[label]) for label in Label}
    except (ValueError, LookupError, TypeError):
        raise _damaged(ring) from None
    for label, key_id in in_force.items():
        if key_id not in keys[label]:
            raise _damaged(path / f"{label}.{key_id}.key")
    return in_force


def _damaged(file: Path) -> KeyFolderError:
    return KeyFolderError(
        "the key folder is damaged",
        where=str(file),
        why="this file is missing or does not hold what it should",
        fix="put back the key folder from its backup",
    )
