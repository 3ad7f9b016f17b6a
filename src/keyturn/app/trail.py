"""The audit trail as a whole: signs where it stands, proves that nobody touched it, and gives it out."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from keyturn.core.audit import GENESIS, Checkpoint, Entry, Event, link
from keyturn.core.ports import Clock, Signer
from keyturn.core.storage import Store

PAGE: Final = 1000

COLUMNS: Final = (
    "sequence", "at", "tenant", "actor", "verb", "outcome", "target", "who", "reason", "door", "source", "request",
    "run", "row", "detail", "hash",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proof:
    """What a verification found.  broken: number of the first entry that does not fit, None when all do.

    checkpoint: the last one whose signature and place are right, None when there is none yet.
    """

    records: int
    checkpoint: Checkpoint | None
    broken: int | None = None
    why: str = ""


def sign_off(store: Store, signer: Signer, clock: Clock) -> Checkpoint | None:
    """Sign where the chain stands now; None when nothing was added since the last time."""
    with store.writing() as transaction:
        last = transaction.audit.last()
        signed = transaction.audit.checkpoints()
        if last is None or (signed and signed[-1].sequence >= last.sequence):
            return None
        bare = Checkpoint(last.shard, last.sequence, last.hash, clock.now(), signer.key_id, "")
        checkpoint = Checkpoint(
            bare.shard, bare.sequence, bare.hash, bare.at, bare.key_id, signer.sign(bare.statement())
        )
        transaction.audit.put_checkpoint(checkpoint)
        return checkpoint


def verify(store: Store, is_ours: Callable[[bytes, str, str], bool]) -> Proof:
    """Recompute the whole chain and check every checkpoint; needs the public keys only.

    is_ours: whether a signature over a statement is of the audit key with that id.  The end of the chain is only as
    sure as the last checkpoint: what was added and cut off since then leaves no trace.
    """
    with store.reading() as view:
        checkpoints = list(view.audit.checkpoints())
    signed: dict[int, list[Checkpoint]] = {}
    for checkpoint in checkpoints:
        if not is_ours(checkpoint.statement(), checkpoint.signature, checkpoint.key_id):
            return Proof(0, None, checkpoint.sequence, "the checkpoint at this record is not signed by an audit key")
        signed.setdefault(checkpoint.sequence, []).append(checkpoint)
    previous, number, good = GENESIS, 0, None
    for entry in entries(store):
        why = _misplaced(entry, previous, number + 1, signed.get(number + 1, []))
        if why:
            return Proof(number, good, number + 1, why)
        previous, number = entry.hash, entry.sequence
        good = signed[number][-1] if number in signed else good
    if checkpoints and max(signed) > number:
        return Proof(number, good, number + 1, f"records up to {max(signed)} were signed and are missing")
    return Proof(number, good)


def _misplaced(entry: Entry, previous: str, number: int, signed: list[Checkpoint]) -> str:
    if entry.sequence != number:
        return f"record {number} is missing; the next one is {entry.sequence}"
    if entry.previous != previous:
        return "the record does not follow the one before it"
    if entry.hash != link(previous, entry.shard, entry.sequence, entry.event):
        return "the record was changed after it was written"
    if any(checkpoint.hash != entry.hash for checkpoint in signed):
        return "the record is not the one that was signed"
    return ""


def entries(
    store: Store,
    *,
    since: datetime | None = None,
    after: int = 0,
    tenant: int | None = None,
    verb: str = "",
) -> Iterator[Entry]:
    """The entries in order, page by page, so that a long trail takes no memory."""
    while True:
        with store.reading() as view:
            page = view.audit.entries(after, PAGE, tenant=tenant, verb=verb)
        yield from (entry for entry in page if since is None or entry.event.at >= since)
        if len(page) < PAGE:
            return
        after = page[-1].sequence


def as_record(entry: Entry) -> Mapping[str, object]:
    """An entry as a flat record in the order of `COLUMNS`."""
    record: dict[str, object] = {"sequence": entry.sequence, **_facts(entry.event), "hash": entry.hash}
    return {name: record[name] for name in COLUMNS}


def as_json_line(entry: Entry) -> str:
    """An entry as one line of JSON; control characters are escaped, so that a hostile id stays on its line."""
    return json.dumps(as_record(entry), ensure_ascii=True)


def as_csv(found: Iterator[Entry]) -> Iterator[str]:
    """The entries as CSV lines, the header first; a cell that a sheet would take for a formula gets an apostrophe."""
    yield _csv_line(COLUMNS)
    for entry in found:
        yield _csv_line([_inert(value) for value in as_record(entry).values()])


def _facts(event: Event) -> dict[str, object]:
    return asdict(event) | {"at": event.at.isoformat(timespec="microseconds")}


def _csv_line(cells: list[str] | tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _inert(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
