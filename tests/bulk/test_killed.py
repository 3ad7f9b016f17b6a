"""A runner that is killed at any moment and resumed: one state a row, one password a user, and it is handed out."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from keyturn.core.journal import RowState
from keyturn.store.journal import open_journal
from tests.bulk.desk import users, write
from tests.bulk.kit import Kit
from tests.support.password_server import PasswordServer, password_server

ROWS = 200
MOMENTS = int(os.environ.get("KEYTURN_TEST_KILLS", "2"))


def killed_and_resumed(tmp: Path, server: PasswordServer, wait: float) -> int:
    """Kill a run so long after its first request, resume it, look at everything; how many rows were done before."""
    kit = Kit(tmp / "home", server.url).configure()
    path = write(tmp, users(ROWS))
    server.seen.clear()
    process = kit.start("reset", path, "-t", "there", "--expect", str(ROWS), "--no-input", "-j", "16")
    server.seen.wait(60)
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    [folder] = (tmp / "home/state/runs").iterdir()
    journal = open_journal(folder / "journal.db")
    done = {row.who for row in journal.rows((RowState.CHANGED,))}
    journal.close()
    before = {who: len(server.passwords[who]) for who in done}
    assert kit.run("resume", "--no-input").code == 0
    assert all(len(server.passwords[who]) == count for who, count in before.items()), "a finished row was sent again"
    assert len(server.passwords) == ROWS
    assert all(len(set(values)) == 1 for values in server.passwords.values()), "a user got two passwords"
    handed = {line["user"]: line["password"] for line in kit.handed_out()}
    assert handed == {who: values[-1] for who, values in server.passwords.items()}
    journal = open_journal(folder / "journal.db")
    assert journal.counts() == {RowState.CHANGED: ROWS}
    journal.close()
    sent = server.requests
    assert kit.run("resume", "--no-input").code == 0
    assert server.requests == sent, "a finished run sent something"
    return len(done)


@pytest.mark.proves("RN-2", "R-3")
@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_killed_run_is_resumed_without_a_second_password(tmp_path: Path, moment: int) -> None:
    """At a random moment between the first request and the end."""
    wait = random.Random(moment).uniform(0.0, 0.25)
    with password_server() as server:
        server.delay = 0.005
        killed_and_resumed(tmp_path, server, wait)


@pytest.mark.proves("RN-13")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_asked_to_stop_leaves_nothing_in_doubt(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """Rows in flight come back, the journal is complete, and a resume does the rest."""
    with password_server() as server:
        server.delay = 0.02
        kit = Kit(tmp_path / "home", server.url).configure()
        path = write(tmp_path, users(ROWS))
        process = kit.start("reset", path, "-t", "there", "--expect", str(ROWS), "--no-input", "-j", "2")
        server.seen.wait(60)
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == code
        assert "uncertain" not in out
        assert server.requests < ROWS
        assert kit.run("resume", "--no-input").code == 0
        assert all(len(values) == 1 for values in server.passwords.values())
        assert len(server.passwords) == ROWS
