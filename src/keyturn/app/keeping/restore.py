"""Makes a directory from a backup, and sees to it that the past does not come back with it."""

import secrets
import shutil
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alembic.util import CommandError

from keyturn.app.config.folders import make_private_folder
from keyturn.app.house.build import DATABASE, KEYS, House, Place, open_house
from keyturn.app.keeping.backup import MANIFEST, MEMBERS, Manifest
from keyturn.app.keeping.keyring import missing_keys
from keyturn.app.operator import DOOR
from keyturn.app.trail.trail import sign_off, verify
from keyturn.core.audit import Event
from keyturn.core.errors import ConfigError, KeyFolderError, StoreError
from keyturn.core.permissions import Actor
from keyturn.core.ports import Clock
from keyturn.core.secret import Secret
from keyturn.core.storage import Key
from keyturn.core.upkeep import Buried
from keyturn.crypto.archive import open_files
from keyturn.crypto.keyfolder import Label, add_keys, open_key_folder, remove_key
from keyturn.store.copying import check_database
from keyturn.store.migrating import migrate


@dataclass(frozen=True, slots=True)
class Restored:
    """A directory made from a backup.  buried: what it held and no longer does; keys: the API keys that are good."""

    data: Path
    manifest: Manifest
    records: int
    buried: Buried
    keys: Sequence[Key]


def restore(
    file: Path,
    data: Path,
    identity: Path,
    actor: Actor,
    *,
    database: Secret | None = None,
    revoke_keys: bool = False,
    clock: Clock | None = None,
) -> Restored:
    """Make a directory in a folder that is not there or empty; all of it, or nothing.

    database: for a backup of keys alone, the database that its own tools have restored; None for a whole one.
    Raises ConfigError, KeyFolderError or StoreError when the backup is not whole, not for this identity, or does not
    prove to be what it was; then there is nothing in the folder.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise ConfigError(
            "there is something there already",
            code="KT-BAK-005",
            where=str(data),
            why="a restore never mixes with what is there",
            fix="name a folder that is not there: --data NEW",
        )
    staging = data.with_name(f".{data.name}.{secrets.token_hex(4)}")
    make_private_folder(staging, fix="name a folder where you may write: --data NEW")
    try:
        manifest = _unpacked(file, identity, staging, whole=database is None)
        with closing(open_house(Place(staging, database or Secret("")))) as house:
            moment = (clock or house.parts.clock).now()
            done = Restored(data, manifest, *_revived(house, manifest, moment, actor, revoke_keys=revoke_keys))
        staging.replace(data)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return done


def _unpacked(file: Path, identity: Path, staging: Path, *, whole: bool) -> Manifest:
    """Take the backup apart and look at every part of it before anything is opened."""
    names = open_files(file, identity, staging, MEMBERS)
    if MANIFEST not in names:
        raise ConfigError("this is no backup of a directory", code="KT-BAK-002", where=str(file))
    manifest = Manifest.read((staging / MANIFEST).read_bytes())
    (staging / MANIFEST).unlink()
    if manifest.database is not whole or (DATABASE in names) is not whole:
        raise ConfigError(
            "this backup holds the keys alone" if whole else "this backup holds its database itself",
            code="KT-BAK-006",
            where=str(file),
            fix="restore the database with its own tools, and name it with --database"
            if whole
            else "without --database",
        )
    (staging / KEYS).chmod(0o700)
    open_key_folder(staging / KEYS)
    if whole:
        check_database(staging / DATABASE)
        with suppress(CommandError):  # of a newer version: opening it says so
            migrate(staging / DATABASE)
    return manifest


def _revived(
    house: House, manifest: Manifest, now: datetime, actor: Actor, *, revoke_keys: bool
) -> tuple[int, Buried, Sequence[Key]]:
    """Prove the copy, then have it revive nothing: in one transaction, before anybody can use it."""
    proof = verify(house.store, house.signer.verify)
    if proof.broken is not None:
        why = f"record {proof.broken}: {proof.why}"
        raise StoreError("the audit of this backup does not prove true", code="KT-BAK-007", why=why)
    folder = house.place.data / KEYS
    with house.store.writing() as transaction:
        lacking = missing_keys(open_key_folder(folder), transaction.upkeep.key_uses(now))
        if lacking:
            first = lacking[0]
            raise KeyFolderError(
                "these are not the keys of this database",
                code="KT-BAK-008",
                why=f"{first.rows}: {first.count:,} need the {first.label} key {first.key_id}, and perhaps more",
                fix="use the backup of the keys that was taken after that of the database",
            )
        buried = transaction.upkeep.bury(now, keys=revoke_keys)
        tenants = [tenant.number for tenant in transaction.tenants.all()]
        keys = [key for tenant in tenants for key in transaction.keys.list(tenant)]
        detail = f"backup of {manifest.made:%Y-%m-%d %H:%M:%S} UTC, {manifest.records} records"
        transaction.audit.append([Event(now, 1, actor.id, "directory.restore", "created", door=DOOR, detail=detail)])
        add_keys(folder, [Label.TOKEN], now)
        for old in open_key_folder(folder).retired(Label.TOKEN):
            remove_key(folder, Label.TOKEN, old)
    sign_off(house.store, house.signer, house.parts.clock)
    return proof.records + 1, buried, keys
