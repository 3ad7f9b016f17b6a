"""What lies on the disk of a directory that works: for our eyes only, and nothing of what was replaced."""

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from keyturn.app.house.build import House, Place, open_house
from keyturn.app.keeping.init import make_directory
from keyturn.app.operator import DOOR, operator
from keyturn.cli.main import cli
from keyturn.core.commands import CreateUser, ResetPassword
from keyturn.core.errors import KeyFolderError
from keyturn.core.outcomes import Changed
from keyturn.core.users import Profile
from keyturn.store.database import connect
from tests.support.house import GOOD

pytestmark = pytest.mark.proves("ST-6")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A directory that works, in a folder that a careless umask would open to everybody."""
    before = os.umask(0)
    try:
        place = Place(tmp_path / "directory")
        make_directory(place)
        with closing(open_house(place)) as house:
            house.directory(operator(), DOOR).execute([CreateUser("amal", Profile())])
            yield house
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_file_is_for_its_owner_alone_while_it_is_written_to(house: House) -> None:
    data = house.place.data
    files = [path for path in data.rglob("*") if path.is_file()]
    assert {"keyturn.db", "keyturn.db-wal", "keyturn.db-shm", "keyring.json"} <= {path.name for path in files}
    assert {mode(path) for path in files} == {0o600}
    assert {mode(data), mode(data / "keys")} == {0o700}


def test_every_connection_overwrites_what_is_deleted(house: House) -> None:
    database = connect(house.place.data / "keyturn.db")
    with database.looking() as connection:
        assert connection.execute(text("PRAGMA secure_delete")).scalar_one() == 1
    database.close()


def test_a_verifier_that_was_replaced_is_in_no_file_any_more(house: House) -> None:
    door = house.directory(operator(), DOOR)
    [first] = door.execute([ResetPassword("amal", GOOD)])
    assert isinstance(first, Changed)
    with house.store.reading() as view:
        [amal] = view.users.logins("amal")
    assert amal.credential is not None
    old = amal.credential.verifier.encode()
    assert old in _everything(house)
    for _ in range(2):
        door.execute([ResetPassword("amal")])
    house.close()  # the last one writes the log into the database and removes it
    assert old not in _everything(house)


def _everything(house: House) -> bytes:
    return b"".join(path.read_bytes() for path in house.place.data.glob("keyturn.db*"))


@pytest.mark.parametrize("label", ["pepper", "token", "keyring"])
def test_a_server_does_not_start_with_a_key_file_that_others_can_read(house: House, label: str) -> None:
    house.close()
    data = house.place.data
    [file] = [path for path in (data / "keys").iterdir() if path.name.startswith(label)]
    file.chmod(0o644)
    with pytest.raises(KeyFolderError):
        open_house(Place(data))
    result = CliRunner().invoke(cli, ["serve", "--data", str(data), "--port", "0"])
    assert result.exit_code == 2
    assert f"chmod 600 {file}" in "".join(result.stderr.split("\n"))
