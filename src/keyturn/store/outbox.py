"""Mail decided but not yet sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Insert, bindparam, func, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from keyturn.core.storage import Mail
from keyturn.store.schema import OUTBOX
from keyturn.store.statement import Among, Prepared, chunks
from keyturn.store.values import micros, moment

_M = OUTBOX.c
_COLUMNS: Final = [column for column in OUTBOX.columns if column.name != "place"]

LEASE: Final = timedelta(minutes=10)
"""How long a courier has for a mail before another may take it."""

SECRET: Final = ("secret", "link", "value")
OPEN: Final = ("waiting", "sending")


def _put(insert: Any) -> Insert:
    """Queue; the same mail again, known by its id, is left as it is."""
    done: Insert = insert(OUTBOX).on_conflict_do_nothing(index_elements=[_M.id])
    return done


_NAMES: Final = [column.name for column in _COLUMNS]
PUT: Final = {
    "sqlite": Prepared(_put(sqlite.insert), *_NAMES),
    "postgresql": Prepared(_put(postgresql.insert), *_NAMES),
}
_OPEN: Final = or_(*(_M.state == state for state in OPEN))
_CANCEL: Final = update(OUTBOX).where(Among(_M.uid, "uids"), _OPEN).values(state="cancelled", sealed=None)
CANCEL: Final = Prepared(_CANCEL, "uids")
"""One that is being sent just now cannot be called back, but it is not tried again."""

CANCEL_SECRETS: Final = Prepared(
    _CANCEL.where(or_(*(_M.template == template for template in SECRET)), not_(Among(_M.id, "but"))), "uids", "but"
)
DUE: Final = (
    select(_M.place, *_COLUMNS)
    .where(_M.state.in_(OPEN), _M.not_before <= bindparam("now"))
    .order_by(_M.place)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
LEND: Final = (
    update(OUTBOX)
    .where(_M.place.in_(bindparam("places", expanding=True)))
    .values(state="sending", not_before=bindparam("until"))
)
SETTLE: Final = update(OUTBOX).where(_M.id == bindparam("wanted")).values(attempts=_M.attempts + 1)
AGAIN: Final = SETTLE.where(_M.state.in_(OPEN)).values(state="waiting", error=bindparam("told"))
COUNTS: Final = select(_M.state, func.count()).group_by(_M.state)


@dataclass(frozen=True, slots=True)
class SqlOutbox:
    """Mail decided but not yet sent."""

    connection: Connection

    def put(self, mails: Sequence[Mail]) -> None:
        """Queue mails; waiting ones with a secret for the same users are cancelled."""
        if not mails:
            return
        secret = [mail for mail in mails if mail.template in SECRET]
        CANCEL_SECRETS.run(self.connection, [mail.uid for mail in secret], [mail.id for mail in secret])
        PUT[self.connection.dialect.name].each(self.connection, [_row(mail) for mail in mails])

    def cancel(self, uids: Sequence[str]) -> None:
        """Cancel what waits for these users."""
        CANCEL.run(self.connection, list(uids))

    def take(self, now: datetime, count: int) -> Sequence[Mail]:
        """Mark up to `count` due mails as sending (for ten minutes) and hand them over, oldest first."""
        rows = self.connection.execute(DUE, {"now": micros(now), "count": count}).all()
        until = now + LEASE
        for chunk in chunks([row.place for row in rows]):
            self.connection.execute(LEND, {"places": chunk, "until": micros(until)})
        return [replace(_mail(row[1:]), state="sending", not_before=until) for row in rows]

    def settle(self, id: str, state: str, *, error: str = "", not_before: datetime | None = None) -> None:
        """Record what became of a mail; one that was cancelled meanwhile does not wait again."""
        if state == "waiting":
            later = {} if not_before is None else {"not_before": micros(not_before)}
            self.connection.execute(AGAIN.values(later), {"wanted": id, "told": error})
        else:
            self.connection.execute(SETTLE.values(state=state, error=error, sealed=None), {"wanted": id})

    def list(self, tenant: int, *, state: str = "", uid: str = "", count: int = 100) -> Sequence[Mail]:
        """Mails, newest first."""
        wanted = select(*_COLUMNS).where(_M.tenant == tenant).order_by(_M.place.desc()).limit(count)
        if state:
            wanted = wanted.where(_M.state == state)
        if uid:
            wanted = wanted.where(_M.uid == uid)
        return [_mail(row) for row in self.connection.execute(wanted)]

    def counts(self) -> Mapping[str, int]:
        """How many mails are in each state."""
        return {row[0]: row[1] for row in self.connection.execute(COUNTS)}


def _row(mail: Mail) -> tuple[object, ...]:
    return (
        mail.id, mail.tenant, mail.uid, mail.template, mail.recipient, mail.login, mail.name, mail.language,
        mail.operation, mail.derive_id, micros(mail.created), micros(mail.not_before), micros(mail.expires),
        mail.sealed, mail.state, mail.attempts, mail.error,
    )  # fmt: skip


def _mail(row: Sequence[Any]) -> Mail:
    values = dict(zip(_NAMES, row, strict=True))
    return Mail(**values | {name: moment(values[name]) for name in ("created", "not_before", "expires")})
