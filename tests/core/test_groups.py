"""Groups give rights, and nobody gives or takes by way of one what they do not hold."""

from dataclasses import replace

import pytest

from keyturn.core.commands import CreateUser, DeleteUser, ResetPassword, UpdateUser
from keyturn.core.membership import GroupChange
from keyturn.core.outcomes import Changed, Created, Reason, Refused
from keyturn.core.permissions import Actor, Proof
from keyturn.core.ports import NewKey
from keyturn.core.storage import NewUser
from keyturn.core.users import (
    ALL_RIGHTS,
    USER_RIGHTS,
    Group,
    Handle,
    Member,
    Membership,
    Profile,
    Right,
    Stamp,
    Status,
    User,
    Window,
)
from tests.support.house import GOOD, House, reason

AUDIT = frozenset({Right.AUDIT})


def group(house: House, name: str, rights: frozenset[Right] = frozenset(), members: tuple[str, ...] = ()) -> Group:
    """A group that exists from here on."""
    made = house.administration().groups.create(name, rights, members, "")
    assert isinstance(made, Group), made
    return made


def uid(house: House, who: str, rights: frozenset[Right] = frozenset()) -> str:
    """The uid of a new user."""
    created = house.add(who, password=GOOD, rights=rights)
    assert created.user is not None
    return created.user.uid


def stored(house: House, who: str) -> User:
    with house.parts.store.reading() as view:
        user = view.users.get(1, who, Handle.KEY)
    assert user is not None
    return user


def test_a_group_is_made_found_listed_changed_and_deleted_and_each_is_audited(house: House) -> None:
    amal = uid(house, "amal")
    made = group(house, "Operations", AUDIT, (amal,))
    groups = house.administration().groups
    assert made.members == (Member(amal, "amal"),)
    assert groups.find(made.uid) == made
    assert groups.page(Window(search="oper")).groups == (made,)
    assert groups.page(Window(search="\0")).groups == ()
    changed = groups.update(made.uid, GroupChange(name="Ops", rights=frozenset(), external_id="x-1", members=()))
    assert isinstance(changed, Group)
    assert (changed.name, changed.members, changed.version, changed.external_id) == ("Ops", (), 2, "x-1")
    assert isinstance(groups.delete(made.uid), Group)
    assert groups.find(made.uid) is None
    verbs = [event[0] for event in house.events() if event[0].startswith("group")]
    assert verbs == ["group.create", "group.join", "group.update", "group.leave", "group.delete"]


def test_rights_come_through_groups_in_groups_and_go_with_them(house: House) -> None:
    amal = uid(house, "amal")
    inner = group(house, "inner", members=(amal,))
    outer = group(house, "outer", AUDIT, (inner.uid,))
    assert (stored(house, "amal").rights, stored(house, "amal").effective) == (frozenset(), AUDIT)
    assert stored(house, "amal").groups == (Membership(inner.uid, "inner"),)
    groups = house.administration().groups
    assert isinstance(groups.update(outer.uid, GroupChange(rights=frozenset())), Group)
    assert stored(house, "amal").effective == frozenset()
    assert isinstance(groups.update(outer.uid, GroupChange(rights=AUDIT)), Group)
    assert isinstance(groups.update(inner.uid, GroupChange(remove=(amal,))), Group)
    assert stored(house, "amal").effective == frozenset()
    assert isinstance(groups.update(inner.uid, GroupChange(add=(amal,))), Group)
    assert isinstance(groups.delete(outer.uid), Group)
    assert stored(house, "amal").effective == frozenset()


def test_two_ways_to_one_group_give_its_rights_once(house: House) -> None:
    amal = uid(house, "amal")
    inner = group(house, "inner", members=(amal,))
    ways = [group(house, f"way{number}", members=(inner.uid,)) for number in range(2)]
    group(house, "top", AUDIT, tuple(way.uid for way in ways))
    assert stored(house, "amal").effective == AUDIT
    house.administration().groups.delete(ways[0].uid)
    assert stored(house, "amal").effective == AUDIT
    house.administration().groups.delete(ways[1].uid)
    assert stored(house, "amal").effective == frozenset()


@pytest.mark.proves("AZ-7", "TK-4")
def test_who_loses_a_right_through_a_group_is_signed_in_nowhere_any_more(house: House) -> None:
    amal = uid(house, "amal")
    ops = group(house, "ops", AUDIT, (amal,))
    signed = house.sign_in("amal", GOOD)
    assert not isinstance(signed, Refused)
    assert house.signing_in.actor(signed.token) is not None
    house.administration().groups.update(ops.uid, GroupChange(remove=(amal,)))
    assert house.signing_in.actor(signed.token) is None


