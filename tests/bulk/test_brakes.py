"""Brakes against a real server: what is still sent once one has tripped, and how soon a run ends that is told to."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn.bulk.running.stopping import SYSTEM_PATIENCE
from tests.bulk.desk import users, write
from tests.bulk.kit import Kit
from tests.support.password_server import PasswordServer, password_server

ROWS = 300
JOBS = 8


@pytest.fixture
def server() -> Iterator[PasswordServer]:
    """A server that takes its time."""
    with password_server() as found:
        found.delay = 0.01
        yield found


def begin(tmp: Path, server: PasswordServer, *more: str) -> tuple[Kit, tuple[str | Path, ...]]:
    """A reset of everybody, ready to be called."""
    kit = Kit(tmp / "home", server.url).configure()
    args = ("reset", write(tmp, users(ROWS)), "-t", "there", "--expect", str(ROWS), "--no-input", "-j", str(JOBS))
    return kit, (*args, *more)


@pytest.mark.proves("RN-8")
def test_users_who_are_not_there_stop_a_run_that_says_so(tmp_path: Path, server: PasswordServer) -> None:
    """Twenty in a row, and no more requests after the twentieth than were under way."""
    server.unknown = {f"user{number:06d}" for number in range(ROWS)}
    kit, args = begin(tmp_path, server)
    done = kit.run(*args)
    assert done.code == 7
    assert "error[KT-RUN-011]: too many rows are failing, so keyturn stopped" in done.err
    assert '20 rows in a row failed, all of them: "no such user"' in done.err
    assert "keyturn runs rows" in done.err
    assert server.requests <= 20 + JOBS + 1
    assert "Nothing is uncertain." in done.err


@pytest.mark.proves("RN-8")
def test_a_refused_sign_in_stops_at_once_and_fails_nobody(tmp_path: Path, server: PasswordServer) -> None:
    """The token cannot be renewed: what is under way comes back as not tried."""
    kit, args = begin(tmp_path, server)
    process = kit.start(*args, "--output", "jsonl")
    server.seen.wait(60)
    while len(server.passwords) < JOBS:
        time.sleep(0.01)
    server.signed_out = True
    before = server.requests
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 4
    assert server.requests <= before + 2 * JOBS + 1
    [summary] = [line for line in map(json.loads, out.splitlines()) if line["type"] == "summary"]
    assert {name for name, count in summary["outcomes"].items() if count} == {"changed", "not tried"}
    assert summary["outcomes"]["changed"] == len(server.passwords)


@pytest.mark.proves("RN-13")
def test_a_run_that_the_system_ends_is_over_within_ten_seconds(tmp_path: Path, server: PasswordServer) -> None:
    """However long answers take: those in flight are uncertain, in the journal and in the handout."""
    server.delay = 60
    kit, args = begin(tmp_path, server, "--timeout", "2")
    process = kit.start(*args)
    server.seen.wait(60)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert time.monotonic() - began < 10
    assert SYSTEM_PATIENCE < 10
    assert process.returncode == 143
    told = kit.run("runs", "rows", "--output", "jsonl").lines
    doubtful = {line["user"] for line in told if line["outcome"] == "uncertain"}
    assert 0 < len(doubtful) <= JOBS
    assert {line["user"] for line in kit.handed_out()} == doubtful
