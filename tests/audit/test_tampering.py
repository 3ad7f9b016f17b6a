"""Whoever tampers with the audit is found out, in the database and in an exported file; `make campaign` tries 1,000."""

import logging
import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from keyturn.app.house.build import DATABASE, KEYS
from keyturn.app.trail.exporting import prove, public_keys, whole
from keyturn.app.trail.trail import sign_off, verify
from keyturn.core.commands import CreateUser
from keyturn.core.users import Profile
from tests.audit.tampering import OF_DATABASE, Database, rechains, tampered_file
from tests.audit.world import World, a_world

TRIALS: Final = int(os.environ.get("KEYTURN_TAMPERINGS", "60"))
NAMES: Final = ("amal", "b\\u0041\\", "ﷺ😀", "a\0b", "\ud800", "=1+1", '"},{"', "x" * 200)

_log = logging.getLogger(__name__)


@dataclass
class Trail:
    """A signed trail, a way behind its back, and its export."""

    world: World
    database: Database
    lines: list[bytes]
    key: Path


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trail]:
    """A trail with names that are hard to keep, signed in the middle and at the end."""
    with a_world(tmp_path_factory.mktemp("trail")) as world:
        opened = world.opened
        for name in NAMES:
            world.do(CreateUser(name, Profile()))
            world.house.clock.advance(timedelta(seconds=1))
            if name == NAMES[3]:
                sign_off(opened.store, opened.signer, world.house.clock)
        world.do(*(CreateUser(f"u{number}", Profile()) for number in range(8)))
        lines = [line.encode() + b"\n" for line in whole(opened.store, opened.signer, world.house.clock)]
        [key] = (opened.place.data / KEYS).glob("audit.*.pub")
        with closing(sqlite3.connect(opened.place.data / DATABASE, isolation_level=None)) as behind:
            yield Trail(world, Database.of(behind), lines, key)


@pytest.mark.proves("LG-3", "R-14", "V16.4.2")
def test_every_tampering_with_the_database_is_found(trail: Trail) -> None:
    opened, missed, done = trail.world.opened, list[str](), 0
    for seed in range(TRIALS * 2):
        dice = random.Random(seed)
        tamper = OF_DATABASE[seed % len(OF_DATABASE)]
        # A change that the database itself does not take, such as a number that is there already, is none.
        with suppress(sqlite3.IntegrityError, OverflowError):
            tamper(trail.database, dice)
            done += 1
            if verify(opened.store, opened.signer.verify).broken is None:
                missed.append(f"{tamper.__name__} {seed}")
        trail.database.restore()
        if done == TRIALS:
            break
    _log.info("tampering with the database: %s of %s found", f"{done - len(missed):,}", f"{done:,}")
    assert (missed, done) == ([], TRIALS)
    assert verify(opened.store, opened.signer.verify).broken is None


@pytest.mark.proves("LG-3", "R-14", "V16.4.2")
def test_every_tampering_with_an_export_is_found_with_the_public_key_alone(trail: Trail) -> None:
    is_ours = public_keys([trail.key])
    assert prove(trail.lines, is_ours).broken is None
    missed, done, seed = list[int](), 0, 0
    while done < TRIALS:
        seed += 1
        tampered = tampered_file(trail.lines, random.Random(seed))
        if tampered == trail.lines:
            continue
        done += 1
        if prove(tampered, is_ours).broken is None:
            missed.append(seed)
    _log.info("tampering with an export: %s of %s found", f"{done - len(missed):,}", f"{done:,}")
    assert missed == []


@pytest.mark.proves("LG-3")
def test_a_chain_computed_anew_does_not_fit_what_was_signed(trail: Trail) -> None:
    opened = trail.world.opened
    for seed in range(10):
        forged = rechains(trail.world.entries(), random.Random(seed))
        rows = trail.database.rows()[: len(forged)]
        for row, entry in zip(rows, forged, strict=True):
            row |= {"sequence": entry.sequence, "previous": entry.previous, "hash": entry.hash}
            row |= {name: getattr(entry.event, name) for name in ("verb", "target", "request")}
        trail.database.write("audit", rows)
        end = {"sequence": len(rows), "hash": rows[-1]["hash"]}
        trail.database.write("audit_head", [{**row, **end} for row in trail.database.rows("audit_head")])
        assert verify(opened.store, opened.signer.verify).broken is not None, seed
        trail.database.restore()
