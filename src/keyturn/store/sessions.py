"""Sign-ins, tokens and mailed links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, bindparam, delete, insert, or_, select

from keyturn.core.credentials import Link
from keyturn.core.sessions import Session
from keyturn.core.users import Status
from keyturn.store.schema import KEYS, LINKS, SESSIONS, USERS
from keyturn.store.statement import AnyRow, Prepared, chunks
from keyturn.store.subjects import storable
from keyturn.store.values import micros, moment

_S, _L = SESSIONS.c, LINKS.c

GRACE: Final = timedelta(days=1)
"""How long an expired session or link is kept before the next new one sweeps it away."""

START: Final = insert(SESSIONS)
GOOD: Final = (
    select(SESSIONS)
    .select_from(
        SESSIONS.outerjoin(USERS, and_(_S.kind == "user", USERS.c.uid == _S.owner)).outerjoin(
            KEYS, and_(_S.kind == "key", KEYS.c.id == _S.owner)
        )
    )
    .where(
        or_(
            and_(USERS.c.epoch == _S.epoch, USERS.c.deleted.is_(False), USERS.c.status == Status.ACTIVE.value),
            and_(KEYS.c.epoch == _S.epoch, KEYS.c.active.is_(True)),
        ),
    )
)
"""Those whose owner has not been revoked since they began."""

FIND: Final = GOOD.where(_S.id == bindparam("wanted"))
OF: Final = GOOD.where(_S.owner == bindparam("of"), _S.expires > bindparam("now")).order_by(_S.started, _S.id)
SOURCES: Final = select(_S.source).distinct().where(_S.owner == bindparam("of"), _S.source != "", _S.stage == "")
"""Half a session tells nothing of the person: whoever knows the password has one from wherever they like."""

END: Final = delete(SESSIONS).where(_S.id.in_(bindparam("ids", expanding=True)))
SWEEP: Final = delete(SESSIONS).where(_S.expires < bindparam("before"))
PUT_LINKS: Final = Prepared(insert(LINKS), "digest", "uid", "operation", "expires")
END_LINKS: Final = delete(LINKS).where(_L.uid.in_(bindparam("uids", expanding=True)))
FIND_LINK: Final = select(LINKS).where(_L.digest.in_(bindparam("wanted", expanding=True)))


@dataclass(frozen=True, slots=True)
class SqlSessions:
    """Sign-ins and tokens."""

    connection: Connection

    def start(self, session: Session) -> None:
        """Keep a new one; what is long over is swept away."""
        self.connection.execute(SWEEP, {"before": micros(session.started - GRACE)})
        self.connection.execute(
            START,
            {
                "id": session.id,
                "kind": session.kind,
                "owner": session.owner,
                "tenant": session.tenant,
                "epoch": session.epoch,
                "restricted": session.restricted,
                "started": micros(session.started),
                "expires": micros(session.expires),
                "scopes": " ".join(session.scopes),
                "source": session.source,
                "door": session.door,
                "stage": session.stage,
            },
        )

    def find(self, id: str) -> Session | None:
        """The session, if its owner has not been revoked since."""
        for wanted in storable([id]):
            row = self.connection.execute(FIND, {"wanted": wanted}).one_or_none()
            if row is not None:
                return _session(row)
        return None

    def of(self, owner: str, now: datetime) -> Sequence[Session]:
        """The good sessions of an owner, oldest first."""
        asked = [{"of": of, "now": micros(now)} for of in storable([owner])]
        return [_session(row) for each in asked for row in self.connection.execute(OF, each)]

    def sources(self, owner: str) -> frozenset[str]:
        """From where an owner signed in of late."""
        return frozenset(self.connection.execute(SOURCES, {"of": owner}).scalars())

    def end(self, ids: Sequence[str]) -> None:
        """End these."""
        for chunk in chunks(storable(ids)):
            self.connection.execute(END, {"ids": chunk})


@dataclass(frozen=True, slots=True)
class SqlLinks:
    """Mailed one-time links."""

    connection: Connection

    def put(self, links: Sequence[Link]) -> None:
        """Keep new ones; older ones of the same users die."""
        for chunk in chunks([link.uid for link in links]):
            self.connection.execute(END_LINKS, {"uids": chunk})
        if links:
            rows = [(link.digest, link.uid, link.operation, micros(link.expires)) for link in links]
            PUT_LINKS.each(self.connection, rows)

    def find(self, *digests: str) -> Link | None:
        """The link that has one of these digests."""
        row = self.connection.execute(FIND_LINK, {"wanted": digests}).one_or_none()
        return None if row is None else Link(row.digest, row.uid, row.operation, moment(row.expires))


def _session(row: AnyRow) -> Session:
    return Session(
        row.id, row.kind, row.owner, row.tenant, row.epoch, row.restricted, moment(row.started), moment(row.expires),
        tuple(row.scopes.split()), row.source, row.door, row.stage,
    )  # fmt: skip
