"""A directory that was just made knows nobody but its first administrator, whose password is nobody's guess."""

from pathlib import Path

import pytest

from keyturn.app.house.build import KEYS, Place, open_house
from keyturn.app.keeping.init import Made, make_directory
from keyturn.core.commands import Origin
from keyturn.core.errors import ConfigError
from keyturn.core.outcomes import Refused
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.signin import SignIn
from keyturn.core.users import Window
from keyturn.crypto.keyfolder import open_key_folder
from keyturn.crypto.tokens import FolderTokens

CHOSEN = Secret("a phrase that somebody has chosen")
NAMES = ("root", "administrator", "sa", "keyturn", "guest")
PASSWORDS = ("admin", "password", "keyturn", "changeme", "123456789012345", "")


def made(folder: Path) -> Made:
    """A new directory."""
    return make_directory(Place(folder / "directory", Secret("")))


@pytest.mark.proves("AU-6", "V6.3.2", "V13.2.3")
def test_nobody_signs_in_to_a_new_directory_with_what_everybody_knows(tmp_path: Path) -> None:
    """Pairs that are tried first; the one account there is has a random password, another in each directory."""
    one, other = made(tmp_path / "one"), made(tmp_path / "other")
    assert one.password != other.password
    assert len(one.password.reveal()) >= 20
    assert one.key.token != other.key.token
    house = open_house(Place(one.data, Secret("")))
    try:
        signing_in = SignIn(house.parts, FolderTokens(open_key_folder(one.data / KEYS)))
        came = [
            signing_in.with_password(name, Secret(password), door="test", origin=Origin(source=f"192.0.2.{number}"))
            for number, name in enumerate({*NAMES, one.admin})
            for password in PASSWORDS
        ]
        with house.store.reading() as view:
            everybody = view.users.page(1, Window()).users
    finally:
        house.close()
    assert [each for each in came if isinstance(each, SignedIn)] == []
    assert [user.login for user in everybody] == [one.admin]


@pytest.mark.proves("AU-6", "V6.4.1")
def test_what_the_first_administrator_begins_with_dies_at_first_use(tmp_path: Path) -> None:
    """It buys a session that can set a new password and nothing else, once; after that it is nobody's password."""
    found = made(tmp_path)
    house = open_house(Place(found.data, Secret("")))
    try:
        door = SignIn(house.parts, FolderTokens(open_key_folder(found.data / KEYS)))
        came = [
            door.with_password(found.admin, found.password, door="test", origin=Origin(source=f"192.0.2.{number}"))
            for number in range(2)
        ]
    finally:
        house.close()
    assert [isinstance(each, SignedIn) and each.must_change for each in came] == [True, False]
    assert isinstance(came[1], Refused)


@pytest.mark.proves("AU-6")
def test_an_administrator_may_begin_with_a_password_of_their_own(tmp_path: Path) -> None:
    """It is judged before anything is made, and nothing is printed that could be anybody else's."""
    place = Place(tmp_path / "directory", Secret(""))
    for weak in ("four words", "administrator admin admin", "passwordpassword"):
        with pytest.raises(ConfigError, match="will not do") as caught:
            make_directory(place, password=Secret(weak))
        assert weak not in f"{caught.value.what}{caught.value.why}"
        assert not place.data.exists()
    found = make_directory(place, password=CHOSEN)
    assert (found.password, found.once) == (CHOSEN, False)
    house = open_house(place)
    try:
        door = SignIn(house.parts, FolderTokens(open_key_folder(found.data / KEYS)))
        signed = door.with_password(found.admin, CHOSEN, door="test", origin=Origin(source="192.0.2.1"))
    finally:
        house.close()
    assert isinstance(signed, SignedIn)
    assert not signed.must_change
