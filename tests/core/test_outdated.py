"""What asks for a fresh sign-in of a person: administrators' accounts, making one, and the rules of a tenant."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core.administration import LocalAdministration
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import (
    ChangePassword,
    Command,
    CreateUser,
    DeleteUser,
    Origin,
    ResetPassword,
    SetStatus,
    UpdateUser,
)
from keyturn.core.enrolling import LocalFactors
from keyturn.core.membership import GroupChange
from keyturn.core.outcomes import Refused
from keyturn.core.permissions import SIGN_IN_AGAIN, Actor, Proof
from keyturn.core.ports import KeyChange, NewKey
from keyturn.core.steps import Caller
from keyturn.core.users import ALL_RIGHTS, Group, Handle, Profile, Right, Status
from tests.support.house import GOOD, OTHER, House

OLD = timedelta(minutes=15, seconds=1)


def boss(house: House) -> Actor:
    """Somebody who signed in now and may do everything."""
    made = house.add("boss", rights=ALL_RIGHTS)
    assert made.user is not None
    return Actor(made.user.uid, "boss", 1, ALL_RIGHTS, Proof.SESSION, since=house.clock.now())


def office(house: House, actor: Actor) -> LocalAdministration:
    """The administration as somebody may use it."""
    rules = house.parts.rules(actor.tenant)
    return LocalAdministration(house.parts, Caller(actor, Capabilities(frozenset()), "test", Origin(), rules))


def asks(came: object) -> bool:
    """Whether a fresh sign-in is asked for; nothing else may be wrong."""
    if isinstance(came, Refused):
        assert came.code == SIGN_IN_AGAIN, came
        return True
    return False


COMMANDS: dict[str, Callable[[str], Command]] = {
    "reset": lambda who: ResetPassword(who, OTHER),
    "change": lambda who: ChangePassword(who, OTHER, GOOD),
    "lock": lambda who: SetStatus(who, Status.LOCKED),
    "update": lambda who: UpdateUser(who, Profile("New")),
    "delete": DeleteUser,
}


@pytest.mark.proves("AU-8", "V7.5.1", "V7.5.3")
@pytest.mark.parametrize("name", COMMANDS)
def test_an_old_sign_in_does_not_touch_an_administrator(house: House, name: str) -> None:
    actor, command = boss(house), COMMANDS[name]
    house.add("peer", password=GOOD)
    house.add("above", password=GOOD, rights=frozenset({Right.AUDIT}))
    house.clock.advance(OLD)
    assert asks(house.acting(actor).execute([command("above")])[0])
    assert not asks(house.acting(actor).execute([command("peer")])[0])
    assert not asks(house.acting(replace(actor, since=house.clock.now())).execute([command("above")])[0])


@pytest.mark.proves("AU-8")
def test_keys_and_whoever_is_at_the_machine_are_not_asked(house: House) -> None:
    actor = boss(house)
    house.add("above", rights=ALL_RIGHTS)
    house.clock.advance(OLD)
    for proof, since in ((Proof.KEY, actor.since), (Proof.CONSOLE, None), (Proof.SESSION, None)):
        came = house.acting(replace(actor, proof=proof, since=since)).execute([UpdateUser("above", Profile("New"))])
        assert not asks(came[0])


@pytest.mark.proves("AU-8")
def test_an_old_sign_in_makes_no_administrator_and_still_serves_its_owner(house: House) -> None:
    actor = boss(house)
    house.add("peer")
    house.clock.advance(OLD)
    late = house.acting(actor)
    assert asks(late.execute([CreateUser("new", Profile(), rights=frozenset({Right.AUDIT}))])[0])
    assert asks(late.execute([UpdateUser("peer", rights=frozenset({Right.AUDIT}))])[0])
    assert not asks(late.execute([CreateUser("new", Profile())])[0])
    assert not asks(late.execute([UpdateUser("boss", Profile("Self"))])[0])


@pytest.mark.proves("AU-8", "V7.5.1")
def test_an_old_sign_in_changes_no_rules_and_ends_no_session_of_an_administrator(house: House) -> None:
    actor = boss(house)
    made = house.add("above", rights=ALL_RIGHTS)
    assert made.user is not None
    house.clock.advance(OLD)
    late, now = office(house, actor), office(house, replace(actor, since=house.clock.now()))
    for open_office in (late, now):
        asked = [
            asks(open_office.tenants.update(2, None, {"profile": "vendor"})),
            asks(open_office.tenants.create("third" if open_office is now else "never", {})),
            asks(open_office.tenants.appoint(made.user.uid, frozenset({2}))),
            asks(open_office.sessions.end("above", Handle.KEY, "")),
        ]
        assert asked == [open_office is late] * 4
    assert not asks(late.sessions.of("above", Handle.KEY))
    assert not asks(late.sessions.end("", Handle.KEY, ""))


@pytest.mark.proves("AU-8", "V7.5.1")
def test_an_old_sign_in_takes_no_factor_from_an_administrator(house: House) -> None:
    actor = boss(house)
    house.add("above", rights=ALL_RIGHTS)
    house.add("peer")
    house.clock.advance(OLD)
    factors = LocalFactors(house.signing_in, office(house, actor).caller)
    assert asks(factors.remove_all("above", Handle.KEY))
    assert not asks(factors.remove_all("peer", Handle.KEY))


@pytest.mark.proves("AU-8", "V7.5.1")
def test_an_old_sign_in_makes_no_administrator_by_way_of_a_group(house: House) -> None:
    actor = boss(house)
    made = house.add("peer")
    assert made.user is not None
    above = house.administration().groups.create("above", frozenset({Right.AUDIT}), (), "")
    plain = house.administration().groups.create("plain", frozenset(), (), "")
    assert isinstance(above, Group)
    assert isinstance(plain, Group)
    house.clock.advance(OLD)
    late, groups = house.acting(actor), office(house, actor).groups
    joining = GroupChange(add=(made.user.uid,))
    assert asks(late.execute([CreateUser("new", Profile(), groups=(above.uid,))])[0])
    assert asks(late.execute([UpdateUser("peer", join=(above.uid,))])[0])
    assert asks(groups.update(above.uid, joining))
    assert asks(groups.update(plain.uid, GroupChange(rights=frozenset({Right.AUDIT}))))
    assert asks(groups.create("more", frozenset({Right.AUDIT}), (), ""))
    assert asks(groups.delete(above.uid))
    assert not asks(groups.update(plain.uid, joining))
    assert not asks(late.execute([UpdateUser("peer", leave=(plain.uid,))])[0])
    assert not asks(office(house, replace(actor, since=house.clock.now())).groups.update(above.uid, joining))


def test_an_old_sign_in_makes_no_key_that_administers_and_renews_none(house: House) -> None:
    actor = boss(house)
    made = office(house, actor).create_key("mas", "feed", frozenset({Right.VIEW_USERS}))
    assert isinstance(made, NewKey)
    house.clock.advance(OLD)
    late = office(house, actor)
    assert asks(late.create_key("mas", "feed", frozenset({Right.VIEW_USERS})))
    assert asks(late.refresh_key(made.key.id))
    assert asks(late.update_key(made.key.id, KeyChange(description="another")))
    assert not asks(late.create_key("mas", "nothing to administer", frozenset()))
