"""Verifiers.  Only the core's one door calls `replace`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Insert, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from keyturn.core.credentials import Credential, Source
from keyturn.core.errors import StoreError
from keyturn.store.schema import CREDENTIALS, LINKS, USERS
from keyturn.store.statement import Among, Prepared
from keyturn.store.values import micros, micros_or_none

_U, _K = USERS.c, CREDENTIALS.c
_PARTS: Final = [column for column in CREDENTIALS.columns if column.name != "number"]


def _put(insert: Any) -> Insert:
    """Insert by uid, or replace what is there; both databases know the same words for it."""
    parts = [bindparam(column.name, type_=column.type) for column in _PARTS]
    chosen = select(_U.number, *parts).where(_U.uid == bindparam("uid"))
    put = insert(CREDENTIALS).from_select([_K.number, *_PARTS], chosen)
    replaced = {column.name: put.excluded[column.name] for column in _PARTS}
    done: Insert = put.on_conflict_do_update(index_elements=[_K.number], set_=replaced)
    return done


_ORDER: Final = ("uid", *(column.name for column in _PARTS))
PUT: Final = {
    "sqlite": Prepared(_put(sqlite.insert), *_ORDER),
    "postgresql": Prepared(_put(postgresql.insert), *_ORDER),
}
TOUCH: Final = Prepared(
    update(USERS)
    .where(Among(_U.uid, "uids"))
    .values(
        epoch=_U.epoch + 1,
        version=_U.version + 1,
        failures=0,
        wait_until=None,
        updated_by=bindparam("by"),
        updated_at=bindparam("at"),
    ),
    "uids",
    "by",
    "at",
)
"""Sessions die by the epoch: they began with an older one."""

END_LINKS: Final = Prepared(delete(LINKS).where(Among(LINKS.c.uid, "uids")), "uids")
OF_USER: Final = update(CREDENTIALS).where(
    _K.number == select(_U.number).where(_U.uid == bindparam("of")).scalar_subquery()
)
RENEW: Final = OF_USER.values(verifier=bindparam("text"), pepper_id=bindparam("pepper"))
SPEND: Final = OF_USER.where(
    _K.verifier == bindparam("seen"),
    _K.source == Source.GENERATED.value,
    or_(_K.expires.is_(None), _K.expires > bindparam("at")),
).values(expires=bindparam("at"))


@dataclass(frozen=True, slots=True)
class SqlCredentials:
    """Verifiers."""

    connection: Connection

    def replace(self, credentials: Sequence[Credential], by: str) -> None:
        """Put these in place of what was there; sessions and links of their users end."""
        last = {credential.uid: credential for credential in credentials}
        if not last:
            return
        PUT[self.connection.dialect.name].each(self.connection, [_row(credential) for credential in last.values()])
        moments: dict[int, list[str]] = {}
        for credential in last.values():
            moments.setdefault(micros(credential.changed), []).append(credential.uid)
        for at, uids in moments.items():
            if TOUCH.run(self.connection, uids, by, at) != len(uids):
                raise StoreError("a user to give a password is not there")
        END_LINKS.run(self.connection, list(last))

    def spend(self, uid: str, verifier: str, at: datetime) -> bool:
        """End the life of a one-time secret if it is still this one and unspent; True for the one who did it."""
        return self.connection.execute(SPEND, {"of": uid, "seen": verifier, "at": micros(at)}).rowcount == 1

    def renew(self, uid: str, verifier: str, pepper_id: str) -> None:
        """Store the same password under newer parameters; nothing is revoked."""
        self.connection.execute(RENEW, {"of": uid, "text": verifier, "pepper": pepper_id})


def _row(c: Credential) -> tuple[object, ...]:
    return (
        c.uid, c.verifier, c.pepper_id, c.source.value, c.must_change, micros(c.changed), micros_or_none(c.expires),
        c.operation, c.derive_id,
    )  # fmt: skip
