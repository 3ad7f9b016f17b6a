"""The chain of events, and the signed statements about it."""

import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, or_, select, update

from keyturn.core.audit import SHARD, Checkpoint, Entry, Event, Head, chain
from keyturn.core.errors import StoreError
from keyturn.store.schema import AUDIT, AUDIT_CHECKPOINTS, AUDIT_HEAD
from keyturn.store.statement import Prepared
from keyturn.store.values import micros, moment

_A, _H, _C = AUDIT.c, AUDIT_HEAD.c, AUDIT_CHECKPOINTS.c

_HEAD: Final = select(_H.sequence, _H.hash).where(_H.shard == SHARD)
HEAD: Final = Prepared(_HEAD)
LOCK: Final = Prepared(_HEAD.with_for_update())
APPEND: Final = Prepared(insert(AUDIT), *(column.name for column in AUDIT.columns))
MOVE: Final = Prepared(
    update(AUDIT_HEAD).where(_H.shard == SHARD).values(sequence=bindparam("last"), hash=bindparam("now")), "last", "now"
)
ENTRIES: Final = select(AUDIT).where(_A.shard == SHARD).order_by(_A.sequence)
KEPT: Final = select(func.count()).select_from(AUDIT)
NEWEST: Final = select(AUDIT).where(_A.shard == SHARD).order_by(_A.sequence.desc()).limit(1)
CHECKPOINTS: Final = select(AUDIT_CHECKPOINTS).order_by(_C.shard, _C.sequence)


def lock_head(connection: Connection) -> None:
    """Become the one writer, over all servers, until the transaction ends."""
    LOCK.all(connection)


@dataclass(frozen=True, slots=True)
class SqlAudit:
    """The chain of events."""

    connection: Connection

    def append(self, events: Sequence[Event]) -> None:
        """Add events at the end of the chain, in order; whoever writes holds the chain already."""
        if not events:
            return
        heads = HEAD.all(self.connection)
        if not heads:
            raise StoreError("the audit trail has lost its end", fix="restore the database from a backup")
        [(sequence, digest)] = heads
        entries = chain(digest, SHARD, sequence + 1, list(events))
        APPEND.each(self.connection, [_row(entry) for entry in entries])
        last = entries[-1]
        MOVE.run(self.connection, last.sequence, last.hash)

    def entries(
        self,
        after: int,
        count: int,
        *,
        tenant: int | None = None,
        verb: str = "",
        who: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[Entry]:
        """Entries with a sequence number above `after`, in order.  Raises StoreError for one that cannot be read.

        who: the id as it was asked for, or the uid of the target; since, until: from one moment on, and before another.
        """
        narrow: list[ColumnElement[bool]] = [_A.sequence > after]
        if tenant is not None:
            narrow.append(_A.tenant == tenant)
        if verb:
            narrow.append(_A.verb == verb)
        if who:
            narrow.append(or_(_A.who == _escape(who), _A.target == who))
        if since is not None:
            narrow.append(_A.at >= micros(since))
        if until is not None:
            narrow.append(_A.at < micros(until))
        wanted = ENTRIES.where(*narrow).limit(count)
        return [_entry(row) for row in self.connection.execute(wanted)]

    def last(self) -> Entry | None:
        """The newest entry."""
        row = self.connection.execute(NEWEST).one_or_none()
        return None if row is None else _entry(row)

    def head(self) -> Head | None:
        """Where the chain ends by the store's own note; None when the note is lost."""
        found = HEAD.all(self.connection)
        kept = self.connection.execute(KEPT).scalar_one()
        if not found:
            return None
        [(sequence, digest)] = found
        if not (isinstance(sequence, int) and isinstance(digest, str)):
            raise StoreError("the end of the audit trail cannot be read", fix="restore the database from a backup")
        return Head(sequence, digest, kept)

    def checkpoints(self) -> Sequence[Checkpoint]:
        """All checkpoints, in order."""
        found = self.connection.execute(CHECKPOINTS)
        return [Checkpoint(r.shard, r.sequence, r.hash, moment(r.at), r.key_id, r.signature) for r in found]

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint."""
        shard, sequence, digest, at, key_id, signature = astuple(checkpoint)
        row = {"shard": shard, "sequence": sequence, "hash": digest, "at": micros(at)}
        self.connection.execute(insert(AUDIT_CHECKPOINTS), row | {"key_id": key_id, "signature": signature})


def _row(entry: Entry) -> tuple[object, ...]:
    e = entry.event
    said = [e.who, e.reason, e.door, e.source, e.request, e.run, e.detail]
    if _ODD.search("".join(said)):
        said = [_escape(text) for text in said]
    return (
        entry.shard, entry.sequence, entry.previous, entry.hash, micros(e.at), e.tenant, e.actor, e.verb, e.outcome,
        e.target, *said, e.row,
    )  # fmt: skip


def _entry(stored: Sequence[Any]) -> Entry:
    shard, sequence, previous, digest, at, tenant, actor, verb, outcome, target = stored[:10]
    try:
        who, reason, door, source, request, run, detail = map(_unescape, stored[10:17])
        event = Event(
            moment(at), tenant, actor, verb, outcome, target, who, reason, door, source, request, run, stored[17],
            detail,
        )  # fmt: skip
    except (TypeError, ValueError, OverflowError) as error:
        raise StoreError(f"record {sequence} of the audit cannot be read", why=str(error)) from error
    return Entry(shard, sequence, previous, digest, event)


_ODD: Final = re.compile("[\\\\\0\ud800-\udfff]")
"""What no database holds, and what stands for it.  A refusal of such an id must be kept like every other."""


def _escape(text: str) -> str:
    return _ODD.sub(lambda odd: "\\\\" if odd[0] == "\\" else f"\\u{ord(odd[0]):04x}", text)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda odd: "\\" if odd[1] == "\\" else chr(int(odd[1][1:], 16)), text)


_ESCAPED: Final = re.compile(r"\\(\\|u(?:0000|d[89a-f][0-9a-f]{2}))")
"""Only what `_escape` writes: two texts in the database that read the same would hide a change."""
