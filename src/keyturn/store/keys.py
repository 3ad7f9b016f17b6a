"""API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from keyturn.core.storage import Key
from keyturn.core.users import Stamp
from keyturn.store.schema import KEYS
from keyturn.store.statement import AnyRow, chunks
from keyturn.store.subjects import storable
from keyturn.store.values import RIGHTS, mask, micros, micros_or_none, moment, moment_or_none

_K = KEYS.c

FIND: Final = select(KEYS).where(_K.id == bindparam("wanted"))
LIST: Final = select(KEYS).where(_K.tenant == bindparam("of")).order_by(_K.added_at, _K.id)
OF: Final = select(KEYS).where(_K.owner == bindparam("of")).order_by(_K.added_at, _K.id)
REPLACE: Final = update(KEYS).where(_K.id == bindparam("wanted"))
DISOWN: Final = delete(KEYS).where(_K.owner.in_(bindparam("owners", expanding=True)))
REMOVE: Final = delete(KEYS).where(_K.id == bindparam("wanted"))


@dataclass(frozen=True, slots=True)
class SqlKeys:
    """API keys."""

    connection: Connection

    def find(self, id: str) -> Key | None:
        """The key, whatever its tenant."""
        rows = [self.connection.execute(FIND, {"wanted": wanted}).one_or_none() for wanted in storable([id])]
        return _key(rows[0]) if rows and rows[0] is not None else None

    def list(self, tenant: int) -> Sequence[Key]:
        """The keys of a tenant, oldest first."""
        return [_key(row) for row in self.connection.execute(LIST, {"of": tenant})]

    def of(self, owner: str) -> Sequence[Key]:
        """The keys of a person, oldest first."""
        return [_key(row) for row in self.connection.execute(OF, {"of": owner})]

    def put(self, key: Key) -> None:
        """Insert or replace."""
        values = {
            "tenant": key.tenant,
            "kind": key.kind,
            "digest": key.digest,
            "rights": mask(key.rights),
            "active": key.active,
            "description": key.description,
            "epoch": key.epoch,
            "version": key.version,
            "added_by": key.added.by,
            "added_at": micros(key.added.at),
            "updated_by": key.updated.by,
            "updated_at": micros(key.updated.at),
            "expires": micros_or_none(key.expires),
            "scopes": " ".join(key.scopes),
            "owner": key.owner,
        }
        if self.connection.execute(REPLACE, values | {"wanted": key.id}).rowcount == 0:
            self.connection.execute(insert(KEYS), values | {"id": key.id})

    def remove(self, id: str) -> None:
        """Delete for good; its tokens die."""
        self.connection.execute(REMOVE, {"wanted": id})

    def disown(self, owners: Sequence[str]) -> None:
        """Delete the keys of these persons for good."""
        for chunk in chunks(owners):
            self.connection.execute(DISOWN, {"owners": chunk})


def _key(row: AnyRow) -> Key:
    return Key(
        row.id, row.tenant, row.kind, row.digest, RIGHTS[row.rights], row.active, row.description, row.epoch,
        row.version, Stamp(row.added_by, moment(row.added_at)), Stamp(row.updated_by, moment(row.updated_at)),
        moment_or_none(row.expires), tuple(row.scopes.split()), row.owner,
    )  # fmt: skip
