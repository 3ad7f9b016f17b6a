"""The audit trail: one event per effect and per refusal, chained by hashes."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

GENESIS: Final = "0" * 64
"""The hash before the first event of a shard."""

SHARD: Final = 0
"""The one shard of the chain until more are measured to be needed."""


LONGEST_WHO: Final = 255
"""How much is kept of the id that a caller wrote: no id that exists is longer, and nobody fills the trail with one."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: who asked for what, on whom, through which door, and what came of it.

    actor: id of who asked; target: the user's uid, empty when there is none; who: the id as the caller wrote it;
    verb: `password.reset`, `session.start`...; outcome: `changed`, `refused`...; reason: of `Reason`, or empty.
    detail: short facts for people, never a secret and never a part of one.
    """

    at: datetime
    tenant: int
    actor: str
    verb: str
    outcome: str
    target: str = ""
    who: str = ""
    reason: str = ""
    door: str = ""
    source: str = ""
    request: str = ""
    run: str = ""
    row: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in its place of the chain: `hash` covers `previous` and the event."""

    shard: int
    sequence: int
    previous: str
    hash: str
    event: Event


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement that the chain of a shard had this hash at this sequence number (Ed25519, hex)."""

    shard: int
    sequence: int
    hash: str
    at: datetime
    key_id: str
    signature: str

    def statement(self) -> bytes:
        """The bytes that the signature covers."""
        when = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return f"keyturn-audit-checkpoint\n{self.shard}\n{self.sequence}\n{self.hash}\n{when}".encode()


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain of a shard ends, and how many entries of whatever shard are kept."""

    sequence: int
    hash: str
    kept: int


class AuditTable(Protocol):
    """The chain of events, as a store keeps it."""

    def append(self, events: Sequence[Event]) -> None:
        """Add events at the end of the chain, in order; holds the chain until the transaction ends."""

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

    def last(self) -> Entry | None:
        """The newest entry."""

    def head(self) -> Head | None:
        """Where the chain ends by the store's own note; None when the note is lost."""

    def checkpoints(self) -> Sequence[Checkpoint]:
        """All checkpoints, in order."""

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint."""


def canonical(event: Event) -> bytes:
    """The one byte form of an event that hashes cover: a JSON array in field order, times in UTC microseconds."""
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [
        at, event.tenant, event.actor, event.verb, event.outcome, event.target, event.who, event.reason,
        event.door, event.source, event.request, event.run, event.row, event.detail,
    ]  # fmt: skip
    return json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode()


def link(previous: str, shard: int, sequence: int, event: Event) -> str:
    """The hash of an event that follows `previous` as number `sequence` of its shard."""
    head = f"{previous}\n{shard}\n{sequence}\n".encode()
    return hashlib.sha256(head + canonical(event)).hexdigest()


def chain(previous: str, shard: int, sequence: int, events: list[Event]) -> list[Entry]:
    """The entries of events in order, the first as number `sequence`, after the hash `previous`."""
    entries = []
    for number, event in enumerate(events, sequence):
        this = link(previous, shard, number, event)
        entries.append(Entry(shard, number, previous, this, event))
        previous = this
    return entries


def misplaced(entry: Entry, previous: str, number: int) -> str:
    """Why an entry cannot be number `number` of a chain in which `previous` is the hash before it; empty if it can."""
    if entry.sequence != number:
        return f"record {number} is missing; the next one is {entry.sequence}"
    if entry.previous != previous:
        return "the record does not follow the one before it"
    if entry.shard != SHARD or entry.hash != link(previous, entry.shard, entry.sequence, entry.event):
        return "the record was changed after it was written"
    return ""
