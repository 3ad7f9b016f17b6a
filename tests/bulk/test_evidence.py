"""Evidence of a run: what it says, and that no byte of it can be another one."""

import json
import logging
import os
import random
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from keyturn.bulk.record.evidence import Made, journal_digest, verify_evidence, write_evidence
from keyturn.bulk.record.facts import Facts
from keyturn.bulk.record.report import Told
from keyturn.bulk.record.veil import veiled
from keyturn.core.errors import KeyFolderError, RunError
from keyturn.core.journal import Row, RowState, Verified
from keyturn.crypto.evidence import EvidenceKey
from keyturn.crypto.signing import verify_with
from tests.support.memory_journal import MemoryJournal

TRIALS = int(os.environ.get("KEYTURN_TAMPERINGS", "100"))
NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
ROWS = (
    Row(2, "amal", RowState.NOT_TRIED, target="there"),
    Row(3, "Björn =1", RowState.NOT_TRIED, target="there"),
    Row(4, "cy", RowState.FAILED, reason="no-such-user", text="there is no cy", target="there"),
)
_log = logging.getLogger(__name__)


def journal_of_a_run() -> MemoryJournal:
    """A run of three rows, of which one was read back."""
    journal = MemoryJournal()
    journal.plan(ROWS)
    journal.send([2, 3], NOW)
    journal.settle([Row(n, ROWS[n - 2].who, RowState.CHANGED, delivery="handout", settled=NOW) for n in (2, 3)])
    journal.verify([Row(2, "amal", RowState.CHANGED, verified=Verified.YES, proof="changed at 08:00")])
    journal.note({"operation": "reset", "target": "there", "file": "/home/marta/q3.csv", "sha256": "ab" * 32})
    return journal


def evidence(journal: MemoryJournal, folder: Path, *, hidden: bool = False) -> bytes:
    """The file, signed by the machine whose keys are in this folder."""
    facts = Facts(journal.facts())
    told = Told("rabcdef", facts, journal.counts(), journal.reasons(), 3)
    if hidden:
        told = Told("rabcdef", facts, journal.counts(), journal.reasons(), 3, veil=veiled(journal, facts))
    file = BytesIO()
    made = Made(NOW, "marta", "1.2.3", list(folder.glob("*.age")))
    assert write_evidence(file, journal, told, made, EvidenceKey(folder / "keys")) == 3
    return file.getvalue()


def is_found(file: bytes, key: str = "") -> bool:
    """Whether the verifier says no."""
    try:
        verify_evidence(BytesIO(file), verify_with, key=key)
    except RunError as error:
        return error.code == "KT-RUN-072"
    return False


@pytest.mark.proves("RN-6", "LG-1")
def test_evidence_says_who_where_when_and_what_became_of_each_row(tmp_path: Path) -> None:
    """And is verified with the public key alone."""
    (tmp_path / "handout.age").write_bytes(b"sealed")
    file = evidence(journal_of_a_run(), tmp_path)
    public = (tmp_path / "keys" / "evidence.pub").read_text().strip()
    proven = verify_evidence(BytesIO(file), verify_with, key=public.upper())
    facts = proven.facts
    assert (proven.rows, proven.key) == (3, public)
    assert facts["outcomes"] == {"created": 0, "changed": 2, "skipped": 0, "failed": 1, "uncertain": 0}
    assert facts["file"] == {"name": "q3.csv", "sha256": "ab" * 32}
    assert facts["made"] == {"at": "2026-12-01T08:00:00+00:00", "by": "marta"}
    assert len(facts["handouts"]["handout.age"]) == len(facts["journal"]) == 64
    rows = [json.loads(line) for line in file.splitlines()[1:-1]]
    assert [(row["user"], row["outcome"], row["verified"]) for row in rows] == [
        ("amal", "changed", "yes"), ("Björn =1", "changed", ""), ("cy", "failed", ""),
    ]  # fmt: skip


@pytest.mark.proves("LG-3")
def test_every_tampering_with_evidence_is_found(tmp_path: Path) -> None:
    """Bytes changed, removed and added, lines left out and swapped, the end cut off; with and without the key."""
    file = evidence(journal_of_a_run(), tmp_path)
    public = EvidenceKey(tmp_path / "keys").public_key
    assert not is_found(file)
    assert not is_found(file, public)
    missed, done = [], 0
    for seed in range(TRIALS):
        dice = random.Random(seed)
        place = dice.randrange(len(file))
        lines = file.splitlines(keepends=True)
        first, second = dice.sample(range(len(lines)), 2)
        lines[first], lines[second] = lines[second], lines[first]
        for tampered in (
            file[:place] + bytes([file[place] ^ dice.randrange(1, 256)]) + file[place + 1 :],
            file[:place] + file[place + 1 :],
            file[:place] + bytes([dice.randrange(256)]) + file[place:],
            file[:place],
            b"".join(lines),
            b"".join(line for number, line in enumerate(lines) if number != first),
        ):
            done += tampered != file
            if tampered != file and not (is_found(tampered) and is_found(tampered, public)):
                missed.append((seed, place))
    _log.info("tampering with evidence: %s of %s found", f"{done - len(missed):,}", f"{done:,}")
    assert missed == []


@pytest.mark.proves("LG-3")
def test_each_single_byte_of_the_last_line_counts(tmp_path: Path) -> None:
    """There is one way to write a signature: no capital letter, no blank, no other order."""
    file = evidence(journal_of_a_run(), tmp_path)
    start = file[:-1].rindex(b"\n") + 1
    for place in range(start, len(file)):
        for flip in (0x20, 0x01):
            assert is_found(file[:place] + bytes([file[place] ^ flip]) + file[place + 1 :]), place


def test_evidence_of_somebody_else_is_not_ours(tmp_path: Path) -> None:
    """It is one whole, but signed by another key than the one that was handed over."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    file = evidence(journal_of_a_run(), theirs)
    assert not is_found(file)
    assert is_found(file, EvidenceKey(ours / "keys").public_key)


@pytest.mark.parametrize("file", [b"", b"\n", b"{}\n", b"[]\n[]\n", b"x" * (1 << 21) + b"\n"])
def test_what_is_no_evidence_proves_nothing(file: bytes) -> None:
    """An empty file, other JSON, a giant line."""
    assert is_found(file)


def test_evidence_without_ids_names_nobody_and_still_fits_the_journal(tmp_path: Path) -> None:
    """Whoever holds the journal can show that these are its rows."""
    journal = journal_of_a_run()
    file = evidence(journal, tmp_path, hidden=True)
    assert not is_found(file)
    for name in ("amal", "Björn", "there is no"):
        assert name.encode() not in file
    assert json.loads(file.splitlines()[0])["redacted"] == "ids"
    assert json.loads(file.splitlines()[0])["journal"] == journal_digest(journal)
    journal.verify([Row(3, "", RowState.CHANGED, verified=Verified.NO)])
    assert json.loads(file.splitlines()[0])["journal"] != journal_digest(journal)


def test_the_key_of_evidence_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    """Its public half may be read by everybody."""
    keys = tmp_path / "keys"
    assert EvidenceKey(keys).public_key == EvidenceKey(keys).public_key
    assert (keys / "evidence.key").stat().st_mode & 0o777 == 0o600
    (keys / "evidence.key").chmod(0o644)
    with pytest.raises(KeyFolderError):
        EvidenceKey(keys).sign(b"x")
