"""One directory for all tests of this dialect: each uses users of its own."""

from collections.abc import Iterator

import pytest

from tests.dialects.scim.kit import Client
from tests.support.server import OpenDoor, served


@pytest.fixture(scope="package")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory under our usual policy."""
    with served(tmp_path_factory.mktemp("scim")) as door:
        yield door


@pytest.fixture
def client(door: OpenDoor) -> Client:
    """Somebody with a key that may do everything."""
    return Client(door)
