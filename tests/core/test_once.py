"""A change that its caller named is done once; a repeat is told the same, and changes nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core.administration import LocalAdministration
from keyturn.core.commands import Origin, ResetPassword
from keyturn.core.membership import GroupChange
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.ports import KeyChange, NewKey
from keyturn.core.storage import Key, Tenant
from keyturn.core.users import Group, Handle, Right
from tests.support.house import GOOD, House, reason


def named(house: House, name: str = "op-1", **how: object) -> LocalAdministration:
    """The administration as a caller who names the request."""
    found = house.administration(**how)  # type: ignore[arg-type]  # the keywords of the house
    return replace(found, caller=replace(found.caller, origin=Origin("req", "127.0.0.1", operation=name)))


def made_key(house: House) -> Key:
    """A key that is there."""
    made = house.administration().create_key("mas", "", frozenset())
    assert isinstance(made, NewKey)
    return made.key


def made_group(house: House, name: str = "desk") -> Group:
    """A group that is there."""
    made = house.administration().groups.create(name, frozenset(), (), "")
    assert isinstance(made, Group)
    return made


Act = Callable[[LocalAdministration], object]


def acts(house: House) -> dict[str, Act]:
    """Every change of the administration, ready to be asked for twice."""
    key, group, going = made_key(house), made_group(house), made_group(house, "going")
    house.add("amal")
    user = house.directory().find("amal")
    assert user is not None
    return {
        "key.create": lambda one: one.create_key("mas", "x", frozenset({Right.VIEW_USERS})),
        "client.create": lambda one: one.create_key("uipath", "x", frozenset(), ("PM.User",)),
        "key.update": lambda one: one.update_key(key.id, KeyChange(description="new")),
        "key.refresh": lambda one: one.refresh_key(key.id),
        "key.revoke": lambda one: one.revoke_key(key.id),
        "grant.write": lambda one: one.grant("amal", Handle.KEY, "main", "manage", "USER"),
        "group.create": lambda one: one.groups.create("new", frozenset(), (user.uid,), ""),
        "group.update": lambda one: one.groups.update(group.uid, GroupChange(add=(user.uid,))),
        "group.delete": lambda one: one.groups.delete(going.uid),
        "tenant.create": lambda one: one.tenants.create("acme", {}),
        "tenant.update": lambda one: one.tenants.update(2, "elsewhere", None),
        "tenant.appoint": lambda one: one.tenants.appoint(user.uid, frozenset({2})),
    }


def identity(answer: object) -> object:
    """What a client is told of an answer that it can tell answers apart by."""
    if isinstance(answer, NewKey):
        return answer.key.id, answer.token.reveal()
    if isinstance(answer, Group):
        return answer.uid
    return answer.id if isinstance(answer, Key) else answer.number if isinstance(answer, Tenant) else answer


@pytest.mark.proves("AP-6")
def test_every_change_that_is_named_is_done_once(house: House) -> None:
    for number, (verb, act) in enumerate(acts(house).items()):
        first, again = (act(named(house, f"op-{number}")) for _ in range(2))
        assert not isinstance(first, Refused), (verb, first)
        assert identity(again) == identity(first), verb
        effects = [event[1] for event in house.events() if event[0] == verb.replace("refresh", "update")][-2:]
        assert verb == "client.create" or effects[1] == "repeated", (verb, effects)


def test_the_secret_of_a_named_key_opens_with_it_and_is_found_again(house: House) -> None:
    first, again = (named(house).create_key("mas", "x", frozenset()) for _ in range(2))
    assert isinstance(first, NewKey)
    assert isinstance(again, NewKey)
    assert house.parts.hasher.digest(again.token) == again.key.digest == first.key.digest
    keys = house.administration().keys()
    assert not isinstance(keys, Refused)
    assert [key.id for key in keys] == [first.key.id]


@pytest.mark.proves("AP-6")
def test_a_name_is_not_taken_for_another_change(house: House) -> None:
    named(house).create_key("mas", "x", frozenset())
    reused = named(house).create_key("mas", "y", frozenset())
    assert reason(reused) is Reason.OPERATION_REUSED
    assert house.events()[-1][:2] == ("key.create", "refused")
    assert isinstance(named(house).groups.create("x", frozenset(), (), ""), Group)


def test_a_name_belongs_to_its_caller_and_tenant_and_lasts_a_day(house: House) -> None:
    first = named(house).groups.create("desk", frozenset(), (), "")
    elsewhere = named(house, tenant=2).groups.create("desk", frozenset(), (), "")
    assert isinstance(first, Group)
    assert isinstance(elsewhere, Group)
    assert elsewhere.uid != first.uid
    house.clock.advance(timedelta(hours=24, seconds=1))
    assert reason(named(house).groups.create("desk", frozenset(), (), "")) is Reason.EXISTS


def test_what_was_refused_may_be_asked_again_under_its_name(house: House) -> None:
    assert reason(named(house, rights=frozenset()).groups.create("desk", frozenset(), (), "")) is Reason.NOT_ALLOWED
    assert isinstance(named(house).groups.create("desk", frozenset(), (), ""), Group)


def test_a_repeat_finds_gone_what_went_meanwhile(house: House) -> None:
    group, key = (
        named(house).groups.create("desk", frozenset(), (), ""),
        named(house).create_key("mas", "", frozenset()),
    )
    assert isinstance(group, Group)
    assert isinstance(key, NewKey)
    house.administration().groups.delete(group.uid)
    house.administration().revoke_key(key.key.id)
    assert reason(named(house).groups.create("desk", frozenset(), (), "")) is Reason.NO_SUCH_GROUP
    assert reason(named(house).create_key("mas", "", frozenset())) is Reason.NO_SUCH_USER


@pytest.mark.proves("AP-6")
def test_a_command_without_a_name_has_that_of_its_request(house: House) -> None:
    """Each user of a set is an operation of their own."""
    for who in ("amal", "omar"):
        house.add(who, mail=f"{who}@example.com")
    directory = house.directory()
    directory = replace(directory, caller=replace(directory.caller, origin=Origin("req", operation="op-1")))
    wanted = [ResetPassword(who, notify=True) for who in ("amal", "omar")]
    assert [type(one) for _ in range(2) for one in directory.execute(wanted)] == [Changed] * 4
    assert [event[1] for event in house.events() if event[0] == "password.reset"] == ["changed"] * 2 + ["repeated"] * 2
    with house.parts.store.reading() as view:
        assert sorted(mail.login for mail in view.outbox.list(1)) == ["amal", "omar"]
    [other] = directory.execute([ResetPassword("amal", GOOD)])
    assert reason(other) is Reason.OPERATION_REUSED
