"""One running server a database, shared by the cases: each case uses users of its own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.contract.kinds import KINDS, NEEDS, World, capabilities_of, world
from tests.support.server import OpenDoor, served


def pytest_configure(config: pytest.Config) -> None:
    """Let a case say what it asks of a directory."""
    config.addinivalue_line("markers", "needs(*abilities): what a directory must be able to do for this case")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def door(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory on each database, served on a free port."""
    folder = tmp_path_factory.mktemp("contract")
    database = request.getfixturevalue("postgres").empty() if request.param == "postgresql" else ""
    with served(folder, database=database) as door:
        yield door


@pytest.fixture(params=KINDS)
async def here(request: pytest.FixtureRequest, door: OpenDoor) -> AsyncIterator[World]:
    """Each directory in turn; a case that needs what this one cannot is skipped, which another test pins."""
    able = capabilities_of(request.param)
    marker = request.node.get_closest_marker("needs")
    lacking = [name for name in (marker.args if marker else ()) if not NEEDS[name](able)]
    if lacking:
        pytest.skip(f"{request.param} lacks: {', '.join(lacking)}")
    async with world(request.param, door) as found:
        yield found
