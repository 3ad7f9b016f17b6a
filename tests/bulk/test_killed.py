"""A runner that is killed at any moment and resumed: one state a row, one password a user, and it is handed out."""

import os
import signal
from pathlib import Path

import pytest

from tests.bulk.desk import users, write
from tests.bulk.killed.campaign import KINDS, campaign
from tests.bulk.kit import Kit
from tests.support.password_server import password_server

ROWS = 200
POINTS = max(len(KINDS), min(int(os.environ.get("KEYTURN_TEST_KILLS", "4")), 20))
"""A few here; `make campaign` runs a thousand of them with `python -m tests.bulk.killed.campaign`."""


@pytest.mark.proves("RN-2", "R-3", "R-4")
def test_whenever_a_run_is_killed_every_row_has_one_end_and_every_user_one_password(tmp_path: Path) -> None:
    """One point of each kind of target here; `make campaign` runs a thousand of them."""
    with campaign(tmp_path) as running:
        for seed in range(POINTS):
            running.point(seed)
    assert running.faults() == []
    assert sum(figures.points for figures in running.figures.values()) == POINTS
    assert sum(figures.deaths for figures in running.figures.values()) > 0
    assert running.table().count("\n") == 1 + len(KINDS)


@pytest.mark.proves("RN-13")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 143), (signal.SIGINT, 130)])
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
