"""Two terminals: one carries a run out, the other watches, pauses, lets go and stops it."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.bulk.running.channel import Channel, Doing, Standing
from keyturn.bulk.running.pacing import Slowed, Why
from keyturn.store.private import HeldFile, hold
from tests.bulk.desk import users, write
from tests.bulk.kit import KEYTURN, Kit
from tests.cli.runs_kit import Place
from tests.support.password_server import PasswordServer, password_server

ROWS = 120


@pytest.fixture
def server() -> Iterator[PasswordServer]:
    """A server that takes its time."""
    with password_server() as found:
        found.delay = 0.04
        yield found


@pytest.mark.proves("RN-11")
def test_a_run_is_steered_from_another_terminal(tmp_path: Path, server: PasswordServer) -> None:
    """Paused with nothing in flight and its handout sealed, let go, stopped, resumed: every user has one password."""
    kit = Kit(tmp_path / "home", server.url).configure()
    other = Place(tmp_path, server)
    working = kit.start(
        "reset", write(tmp_path, users(ROWS)), "-t", "there", "--expect", str(ROWS), "--no-input", "-j", "4"
    )
    server.seen.wait(60)
    assert "pausing: " in other.call("runs", "pause").output
    for _ in range(100):
        [told] = other.lines("runs", "watch", "--once", "--json")
        if told["doing"] == "paused":
            break
        time.sleep(0.05)
    assert told["doing"] == "paused"
    assert told["in_flight"] == 0
    sent = server.requests
    assert len(kit.handed_out()) == sent
    assert "'state': 'paused'" in str(other.lines("runs", "list", "--json"))
    assert "paused, " in other.call("runs", "watch", "--once").output
    assert server.requests == sent
    watching = kit.start("runs", "watch", "--output", "jsonl")
    assert watching.stdout is not None
    assert '"progress"' in watching.stdout.readline()
    assert "going on: " in other.call("runs", "go").output
    [stopped] = other.lines("runs", "stop", str(told["run"]), "--json")
    assert stopped["word"] == "stop"
    out, _ = working.communicate(timeout=60)
    assert working.returncode == 130
    assert "uncertain" not in out
    seen, _ = watching.communicate(timeout=60)
    last = json.loads(seen.splitlines()[-1])
    assert (last["state"], last["left"]) == ("stopped", ROWS - server.requests)
    assert kit.run("resume", "--no-input").code == 0
    assert all(len(values) == 1 for values in server.passwords.values())
    assert len(server.passwords) == ROWS


def test_nobody_listens_where_nobody_works(tmp_path: Path, server: PasswordServer) -> None:
    """With or without a name, and for a name that is none."""
    place = Place(tmp_path, server)
    place.configure()
    assert "KT-RUN-013" in place.call("runs", "stop", code=2).output
    place.call("reset", place.file(users(1)), "-t", "there", "--expect", "1", "--no-input")
    run = place.run_folder().name
    for word in ("stop", "pause", "go", "watch"):
        told = place.call("runs", word, run, code=2).output
        assert re.search(rf"nobody works on run {run}\b", told)
    assert "KT-RUN-002" in place.call("runs", "stop", "rzzzzzz", code=2).output


Held = tuple[Place, Channel, HeldFile]


@pytest.fixture
def held(tmp_path: Path, server: PasswordServer) -> Iterator[Held]:
    """A finished run whose journal a process holds that does not listen: this one."""
    place = Place(tmp_path, server)
    place.configure()
    place.call("reset", place.file(users(1)), "-t", "there", "--expect", "1", "--no-input")
    folder = place.run_folder()
    file = hold(folder / "journal.db")
    yield place, Channel(folder), file
    file.release()


def test_who_does_not_listen_is_named(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may ask somebody something at its own terminal."""
    monkeypatch.setattr("keyturn.cli.runs.spoken.PATIENCE", 0.2)
    place, _, _ = held
    told = place.call("runs", "stop", code=10).stderr
    assert "error[KT-RUN-014]" in told
    assert f"process {os.getpid()}" in told
    assert "begins, asks somebody something" in place.call("runs", "watch", "--once").stdout
    assert place.lines("runs", "watch", "--once", "--json") == [{"run": place.run_folder().name, "doing": "unknown"}]


def test_a_run_that_ends_over_a_word_has_ended(held: Held) -> None:
    """Nobody hears it any more."""
    place, _, file = held
    threading.Timer(0.3, file.release).start()
    assert "it has ended" in place.call("runs", "stop").stdout


def test_a_watcher_hears_what_the_worker_s_own_screen_hears(held: Held) -> None:
    """Until the worker lets go; then how the run stands."""
    place, channel, file = held
    standing = Standing(Doing.PAUSED, "there", total=4, through=2, states={"changed": 2}, slowed=Slowed(Why.ASKED, 3.0))
    steps = [standing, replace(standing, doing=Doing.RUNNING), replace(standing, doing=Doing.STOPPING, why="a word")]
    channel.tell(steps[0])
    assert "waiting 3 s: the server asked us to slow down" in place.call("runs", "watch", "--once").stdout

    def work() -> None:
        for step in steps:
            channel.tell(step)
            time.sleep(0.6)
        file.release()

    working = threading.Thread(target=work)
    working.start()
    done = place.call("runs", "watch")
    working.join()
    for words in ("paused: everything came back", "going on", "stopping: a word"):
        assert words in done.stderr
    assert done.stdout.endswith("finished, 1 done, 0 left\n")


@pytest.mark.skipif(sys.platform == "win32", reason="a keyboard cannot be watched there")
@pytest.mark.parametrize(("word", "code", "sent"), [("stop", 7, 2), ("go", 0, 30)])
def test_a_run_that_asks_about_its_canary_listens(
    tmp_path: Path, server: PasswordServer, word: str, code: int, sent: int
) -> None:
    """The question can be answered at another terminal, where it is seen that it stands."""
    kit = Kit(tmp_path / "home", server.url).configure()
    other = Place(tmp_path, server)
    keyboard, ours = os.openpty()
    command = ["reset", str(write(tmp_path, users(30))), "-t", "there", "--expect", "30", "--canary", "2"]
    working = subprocess.Popen([KEYTURN, *command], env=kit.environment, stdin=ours, stderr=subprocess.PIPE, text=True)
    assert working.stderr is not None
    said = iter(working.stderr.readline, "")
    assert any("the canary is through" in line for line in said)
    for _ in range(100):
        [told] = other.lines("runs", "watch", "--once", "--json")
        if told["doing"] == "asking":
            break
        time.sleep(0.05)
    assert "waits for an answer" in other.call("runs", "watch", "--once").output
    other.call("runs", "pause")
    other.call("runs", word)
    working.communicate(timeout=60)
    os.close(keyboard)
    os.close(ours)
    assert (working.returncode, server.requests) == (code, sent)
