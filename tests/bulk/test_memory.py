"""How the memory of a run grows with its file, measured on the installed command."""

from pathlib import Path

import pytest

from bench.keyturn import PROGRAM, home, reset, users_file
from bench.processes import stub
from tests.support.peak import peak

MILLION = 1_000_000
EIGHTH = MILLION // 8
LEAST = MILLION // 64
"""Tables of what was seen double as they grow: at such parts of a million they are filled as they are at a million."""

MOST = 300.0
"""Megabytes."""


def planned(folder: Path, rows: int) -> float:
    """The peak of a plan over so many rows, in megabytes."""
    users = users_file(folder / f"{rows}.csv", rows)
    command: list[str | Path] = [PROGRAM, "plan", "reset", users, "-t", "bench", "--offline", "--json"]
    return peak(command, home(folder / "home", "http://127.0.0.1:1")).memory


@pytest.mark.proves("RN-12")
def test_a_million_rows_would_fit_into_300_megabytes(tmp_path: Path) -> None:
    """What grows is a digest of each user, to find those who come twice; a whole million is run by `make bench`."""
    least, eighth = planned(tmp_path, LEAST), planned(tmp_path, EIGHTH)
    each = (eighth - least) / (EIGHTH - LEAST)
    assert least + each * (MILLION - LEAST) < MOST


@pytest.mark.proves("RN-12")
def test_carrying_out_takes_little_more_than_planning(tmp_path: Path) -> None:
    """Rows, outcomes, reports and handout are streamed, so that only the parts that do it weigh anything."""
    with stub() as address:
        users = users_file(tmp_path / "users.csv", LEAST)
        carried = peak(reset(users, LEAST), home(tmp_path / "run", address))
    assert carried.code == 0
    assert carried.memory < planned(tmp_path, LEAST) + 30
