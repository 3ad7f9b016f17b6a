"""The key folder: random keys that live outside the database, one file a key, readable by nobody else.

```
keys/keyring.json           which key of each label is in force, and since when the others no longer are
keys/pepper.k4m2x9ta.key    label, key id; 256 random bits in hex
keys/audit.q7w3n8ze.pub     the public half of an audit key, for auditors
```

Several keys of one label may lie side by side: the one in force makes new things, the others only read old ones.
A process that has the folder open takes note of changes by itself: the keyring is a new file after each.
"""

import json
import logging
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum, unique
from pathlib import Path
from typing import Final, TypeAlias

from nacl.signing import SigningKey

from keyturn.core.errors import KeyFolderError

KEY_BYTES: Final = 32
KEYRING: Final = "keyring.json"
ID_SYMBOLS: Final = "23456789abcdefghjkmnpqrstvwxyz"
LOG: Final = logging.getLogger(__name__)
_KEY_FILE: Final = re.compile(r"(?P<label>[a-z]+)\.(?P<id>[0-9a-z]{8})\.key")
_PUBLIC_FILE: Final = re.compile(r"audit\.(?P<id>[0-9a-z]{8})\.pub")
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

Mark: TypeAlias = tuple[int, int]


@unique
class Label(StrEnum):
    """What a key is for; no key is ever used for two of these.

    derive: one-time secrets and links.  pepper: verifiers.  verify: digests of tokens and fingerprints.
    token: access tokens.  audit: signatures of checkpoints.  mail: values sealed in the outbox.
    factor: secrets of second factors.
    """

    DERIVE = "derive"
    PEPPER = "pepper"
    VERIFY = "verify"
    TOKEN = "token"
    AUDIT = "audit"
    MAIL = "mail"
    FACTOR = "factor"


YOUNGER: Final = frozenset({Label.FACTOR})
"""Labels that folders of older versions lack; they get a key when they first need one."""


@dataclass(frozen=True, slots=True)
class FolderKey:
    """One key of the folder; its material is never printed."""

    id: str
    label: Label
    material: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Held:
    """What was read of the folder at one moment.  mark: of the keyring, which is another file after each change."""

    mark: Mark | None
    keys: Mapping[Label, Mapping[str, FolderKey]]
    in_force: Mapping[Label, str]
    retired: Mapping[str, datetime]
    public: Mapping[str, bytes]


@dataclass(slots=True)
class KeyFolder:
    """The keys of a directory.  A key that another process puts in force is in force here from the next use on."""

    path: Path
    _held: _Held = field(repr=False)
    _unread: Mark | None = field(default=None, repr=False, compare=False)

    @property
    def keys(self) -> Mapping[Label, Mapping[str, FolderKey]]:
        """Every key by its id."""
        return self._now().keys

    @property
    def in_force(self) -> Mapping[Label, str]:
        """The id of the key that makes new things, by label."""
        return self._now().in_force

    @property
    def public(self) -> Mapping[str, bytes]:
        """The public halves of all audit keys that there ever were, by id."""
        return self._now().public

    def active(self, label: Label) -> FolderKey:
        """The key that makes new things."""
        held = self._now()
        if label not in held.in_force:
            held = self._held = add_key(self.path, label)._held
        return held.keys[label][held.in_force[label]]

    def every(self, label: Label) -> tuple[FolderKey, ...]:
        """All keys of a label, the one in force first."""
        active = self.active(label)
        return (active, *(key for key in self._held.keys[label].values() if key.id != active.id))

    def get(self, label: Label, id: str) -> FolderKey:
        """A key that made something earlier.  Raises KeyFolderError when it is not in the folder."""
        key = self._held.keys[label].get(id) or self._now().keys[label].get(id)
        if key is None:
            raise KeyFolderError(
                f"the {label} key {id!r} is not in the key folder",
                where=str(self.path),
                why="something in the database was made with a key that this folder does not hold",
                fix="put back the key folder that belongs to this database",
            )
        return key

    def retired(self, label: Label) -> Mapping[str, datetime]:
        """The keys of a label that are no longer in force, with the moment since when."""
        held = self._now()
        return {key: held.retired.get(key, _LONG_AGO) for key in held.keys[label] if key != held.in_force.get(label)}

    def _now(self) -> _Held:
        """What the folder holds now.  One that cannot be read any more is no reason to stop: then what was read."""
        mark = _mark(self.path)
        if mark != self._held.mark:
            try:
                self._held = _read_folder(self.path)
            except KeyFolderError as error:
                if mark != self._unread:
                    LOG.warning(
                        "the key folder changed and cannot be read; the keys known so far stay in use: %s", error
                    )
                self._unread = mark
        return self._held


def create_key_folder(path: Path) -> KeyFolder:
    """Make the folder with one new key for each label.  Raises KeyFolderError where there is something already."""
    if path.exists() and any(path.iterdir()):
        raise KeyFolderError("there is a key folder already", where=str(path), fix="use it, or choose another --data")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    _write_keyring(path, {label: _write_key(path, label) for label in Label}, {})
    return open_key_folder(path)


def add_key(path: Path, label: Label, at: datetime | None = None) -> KeyFolder:
    """Put a new key in force for a label; the older ones stay readable."""
    return add_keys(path, [label], at or datetime.now(UTC))


