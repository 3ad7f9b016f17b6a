"""Looking after a directory as a whole: which keys its rows name, and what a restored copy may not bring back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Select, Update, and_, bindparam, delete, func, or_, select, update

from keyturn.core.credentials import Source
from keyturn.core.factors import FactorKind
from keyturn.core.upkeep import Buried, KeyUse
from keyturn.store.operations import LIFE
from keyturn.store.schema import (
    CHALLENGES,
    CREDENTIALS,
    FACTORS,
    JOBS,
    KEYS,
    LINKS,
    OPERATIONS,
    OUTBOX,
    SESSIONS,
    USERS,
)
from keyturn.store.values import micros

_C, _X, _O, _K, _L, _U, _F = CREDENTIALS.c, OUTBOX.c, OPERATIONS.c, KEYS.c, LINKS.c, USERS.c, FACTORS.c
_ID_SYMBOLS: Final = 8
_RECOVERY: Final = FactorKind.RECOVERY.value
_OPEN: Final = ("waiting", "sending")
_NOW: Final[BindParameter[int]] = bindparam("now")
_UNUSED: Final = and_(_C.source == Source.GENERATED.value, or_(_C.expires.is_(None), _C.expires > _NOW))


def _first(column: Any, start: int, size: int) -> Any:
    return func.substr(column, start, size).label("named")


def _count(named: Any, *conditions: Any) -> Select[*tuple[Any, ...]]:
    return select(named.label("named"), func.count().label("rows")).where(*conditions).group_by("named")


USES: Final[Sequence[tuple[str, str, Select[*tuple[Any, ...]]]]] = (
    ("pepper", "passwords", _count(_C.pepper_id, _C.number == _U.number, _U.deleted.is_(False))),
    ("derive", "one-time secrets", _count(_C.derive_id, _UNUSED)),
    ("derive", "mails", _count(_X.derive_id, _X.state.in_(_OPEN))),
    ("derive", "operations of the last day", _count(_O.derive_id, _O.derive_id != "", _O.at > bindparam("since"))),
    ("verify", "API keys", _count(_first(_K.digest, 1, _ID_SYMBOLS + 1))),
    ("verify", "links", _count(_first(_L.digest, 1, _ID_SYMBOLS + 1), _L.expires > _NOW)),
    ("verify", "operations of the last day",
     _count(_first(_O.fingerprint, 1, _ID_SYMBOLS + 1), _O.at > bindparam("since"))),
    ("verify", "recovery codes", _count(_first(_F.reference, 1, _ID_SYMBOLS + 1), _F.kind == _RECOVERY)),
    ("factor", "authenticators", _count(_first(_F.material, 2, _ID_SYMBOLS), _F.kind == FactorKind.TOTP.value)),
    ("mail", "mails", _count(_first(_X.sealed, 2, _ID_SYMBOLS), _X.sealed.is_not(None))),
)  # fmt: skip
"""Label of the key, what names it, and the statement that counts."""

_AHEAD: Final = "$imported$"
METHODS: Final = select(func.substr(_C.verifier, len(_AHEAD) + 1, 40)).distinct().where(_C.verifier.startswith(_AHEAD))
"""The method stands at the head of such a verifier, padded with dots."""

REVOKE_USERS: Final = update(USERS).values(epoch=_U.epoch + 1, version=_U.version + 1)
REVOKE_KEYS: Final = update(KEYS).values(epoch=_K.epoch + 1, version=_K.version + 1)
VOID: Final = update(CREDENTIALS).where(_UNUSED).values(expires=_NOW)
CANCEL: Final = (
    update(OUTBOX).where(_X.state.in_(_OPEN)).values(state="cancelled", error="cancelled by a restore", sealed=None)
)


@dataclass(frozen=True, slots=True)
class SqlUpkeep:
    """What is asked of the store by those who look after it."""

    connection: Connection

    def key_uses(self, now: datetime) -> Sequence[KeyUse]:
        """Every key of the key folder that a row still needs, with the rows that do."""
        moments = {"now": micros(now), "since": micros(now - LIFE)}
        uses = []
        for label, rows, statement in USES:
            wanted = {name: moments[name] for name in statement.compile().params if name in moments}
            uses += [
                KeyUse(label, _id(row.named), rows, row.rows) for row in self.connection.execute(statement, wanted)
            ]
        return uses

    def imported_methods(self) -> frozenset[str]:
        """By which methods hashes of other systems are compared with."""
        return frozenset(method.rstrip(".") for method in self.connection.execute(METHODS).scalars())

    def name_digests(self, key_id: str) -> int:
        """Write the id of their key to digests of API keys and links that were kept before they named it."""
        return sum(self._touched(_named(table, key_id)) for table in (KEYS, LINKS))

    def bury(self, now: datetime, *, keys: bool) -> Buried:
        """Make a restored copy revive nothing."""
        moment = {"now": micros(now)}
        self.connection.execute(REVOKE_USERS)
        self.connection.execute(REVOKE_KEYS)
        self.connection.execute(delete(JOBS))
        self.connection.execute(delete(CHALLENGES))
        return Buried(
            sessions=self._touched(delete(SESSIONS)),
            links=self._touched(delete(LINKS)),
            one_time_secrets=self._touched(VOID, moment),
            recovery_codes=self._touched(delete(FACTORS).where(_F.kind == _RECOVERY)),
            mails=self._touched(CANCEL),
            operations=self._touched(delete(OPERATIONS)),
            keys=self._touched(delete(KEYS)) if keys else 0,
        )

    def _touched(self, statement: Any, values: dict[str, int] | None = None) -> int:
        return int(self.connection.execute(statement, values or {}).rowcount)


def _named(table: Any, key_id: str) -> Update:
    bare = func.substr(table.c.digest, _ID_SYMBOLS + 1, 1) != ":"
    return update(table).where(bare).values(digest=key_id + ":" + table.c.digest)


def _id(named: str | bytes) -> str:
    """The id of a key as a row has it: bare, before a colon with something behind it, or nothing at all."""
    text = named.decode("ascii") if isinstance(named, bytes) else named
    if len(text) == _ID_SYMBOLS:
        return text
    return text[:_ID_SYMBOLS] if text[_ID_SYMBOLS : _ID_SYMBOLS + 1] == ":" else ""
