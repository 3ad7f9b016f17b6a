"""The house that core tests live in, on every store, and a directory behind each door."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn.core.storage import Store
from tests.rights.asks import DOORS
from tests.rights.stage import Stage
from tests.support.house import House, make_house
from tests.support.server import served


@pytest.fixture
def house(store: Store, tmp_path: Path) -> House:
    """A directory of real parts."""
    return make_house(store, tmp_path)


@pytest.fixture(scope="session", params=DOORS)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Stage]]:
    """A served directory, and the door that roles knock at."""
    folder: Path = tmp_path_factory.mktemp("rights")
    under = DOORS[request.param]
    with served(folder) as door:
        made = Stage(door, under.sign, under.by_key)
        made.furnish()
        yield request.param, made
