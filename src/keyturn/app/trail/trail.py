"""The audit trail as a whole: signs where it stands, proves that nobody touched it, and reads it out."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from keyturn.core.audit import GENESIS, Checkpoint, Entry, Head, misplaced
from keyturn.core.errors import StoreError
from keyturn.core.ports import Clock, Signer
from keyturn.core.storage import Store

PAGE: Final = 1000
_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")


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


def ours(checkpoint: Checkpoint, is_ours: Callable[[bytes, str, str], bool]) -> bool:
    """Whether a checkpoint is signed by one of our keys, and written in the one way that we write it."""
    written = _SIGNATURE.fullmatch(checkpoint.signature) is not None
    return written and is_ours(checkpoint.statement(), checkpoint.signature, checkpoint.key_id)


def verify(store: Store, is_ours: Callable[[bytes, str, str], bool]) -> Proof:
    """Recompute the whole chain and check every checkpoint; needs the public keys only.

    is_ours: whether a signature over a statement is of the audit key with that id.  The end of the chain is only as
    sure as the last checkpoint: what was added and cut off since then leaves no trace if its note is amended, too.
    """
    try:
        with store.reading() as view:
            checkpoints, head = view.audit.checkpoints(), view.audit.head()
    except (StoreError, ValueError, TypeError, OverflowError):
        return Proof(0, None, 1, "the checkpoints or the end of the chain cannot be read")
    signed: dict[int, list[Checkpoint]] = {}
    for checkpoint in checkpoints:
        if not ours(checkpoint, is_ours):
            return Proof(0, None, checkpoint.sequence, "the checkpoint at this record is not signed by an audit key")
        signed.setdefault(checkpoint.sequence, []).append(checkpoint)
    if head is None:
        return Proof(0, None, 1, "the store has lost its note of where the chain ends")
    return _walk(store, signed, head)


def _walk(store: Store, signed: Mapping[int, Sequence[Checkpoint]], head: Head) -> Proof:
    """Every entry up to the noted end in its place, and none that differs from what was signed there."""
    previous, number, good = GENESIS, 0, None
    try:
        for entry in entries(store, last=head.sequence):
            why = misplaced(entry, previous, number + 1)
            here = signed.get(entry.sequence, ())
            if not why and any(checkpoint.hash != entry.hash for checkpoint in here):
                why = "the record is not the one that was signed"
            if why:
                return Proof(number, good, number + 1, why)
            previous, number = entry.hash, entry.sequence
            good = here[-1] if here else good
    except (StoreError, TypeError):
        return Proof(number, good, number + 1, "a record from here on cannot be read")
    why = _ended(number, previous, max(signed, default=0), head)
    return Proof(number, good, number + 1, why) if why else Proof(number, good)


def _ended(number: int, digest: str, signed: int, head: Head) -> str:
    """Why the chain does not end where it was signed and noted to end; empty when it does."""
    if signed > number:
        return f"records up to {signed} were signed and are missing"
    if (number, digest) != (head.sequence, head.hash):
        return f"the chain does not end at record {head.sequence}, where the store has noted its end"
    return "" if head.kept == number else f"there are {head.kept} records, and the chain has {number}"


def entries(
    store: Store,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    last: int | None = None,
    tenant: int | None = None,
    verb: str = "",
) -> Iterator[Entry]:
    """The entries in order, page by page, so that a long trail takes no memory.  last: the number to stop at."""
    after = 0
    while True:
        with store.reading() as view:
            page = view.audit.entries(after, PAGE, tenant=tenant, verb=verb, since=since, until=until)
        for entry in page:
            if last is not None and entry.sequence > last:
                return
            yield entry
        if len(page) < PAGE:
            return
        after = page[-1].sequence
