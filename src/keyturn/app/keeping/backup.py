"""Backups: one sealed file with a copy of the database and the key folder, taken while servers run."""

import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from keyturn import __version__
from keyturn.app.house.build import DATABASE, KEYS, House
from keyturn.app.operator import DOOR
from keyturn.core.audit import Event
from keyturn.core.errors import ConfigError, KeyFolderError
from keyturn.core.permissions import Actor
from keyturn.crypto.archive import seal_files
from keyturn.crypto.handout import check_recipient
from keyturn.crypto.handout import new_identity as create_identity
from keyturn.crypto.keyfolder import open_key_folder, write_private
from keyturn.store.copying import copy_database, file_of
from keyturn.store.opening import open_store

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
MEMBERS: Final = re.compile(rf"{MANIFEST}|{DATABASE}|{KEYS}/(keyring\.json|[a-z]+\.[0-9a-z]{{8}}\.(key|pub))")
"""Everything that a backup may hold."""

_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.  database: it holds one; records: of the audit in it, or that it was taken of."""

    made: datetime
    version: str
    database: bool
    records: int

    def written(self) -> bytes:
        """As it stands in the backup."""
        facts = {
            "format": FORMAT, "made": self.made.isoformat(timespec="seconds"), "keyturn": self.version,
            "database": self.database, "records": self.records,
        }  # fmt: skip
        return json.dumps(facts, indent=1).encode() + b"\n"

    @classmethod
    def read(cls, text: bytes) -> "Manifest":
        """Raises ConfigError when it is none, or of a format that only a newer keyturn knows."""
        try:
            facts = json.loads(text)
            if facts["format"] != FORMAT:
                raise ConfigError("this backup is of another version", code="KT-BAK-002", fix="use a newer keyturn")
            made = datetime.fromisoformat(facts["made"])
            return cls(made, str(facts["keyturn"]), bool(facts["database"]), int(facts["records"]))
        except (ValueError, LookupError, TypeError):
            raise ConfigError("this is no backup of a directory", code="KT-BAK-002") from None


def recipients_of(given: Sequence[str], new_identity: Path | None) -> list[str]:
    """For whom a backup is sealed: who is named, and the owner of an identity that is made for it.

    Raises ConfigError when there is nobody, KeyFolderError where there is an identity file already.
    """
    wanted = [check_recipient(text) for text in given]
    if not wanted and new_identity is None:
        raise ConfigError(
            "a backup needs somebody who can open it",
            code="KT-BAK-009",
            why="it holds every key of the directory",
            fix="--to age1...   or, without one yet: --new-identity FILE",
        )
    return wanted if new_identity is None else [*wanted, create_identity(new_identity)]


def back_up(house: House, file: Path, recipients: Sequence[str], actor: Actor, *, keys_only: bool = False) -> Manifest:
    """Take a backup that only the holders of these age identities can open.

    Raises ConfigError where there is a file already, or where the database is not a file and must be copied by its own
    tools.  That a backup was taken stands in the audit, and in the backup.
    """
    source = None if keys_only else file_of(house.place.store())
    if source is None and not keys_only:
        raise ConfigError(
            "this database is copied by its own tools",
            code="KT-BAK-003",
            why="it is not a file of this machine",
            fix="pg_dump --format=custom, and after it: keyturn backup FILE --keys-only",
        )
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=house.place.data) as folder:
        _claim(file)
        try:
            manifest = _announced(house, actor, file, database=source is not None)
            members: dict[str, Path | bytes] = {MANIFEST: manifest.written()}
            members |= _keys(house) if source is None else _copied(house, source, Path(folder))
            _seal(members, recipients, file)
        except BaseException:
            file.unlink()
            raise
    return manifest


def _announced(house: House, actor: Actor, file: Path, *, database: bool) -> Manifest:
    now = house.parts.clock.now()
    what = "database and keys" if database else "keys"
    with house.store.writing() as transaction:
        event = Event(now, 1, actor.id, "directory.backup", "created", door=DOOR, detail=f"{what} to {file.name}")
        transaction.audit.append([event])
        last = transaction.audit.last()
    return Manifest(now, __version__, database, last.sequence if last is not None else 0)


def _copied(house: House, source: Path, folder: Path) -> dict[str, Path | bytes]:
    """A copy of the database, and keys that fit it: one may come or go between the two."""
    copy = folder / DATABASE
    for _ in range(_TRIES):
        keys = _keys(house)
        copy.unlink(missing_ok=True)
        copy_database(source, copy)
        if not _lacking(house, copy, keys):
            return {DATABASE: copy, **keys}
    raise KeyFolderError(
        "the key folder does not hold all keys of the database",
        where=str(house.place.data / KEYS),
        fix="put back the key folder that belongs to it; keyturn key prune says what is needed",
    )


def _lacking(house: House, copy: Path, keys: Mapping[str, Path | bytes]) -> bool:
    with closing(open_store(copy)) as store, store.reading() as view:
        uses = view.upkeep.key_uses(house.parts.clock.now())
    held = {name.split(".")[1] for name in keys}
    return any(use.key_id and use.key_id not in held for use in uses)


def _keys(house: House) -> dict[str, Path | bytes]:
    """The files of the key folder, read while it does not change: that takes a writing transaction."""
    folder = house.place.data / KEYS
    with house.store.writing():
        open_key_folder(folder)
        names = sorted(f"{KEYS}/{path.name}" for path in folder.iterdir())
        return {name: (house.place.data / name).read_bytes() for name in names if MEMBERS.fullmatch(name)}


def _claim(file: Path) -> None:
    """Take the name, so that no other file of that name is ever written over."""
    try:
        write_private(file, b"")
    except FileExistsError:
        raise ConfigError("there is a file already", code="KT-BAK-004", where=str(file), fix="name another") from None
    except OSError as error:
        why = error.strerror or ""
        raise ConfigError("the backup cannot be written there", code="KT-BAK-004", where=str(file), why=why) from None


def _seal(members: Mapping[str, Path | bytes], recipients: Sequence[str], file: Path) -> None:
    """Write it beside its place and put it there whole."""
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    write_private(beside, b"")
    try:
        with beside.open("wb") as out:
            seal_files(members, recipients, out)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