def add_keys(path: Path, labels: Iterable[Label], at: datetime) -> KeyFolder:
    """Put a new key in force for each of these labels, all at once; the older ones stay readable."""
    held = open_key_folder(path)._held
    new = {label: _write_key(path, label) for label in labels}
    retired = {**held.retired, **{held.in_force[label]: at for label in new if label in held.in_force}}
    _write_keyring(path, {**held.in_force, **new}, retired)
    return open_key_folder(path)


@contextmanager
def or_as_before(path: Path) -> Iterator[None]:
    """Takes back the keys that were added in the block, where the block fails: none is in force without its record."""
    held, there = open_key_folder(path)._held, set(path.iterdir())
    try:
        yield
    except BaseException:
        _write_keyring(path, held.in_force, held.retired)
        for file in set(path.iterdir()) - there:
            file.unlink()
        raise


def remove_key(path: Path, label: Label, id: str) -> None:
    """Delete a key that is no longer in force; of an audit key the public half stays."""
    held = open_key_folder(path)._held
    if held.in_force.get(label) == id:
        raise KeyFolderError(f"the {label} key {id!r} is in force", where=str(path), fix="put another in force first")
    (path / f"{label}.{id}.key").unlink(missing_ok=True)
    _write_keyring(path, held.in_force, {key: at for key, at in held.retired.items() if key != id})


def open_key_folder(path: Path) -> KeyFolder:
    """Read the folder.  Raises KeyFolderError when it is missing, damaged, or readable by group or others."""
    return KeyFolder(path, _read_folder(path))


def _read_folder(path: Path) -> _Held:
    if not path.is_dir():
        raise KeyFolderError("there is no key folder", where=str(path), fix="make one with: keyturn init --data DIR")
    _refuse_open_to_others(path, "700")
    mark = _mark(path)
    keys: dict[Label, dict[str, FolderKey]] = {label: {} for label in Label}
    public: dict[str, bytes] = {}
    for file in sorted(path.iterdir()):
        if named := _KEY_FILE.fullmatch(file.name):
            key = _read_key(file, named["label"], named["id"])
            keys[key.label][key.id] = key
        elif named := _PUBLIC_FILE.fullmatch(file.name):
            public[named["id"]] = read_key(file)
    in_force, retired = _read_keyring(path, keys)
    return _Held(mark, keys, in_force, retired, public)


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that only its owner can read, and have it on disk.  Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_once(path: Path, data: bytes) -> None:
    """Write a private file, and its folder, unless another process was first: then what that one wrote counts."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.stem}.{secrets.token_hex(4)}")
    write_private(fresh, data)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


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


def _mark(path: Path) -> Mark | None:
    """Which keyring lies there: it is replaced by a new file whenever something changes.  None: there is none."""
    try:
        found = os.stat(f"{path}{os.sep}{KEYRING}")  # at every use of a key: a third of the time
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _write_key(path: Path, label: Label) -> str:
    key_id = "".join(secrets.choice(ID_SYMBOLS) for _ in range(8))
    material = secrets.token_bytes(KEY_BYTES)
    _write_ours(path, f"{label}.{key_id}.key", material.hex().encode() + b"\n")
    if label is Label.AUDIT:
        _write_ours(path, f"{label}.{key_id}.pub", bytes(SigningKey(material).verify_key).hex().encode() + b"\n")
    return key_id


def _write_ours(path: Path, name: str, data: bytes) -> None:
    """Write a file of the folder that belongs to whom the folder belongs to: the server must read what root makes."""
    write_private(path / name, data)
    owner = path.stat()
    if os.name == "posix" and owner.st_uid != os.getuid():
        os.chown(path / name, owner.st_uid, owner.st_gid)


def _write_keyring(path: Path, in_force: Mapping[Label, str], retired: Mapping[str, datetime]) -> None:
    moments = {key: at.astimezone(UTC).isoformat(timespec="seconds") for key, at in retired.items()}
    ring = {"version": 1, "in_force": in_force, "retired": moments}
    fresh = f".{KEYRING}.{secrets.token_hex(4)}"
    _write_ours(path, fresh, json.dumps(ring, indent=1).encode() + b"\n")
    (path / fresh).replace(path / KEYRING)


def _read_key(file: Path, label: str, id: str) -> FolderKey:
    try:
        return FolderKey(id, Label(label), read_key(file))
    except ValueError:
        raise _damaged(file) from None


def _read_keyring(
    path: Path, keys: Mapping[Label, Mapping[str, FolderKey]]
) -> tuple[Mapping[Label, str], Mapping[str, datetime]]:
    ring = path / KEYRING
    if not ring.exists():
        raise KeyFolderError(
            "the key folder was never finished", where=str(ring), fix="delete the folder and make it again"
        )
    try:
        read = json.loads(_read_private(ring))
        named = read["in_force"]
        in_force = {label: str(named[label]) for label in Label if label in named or label not in YOUNGER}
        retired = {str(key): datetime.fromisoformat(at) for key, at in read.get("retired", {}).items()}
    except (ValueError, LookupError, TypeError, AttributeError):
        raise _damaged(ring) from None
    for label, key_id in in_force.items():
        if key_id not in keys[label]:
            raise _damaged(path / f"{label}.{key_id}.key")
    return in_force, retired


def _damaged(file: Path) -> KeyFolderError:
    return KeyFolderError(
        "the key folder is damaged",
        where=str(file),
        why="this file is missing or does not hold what it should",
        fix="put back the key folder from its backup",
    )
