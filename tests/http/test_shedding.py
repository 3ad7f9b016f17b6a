"""Too much at once is turned away with a time to come back, and what is quick stays quick meanwhile."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from statistics import median
from time import monotonic

import pytest

from keyturn.app.house.bridge import MOST_HASHING, Places, Threads
from keyturn.app.house.build import open_house
from keyturn.app.serving.serve import bind
from keyturn.core.errors import Busy
from tests.http.doors import APIS, Doors, all_doors
from tests.support.server import Answer, ask, serving_here

FLOOD = int(os.environ.get("KEYTURN_FLOOD", "100"))
"""Calls that hash a password, all at once; `make campaign` has more."""


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """All doors of one directory, where hashing takes its time."""
    with all_doors(tmp_path_factory.mktemp("shedding"), open_house) as found:
        yield found


def told_when(answer: Answer) -> bool:
    """Whether an answer says in whole seconds when to come back."""
    wait = answer.headers.get("retry-after", "")
    return wait.isascii() and wait.isdigit() and 1 <= int(wait) <= 3600


@pytest.mark.proves("AP-5", "AP-9", "V15.1.3", "V15.2.2")
def test_a_flood_of_slow_hashes_is_shed_while_reads_stay_quick(doors: Doors) -> None:
    door, token = doors.door, doors.door.admin_token()

    def create(number: int) -> Answer:
        sent = {"id": f"person{number}", "password": f"nine green bottles on wall {number}"}
        return door.ask("POST", "/keyturn/v1/users", token=token, send=sent)

    def look() -> float:
        begun = monotonic()
        assert door.ask("GET", "/livez").status == 200
        assert door.ask("GET", "/keyturn/v1/users?count=1", token=token).status == 200
        return monotonic() - begun

    with ThreadPoolExecutor(FLOOD) as pool:
        flood = [pool.submit(create, number) for number in range(FLOOD)]
        during = []
        while not all(one.done() for one in flood):
            during.append(look())
        answers = [one.result() for one in flood]
    after = [look() for _ in range(20)]
    statuses = [answer.status for answer in answers]
    assert set(statuses) == {201, 503}, set(statuses)
    assert statuses.count(201) >= MOST_HASHING
    assert all(told_when(answer) for answer in answers if answer.status == 503)
    assert median(during) < 0.5 + 20 * median(after)


@pytest.mark.proves("AP-7")
def test_a_batch_takes_as_many_places_as_it_has_passwords() -> None:
    places = Places(4)
    with places.of(3):
        with places.of(), pytest.raises(Busy), places.of():
            pass
        with places.of(9), pytest.raises(Busy), places.of():
            pass
    with places.of():
        pass


@pytest.mark.proves("AP-5")
def test_every_door_that_has_no_time_says_when_to_come_back(doors: Doors) -> None:
    house = doors.door.house
    with closing(Threads(house.parts, most_waiting=0)) as none, bind("127.0.0.1", 0) as listener:
        busy = replace(house, threads=none, gate=replace(house.gate, threads=none))
        with serving_here(busy, listener) as url:
            for name, api in APIS.items():
                call = next(call for call in api.calls if call.method == "GET" and not call.anybody and not call.ways)
                answer = ask(url, "GET", doors.path(name, call), headers=doors.headers(name, call))
                assert answer.status == 503, (name, answer)
                assert told_when(answer), name