def test_a_user_joins_and_leaves_with_the_command_that_makes_or_changes_them(house: House) -> None:
    ops, staff = group(house, "ops", AUDIT), group(house, "staff")
    root = house.directory()
    [made] = root.execute([CreateUser("amal", Profile("Amal"), groups=(ops.uid,))])
    assert isinstance(made, Created)
    assert made.user is not None
    assert (made.user.effective, made.user.groups) == (AUDIT, (Membership(ops.uid, "ops"),))
    [changed] = root.execute([UpdateUser("amal", join=(staff.uid,), leave=(ops.uid,))])
    assert isinstance(changed, Changed)
    assert stored(house, "amal").effective == frozenset()
    assert stored(house, "amal").groups == (Membership(staff.uid, "staff"),)
    verbs = [event[0] for event in house.events() if event[0] in ("group.join", "group.leave")]
    assert verbs == ["group.join", "group.join", "group.leave"]


@pytest.mark.proves("AZ-5")
def test_a_group_that_is_not_there_and_one_of_another_tenant_look_the_same(house: House) -> None:
    ops = group(house, "ops")
    other = house.directory(tenant=2)
    house.add("bela", tenant=2)
    for stranger in (ops.uid, "nothing"):
        commands = [CreateUser("chen", Profile("Chen"), groups=(stranger,))]
        assert [reason(one) for one in other.execute(commands)] == [Reason.NO_SUCH_GROUP]
        assert [reason(one) for one in other.execute([UpdateUser("bela", join=(stranger,))])] == [Reason.NO_SUCH_GROUP]
    groups = house.administration(tenant=2).groups
    assert groups.find(ops.uid) is None
    assert reason(groups.update(ops.uid, GroupChange(name="mine"))) is Reason.NO_SUCH_GROUP
    assert reason(groups.delete(ops.uid)) is Reason.NO_SUCH_GROUP


@pytest.mark.proves("AZ-3")
def test_nobody_gives_by_a_group_what_they_lack(house: House) -> None:
    amal = uid(house, "amal")
    ops = group(house, "ops", AUDIT)
    staff = group(house, "staff")
    lowly, groups = house.directory(rights=USER_RIGHTS), house.administration(rights=USER_RIGHTS).groups
    refused = [
        groups.create("mine", AUDIT, (), ""),
        groups.update(ops.uid, GroupChange(add=(amal,))),
        groups.update(staff.uid, GroupChange(rights=AUDIT)),
        groups.update(ops.uid, GroupChange(add=(staff.uid,))),
        groups.delete(ops.uid),
        *lowly.execute([CreateUser("chen", Profile("Chen"), groups=(ops.uid,))]),
        *lowly.execute([UpdateUser("amal", join=(ops.uid,))]),
    ]
    assert [reason(one) for one in refused] == [Reason.NOT_ALLOWED] * 7
    assert stored(house, "amal").effective == frozenset()
    assert [event[1] for event in house.events()][-7:] == ["refused"] * 7


@pytest.mark.proves("AZ-2")
def test_nobody_touches_by_a_group_who_holds_more(house: House) -> None:
    mighty = uid(house, "mighty", ALL_RIGHTS)
    ops = group(house, "ops", AUDIT)
    staff = group(house, "staff", members=(mighty,))
    groups = house.administration(rights=USER_RIGHTS | AUDIT).groups
    assert reason(groups.update(staff.uid, GroupChange(remove=(mighty,)))) is Reason.NOT_ALLOWED
    assert reason(groups.update(ops.uid, GroupChange(add=(mighty,)))) is Reason.NOT_ALLOWED
    assert reason(groups.update(ops.uid, GroupChange(add=(staff.uid,)))) is Reason.NOT_ALLOWED
    assert isinstance(groups.update(staff.uid, GroupChange(name="people")), Group)


@pytest.mark.proves("AZ-2")
def test_a_reset_of_somebody_with_more_rights_through_a_group_is_refused(house: House) -> None:
    amal = uid(house, "amal")
    group(house, "ops", AUDIT, (amal,))
    [refused] = house.directory(rights=USER_RIGHTS).execute([ResetPassword("amal")])
    assert reason(refused) is Reason.NOT_ALLOWED


def test_without_rights_over_users_nothing_of_groups_is_seen_or_done(house: House) -> None:
    ops = group(house, "ops")
    groups = house.administration(rights=frozenset()).groups
    assert (groups.page(Window()).groups, groups.find(ops.uid)) == ((), None)
    refused = [
        groups.create("mine", frozenset(), (), ""),
        groups.update(ops.uid, GroupChange(name="x")),
        groups.delete(ops.uid),
    ]
    assert [reason(one) for one in refused] == [Reason.NOT_ALLOWED] * 3


@pytest.mark.proves("AZ-8")
def test_the_last_administrator_is_not_lost_by_way_of_a_group(house: House) -> None:
    amal = uid(house, "amal")
    admins = group(house, "admins", USER_RIGHTS, (amal,))
    groups = house.administration().groups
    refused = [
        groups.update(admins.uid, GroupChange(members=())),
        groups.update(admins.uid, GroupChange(rights=AUDIT)),
        groups.delete(admins.uid),
        *house.directory().execute([UpdateUser("amal", leave=(admins.uid,))]),
        *house.directory().execute([DeleteUser("amal")]),
    ]
    assert [reason(one) for one in refused] == [Reason.LAST_ADMINISTRATOR] * 5
    assert stored(house, "amal").effective == USER_RIGHTS
    [kept] = house.directory().execute([UpdateUser("amal", rights=frozenset())])
    assert isinstance(kept, Changed)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 256])
