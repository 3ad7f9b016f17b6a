"""The audit as files: JSON lines that prove themselves, and sheets.

Every line of JSON is an entry with its place in the chain.  The last line is the seal: the newest signed checkpoint,
which stands for all lines before it.  An export that was narrowed says so in its first line and has no seal.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from keyturn.app.trail.ocsf import as_ocsf
from keyturn.app.trail.trail import Proof, entries, ours, sign_off
from keyturn.bulk.formulas import shown_cell
from keyturn.bulk.regular import open_regular
from keyturn.core.audit import GENESIS, Checkpoint, Entry, Event, misplaced
from keyturn.core.errors import ConfigError, StoreError
from keyturn.core.ports import Clock, Signer
from keyturn.core.storage import Store
from keyturn.crypto.signing import verify_with

COLUMNS: Final = (
    "shard", "sequence", "at", "tenant", "actor", "verb", "outcome", "target", "who", "reason", "door", "source",
    "request", "run", "row", "detail", "previous", "hash",
)  # fmt: skip

PUBLIC_BYTES: Final = 32
_PUBLIC: Final = re.compile(r"audit\.([0-9a-z]{8})\.pub")
_OF_EVENT: Final = [field.name for field in fields(Event) if field.name != "at"]
_BEHIND: Final = "there are lines behind the seal"
_NOT_OURS: Final = "the line is not as keyturn wrote it"
NARROWED: Final = "this export was narrowed to a part of the trail, and a part proves nothing; export it whole"
_NO_SEAL: Final = "the file ends without its seal: its end was cut off, or the export was not finished"


def as_record(entry: Entry) -> Mapping[str, object]:
    """An entry as a flat record in the order of `COLUMNS`."""
    event = {**asdict(entry.event), "at": _time(entry.event.at)}
    place = {"shard": entry.shard, "sequence": entry.sequence, "previous": entry.previous, "hash": entry.hash}
    record: dict[str, object] = event | place
    return {name: record[name] for name in COLUMNS}


def as_json_line(entry: Entry) -> str:
    """An entry as one line of JSON; control characters are escaped, so that a hostile id stays on its line."""
    return json.dumps(as_record(entry), ensure_ascii=True)


def as_csv(found: Iterable[Entry]) -> Iterator[str]:
    """The entries as CSV, one line each, the header first.

    A cell that a sheet would take for a formula gets an apostrophe; what is no sign for eyes is spelt out.
    """
    yield _csv_line(COLUMNS)
    for entry in found:
        yield _csv_line(["" if value is None else shown_cell(str(value)) for value in as_record(entry).values()])


def written(
    form: str, store: Store, signer: Signer, clock: Clock, found: Iterable[Entry], narrowed: Mapping[str, str]
) -> Iterator[str]:
    """The lines of an export in a form: `jsonl`, `csv` or `ocsf`."""
    if form == "csv":
        return as_csv(found)
    if form == "ocsf":
        return map(as_ocsf, found)
    return as_json_lines(found, narrowed) if narrowed else whole(store, signer, clock)


def as_json_lines(found: Iterable[Entry], narrowed: Mapping[str, str]) -> Iterator[str]:
    """A part of the entries as JSON lines, after a first line that says which part it is."""
    yield json.dumps({"filtered": dict(narrowed)})
    yield from map(as_json_line, found)


def whole(store: Store, signer: Signer, clock: Clock) -> Iterator[str]:
    """The whole trail as JSON lines up to where it is signed, and it is signed now; the seal comes last.

    Where the checkpoint cannot be kept, as on a disk that is full, it goes as far as the last one that was.
    """
    with suppress(StoreError):
        sign_off(store, signer, clock)
    with store.reading() as view:
        signed = view.audit.checkpoints()
    last = signed[-1] if signed else None
    if last is not None:
        yield from (as_json_line(entry) for entry in entries(store, last=last.sequence))
    yield _seal(last)


def public_keys(files: Iterable[Path]) -> Callable[[bytes, str, str], bool]:
    """Whether a signature is of one of the keys in these files, called as in the key folder: `audit.ID.pub`.

    Raises ConfigError for a file that is none.
    """
    known = dict(map(_public_key, files))
    if not known:
        raise _no_key("the key that signed is needed", "")

    def is_ours(statement: bytes, signature: str, key_id: str) -> bool:
        return key_id in known and verify_with(known[key_id], statement, signature)

    return is_ours


def _public_key(file: Path) -> tuple[str, bytes]:
    named = _PUBLIC.fullmatch(file.name)
    try:
        with open_regular(file) as opened:
            key = bytes.fromhex(opened.read().decode("ascii").strip())
    except (OSError, ValueError):
        raise _no_key("this is no public key", str(file)) from None
    if named is None or len(key) != PUBLIC_BYTES:
        raise _no_key("this is no public key", str(file))
    return named[1], key


def _no_key(what: str, where: str) -> ConfigError:
    fix = "give --key keys/audit.ID.pub out of the data folder of the directory, under its own name"
    return ConfigError(what, code="KT-CFG-050", where=where, fix=fix)


def prove(lines: Iterable[bytes], is_ours: Callable[[bytes, str, str], bool]) -> Proof:
    """Whether the lines of a file are what `whole` wrote, to the byte; needs no database, only the public keys."""
    previous, number, sealed = GENESIS, 0, ""
    for line in lines:
        if sealed:
            found = _checkpoint_of(sealed)
            return Proof(number, None, number + 1, found if isinstance(found, str) else _BEHIND)
        read = _entry_of(line)
        if isinstance(read, Entry):
            why = misplaced(read, previous, number + 1)
            if why:
                return Proof(number, None, number + 1, why)
            previous, number = read.hash, read.sequence
        else:
            sealed = line.decode("ascii", "replace")
    return _judge(sealed, previous, number, is_ours)


def _judge(sealed: str, previous: str, number: int, is_ours: Callable[[bytes, str, str], bool]) -> Proof:
    """What the seal says of the entries before it."""
    found = _checkpoint_of(sealed)
    if isinstance(found, str):
        return Proof(number, None, number + 1, found)
    if not ours(found, is_ours):
        why = f"the seal is not signed by the audit key {found.key_id} or that key was not given"
        return Proof(number, None, number + 1, why)
    if found.sequence != number:
        return Proof(number, None, number + 1, f"{found.sequence} records were signed, and here are {number}")
    if found.hash != previous:
        return Proof(number, None, number, "the record is not the one that was signed")
    return Proof(number, found)


def _entry_of(line: bytes) -> Entry | None:
    """The entry that a line is to the byte; None for every other line."""
    record = _parsed(line)
    try:
        at = datetime.fromisoformat(record["at"])
        event = Event(at=at, **{name: record[name] for name in _OF_EVENT})
        entry = Entry(record["shard"], record["sequence"], record["previous"], record["hash"], event)
        return entry if as_json_line(entry).encode() == line.removesuffix(b"\n") else None
    except (KeyError, TypeError, ValueError):
        return None


def _checkpoint_of(sealed: str) -> Checkpoint | str:
    """The checkpoint in the last line, or why there is none."""
    held = _parsed(sealed.encode())
    if "filtered" in held:
        return NARROWED
    if sealed and "checkpoint" not in held:
        return _NOT_OURS
    facts: Any = held.get("checkpoint")
    try:
        checkpoint = Checkpoint(**{**facts, "at": datetime.fromisoformat(facts["at"])})
    except (KeyError, TypeError, ValueError):
        return _NO_SEAL
    return checkpoint if _seal(checkpoint) == sealed.removesuffix("\n") else "the seal is not as keyturn wrote it"


def _seal(checkpoint: Checkpoint | None) -> str:
    facts = None if checkpoint is None else {**asdict(checkpoint), "at": _time(checkpoint.at)}
    return json.dumps({"checkpoint": facts})


def _parsed(line: bytes) -> dict[str, Any]:
    """The JSON object of a line; empty when it is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _csv_line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
