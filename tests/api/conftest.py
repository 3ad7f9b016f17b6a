"""One served directory for all tests of our own API; each test uses people of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import OpenDoor, Person, served

PHRASE = "nine green bottles on a wall"
NAMES = (
    "amal bo chika dara emre farah goran hana ines ivo jun kira luz mio "
    "nour oda omar pia pim rui sol tao uma zeno zita zora"
)


@pytest.fixture(scope="package")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """The directory with its people, each with a temporary known value and a mail address."""
    folder: Path = tmp_path_factory.mktemp("api")
    people = [Person(name, f"{name}@example.com", PHRASE) for name in NAMES.split()]
    with served(folder, users=people) as open_door:
        yield open_door


@pytest.fixture(scope="package")
def admin(door: OpenDoor) -> str:
    """The first administrator's token."""
    return door.admin_token()
