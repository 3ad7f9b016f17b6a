"""The outer wall of the web application: every failure is answered, in the shape of the door, with nothing inside."""

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from keyturn.app.house.build import DATABASE, Place, open_house
from keyturn.app.serving.serve import bind
from tests.support.server import Answer, OpenDoor, made_directory, served, serving_here


@pytest.fixture
def door(tmp_path: Path) -> Iterator[OpenDoor]:
    """A served directory of this test's own, to be broken."""
    with served(tmp_path) as found:
        yield found


def damage(door: OpenDoor, statement: str) -> None:
    """Break the database under the running server."""
    with closing(sqlite3.connect(door.house.place.data / DATABASE)) as database:
        database.execute(statement)
        database.commit()


@pytest.mark.proves("DB-3")
def test_a_store_that_fails_is_a_503_that_can_be_tried_again(door: OpenDoor) -> None:
    token = door.admin_token()
    damage(door, "alter table users rename to gone")
    ours = door.ask("GET", "/keyturn/v1/users", token=token)
    assert (ours.status, ours.json["code"]) == (503, "KT-SRV-002")
    vendors = door.ask("GET", "/v3/users/amal", headers={"x-access-token": token})
    assert (vendors.status, "exception" in vendors.json) == (503, True)
    for answer in (ours, vendors):
        assert answer.headers["retry-after"] == "1"
        assert_silent(answer)


def test_the_watchers_say_that_the_store_is_away(door: OpenDoor) -> None:
    damage(door, "alter table audit rename to gone")
    assert door.ask("GET", "/livez").status == 200
    assert door.ask("GET", "/readyz").status == 503
    assert door.ask("GET", "/metrics").json["code"] == "KT-SRV-002"


@pytest.mark.proves("AP-4", "V16.5.1")
def test_a_fault_of_our_own_is_a_500_without_anything_of_the_inside(door: OpenDoor) -> None:
    token = door.admin_token()
    damage(door, "update users set profile = 'no json at all'")
    answer = door.ask("GET", "/keyturn/v1/users", token=token)
    assert (answer.status, answer.json["code"]) == (500, "KT-SRV-001")
    assert_silent(answer)


def test_each_door_has_its_own_words_for_an_address_that_is_none(door: OpenDoor) -> None:
    assert door.ask("GET", "/keyturn/v2").json["code"] == "KT-SRV-404"
    assert "exception" in door.ask("GET", "/v3/nothing").json
    assert door.ask("GET", "/v3nothing").json["code"] == "KT-SRV-404"
    for path in ("/identity/nothing", "/any/identity_", "/any/other/identity_/nothing"):
        assert [*door.ask("GET", path).json] == ["errorMessage"]
    assert door.ask("GET", "/any/other/third/identity_").json["code"] == "KT-SRV-404"


def test_what_is_no_http_is_left_alone(tmp_path: Path) -> None:
    """A web socket handshake is answered as a request, and never opens anything."""
    place, _ = made_directory(tmp_path)
    listener: socket.socket = bind("127.0.0.1", 0)
    with listener, closing(open_house(Place(place.data))) as house, serving_here(house, listener) as url:
        host, _, port = url.removeprefix("http://").rpartition(":")
        with closing(socket.create_connection((host, int(port)))) as connection:
            connection.sendall(
                b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
                b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
            )
            assert b" 101 " not in connection.recv(1000)


def assert_silent(answer: Answer) -> None:
    """Nothing of SQL, of files or of traces is in the answer."""
    for word in ("Traceback", "sqlite", "select", ".py", "/directory", "no json at all"):
        assert word.lower() not in answer.text.lower()


def test_only_a_door_whose_calls_carry_many_users_takes_a_large_body(door: OpenDoor) -> None:
    token = door.admin_token()
    many = [f"{'x' * 100}{number}" for number in range(900)]
    batch = door.ask("PUT", "/cloudapi/restapi/v3/user/auto-reset-pwd", token=token, send=many)
    assert batch.status == 200, batch
    single = door.ask(
        "POST", "/v3/users", headers={"x-access-token": token}, send={"id": "amal", "title": "x" * 90_000}
    )
    assert single.status == 413
