"""The server as a process: one line when ready, a clean stop, nothing lost when it is killed."""

import json
import os
import random
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from keyturn.app.house.build import DATABASE, open_house
from keyturn.app.trail.trail import verify
from tests.journeys.test_server_howto import SHAPED
from tests.support.mailsink import MailSink
from tests.support.postgres import Postgres
from tests.support.server import KEYTURN, Person, ServerProcess, ask, running_server

KILL_POINTS = int(os.environ.get("KEYTURN_TEST_KILLS", "3"))
PEOPLE = [f"user{number:03}" for number in range(12 * KILL_POINTS)]


def test_a_stop_is_clean_and_signs_the_audit(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        assert server.ask("GET", "/livez").status == 200
        assert server.stop() == 0
        events = [json.loads(line)["event"] for line in server.log.read_text().splitlines()]
        assert (events[0], events[-1]) == ("mail.waits", "server.stopped")
        with closing(open_house(server.place)) as house:
            proof = verify(house.store, house.signer.verify)
    assert proof.broken is None
    assert proof.checkpoint is not None
    assert proof.checkpoint.sequence == proof.records


def test_a_second_server_on_the_same_port_says_so_and_ends(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        port = server.url.rpartition(":")[2]
        second = subprocess.run(
            [KEYTURN, "serve", "--data", str(server.place.data), "--port", port],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert second.returncode == 2
    assert "error[KT-CFG-021]" in second.stderr
    assert second.stdout == ""


def test_the_store_may_be_postgresql_and_the_keys_stay_in_the_folder(tmp_path: Path, postgres: Postgres) -> None:
    people = [Person("amal", password="nine green bottles on a wall")]
    with running_server(tmp_path, users=people, database=postgres.empty()) as server:
        token = server.key_token()
        assert server.sign_in("amal", "nine green bottles on a wall").json["must_change"] is True
        send = {"token": "NewUserPasswordHere1c"}
        path, head = "/v3/users/amal/password", {"x-access-token": token}
        assert server.ask("POST", path, headers=head, send=send).status == 200
        assert server.stop() == 0
        server.start()
        assert server.sign_in("amal", "NewUserPasswordHere1c").status == 201
        assert server.stop() == 0
    assert sorted(path.name for path in server.place.data.iterdir()) == ["keys"]


class Ledger:
    """Resets everybody, again and again over a few connections, and writes down what the server acknowledged."""

    def __init__(self, server: ServerProcess, token: str, people: list[str]) -> None:
        self.acknowledged: set[str] = set()
        self.half_way = threading.Event()
        self._waiting = list(people)
        self._lock = threading.Lock()
        self._server, self._token, self._url = server, token, server.url
        self._threads = [threading.Thread(target=self._work) for _ in range(4)]

    def run(self, kill_after: int) -> None:
        """Work until everybody was asked for or the server, killed after so many acknowledgements, is gone."""
        self._kill_after = kill_after
        for thread in self._threads:
            thread.start()
        self.half_way.wait(60)
        self._server.kill()
        for thread in self._threads:
            thread.join(60)

    def _work(self) -> None:
        with suppress(OSError, HTTPException):
            while True:
                with self._lock:
                    if not self._waiting:
                        self.half_way.set()
                        return
                    person = self._waiting.pop()
                path = f"/v3/users/{person}/password?emailPassword=true"
                head = {"x-access-token": self._token, "idempotency-key": f"first-{person}"}
                answer = ask(self._url, "POST", path, headers=head, send={})
                if answer.status == 200:
                    with self._lock:
                        self.acknowledged.add(person)
                        if len(self.acknowledged) >= self._kill_after:
                            self.half_way.set()


@pytest.fixture
def sink() -> Iterator[MailSink]:
    """A mail server that keeps everything."""
    with MailSink() as running:
        yield running


@pytest.mark.proves("R-1", "R-2")
def test_a_killed_server_loses_no_acknowledged_reset_and_makes_no_second_secret(tmp_path: Path, sink: MailSink) -> None:
    """A few times: killed without warning in the middle of resets, started again, asked for the same again."""
    chance = random.Random(7)
    people = [Person(name, f"{name}@example.com") for name in PEOPLE]
    acknowledged: set[str] = set()
    with running_server(tmp_path, users=people, smtp=f"127.0.0.1:{sink.port}") as server:
        left = list(PEOPLE)
        for _ in range(KILL_POINTS):
            ledger = Ledger(server, server.key_token(), left)
            ledger.run(chance.randrange(1, 8))
            acknowledged |= ledger.acknowledged
            left = [name for name in left if name not in ledger.acknowledged]
            give_back_what_was_being_sent(server)
            server.start()
        assert acknowledged
        token = server.key_token()
        for name in left:
            head = {"x-access-token": token, "idempotency-key": f"first-{name}"}
            path = f"/v3/users/{name}/password?emailPassword=true"
            assert server.ask("POST", path, headers=head, send={}).status == 200
        secrets = one_secret_each(sink)
        assert secrets.keys() == {f"{name}@example.com" for name in PEOPLE}
        for name in PEOPLE:
            assert server.sign_in(name, secrets[f"{name}@example.com"]).status == 201
        assert server.stop() == 0
        with closing(open_house(server.place)) as house:
            assert verify(house.store, house.signer.verify).broken is None


def give_back_what_was_being_sent(server: ServerProcess) -> None:
    """What a killed server had taken to send is taken again after ten minutes; a test does not wait that long."""
    with closing(sqlite3.connect(server.place.data / DATABASE)) as database:
        database.execute("update outbox set not_before = 0 where state = 'sending'")
        database.commit()


def one_secret_each(sink: MailSink) -> dict[str, str]:
    """The secret of each recipient, once everybody has mail; a second copy of a letter must be the first one again."""
    while len({letter.recipients for letter in sink.received}) < len(PEOPLE):
        sink.wait_for(len(sink.received) + 1, seconds=60)
    secrets: dict[str, str] = {}
    for letter in sink.received:
        [recipient] = letter.recipients
        [secret] = SHAPED.findall(letter.body("plain"))
        assert secrets.setdefault(recipient, secret) == secret
    return secrets
