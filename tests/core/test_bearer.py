"""Keys that are carried themselves: looked at for every call, and good for nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core.commands import Origin
from keyturn.core.permissions import Proof
from keyturn.core.ports import KeyChange, NewKey, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.users import USER_RIGHTS
from tests.support.house import OTHER, House


def made(house: House, *scopes: str) -> NewKey:
    """A new key with the rights over users."""
    key = house.administration().create_key("feed", "a feed", USER_RIGHTS, scopes)
    assert isinstance(key, NewKey)
    return key


def test_a_key_that_is_carried_is_known_with_its_rights(house: House) -> None:
    key = made(house, "feed")
    actor = house.signing_in.bearer(key.key.id, key.token, scope="feed")
    assert actor is not None
    assert (actor.id, actor.name, actor.rights, actor.proof) == (key.key.id, "a feed", USER_RIGHTS, Proof.KEY)


@pytest.mark.parametrize(("id", "token"), [("", None), ("nobody", None), (None, OTHER), (None, Secret(""))])
def test_another_id_or_another_secret_is_nobody(house: House, id: str | None, token: Secret | None) -> None:
    key = made(house, "feed")
    given = key.key.id if id is None else id
    assert house.signing_in.bearer(given, key.token if token is None else token, scope="feed") is None


def test_a_key_of_another_door_cannot_be_carried(house: House) -> None:
    for key in (made(house), made(house, "other")):
        assert house.signing_in.bearer(key.key.id, key.token, scope="feed") is None


def test_a_key_that_is_carried_dies_at_once(house: House) -> None:
    stopped, gone, old, late = (made(house, "feed") for _ in range(4))
    house.administration().update_key(stopped.key.id, KeyChange(active=False))
    house.administration().revoke_key(gone.key.id)
    house.administration().refresh_key(old.key.id)
    with house.parts.store.writing() as transaction:
        transaction.keys.put(replace(late.key, expires=house.clock.now()))
    house.clock.advance(timedelta(seconds=1))
    for key in (stopped, gone, old, late):
        assert house.signing_in.bearer(key.key.id, key.token, scope="feed") is None


@pytest.mark.proves("TK-3", "V10.3.1")
def test_a_key_signs_in_at_the_door_that_it_was_made_for_alone(house: House) -> None:
    """A token that opens nothing there is not given either; keys of the kind `keyturn` are for all doors."""

    def enters(kind: str, door: str) -> bool:
        key = house.administration().create_key(kind, "", USER_RIGHTS)
        assert isinstance(key, NewKey)
        return isinstance(house.signing_in.with_key(key.key.id, key.token, door=door, origin=Origin()), SignedIn)

    assert [enters(kind, "here") for kind in ("here", "there", "keyturn")] == [True, False, True]
