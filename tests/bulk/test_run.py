"""Runs from begin to end on a directory in memory."""

import json
from pathlib import Path

from keyturn.bulk.exit import ExitCode
from keyturn.bulk.sitting import Speed
from keyturn.core.journal import RowState
from keyturn.core.secret import Secret
from tests.bulk.desk import Desk, users
from tests.support.memory_directory import MemoryDirectory


async def test_a_run_changes_every_row_and_hands_out_what_it_set(tmp_path: Path) -> None:
    """Green: every row known good, and the handout holds the password that is in force."""
    directory = MemoryDirectory([f"user{n:06d}" for n in range(300)])
    desk = Desk(tmp_path, directory).begin(users(300))
    summary = await desk.go(Speed(jobs=16))
    assert summary.exit is ExitCode.FINE
    assert summary.states[RowState.CHANGED] == 300
    handed = [json.loads(line) for line in desk.handed_out()]
    assert len(handed) == 300
    assert all(directory.passwords[each["user"]] == Secret(each["password"]) for each in handed)
    assert directory.most <= 16
