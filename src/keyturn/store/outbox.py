"""Mail decided but not yet sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Insert, bindparam, delete, func, insert, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from keyturn.core.outbox import OPEN, SECRET, Mail
from keyturn.store.schema import ADDRESS_CHANGES, OUTBOX
from keyturn.store.statement import Among, Prepared, chunks
from keyturn.store.values import micros, moment

_M, _A = OUTBOX.c, ADDRESS_CHANGES.c
_COLUMNS: Final = [column for column in OUTBOX.columns if column.name != "place"]

LEASE: Final = timedelta(minutes=10)
"""How long a courier has for a mail before another may take it."""

REMEMBERED: Final = timedelta(days=7)
"""How long a change of address is kept; no tenant may hold mail for longer."""


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
CANCEL: Final = Prepared(_CANCEL.where(_M.template != "address"), "uids")
"""One that is being sent just now cannot be called back, but it is not tried again.  That an address was changed stays
worth telling, whatever is done next."""

CANCEL_SECRETS: Final = Prepared(
    _CANCEL.where(or_(*(_M.template == template for template in SECRET)), not_(Among(_M.id, "but"))), "uids", "but"
)
DUE: Final = (
    select(_M.place, *_COLUMNS)
    .where(
        _M.state.in_(OPEN),
        _M.not_before <= bindparam("ahead"),
        or_(_M.not_before <= bindparam("now"), _M.state == "sending", _M.attempts > 0),
    )
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
TRY_AGAIN: Final = SETTLE.where(_M.state.in_(OPEN)).values(state="waiting", error=bindparam("told"))
HOLD: Final = (
    update(OUTBOX)
    .where(_M.id == bindparam("wanted"), _M.state == "sending")
    .values(state="waiting", not_before=bindparam("until"), error=bindparam("told"))
)
SUPERSEDE: Final = (
    update(OUTBOX)
    .where(
        _M.uid == bindparam("whose"),
        _M.recipient == bindparam("to"),
        _M.template == bindparam("like"),
        _M.state == "waiting",
        _M.place < select(_M.place).where(_M.id == bindparam("wanted")).scalar_subquery(),
    )
    .values(state="cancelled", error="a newer one says the same")
)
LATELY: Final = (
    select(_M.uid, _M.recipient, _M.template, _M.settled)
    .where(_M.uid.in_(bindparam("uids", expanding=True)), _M.state == "sent", _M.settled > bindparam("since"))
    .order_by(_M.settled)
)
FIND: Final = (
    select(*_COLUMNS)
    .where(_M.tenant == bindparam("tenant"), func.substr(_M.id, 1, bindparam("size")) == bindparam("start"))
    .limit(2)
)
DUE_NOW: Final = (
    update(OUTBOX)
    .where(_M.id == bindparam("wanted"), _M.state.in_(("waiting", "failed")))
    .values(state="waiting", not_before=bindparam("now"), settled=None)
)
DROP: Final = (
    update(OUTBOX)
    .where(_M.id == bindparam("wanted"), _M.state.in_(OPEN))
    .values(state="cancelled", error=bindparam("told"), sealed=None)
)
FORGET_CHANGES: Final = delete(ADDRESS_CHANGES).where(
    or_(_A.uid.in_(bindparam("uids", expanding=True)), _A.at < bindparam("before"))
)
MOVED: Final = Prepared(select(_A.uid, _A.at).where(Among(_A.uid, "uids")), "uids")
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
        """Cancel what waits for these users, but for the notice of a changed address."""
        CANCEL.run(self.connection, list(uids))

    def take(self, now: datetime, count: int, *, ahead: timedelta = timedelta(0)) -> Sequence[Mail]:
        """Mark up to `count` due mails as sending (for ten minutes) and hand them over, oldest first.

        ahead: those, too, that were tried before and are due this much later.
        """
        moments = {"now": micros(now), "ahead": micros(now + ahead)}
        rows = self.connection.execute(DUE, {**moments, "count": count}).all()
        until = now + LEASE
        for chunk in chunks([row.place for row in rows]):
            self.connection.execute(LEND, {"places": chunk, "until": micros(until)})
        return [replace(_mail(row[1:]), state="sending", not_before=until) for row in rows]

    def settle(
        self, id: str, state: str, *, error: str = "", at: datetime | None = None, not_before: datetime | None = None
    ) -> None:
        """Record what became of a mail; one that was cancelled meanwhile does not wait again."""
        if state == "waiting":
            later = {} if not_before is None else {"not_before": micros(not_before)}
            self.connection.execute(TRY_AGAIN.values(later), {"wanted": id, "told": error})
        else:
            settled = None if at is None else micros(at)
            values = SETTLE.values(state=state, error=error, sealed=None, settled=settled)
            self.connection.execute(values, {"wanted": id})

    def hold(self, mail: Mail, until: datetime, why: str) -> None:
        """Let a mail that was taken wait, uncounted, and cancel older notices to the same address."""
        self.connection.execute(HOLD, {"wanted": mail.id, "until": micros(until), "told": why})
        if mail.template not in SECRET:
            like = {"whose": mail.uid, "to": mail.recipient, "like": mail.template, "wanted": mail.id}
            self.connection.execute(SUPERSEDE, like)

    def lately(self, uids: Sequence[str], since: datetime) -> Sequence[tuple[str, str, str, datetime]]:
        """User, address, template and time of each mail to these users that was sent since."""
        return [
            (row.uid, row.recipient, row.template, moment(row.settled))
            for chunk in chunks(uids)
            for row in self.connection.execute(LATELY, {"uids": chunk, "since": micros(since)})
        ]

    def find(self, tenant: int, start: str) -> Sequence[Mail]:
        """The mails whose id begins so, at most two."""
        wanted = {"tenant": tenant, "start": start, "size": len(start)}
        return [_mail(row) for row in self.connection.execute(FIND, wanted)]

    def again(self, id: str, now: datetime) -> bool:
        """Make a mail that waits or failed due now; False when it is in no such state."""
        return self.connection.execute(DUE_NOW, {"wanted": id, "now": micros(now)}).rowcount == 1

    def drop(self, id: str, why: str) -> bool:
        """Cancel one mail that is not settled; False when it is."""
        return self.connection.execute(DROP, {"wanted": id, "told": why}).rowcount == 1

    def move(self, changes: Mapping[str, datetime | None]) -> None:
        """Note since when users have a new address that nobody of rank stands for; None: it is settled."""
        times = [at for at in changes.values() if at is not None]
        oldest = micros(max(times) - REMEMBERED) if times else 0
        for chunk in chunks(list(changes)):
            self.connection.execute(FORGET_CHANGES, {"uids": chunk, "before": oldest})
        rows = [{"uid": uid, "at": micros(at)} for uid, at in changes.items() if at is not None]
        if rows:
            self.connection.execute(insert(ADDRESS_CHANGES), rows)

    def moved(self, uids: Sequence[str]) -> Mapping[str, datetime]:
        """What `move` noted of these users."""
        return {uid: moment(at) for uid, at in MOVED.all(self.connection, list(uids))}

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
        mail.sealed, mail.state, mail.attempts, mail.error, None if mail.settled is None else micros(mail.settled),
    )  # fmt: skip


def _mail(row: Sequence[Any]) -> Mail:
    values = dict(zip(_NAMES, row, strict=True))
    times = {name: moment(values[name]) for name in ("created", "not_before", "expires")}
    settled = None if values["settled"] is None else moment(values["settled"])
    return Mail(**values | times | {"settled": settled})
