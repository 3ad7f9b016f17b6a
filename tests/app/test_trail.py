"""The audit trail proves itself, shows every kind of tampering, and is given out without surprises."""

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.app.house.build import DATABASE, House, Place, open_house
from keyturn.app.keeping.init import FOUNDER, make_directory
from keyturn.app.trail.exporting import COLUMNS, as_csv, as_json_line
from keyturn.app.trail.trail import PAGE, entries, sign_off, verify
from keyturn.core.audit import GENESIS, link
from keyturn.core.commands import CreateUser
from keyturn.core.users import Profile


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A directory whose trail has some entries, a checkpoint after the fifth user and two entries more."""
    place = Place(tmp_path / "d")
    make_directory(place)
    with closing(open_house(place)) as made:
        add(made, *(f"u{number}" for number in range(5)))
        sign(made)
        add(made, "late1", "late2")
        yield made


def add(house: House, *names: str) -> None:
    """One entry a user."""
    house.directory(FOUNDER, "test").execute([CreateUser(name, Profile()) for name in names])


def sign(house: House) -> None:
    """A checkpoint where the trail stands."""
    assert sign_off(house.store, house.signer, house.parts.clock) is not None


def test_an_honest_trail_is_intact(house: House) -> None:
    proof = verify(house.store, house.signer.verify)
    assert (proof.broken, proof.why) == (None, "")
    assert proof.checkpoint is not None
    assert proof.records == proof.checkpoint.sequence + 2


def test_nothing_new_needs_no_signature(house: House) -> None:
    sign(house)
    assert sign_off(house.store, house.signer, house.parts.clock) is None


TAMPERING: dict[str, tuple[str, str]] = {
    "changed": ("update audit set who = 'somebody' where sequence = 3", "changed after it was written"),
    "relinked": ("update audit set previous = 'aa' where sequence = 3", "does not follow the one before it"),
    "removed": ("delete from audit where sequence = 3", "missing"),
    "cut off": ("delete from audit where sequence > 5", "were signed and are missing"),
    "garbled": ("update audit set at = 'yesterday' where sequence = 3", "cannot be read"),
    "garbled end": ("update audit_head set sequence = 'many'", "cannot be read"),
    "garbled checkpoint": ("update audit_checkpoints set at = 'yesterday'", "cannot be read"),
    "end lost": ("delete from audit_head", "lost its note"),
    "end behind": ("update audit_head set sequence = sequence - 1", "where the store has noted its end"),
    "beside": ("update audit set shard = 1 where sequence = 6", "missing"),
    "one more": (
        "insert into audit select 1, sequence, previous, hash, at, tenant, actor, verb, outcome, target, who, reason,"
        " door, source, request, run, detail, row from audit where sequence = 1",
        "records, and the chain has",
    ),
    "shouted": ("update audit_checkpoints set signature = upper(signature)", "not signed by an audit key"),
    "unsigned": ("update audit_checkpoints set hash = 'aa'", "not signed by an audit key"),
}


@pytest.mark.parametrize("kind", TAMPERING)
def test_tampering_is_found_at_its_place(house: House, kind: str) -> None:
    statement, why = TAMPERING[kind]
    with closing(sqlite3.connect(house.place.data / DATABASE)) as database:
        database.execute(statement)
        database.commit()
    proof = verify(house.store, house.signer.verify)
    assert proof.broken is not None
    assert why in proof.why


def test_a_chain_computed_anew_is_found_by_the_signature(house: House) -> None:
    """Whoever can write the database can compute hashes; only the signed checkpoint stops them."""
    with closing(sqlite3.connect(house.place.data / DATABASE)) as database:
        previous = GENESIS
        for entry in list(entries(house.store)):
            event = entry.event if entry.sequence != 2 else replace(entry.event, who="somebody")
            this = link(previous, entry.shard, entry.sequence, event)
            database.execute(
                "update audit set who = ?, previous = ?, hash = ? where sequence = ?",
                (event.who, previous, this, entry.sequence),
            )
            previous = this
        database.commit()
    proof = verify(house.store, house.signer.verify)
    assert proof.why == "the record is not the one that was signed"


def test_every_entry_is_one_line_of_json(house: House) -> None:
    lines = [as_json_line(entry) for entry in entries(house.store)]
    assert [json.loads(line)["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    assert list(json.loads(lines[0])) == list(COLUMNS)


def test_a_sheet_takes_no_cell_for_a_formula(house: House) -> None:
    add(house, "=1+1")
    rows = list(csv.reader(as_csv(entries(house.store))))
    assert tuple(rows[0]) == COLUMNS
    assert rows[-1][COLUMNS.index("who")] == "'=1+1"


def test_entries_can_be_asked_from_a_moment_on(house: House) -> None:
    [*_, last] = entries(house.store)
    found = [entry.event.who for entry in entries(house.store, since=last.event.at)]
    assert found == ["late1", "late2"]


def test_a_long_trail_is_read_page_by_page(house: House) -> None:
    add(house, *(f"more{number}" for number in range(PAGE)))
    proof = verify(house.store, house.signer.verify)
    assert (proof.broken, proof.records > PAGE) == (None, True)
    assert len(list(entries(house.store))) == proof.records