def test_a_name_that_nobody_could_read_is_refused(house: House, name: str) -> None:
    assert reason(house.administration().groups.create(name, frozenset(), (), "")) is Reason.INVALID


def test_names_are_unique_in_a_tenant_whatever_their_case(house: House) -> None:
    group(house, "Ops")
    assert reason(house.administration().groups.create("oPS", frozenset(), (), "")) is Reason.EXISTS
    assert isinstance(house.administration(tenant=2).groups.create("ops", frozenset(), (), ""), Group)


def test_a_member_must_be_there_and_no_group_is_in_itself(house: House) -> None:
    ops, staff = group(house, "ops"), group(house, "staff")
    groups = house.administration().groups
    assert isinstance(groups.update(ops.uid, GroupChange(add=(staff.uid,))), Group)
    for stranger in ("nobody", ops.uid):
        assert reason(groups.update(ops.uid, GroupChange(add=(stranger,)))) is Reason.INVALID
    assert reason(groups.update(staff.uid, GroupChange(add=(ops.uid,)))) is Reason.INVALID


def test_a_group_that_was_changed_meanwhile_is_not_overwritten(house: House) -> None:
    ops = group(house, "ops")
    assert reason(house.administration().groups.update(ops.uid, GroupChange(version=7))) is Reason.STALE_VERSION
    changed = house.administration().groups.update(ops.uid, GroupChange(name="x", version=ops.version))
    assert isinstance(changed, Group)


def test_a_deleted_user_is_no_member_any_more(house: House) -> None:
    amal = uid(house, "amal")
    ops = group(house, "ops", members=(amal,))
    house.directory().execute([DeleteUser("amal")])
    assert house.administration().groups.find(ops.uid) == replace(ops, members=())


def test_a_client_may_want_a_uid_that_nobody_has(house: House) -> None:
    wanted = "0b7c2f64-6c1e-4a0c-9a38-6d0f3f2f2f11"
    [made] = house.directory().execute([CreateUser("amal", Profile("Amal"), uid=wanted)])
    assert isinstance(made, Created)
    assert made.user is not None
    assert made.user.uid == wanted
    again = house.directory(tenant=2).execute([CreateUser("bela", Profile("Bela"), uid=wanted)])
    odd = house.directory().execute([CreateUser("bela", Profile("Bela"), uid="no uuid")])
    assert [reason(one) for one in (*again, *odd)] == [Reason.EXISTS, Reason.INVALID]
    twice = [CreateUser(f"c{n}", Profile("C"), uid="1b7c2f64-6c1e-4a0c-9a38-6d0f3f2f2f11") for n in range(2)]
    first, second = house.directory().execute(twice)
    assert isinstance(first, Created)
    assert reason(second) is Reason.EXISTS


def test_a_wished_uid_may_not_be_that_of_a_group_or_a_key(house: House) -> None:
    """A user under the uid of a group would be a member of what the group is in; one under that of a key, the key."""
    inner = group(house, "inner")
    group(house, "outer", ALL_RIGHTS, (inner.uid,))
    made = house.administration().create_key("uipath", "a client", USER_RIGHTS, ("PM.User",))
    assert isinstance(made, NewKey)
    lowly = house.directory(rights=USER_RIGHTS)
    for uid_ in (inner.uid, made.key.id):
        [refused] = lowly.execute([CreateUser("eve", Profile("Eve"), uid=uid_)])
        assert reason(refused) is Reason.EXISTS


def test_a_tie_of_a_group_is_no_tie_of_a_user(house: House) -> None:
    """Even if a user had the uid of a group: nothing of the group would come to the user."""
    inner = group(house, "inner")
    outer = group(house, "outer", ALL_RIGHTS, (inner.uid,))
    stamp = Stamp("test", house.clock.now())
    with house.parts.store.writing() as transaction:
        new = NewUser(inner.uid, 1, "eve", "eve", Profile("Eve"), Status.ACTIVE, frozenset(), stamp)
        transaction.users.insert([new])
        assert transaction.groups.of([inner.uid])[inner.uid] == frozenset()
        assert transaction.groups.people([outer.uid]) == []
    assert stored(house, "eve").groups == ()
    [found] = [one for one in house.administration().groups.page(Window()).groups if one.uid == outer.uid]
    assert found.members == (Member(inner.uid, "inner", is_group=True),)


def test_a_restricted_sign_in_does_nothing_to_groups(house: House) -> None:
    actor = Actor("root", "root", 1, ALL_RIGHTS, Proof.RESTRICTED, session="s")
    group(house, "ops")
    [refused] = house.acting(actor).execute([CreateUser("amal", Profile("Amal"))])
    assert reason(refused) is Reason.NOT_ALLOWED
