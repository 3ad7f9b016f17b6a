"""What every test may ask for: a store on each database, and a PostgreSQL that is real."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from keyturn.core.storage import Store
from tests.support.postgres import Postgres, running
from tests.support.stores import fresh_postgres, fresh_sqlite

# Machines are shared and noisy: how long an example takes says nothing.  Speed is measured in bench/, as ratios.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

MEMORY = Path("/dev/shm")
ENOUGH = 2 << 30
"""Octets; the 64 MB that many containers have there are not."""


def pytest_configure() -> None:
    """Put the folders of tests into memory where there is room: each commit waits for its disk, and none is tested."""
    if not MEMORY.is_dir():
        return
    there = os.statvfs(MEMORY)
    runs_programs = not there.f_flag & os.ST_NOEXEC
    if runs_programs and there.f_bavail * there.f_frsize > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for this session (with xdist: for this worker)."""
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A migrated store without tenants, on each database."""
    if request.param == "sqlite":
        sqlite = fresh_sqlite(tmp_path / "store")
        yield sqlite
        sqlite.close()
    else:
        with fresh_postgres(request.getfixturevalue("postgres")) as store:
            yield store
