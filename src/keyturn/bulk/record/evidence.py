"""Writes what a third party can hold against the claim that a run did this and nothing else: facts, rows, signature.

Lines of JSON: the facts, each row, and last a signature over every byte before it.  There is one way to write the
last line and the verifier knows it, so that no byte of the file can be another one.  No password is near it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from keyturn.bulk.ports import EvidenceSigner, SignatureCheck
from keyturn.bulk.record.facts import Facts, Pin, written_pin
from keyturn.bulk.record.report import Told, outcomes, row_event, verdicts
from keyturn.bulk.record.veil import IDS, OPEN, REDACTION, Veil
from keyturn.core.errors import RunError
from keyturn.core.journal import Journal, Row

TAMPERED: Final = "KT-RUN-072"
_FORM: Final = "keyturn evidence 1"
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")
_NAMED: Final = (
    "name", "operation", "password", "email", "old", "plan", "frozen", "made_by", "state", "by",
)  # fmt: skip
_LONGEST: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Made:
    """Who makes the file, and when.  handouts: the sealed files of the run."""

    at: datetime
    by: str
    version: str
    handouts: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class Proven:
    """What a file says whose every byte was found signed.  key: the public key that signed it."""

    facts: dict[str, Any]
    rows: int
    key: str


def write_evidence(file: BinaryIO, journal: Journal, told: Told, made: Made, signer: EvidenceSigner) -> int:
    """Write the whole file; answers how many rows are in it."""
    digest = hashlib.sha256()

    def put(value: object) -> None:
        line = _line(value)
        digest.update(line)
        file.write(line)

    put(_facts_of(journal, told, made))
    count = 0
    for row in journal.rows():
        put(_row(told, row))
        count += 1
    sha256, key = digest.hexdigest(), signer.public_key
    file.write(_last(key, count, sha256, signer.sign(_statement(key, count, sha256))))
    return count


def _facts_of(journal: Journal, told: Told, made: Made) -> dict[str, Any]:
    facts = told.facts
    named = {name: facts[name] for name in _NAMED}
    return {
        "v": 1,
        "type": "evidence",
        "run": told.run,
        **named,
        "targets": [_target(told.veil, pin) for pin in facts.pins],
        "file": {"name": facts.file.name, "sha256": facts["sha256"]},
        "approvals": json.loads(facts["approved"] or "[]"),
        "lookup": facts.lookup.figures() if facts.lookup is not None else None,
        "times": {name: facts[name] for name in ("created", "started", "ended")},
        "exit": told.exit,
        "outcomes": outcomes(told.states),
        "verified": verdicts(told.verdicts),
        "deliveries": dict(journal.deliveries()),
        "reasons": [{"outcome": str(state), "reason": why, "count": n} for state, why, n in told.reasons if why],
        "redacted": "" if told.veil == OPEN else IDS,
        "journal": journal_digest(journal),
        "handouts": {path.name: _digest_of(path) for path in made.handouts},
        "recipients": list(facts.recipients),
        "versions": {"run": facts["version"], "evidence": made.version},
        "made": {"at": made.at.isoformat(), "by": made.by},
    }


def _target(veil: Veil, pin: Pin) -> dict[str, Any]:
    """A target as it was confirmed; the users that the run did not touch there are users, too."""
    return {**written_pin(pin), "protect": [veil.who(who) for who in pin.protect]}


def _row(told: Told, row: Row) -> dict[str, Any]:
    shown = told.veil.row(row)
    moments = {name: _moment(getattr(row, name)) for name in ("first_sent", "settled", "noticed")}
    return {**row_event(told.run, shown), "verified": str(shown.verified), "proof": shown.proof, **moments}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def journal_digest(journal: Journal) -> str:
    """One digest over every row as the journal keeps it, ids in clear.

    Whoever holds the journal can show that evidence without ids speaks of these users; nobody else can try ids
    against it, since the key of the digests is in it where ids are hidden.
    """
    digest = hashlib.sha256(_line(Facts(journal.facts())[REDACTION]))
    for row in journal.rows():
        digest.update(_line({name: str(value) for name, value in asdict(row).items()}))
    return digest.hexdigest()


def verify_evidence(lines: Iterable[bytes], check: SignatureCheck, *, key: str = "") -> Proven:
    """Raises RunError (KT-RUN-072) for a file of which any byte is not as it was signed.

    key: the public key that must have signed it, in hex; without one it is the one that the file names.
    """
    digest, facts, rows = hashlib.sha256(), b"", -1
    before = b""
    for line in _capped(lines):
        if before:
            digest.update(before)
            facts = facts or before
            rows += 1
        before = line
    signed, count, sha256 = _read_last(before), max(rows, 0), digest.hexdigest()
    if not facts or before != _last(signed["key"], count, sha256, signed["signature"]):
        raise _tampered("it is not what was signed")
    if key and key.strip().lower() != signed["key"]:
        raise _tampered(f"it is signed by another key: {signed['key']}")
    if not check(bytes.fromhex(signed["key"]), _statement(signed["key"], count, sha256), signed["signature"]):
        raise _tampered("its signature is not of that key")
    return Proven(json.loads(facts), count, signed["key"])


def _capped(lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        if len(line) > _LONGEST or not line.endswith(b"\n"):
            raise _tampered("it does not end where it was signed")
        yield line


def _read_last(line: bytes) -> dict[str, str]:
    try:
        read = json.loads(line)
    except ValueError:
        read = None
    found = read if isinstance(read, dict) else {}
    key, signature = str(found.get("key")), str(found.get("signature"))
    if not (_KEY.fullmatch(key) and _SIGNATURE.fullmatch(signature)):
        raise _tampered("its last line holds no signature")
    return {"key": key, "signature": signature}


def _tampered(why: str) -> RunError:
    return RunError("this evidence proves nothing", code=TAMPERED, why=why)


def _statement(key: str, rows: int, sha256: str) -> bytes:
    return f"{_FORM}\n{key}\n{rows}\n{sha256}\n".encode("ascii")


def _last(key: str, rows: int, sha256: str, signature: str) -> bytes:
    told = {"v": 1, "type": "signature", "form": _FORM, "algorithm": "ed25519", "key": key, "rows": rows}
    return _line({**told, "sha256": sha256, "signature": signature})


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
