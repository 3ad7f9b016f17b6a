"""The audit as files: whole and signed, or a part that says so; and nothing in it can leave its line."""

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.app.house.build import DATABASE, KEYS, House, Place, open_house
from keyturn.app.keeping.init import FOUNDER, make_directory
from keyturn.app.trail.exporting import COLUMNS, as_csv, prove, public_keys, whole, written
from keyturn.app.trail.trail import entries
from keyturn.core.audit import link
from keyturn.core.commands import CreateUser
from keyturn.core.errors import ConfigError
from keyturn.core.users import Profile
from tests.audit.hostile import NAMES


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A directory with a few entries and no checkpoint."""
    place = Place(tmp_path / "d")
    make_directory(place)
    with closing(open_house(place)) as made:
        yield made


def exported(house: House) -> list[bytes]:
    """The lines of the whole trail."""
    return [line.encode() + b"\n" for line in whole(house.store, house.signer, house.parts.clock)]


def key_of(house: House) -> Path:
    """The file with the public key."""
    [found] = (house.place.data / KEYS).glob("audit.*.pub")
    return found


@pytest.mark.proves("LG-3", "V16.4.2")
def test_the_whole_trail_proves_itself_with_the_public_key_alone(house: House) -> None:
    lines = exported(house)
    proof = prove(lines, public_keys([key_of(house)]))
    assert (proof.broken, proof.why, proof.records) == (None, "", len(lines) - 1)
    assert proof.checkpoint is not None
    assert proof.checkpoint.sequence == proof.records


def test_an_export_goes_to_where_it_is_signed_and_no_further(house: House) -> None:
    lines = whole(house.store, house.signer, house.parts.clock)
    first = next(lines)
    house.directory(FOUNDER, "test").execute([CreateUser("late", Profile())])
    rest = [line.encode() for line in lines]
    assert prove([first.encode(), *rest], public_keys([key_of(house)])).broken is None
    assert not any(b'"late"' in line for line in rest)


def test_a_trail_that_cannot_be_signed_now_goes_to_its_last_checkpoint(house: House) -> None:
    def late(name: str) -> list[bytes]:
        house.directory(FOUNDER, "test").execute([CreateUser(name, Profile())])
        return exported(house)

    with closing(sqlite3.connect(house.place.data / DATABASE)) as database:
        database.execute(
            "create trigger full before insert on audit_checkpoints begin select raise(abort, 'no room'); end"
        )
        assert late("never signed") == [b'{"checkpoint": null}\n']
        database.execute("drop trigger full")
        signed = late("signed")
        database.execute(
            "create trigger full before insert on audit_checkpoints begin select raise(abort, 'no room'); end"
        )
        assert late("not signed yet") == signed
    assert prove(signed, public_keys([key_of(house)])).broken is None


@pytest.mark.proves("LG-3")
def test_what_is_no_whole_trail_says_why_it_proves_nothing(house: House) -> None:
    is_ours, lines = public_keys([key_of(house)]), exported(house)
    part = [line.encode() for line in written("jsonl", house.store, house.signer, house.parts.clock, [], {"verb": "x"})]
    why = {
        "narrowed": prove(part, is_ours).why,
        "cut": prove(lines[:-1], is_ours).why,
        "empty": prove([], is_ours).why,
        "unsigned": prove([b'{"checkpoint": null}\n'], is_ours).why,
        "behind": prove([*lines, lines[-1]], is_ours).why,
        "other": prove([b"something else\n", *lines], is_ours).why,
        "last": prove([*lines[:-1], b"something else\n"], is_ours).why,
        "list": prove([b"[]\n"], is_ours).why,
        "deep": prove([b"[" * 100_000], is_ours).why,
        "squeezed": prove([lines[0].replace(b": ", b":"), *lines[1:]], is_ours).why,
        "spaced": prove([*lines[:-1], lines[-1].replace(b": ", b":")], is_ours).why,
        "stranger": prove(lines, lambda *_: False).why,
    }
    assert {name: text.partition(",")[0].partition(":")[0] for name, text in why.items()} == {
        "narrowed": "this export was narrowed to a part of the trail",
        "cut": "the file ends without its seal",
        "empty": "the file ends without its seal",
        "unsigned": "the file ends without its seal",
        "behind": "there are lines behind the seal",
        "other": "the line is not as keyturn wrote it",
        "last": "the line is not as keyturn wrote it",
        "list": "the line is not as keyturn wrote it",
        "deep": "the line is not as keyturn wrote it",
        "squeezed": "the line is not as keyturn wrote it",
        "spaced": "the seal is not as keyturn wrote it",
        "stranger": f"the seal is not signed by the audit key {house.signer.key_id} or that key was not given",
    }


@pytest.mark.proves("LG-3")
def test_a_last_record_that_is_another_one_does_not_fit_the_seal(house: House) -> None:
    """Its own hash is right; but another one was signed."""
    *_, last, seal = exported(house)
    record = json.loads(last)
    event = replace(list(entries(house.store))[-1].event, who="somebody")
    digest = link(record["previous"], record["shard"], record["sequence"], event)
    forged = json.dumps(record | {"who": "somebody", "hash": digest}).encode() + b"\n"
    proof = prove([*exported(house)[:-2], forged, seal], public_keys([key_of(house)]))
    assert (proof.broken, proof.why) == (record["sequence"], "the record is not the one that was signed")


def test_a_public_key_is_known_by_its_name_and_what_is_none_is_refused(house: House, tmp_path: Path) -> None:
    renamed = tmp_path / "public.key"
    renamed.write_bytes(key_of(house).read_bytes())
    garbled = tmp_path / "audit.abcd2345.pub"
    garbled.write_text("not hex")
    short = tmp_path / "audit.abcd2346.pub"
    short.write_text("abcd")
    for files in ([], [renamed], [garbled], [short], [tmp_path / "audit.abcd2347.pub"]):
        with pytest.raises(ConfigError, match="key"):
            public_keys(files)


@pytest.mark.proves("LG-5", "V16.4.1")
@pytest.mark.parametrize("form", ["jsonl", "csv", "ocsf"])
def test_200_hostile_names_are_one_line_each(house: House, form: str) -> None:
    before = sum(1 for _ in entries(house.store))
    names = list(NAMES)
    assert len(names) == 200
    house.directory(FOUNDER, "test").execute([CreateUser(name, Profile()) for name in names])
    narrowed = {"who": "everybody"}
    lines = list(written(form, house.store, house.signer, house.parts.clock, entries(house.store), narrowed))
    assert len(lines) == before + 200 + (form != "ocsf")
    for line in lines:
        assert line.isprintable(), line
        line.encode()
    if form == "jsonl":
        assert [json.loads(line)["who"] for line in lines[before + 1 :]] == names


def test_a_sheet_takes_no_cell_for_a_formula_and_sees_no_line_break(house: House) -> None:
    house.directory(FOUNDER, "test").execute([CreateUser(name, Profile()) for name in ("=1+1", " @x", "a\nb")])
    rows = list(csv.reader(as_csv(entries(house.store))))
    assert tuple(rows[0]) == COLUMNS
    assert [row[COLUMNS.index("who")] for row in rows[-3:]] == ["'=1+1", "' @x", "a\\nb"]
