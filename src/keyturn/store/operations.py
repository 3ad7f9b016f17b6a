"""Operations that their callers named, so that a repeat is answered with the first outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from keyturn.core.storage import Done
from keyturn.store.schema import OPERATIONS
from keyturn.store.statement import Among, Prepared
from keyturn.store.subjects import storable
from keyturn.store.values import micros, moment

_O = OPERATIONS.c

LIFE: Final = timedelta(hours=24)
FIND: Final = Prepared(select(OPERATIONS).where(Among(_O.id, "ids"), _O.at > bindparam("since")), "ids", "since")
FORGET: Final = delete(OPERATIONS).where(_O.at <= bindparam("since"))
PUT: Final = Prepared(insert(OPERATIONS), *(column.name for column in OPERATIONS.columns))


@dataclass(frozen=True, slots=True)
class SqlOperations:
    """Operations that their callers named, for 24 hours."""

    connection: Connection

    def find(self, ids: Sequence[str], now: datetime) -> Mapping[str, Done]:
        """Those of the last 24 hours."""
        found: dict[str, Done] = {}
        wanted = storable(ids)
        for row in FIND.all(self.connection, wanted, micros(now - LIFE)) if wanted else ():
            name, fingerprint, outcome, uid, delivery, at, derive_id = row
            found[name] = Done(name, fingerprint, outcome, uid, delivery, moment(at), derive_id)
        return found

    def put(self, done: Sequence[Done]) -> None:
        """Remember; raises Conflict when an id is there already.  What is older than 24 hours is forgotten."""
        if done:
            self.connection.execute(FORGET, {"since": micros(max(one.at for one in done) - LIFE)})
            PUT.each(self.connection, [_row(one) for one in done])


def _row(done: Done) -> tuple[object, ...]:
    return (done.id, done.fingerprint, done.outcome, done.uid, done.delivery, micros(done.at), done.derive_id)
