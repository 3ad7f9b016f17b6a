"""Where nothing can be recorded, every door answers 503 to what would change something, and is well again by itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from keyturn.app.house.build import DATABASE
from keyturn.app.trail.trail import verify
from tests.audit.failing import content, different, locked_away
from tests.openapi.test_described import APIS
from tests.rights.asks import DOORS
from tests.rights.stage import Ask, OnSelf, Stage
from tests.support.server import Answer, OpenDoor, served

READS = frozenset({"GET", "HEAD", "OPTIONS"})
LEAST = 3
"""So many kinds of change each door has at least."""


@pytest.fixture(params=DOORS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Stage]]:
    """A served directory, and the door that an administrator knocks at."""
    under = DOORS[request.param]
    with served(tmp_path) as door:
        made = Stage(door, under.sign, under.by_key)
        made.furnish()
        yield request.param, made


def changes(name: str, stage: Stage) -> Iterator[tuple[str, str, Ask, dict[str, str]]]:
    """Every request at a door that is to change something, prepared, as an administrator asks it."""
    under = DOORS[name]
    actor, headers = stage.actor("administrator")
    _knock(stage, name, headers)
    for call in APIS[name].calls:
        for asking in under.asks.get((call.method, call.path), {}).values():
            if call.method not in READS:
                target = "self" if isinstance(asking, OnSelf) else "peer"
                yield call.method, call.path, asking(stage, target, actor), headers


def _knock(stage: Stage, name: str, headers: dict[str, str]) -> None:
    """Doors without sessions remember a right password for a minute, and need no entry meanwhile."""
    reads = [call.path for call in APIS[name].calls if call.method == "GET" and not call.anybody]
    stage.door.ask("GET", reads[0], headers=headers)


def answer(stage: Stage, method: str, asked: Ask, headers: dict[str, str]) -> Answer:
    """What the door says."""
    return stage.door.ask(method, asked.path, headers={**headers, **asked.headers}, send=asked.send)


@pytest.mark.proves("LG-2", "DB-3", "V16.5.2", "V16.5.3")
def test_where_no_entry_can_be_written_no_door_changes_anything(stage: tuple[str, Stage]) -> None:
    name, on = stage
    place, wrong, refused = on.door.house.place, list[str](), 0
    for method, path, asked, headers in changes(name, on):
        before = content(place)
        with locked_away(place):
            said = answer(on, method, asked, headers)
        refused += said.status == 503
        if said.status not in (200, 503) or different(before, content(place)):
            wrong.append(f"{method} {path}: {said.status} {said.text[:100]} {different(before, content(place))}")
    assert wrong == []
    assert refused >= LEAST


WELL = ("PRAGMA max_page_count = 1073741823", "PRAGMA query_only = OFF")
TROUBLES = {
    "full": ("PRAGMA max_page_count = 1",),  # SQLite takes the size that it has for the least
    "read-only": ("PRAGMA query_only = ON",),
}


@dataclass
class Disk:
    """What every connection to SQLite is told as it is taken up."""

    words: tuple[str, ...] = WELL

    def tell(self, driver: sqlite3.Connection, *_: object) -> None:
        """Say it."""
        for word in self.words:
            driver.execute(word)


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A disk in trouble for as long as a test says so."""
    made = Disk()
    event.listen(Pool, "checkout", made.tell)
    yield made
    event.remove(Pool, "checkout", made.tell)


@pytest.mark.proves("DB-3", "V16.5.2", "V16.5.3")
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_disk_in_trouble_refuses_and_is_well_again_without_a_restart(
    disk: Disk, tmp_path: Path, trouble: str
) -> None:
    with served(tmp_path) as door:
        token, made = door.admin_token(), 0
        disk.words = TROUBLES[trouble]
        while (said := _create(door, token, f"u{made}")).status == 201 and made < 300:
            made += 1  # there was room left in pages that the file has
        assert (said.status, "retry-after" in said.headers) == (503, True)
        before = content(door.house.place)
        assert _create(door, token, "refused").status == 503
        assert different(before, content(door.house.place)) == []
        assert door.ask("GET", "/keyturn/v1/users?count=1", token=token).status == 200
        disk.words = WELL
        assert _create(door, token, "refused").status == 201
        assert verify(door.house.store, door.house.signer.verify).broken is None
        with closing(sqlite3.connect(door.house.place.data / DATABASE)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _create(door: OpenDoor, token: str, who: str) -> Answer:
    return door.ask("POST", "/keyturn/v1/users", token=token, send={"id": who, "display_name": who * 20})
