"""The contract of every store: lists that are narrowed and put in order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core import conditions
from keyturn.core.conditions import (
    Any,
    Compare,
    Condition,
    Field,
    Kept,
    Many,
    Not,
    Order,
    Part,
    Present,
    Some,
    Test,
)
from keyturn.core.errors import StoreError
from keyturn.core.membership import Tie
from keyturn.core.storage import NewUser, Store, UserChange
from keyturn.core.users import Address, Contact, Group, Profile, Stamp, Status, Window
from tests.support.stores import NOON, new_user, with_tenants

NICK = Kept(("scim", "nickName"))


def people() -> list[NewUser]:
    """Amal has everything, Ben little, Cem nothing; Dora is odd."""
    amal = Profile(
        display_name="Ämal Ünal", given_name="Amal", family_name="Unal", title="Dr",
        emails=(Contact("Amal@Work.example", "work", True), Contact("amal@home.example", "home")),
        phones=(Contact("+49 1", "mobile"),), addresses=(Address(locality="Graz", country="AT", kind="work"),),
        language="de", country="AT", timezone="Europe/Vienna", external_id="X-1",
        more={"scim": {"nickName": "Ami", "roles": ["bare", {"value": "Boss", "primary": True}], "odd": "text"}},
    )  # fmt: skip
    ben = Profile(title="mr %_\\'x", emails=(Contact("ben@home.example", "home"),), external_id="x-1")
    dora = Profile(title="ze\0ro", more={"scim": {"roles": "no list"}})
    made = [("amal", amal), ("Ben", ben), ("cem", Profile()), ("dora", dora)]
    return [
        replace(new_user(key, login=f"{key}@Login", uid=key), profile=profile, added=Stamp("x", NOON + timedelta(days)))
        for days, (key, profile) in enumerate(made)
    ]


@pytest.fixture
def peopled(store: Store) -> Store:
    """A store with them, and somebody of the same names elsewhere."""
    with with_tenants(store, 1, 2).writing() as transaction:
        transaction.users.insert(people())
        transaction.users.insert([replace(one, uid=f"other-{one.uid}", tenant=2) for one in people()])
        transaction.users.insert([new_user("gone", uid="gone")])
        transaction.users.update([UserChange("gone", Stamp("x", NOON), deleted=True)])
        transaction.users.update([UserChange("cem", Stamp("x", NOON + timedelta(9)), status=Status.DISABLED)])
        for uid, name, outer in (("g1", "Staff", ""), ("g2", "Board", "g1")):
            stamp = Stamp("x", NOON)
            transaction.groups.put(Group(uid, 1, name, frozenset(), (), stamp, stamp, external_id=f"E{uid}"))
            transaction.groups.tie([Tie(outer, uid, is_group=True)] if outer else [])
        transaction.groups.tie([Tie("g1", "amal", is_group=False), Tie("g2", "Ben", is_group=False)])
        transaction.groups.tie([Tie("g2", "gone", is_group=False)])
    return store


def found(store: Store, where: Condition | None, *order: Order) -> list[str]:
    with store.reading() as view:
        page = view.users.page(1, Window(where=where, order=order))
        rest = view.users.page(1, Window(start=1, count=1, where=where, order=order))
    uids = [user.uid for user in page.users]
    assert page.total == rest.total == len(uids)
    assert [user.uid for user in rest.users] == uids[1:2]
    return uids


EVERYBODY = ["amal", "Ben", "cem", "dora"]
CASES: Sequence[tuple[Condition, list[str]]] = [
    (Compare(Field.LOGIN, Test.EQUAL, "BEN@login"), ["Ben"]),
    (Compare(Field.LOGIN, Test.EQUAL, "BEN@login", exact=True), []),
    (Compare(Field.LOGIN, Test.EQUAL, "Ben@Login", exact=True), ["Ben"]),
    (Compare(Field.LOGIN, Test.UNEQUAL, "ben@login"), ["amal", "cem", "dora"]),
    (Compare(Field.LOGIN, Test.STARTS, "B"), ["Ben"]),
    (Compare(Field.LOGIN, Test.STARTS, ""), EVERYBODY),
    (Compare(Field.LOGIN, Test.STARTS, "amal@login and more"), []),
    (Compare(Field.KEY, Test.ENDS, "EN"), ["Ben"]),
    (Compare(Field.KEY, Test.ENDS, ""), EVERYBODY),
    (Compare(Field.KEY, Test.ENDS, "xamal"), []),
    (Compare(Field.KEY, Test.CONTAINS, "E"), ["Ben", "cem"]),
    (Compare(Field.KEY, Test.CONTAINS, ""), EVERYBODY),
    (Compare(Field.KEY, Test.LESS, "ben"), ["amal"]),
    (Compare(Field.KEY, Test.AT_MOST, "ben"), ["amal", "Ben"]),
    (Compare(Field.KEY, Test.MORE, "ben"), ["cem", "dora"]),
    (Compare(Field.KEY, Test.AT_LEAST, "ben"), ["Ben", "cem", "dora"]),
    (Compare(Field.TITLE, Test.CONTAINS, "%"), ["Ben"]),
    (Compare(Field.TITLE, Test.CONTAINS, ".*"), []),
    (Compare(Field.TITLE, Test.ENDS, "_\\'x"), ["Ben"]),
    (Compare(Field.TITLE, Test.EQUAL, "' OR 1=1 --"), []),
    (Compare(Field.TITLE, Test.UNEQUAL, "dr"), ["Ben", "cem", "dora"]),
    (Compare(Field.TITLE, Test.LESS, "zz"), ["amal", "Ben", "dora"]),
    (Compare(Field.TITLE, Test.EQUAL, "a\0b"), []),
    (Compare(Field.TITLE, Test.UNEQUAL, "\ud800"), EVERYBODY),
    (Compare(Field.DISPLAY_NAME, Test.STARTS, "Äm"), ["amal"]),
    (Compare(Field.EXTERNAL_ID, Test.EQUAL, "x-1", exact=True), ["Ben"]),
    (Compare(Field.MAIL, Test.EQUAL, "amal@work.example"), ["amal"]),
    (Compare(Field.STATUS, Test.EQUAL, "disabled"), ["cem"]),
    (Compare(Field.VERSION, Test.MORE, 1), ["cem"]),
    (Compare(Field.NUMBER, Test.EQUAL, 2), ["Ben"]),
    (Compare(Field.ADDED, Test.MORE, NOON), ["Ben", "cem", "dora"]),
    (Compare(Field.UPDATED, Test.AT_LEAST, NOON + timedelta(9)), ["cem"]),
    (Compare(Field.COUNTRY, Test.EQUAL, "at"), ["amal"]),
    (Compare(NICK, Test.EQUAL, "ami"), ["amal"]),
    (Present(NICK), ["amal"]),
    (Present(Field.TITLE), ["amal", "Ben", "dora"]),
    (Present(Field.ADDED), EVERYBODY),
    (Present(Many.EMAILS), ["amal", "Ben"]),
    (Present(Many.GROUPS), ["amal", "Ben"]),
    (Some(Many.EMAILS, Compare(Part.KIND, Test.EQUAL, "HOME")), ["amal", "Ben"]),
    (Some(Many.EMAILS, Compare(Part.PRIMARY, Test.EQUAL, True)), ["amal"]),
    (Some(Many.EMAILS, Compare(Part.PRIMARY, Test.UNEQUAL, True)), ["amal", "Ben"]),
    (Some(Many.PHONES, Compare(Part.VALUE, Test.STARTS, "+49")), ["amal"]),
    (Some(Many.ADDRESSES, Compare(Part.COUNTRY, Test.EQUAL, "AT")), ["amal"]),
    (Some(Many.GROUPS, Compare(Part.NAME, Test.EQUAL, "staff")), ["amal"]),
    (Some(Many.GROUPS, Compare(Part.UID, Test.EQUAL, "g2", exact=True)), ["Ben"]),
    (Some(Kept(("scim", "roles")), Compare(Kept(("value",)), Test.EQUAL, "boss")), ["amal"]),
    (Some(Kept(("scim", "roles")), Compare(Kept(("primary",)), Test.EQUAL, True)), ["amal"]),
    (conditions.All(()), EVERYBODY),
    (Any(()), []),
    (Not(Compare(Field.TITLE, Test.LESS, "zz")), ["cem"]),
    (Not(Some(Many.EMAILS, conditions.All(()))), ["cem", "dora"]),
    (Any((Compare(Field.KEY, Test.EQUAL, "cem"), Compare(Field.KEY, Test.EQUAL, "amal"))), ["amal", "cem"]),
]


@pytest.mark.parametrize(("where", "expected"), CASES, ids=[str(number) for number in range(len(CASES))])
def test_a_condition_finds_those_who_fulfil_it_and_counts_them(
    peopled: Store, where: Condition, expected: list[str]
) -> None:
    assert found(peopled, where) == expected


def test_two_conditions_on_one_element_are_about_the_same_element(peopled: Store) -> None:
    kind, value = Compare(Part.KIND, Test.EQUAL, "work"), Compare(Part.VALUE, Test.CONTAINS, "home")
    assert found(peopled, Some(Many.EMAILS, conditions.All((kind, value)))) == []
    assert found(peopled, conditions.All((Some(Many.EMAILS, kind), Some(Many.EMAILS, value)))) == ["amal"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order(Field.KEY, descending=True), ["dora", "cem", "Ben", "amal"]),
        (Order(Field.KEY), ["amal", "Ben", "cem", "dora"]),
        (Order(Field.TITLE), ["amal", "Ben", "dora", "cem"]),
        (Order(Field.TITLE, descending=True), ["cem", "dora", "Ben", "amal"]),
        (Order(Field.MAIL), ["amal", "Ben", "cem", "dora"]),
        (Order(Field.MAIL, descending=True), ["cem", "dora", "Ben", "amal"]),
        (Order(Field.UPDATED, descending=True), ["cem", "dora", "Ben", "amal"]),
        (Order(NICK, descending=True), ["Ben", "cem", "dora", "amal"]),
    ],
)
def test_a_list_comes_in_the_order_that_is_asked_for(peopled: Store, order: Order, expected: list[str]) -> None:
    assert found(peopled, None, order) == expected


def test_what_is_equal_in_the_first_order_is_put_in_the_second(peopled: Store) -> None:
    assert found(peopled, None, Order(Field.OWNER), Order(Field.KEY, descending=True)) == EVERYBODY[::-1]


@pytest.mark.parametrize("name", [Field.NAME, Part.VALUE])
def test_a_name_that_users_do_not_have_is_an_error_and_finds_nobody(peopled: Store, name: Field | Part) -> None:
    with pytest.raises(StoreError, match="have no"):
        found(peopled, Compare(name, Test.EQUAL, "x"))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Compare(Field.NAME, Test.EQUAL, "STAFF"), ["g1"]),
        (Compare(Field.EXTERNAL_ID, Test.EQUAL, "Eg2", exact=True), ["g2"]),
        (Some(Many.MEMBERS, Compare(Part.UID, Test.EQUAL, "g2")), ["g1"]),
        (Some(Many.MEMBERS, Compare(Part.NAME, Test.EQUAL, "ben@login")), ["g2"]),
        (Some(Many.MEMBERS, Compare(Part.UID, Test.EQUAL, "gone")), []),
        (Present(Many.MEMBERS), ["g1", "g2"]),
    ],
)
def test_groups_are_narrowed_by_name_and_by_live_members(peopled: Store, where: Condition, expected: list[str]) -> None:
    with peopled.reading() as view:
        page = view.groups.page(1, Window(where=where))
    assert ([group.uid for group in page.groups], page.total) == (expected, len(expected))


def test_groups_come_in_the_order_that_is_asked_for(peopled: Store) -> None:
    with peopled.reading() as view:
        page = view.groups.page(1, Window(order=(Order(Field.NAME),)))
    assert [group.name for group in page.groups] == ["Board", "Staff"]


def test_no_field_is_about_a_password() -> None:
    words = " ".join([*Field, *Many, *Part])
    assert not any(piece in words for piece in ("pass", "secret", "credential", "verifier", "must_change"))
