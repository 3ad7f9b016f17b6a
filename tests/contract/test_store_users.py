"""The contract of every store: users."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from keyturn.core.errors import Conflict, StoreError
from keyturn.core.storage import Store, Subject, UserChange
from keyturn.core.users import USER_RIGHTS, Address, Contact, Grant, Handle, Profile, Right, Stamp, Status, Window
from tests.support.stores import NOON, administrator, credential, new_user, with_tenants

LATER = Stamp("boss", NOON + timedelta(hours=1))
STRANGE = ("007", "7", "1E5", "100000", "12345678901234567890", "1.10", "x%41y", "a#b", "a?b", "müller", "john doe")


def subject(store: Store, who: str, by: Handle = Handle.KEY, tenant: int = 1) -> Subject | None:
    with store.reading() as view:
        return view.users.subjects(tenant, [who], by).get(who)


def test_a_user_is_found_by_each_of_its_names(store: Store) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user("amal", login="amal@x", mail="a@example.com", uid="u1")])
    for who, by in (("amal", Handle.KEY), ("amal@x", Handle.LOGIN), ("u1", Handle.UID), ("1", Handle.NUMBER)):
        found = subject(store, who, by)
        assert found is not None
        assert (found.uid, found.key, found.login, found.mail) == ("u1", "amal", "amal@x", "a@example.com")


def test_ids_that_look_like_numbers_stay_the_text_they_are(store: Store) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user(who) for who in STRANGE])
    with store.reading() as view:
        found = view.users.subjects(1, STRANGE, Handle.KEY)
        assert {who: one.key for who, one in found.items()} == {who: who for who in STRANGE}
        assert list(view.users.subjects(1, ["07", "1e5", "100000.0"], Handle.KEY)) == []


def test_two_spellings_of_one_letter_are_two_ids(store: Store) -> None:
    """NFC and NFD of the same name are different texts, and so different users."""
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user("m\u00fcller"), new_user("mu\u0308ller")])
    one, other = subject(store, "m\u00fcller"), subject(store, "mu\u0308ller")
    assert one is not None
    assert other is not None
    assert one.uid != other.uid


@pytest.mark.parametrize("who", ["01", "+1", " 1", "1.0", "one", "", "-1", "\u0661", "9223372036854775808", "9" * 30])
def test_what_is_no_number_finds_nobody_by_number(store: Store, who: str) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user("amal")])
    assert subject(store, who, Handle.NUMBER) is None


@pytest.mark.parametrize("who", ["a\0b", "\ud800", "a"])
def test_what_no_database_can_hold_finds_nobody(store: Store, who: str) -> None:
    assert subject(with_tenants(store, 1), who) is None
    with store.reading() as view:
        assert view.users.get(1, who, Handle.KEY) is None
        assert view.users.logins(who) == []
        assert view.users.taken(1, [who], [who], [who]) == {}
        assert view.users.page(1, Window(search=who)).users == ()
        assert view.sessions.find(who) is None
        assert view.keys.find(who) is None


def test_another_tenant_never_sees_a_user(store: Store) -> None:
    with with_tenants(store, 1, 2).writing() as transaction:
        transaction.users.insert([new_user("amal", uid="u1", mail="a@example.com")])
    for who, by in (("amal", Handle.KEY), ("amal", Handle.LOGIN), ("u1", Handle.UID), ("1", Handle.NUMBER)):
        assert subject(store, who, by, tenant=2) is None
        with store.reading() as view:
            assert view.users.get(2, who, by) is None
    with store.reading() as view:
        assert view.users.get_many(2, ["u1"]) == {}
        assert view.users.page(2, Window()).users == ()
        assert view.users.taken(2, ["amal"], ["amal"], ["a@example.com"]) == {}
        assert view.users.administrators(2) == 0


def test_the_same_names_may_be_held_in_two_tenants(store: Store) -> None:
    with with_tenants(store, 1, 2).writing() as transaction:
        transaction.users.insert([new_user("amal", tenant=2), new_user("amal", tenant=1)])
    with store.reading() as view:
        assert [one.tenant for one in view.users.logins("amal")] == [1, 2]


@pytest.mark.parametrize(
    "clash",
    [new_user("amal", login="other"), new_user("other", login="amal"), new_user("other", uid="u1")],
    ids=["key", "login", "uid"],
)
def test_a_taken_name_is_a_conflict_and_nothing_is_added(store: Store, clash: object) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user("amal", uid="u1")])
    with pytest.raises(Conflict), store.writing() as transaction:
        transaction.users.insert([new_user("ben"), clash])  # type: ignore[list-item]  # a NewUser
    assert subject(store, "ben") is None


def test_numbers_are_unique_over_the_server_and_never_used_again(store: Store) -> None:
    with with_tenants(store, 1, 2).writing() as transaction:
        transaction.users.insert([new_user("a", uid="a"), new_user("b", tenant=2, uid="b"), new_user("c", uid="c")])
        transaction.users.update([UserChange("c", LATER, deleted=True)])
        transaction.users.insert([new_user("d", uid="d")])
        transaction.users.insert([])
        found = transaction.users.by_uid(["a", "b", "d"])
    assert {uid: one.number for uid, one in found.items()} == {"a": 1, "b": 2, "d": 4}


def test_a_whole_user_comes_back_as_it_was_put(store: Store) -> None:
    profile = Profile(
        display_name="Ämal \U0001f600",
        given_name="Ämal",
        emails=(Contact("A@example.com", "Home"), Contact("b@example.com", "work", True)),
        phones=(Contact("+49 0171"),),
        addresses=(Address(postal_code="01099", country="DE", primary=True),),
        owner="",
        extension={"a": [1, None, {"b": "c"}]},
        more={"type": "x"},
    )
    new = replace(administrator("amal"), profile=profile, uid="u1")
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new])
        transaction.tenants.grant("u1", Grant("main", "manage", "viewer", NOON))
        transaction.tenants.grant("u1", Grant("main", "manage", "admin", NOON))
        transaction.tenants.grant("u1", Grant("main", "", "member", NOON))
    with store.reading() as view:
        user = view.users.get(1, "amal", Handle.KEY)
        assert user is not None
        assert view.users.get_many(1, ["u1", "u2"]) == {"u1": user}
    assert user.profile == profile
    assert (user.rights, user.added, user.updated) == (USER_RIGHTS, new.added, new.added)
    assert user.grants == (Grant("main", "", "member", NOON), Grant("main", "manage", "admin", NOON))
    assert (user.has_password, user.must_change, user.password_changed) == (False, False, None)


def test_a_role_for_nobody_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError), with_tenants(store, 1).writing() as transaction:
        transaction.tenants.grant("nobody", Grant("main", "", "member", NOON))


def test_a_user_with_a_password_shows_it(store: Store) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user("amal", uid="u1")])
        transaction.credentials.replace([credential("u1")], "root")
        user = transaction.users.get_many(1, ["u1"])["u1"]
    assert (user.has_password, user.must_change, user.password_changed) == (True, True, NOON)


def test_moments_survive_whatever_their_time_zone(store: Store) -> None:
    there = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([replace(new_user("amal", uid="u1"), added=Stamp("root", there))])
        transaction.users.wait("u1", there)
        user = transaction.users.get_many(1, ["u1"])["u1"]
        assert transaction.users.by_uid(["u1"])["u1"].wait_until == NOON
    assert user.added.at == NOON
    assert user.added.at.utcoffset() == timedelta(0)


def test_a_moment_without_a_time_zone_is_not_taken(store: Store) -> None:
    with pytest.raises(TypeError), with_tenants(store, 1).writing() as transaction:
        transaction.users.count_failure("u1", datetime(2026, 1, 1))  # noqa: DTZ001  # that is the point


def test_a_page_is_in_order_of_number_and_tells_the_total(store: Store) -> None:
    with with_tenants(store, 1, 2).writing() as transaction:
        transaction.users.insert([new_user(f"user{9 - n}", uid=f"u{n}") for n in range(5)])
        transaction.users.insert([new_user("other", tenant=2)])
        transaction.users.update([UserChange("u1", LATER, deleted=True)])
    with store.reading() as view:
        page = view.users.page(1, Window(start=1, count=2))
    assert ([user.uid for user in page.users], page.total) == (["u2", "u3"], 4)


@pytest.mark.parametrize("search", ["AMAL", "amal@", "of Am", "Ämal-Login", "%", "a_c"])
def test_a_search_looks_for_a_piece_of_every_name(store: Store, search: str) -> None:
    user = new_user("am%al", login="ämal-login", mail="AMAL@example.com")
    named = replace(user, profile=replace(user.profile, display_name="Name of Amal a_c"))
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([named, new_user("abc")])
    with store.reading() as view:
        assert [one.key for one in view.users.page(1, Window(search=search)).users] == ["am%al"]


def test_what_is_taken_is_told_by_the_value_itself(store: Store) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert(
            [new_user("live", login="l1", mail="Live@Example.com"), new_user("gone", login="l2", mail="g@x", uid="g")]
        )
        transaction.users.update([UserChange("g", LATER, deleted=True)])
        transaction.users.insert([new_user("heir", login="l3", mail="G@x")])
        held = transaction.users.taken(
            1, ["live", "gone", "free"], ["l1", "l2", "free"], ["live@example.COM", "LIVE@example.com", "g@X", "n@x"]
        )
    assert held == {
        "live": "live", "gone": "deleted", "l1": "live", "l2": "deleted",
        "live@example.COM": "live", "LIVE@example.com": "live", "g@X": "live",
    }  # fmt: skip


def test_a_name_held_twice_counts_as_live_when_one_holder_is(store: Store) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user("x", login="y", uid="1"), new_user("y", login="z", uid="2")])
        transaction.users.update([UserChange("2", LATER, deleted=True)])
        assert transaction.users.taken(1, ["y"], ["y"], []) == {"y": "live"}
        transaction.users.update([UserChange("1", LATER, deleted=True)])
        assert transaction.users.taken(1, ["y"], ["y"], []) == {"y": "deleted"}


def test_administrators_are_the_active_ones_only(store: Store) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([replace(administrator(name), uid=name) for name in ("a", "b", "c")])
        transaction.users.insert([new_user("d")])
        assert transaction.users.administrators(1) == 3
        transaction.users.update([UserChange("a", LATER, status=Status.LOCKED), UserChange("b", LATER, deleted=True)])
        assert transaction.users.administrators(1) == 1


def test_a_change_changes_what_it_names_and_counts_the_version(store: Store) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user("amal", uid="u1", mail="old@x"), new_user("ben", uid="u2")])
        before = transaction.users.get_many(1, ["u1"])["u1"]
        profile = Profile(display_name="New", emails=(Contact("new@x"),))
        transaction.users.update(
            [UserChange("u1", LATER, login="l", profile=profile, status=Status.LOCKED, rights=frozenset({Right.AUDIT}))]
        )
        after = transaction.users.get_many(1, ["u1"])["u1"]
        assert after == replace(
            before, login="l", profile=profile, status=Status.LOCKED, rights=frozenset({Right.AUDIT}),
            updated=LATER, version=2,
        )  # fmt: skip
        assert transaction.users.taken(1, [], [], ["old@x", "new@x"]) == {"new@x": "live"}
        assert transaction.users.by_uid(["u1"])["u1"].mail == "new@x"
        assert [user.uid for user in transaction.users.page(1, Window(search="NEW")).users] == ["u1"]
        transaction.users.update([UserChange("u1", LATER, login="m")])
        assert [user.uid for user in transaction.users.page(1, Window(search="new@x")).users] == ["u1"]
        assert transaction.users.by_uid(["u1"])["u1"].epoch == 1


def test_a_change_to_a_taken_login_is_a_conflict(store: Store) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user("amal", uid="u1"), new_user("ben")])
    with pytest.raises(Conflict), store.writing() as transaction:
        transaction.users.update([UserChange("u1", LATER, login="ben")])


def test_a_change_of_nobody_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError), with_tenants(store, 1).writing() as transaction:
        transaction.users.update([UserChange("nobody", LATER)])


def test_a_deleted_user_is_not_found_and_keeps_its_names_but_no_password(store: Store) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user("amal", uid="u1")])
        transaction.credentials.replace([credential("u1")], "root")
        transaction.users.update([UserChange("u1", LATER, deleted=True, revoke=True)])
        assert transaction.users.by_uid(["u1"]) == {}
        assert transaction.users.logins("amal") == []
        assert transaction.users.get(1, "amal", Handle.KEY) is None
        assert transaction.users.taken(1, ["amal"], [], []) == {"amal": "deleted"}
    with pytest.raises(Conflict), store.writing() as transaction:
        transaction.users.insert([new_user("amal")])


def test_failures_are_counted_and_cleared(store: Store) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user("amal", uid="u1")])
        assert [transaction.users.count_failure("u1", NOON) for _ in range(3)] == [1, 2, 3]
        assert transaction.users.count_failure("nobody", NOON) == 0
        transaction.users.wait("u1", NOON)
        one = transaction.users.by_uid(["u1"])["u1"]
        assert (one.failures, one.wait_until) == (3, NOON)
        assert transaction.users.get_many(1, ["u1"])["u1"].last_failure == NOON
        transaction.users.wait("u1", None, clear=True)
        one = transaction.users.by_uid(["u1"])["u1"]
        assert (one.failures, one.wait_until) == (0, None)


def test_a_large_set_is_one_set(store: Store) -> None:
    whos = [f"user{number}" for number in range(2500)]
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user(who, uid=f"uid-{who}", mail=f"{who}@x") for who in whos])
        subjects = transaction.users.subjects(1, whos, Handle.KEY)
        assert len(subjects) == 2500
        uids = [one.uid for one in subjects.values()]
        transaction.credentials.replace([credential(uid) for uid in uids], "root")
        assert {one.epoch for one in transaction.users.by_uid(uids).values()} == {2}
        assert len(transaction.users.get_many(1, uids)) == 2500
        assert len(transaction.users.taken(1, whos, [], [f"{who}@X" for who in whos])) == 5000
