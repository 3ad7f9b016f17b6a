"""An attacker at one address, and the administrator at another, before a real server."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from keyturn.app.house.build import open_house
from tests.support.server import OpenDoor, served

ATTACKER, ADMINISTRATOR = "127.0.0.2", "127.0.0.3"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[OpenDoor]:
    """A server that takes sixty wrong passwords a minute from one address."""
    with served(tmp_path, opened=open_house) as open_door:
        open_door.house.gate.guard.most = 60
        yield open_door


def sign_in(door: OpenDoor, source: str, password: str) -> int:
    """One try to sign in as the administrator, from an address of this machine."""
    place = urlsplit(door.url)
    there = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30, source_address=(source, 0))
    with closing(there) as connection:
        body = json.dumps({"login": door.made.admin, "password": password}).encode()
        connection.request("POST", "/keyturn/v1/sessions", body, {"content-type": "application/json"})
        response = connection.getresponse()
        response.read()
        return response.status


@pytest.mark.proves("AU-4", "V6.1.1")
def test_whoever_floods_the_sign_in_keeps_nobody_out(door: OpenDoor) -> None:
    """Eight guess at the administrator's own account as fast as they are answered."""
    over, in_full_swing, answered = threading.Event(), threading.Event(), list[int]()

    def guess() -> None:
        while not over.is_set():
            answered.append(sign_in(door, ATTACKER, "a wrong guess of mine"))
            if answered[-1] == 429:
                in_full_swing.set()

    attackers = [threading.Thread(target=guess) for _ in range(8)]
    for attacker in attackers:
        attacker.start()
    assert in_full_swing.wait(60)
    tries = []
    for _ in range(3):
        began = time.monotonic()
        assert sign_in(door, ADMINISTRATOR, door.made.password.reveal()) == 201
        tries.append(time.monotonic() - began)
    over.set()
    for attacker in attackers:
        attacker.join()
    assert set(answered) == {401, 429}
    assert min(tries) < 1.0, tries
    assert sign_in(door, ATTACKER, door.made.password.reveal()) == 429
