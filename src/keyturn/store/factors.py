"""Second factors, recovery codes, and what passkeys must sign."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from keyturn.core.factors import Challenge, Factor, FactorKind
from keyturn.store.schema import CHALLENGES, FACTORS
from keyturn.store.statement import AnyRow
from keyturn.store.subjects import storable
from keyturn.store.values import micros, micros_or_none, moment, moment_or_none

_F, _C = FACTORS.c, CHALLENGES.c

OF: Final = select(FACTORS).where(_F.uid == bindparam("of")).order_by(_F.added, _F.id)
PUT: Final = insert(FACTORS)
ADVANCE: Final = (
    update(FACTORS)
    .where(_F.id == bindparam("wanted"), _F.counter == bindparam("seen"))
    .values(counter=bindparam("next"), active=True, used=bindparam("at"))
)
REMOVE: Final = delete(FACTORS).where(_F.id.in_(bindparam("ids", expanding=True)))
ASK: Final = insert(CHALLENGES)
FORGET: Final = delete(CHALLENGES).where(or_(_C.holder == bindparam("by"), _C.expires <= bindparam("now")))
TAKE: Final = delete(CHALLENGES).where(_C.holder == bindparam("by")).returning(_C.value, _C.expires)


@dataclass(frozen=True, slots=True)
class SqlFactors:
    """Second factors, recovery codes, and what passkeys must sign."""

    connection: Connection

    def of(self, uid: str) -> Sequence[Factor]:
        """Everything that a user has, in order of making."""
        return [_factor(row) for of in storable([uid]) for row in self.connection.execute(OF, {"of": of})]

    def put(self, factors: Sequence[Factor]) -> None:
        """Keep new ones.  Raises Conflict when one of them is somebody's already."""
        self.connection.execute(PUT, [_row(factor) for factor in factors])

    def advance(self, factor: Factor, counter: int, at: datetime) -> bool:
        """Count on and make active; True for the one who did it from this count."""
        asked = {"wanted": factor.id, "seen": factor.counter, "next": counter, "at": micros(at)}
        return self.connection.execute(ADVANCE, asked).rowcount == 1

    def remove(self, ids: Sequence[str]) -> int:
        """Delete these; answers how many were still there."""
        return self.connection.execute(REMOVE, {"ids": list(ids)}).rowcount

    def challenge(self, challenge: Challenge, now: datetime) -> None:
        """Keep a challenge in place of the holder's last one; what is over is forgotten."""
        self.connection.execute(FORGET, {"by": challenge.holder, "now": micros(now)})
        row = {"holder": challenge.holder, "value": challenge.value, "expires": micros(challenge.expires)}
        self.connection.execute(ASK, row)

    def take(self, holder: str, now: datetime) -> bytes | None:
        """The challenge of a holder, for the one who takes it."""
        row = self.connection.execute(TAKE, {"by": holder}).one_or_none()
        return bytes(row.value) if row is not None and row.expires > micros(now) else None


def _row(factor: Factor) -> dict[str, object]:
    return {
        "id": factor.id, "uid": factor.uid, "kind": factor.kind.value, "name": factor.name,
        "reference": factor.reference, "material": factor.material, "counter": factor.counter,
        "active": factor.active, "added": micros(factor.added), "used": micros_or_none(factor.used),
    }  # fmt: skip


def _factor(row: AnyRow) -> Factor:
    return Factor(
        row.id, row.uid, FactorKind(row.kind), row.name, row.reference, bytes(row.material), row.counter,
        bool(row.active), moment(row.added), moment_or_none(row.used),
    )  # fmt: skip
