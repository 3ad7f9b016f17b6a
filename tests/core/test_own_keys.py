"""Keys of a person: they act as their owner, at one door, for as long as the account lives."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import CreateUser, DeleteUser, Origin, SetStatus, UpdateUser
from keyturn.core.directory import LocalDirectory
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.ownkeys import MOST_KEYS, OwnKeys, Wanted
from keyturn.core.permissions import Actor, Proof
from keyturn.core.ports import KeyChange, NewKey, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.steps import Caller
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Handle, Profile, Right, Status
from tests.support.house import GOOD, House, reason
from tests.support.person import Person

KEYS_ALONE = frozenset({Right.KEYS})


def keys(house: House, actor: Actor, operation: str = "") -> OwnKeys:
    """Keys of persons as somebody may make them."""
    origin = Origin(operation=operation)
    return OwnKeys(house.parts, Caller(actor, Capabilities(frozenset()), "test", origin, house.parts.rules(1)))


def root(rights: frozenset[Right] = ALL_RIGHTS, tenant: int = 1) -> Actor:
    """Somebody who administers."""
    return Actor("root", "root", tenant, rights)


@pytest.fixture
def amal(house: House) -> Person:
    """Somebody with a password, a second factor and the rights over users."""
    person = Person(house, rights=USER_RIGHTS)
    person.enrol()
    return person


def made(came: NewKey | Refused) -> NewKey:
    """The key, which must have been made."""
    assert isinstance(came, NewKey), came
    return came


def knock(house: House, token: Secret, door: str = "paper", login: str = "amal") -> Actor | Refused:
    """One call at a door that knows a name and a password."""
    return house.signing_in.knock(login, token, door=door, origin=Origin())


def test_a_key_is_its_owner_at_its_door_and_nobody_elsewhere(amal: Person, house: House) -> None:
    key = made(keys(house, amal.whole().actor).create("paper", "nightly"))
    assert len(key.token.reveal()) == 43
    actor = knock(house, key.token)
    assert isinstance(actor, Actor)
    assert (actor.name, actor.rights, actor.proof, actor.key) == ("amal", USER_RIGHTS, Proof.KEY, key.key.id)
    house.add("bo")
    for door, login in (("other", "amal"), ("paper", "bo"), ("paper", "nobody")):
        assert reason(knock(house, key.token, door, login)) is Reason.NOT_SIGNED_IN
    assert reason(house.sign_in("amal", key.token)) is Reason.NOT_SIGNED_IN


def test_a_key_signs_in_as_its_owner_at_its_door_alone(amal: Person, house: House) -> None:
    key = made(keys(house, amal.whole().actor).create("paper"))
    enter = house.signing_in.with_key
    assert reason(enter(key.key.id, key.token, door="other", origin=Origin())) is Reason.NOT_SIGNED_IN
    signed = enter(key.key.id, key.token, door="paper", origin=Origin())
    assert isinstance(signed, SignedIn)
    actor = house.signing_in.actor(signed.token)
    assert actor is not None
    assert (actor.name, actor.rights, actor.proof, actor.key) == ("amal", USER_RIGHTS, Proof.KEY, key.key.id)
    assert reason(keys(house, actor).create("paper")) is Reason.NOT_ALLOWED
    assert reason(keys(house, actor).mine()) is Reason.NOT_ALLOWED
    assert reason(keys(house, actor).revoke(key.key.id)) is Reason.NOT_ALLOWED


def test_a_key_has_the_rights_that_its_owner_has_just_now(amal: Person, house: House) -> None:
    house.add("boss", rights=ALL_RIGHTS)
    key = made(keys(house, amal.whole().actor).create("paper"))
    house.directory().execute([UpdateUser("amal", rights=frozenset({Right.VIEW_USERS}))])
    actor = knock(house, key.token)
    assert isinstance(actor, Actor)
    assert actor.rights == {Right.VIEW_USERS}


@pytest.mark.parametrize("end", [SetStatus("amal", Status.LOCKED), DeleteUser("amal")])
def test_a_key_dies_with_the_account(amal: Person, house: House, end: SetStatus | DeleteUser) -> None:
    house.add("boss", rights=ALL_RIGHTS)
    key = made(keys(house, amal.whole().actor).create("paper"))
    signed = house.signing_in.with_key(key.key.id, key.token, door="paper", origin=Origin())
    assert isinstance(signed, SignedIn)
    [done] = house.directory().execute([end])
    assert reason(done) is None
    assert reason(knock(house, key.token)) is Reason.NOT_SIGNED_IN
    assert house.signing_in.actor(signed.token) is None


def test_what_is_done_with_a_key_says_so_in_the_audit(amal: Person, house: House) -> None:
    key = made(keys(house, amal.whole().actor).create("paper"))
    actor = knock(house, key.token)
    assert isinstance(actor, Actor)
    caller = Caller(actor, Capabilities(frozenset({CreateUser})), "paper", Origin(), house.parts.rules(1))
    LocalDirectory(house.parts, caller).execute([CreateUser("bo", Profile())])
    with house.parts.store.reading() as view:
        last = view.audit.last()
    assert last is not None
    assert (last.event.verb, last.event.actor) == ("user.create", actor.id)
    assert last.event.detail.endswith(f"with key {key.key.id}")


def test_ones_keys_are_listed_and_revoked_by_oneself(amal: Person, house: House) -> None:
    own = keys(house, amal.whole().actor)
    one = made(own.create("paper"))
    house.clock.advance(timedelta(seconds=1))
    two = made(own.create("paper"))
    assert own.mine() == [one.key, two.key]
    assert own.revoke(one.key.id) == one.key
    assert reason(own.revoke(one.key.id)) is Reason.NO_SUCH_USER
    assert reason(knock(house, one.token)) is Reason.NOT_SIGNED_IN
    assert isinstance(knock(house, two.token), Actor)


def test_a_key_is_made_within_ten_minutes_of_a_sign_in(amal: Person, house: House) -> None:
    actor = amal.whole().actor
    for odd in (replace(actor, since=None), replace(actor, session="gone"), replace(actor, id="nobody")):
        assert reason(keys(house, odd).create("paper")) is Reason.NOT_ALLOWED
    house.clock.advance(timedelta(minutes=11))
    late = keys(house, actor).create("paper")
    assert isinstance(late, Refused)
    assert late.text.startswith("sign in again first")


def test_there_is_room_for_twenty_keys(amal: Person, house: House) -> None:
    own = keys(house, amal.whole().actor)
    for _ in range(MOST_KEYS):
        made(own.create("paper"))
    assert reason(own.create("paper")) is Reason.INVALID


def test_a_repeat_that_is_named_gets_the_same_key_again(amal: Person, house: House) -> None:
    actor = amal.whole().actor
    one, two = (made(keys(house, actor, "once").create("paper")) for _ in range(2))
    assert one.token == two.token
    assert keys(house, actor).mine() == [one.key]
    keys(house, actor).revoke(one.key.id)
    assert reason(keys(house, actor, "once").create("paper")) is Reason.NO_SUCH_USER


WAYS: list[tuple[Actor, Reason | None]] = [
    (root(), None),
    (root(KEYS_ALONE), Reason.NOT_ALLOWED),
    (root(USER_RIGHTS), Reason.NOT_ALLOWED),
    (root(USER_RIGHTS | KEYS_ALONE), None),
    (root(tenant=2), Reason.NO_SUCH_USER),
]


@pytest.mark.parametrize(("actor", "refused"), WAYS)
def test_who_makes_a_key_for_somebody_holds_all_that_they_hold(
    amal: Person, house: House, actor: Actor, refused: Reason | None
) -> None:
    came = keys(house, actor).create_for("amal", Handle.LOGIN, Wanted("paper"))
    assert reason(came) is refused
    if isinstance(came, NewKey):
        assert isinstance(knock(house, came.token), Actor)


def test_nobody_gets_no_key(house: House) -> None:
    assert reason(keys(house, root()).create_for("nobody", Handle.LOGIN, Wanted("paper"))) is Reason.NO_SUCH_USER
    assert reason(keys(house, root(frozenset())).create_for("x", Handle.LOGIN, Wanted("paper"))) is Reason.NOT_ALLOWED


ON_KEYS: list[Callable[[House, frozenset[Right], str], object]] = [
    lambda house, rights, name: house.administration(rights=rights).update_key(name, KeyChange(active=False)),
    lambda house, rights, name: house.administration(rights=rights).refresh_key(name),
    lambda house, rights, name: house.administration(rights=rights).revoke_key(name),
]


@pytest.mark.parametrize("change", ON_KEYS)
def test_who_touches_somebodys_key_holds_all_that_they_hold(
    amal: Person, house: House, change: Callable[[House, frozenset[Right], str], object]
) -> None:
    key = made(keys(house, amal.whole().actor).create("paper"))
    assert reason(change(house, KEYS_ALONE, key.key.id)) is Reason.NOT_ALLOWED
    assert reason(change(house, ALL_RIGHTS, key.key.id)) is None
    assert reason(knock(house, key.token)) is Reason.NOT_SIGNED_IN


def test_nobody_gives_a_persons_key_rights_of_its_own(amal: Person, house: House) -> None:
    key = made(keys(house, amal.whole().actor).create("paper"))
    assert reason(house.administration().update_key(key.key.id, KeyChange(rights=ALL_RIGHTS))) is Reason.INVALID


def test_a_key_is_known_while_the_account_waits(amal: Person, house: House) -> None:
    key = made(keys(house, amal.whole().actor).create("paper"))
    for _ in range(6):
        knock(house, GOOD)
    assert isinstance(knock(house, key.token), Actor)


@pytest.mark.parametrize(
    ("kind", "description"),
    [
        ("", ""),
        ("paper\n=1", ""),
        ("p" * 33, ""),
        ("Paper", ""),
        ("paper", "x" * 256),
        ("paper", "\x1b[2J"),
        ("paper", "\u202e"),
    ],
    ids=["none", "two lines", "long", "capital", "long story", "escape", "turned round"],
)
def test_a_key_is_called_so_that_a_list_can_show_it(amal: Person, house: House, kind: str, description: str) -> None:
    own = keys(house, amal.whole().actor)
    assert reason(own.create(kind, description)) is Reason.INVALID
    assert reason(keys(house, root()).create_for("amal", Handle.LOGIN, Wanted(kind, description))) is Reason.INVALID
    assert reason(house.administration().create_key(kind, description, frozenset())) is Reason.INVALID
    if description:
        key = made(own.create("paper", "a" * 255))
        assert (
            reason(house.administration().update_key(key.key.id, KeyChange(description=description))) is Reason.INVALID
        )
    else:
        assert not own.mine()
