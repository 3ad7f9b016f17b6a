"""The contract of every store: passwords, sessions, links and keys."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core.credentials import Link, Source
from keyturn.core.errors import StoreError
from keyturn.core.storage import Store, UserChange
from keyturn.core.users import Right, Stamp, Status
from tests.support.stores import NOON, credential, key, new_user, session, with_tenants

LATER = Stamp("boss", NOON + timedelta(hours=1))


def with_user(store: Store) -> Store:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user("amal", uid="u1"), new_user("ben", uid="u2")])
    return store


def link(digest: str, uid: str = "u1") -> Link:
    return Link(digest, uid, "operation", NOON + timedelta(hours=24))


def test_a_credential_comes_back_as_it_was_put(store: Store) -> None:
    chosen = credential("u2", source=Source.CHOSEN)
    with with_user(store).writing() as transaction:
        transaction.credentials.replace([credential("u1"), chosen], "root")
        transaction.credentials.replace([], "root")
        found = transaction.users.by_uid(["u1", "u2"])
    assert found["u1"].credential == credential("u1")
    assert found["u2"].credential == chosen


def test_a_new_credential_takes_the_place_of_the_old_and_ends_every_way_in(store: Store) -> None:
    with with_user(store).writing() as transaction:
        transaction.users.count_failure("u1", NOON)
        transaction.users.wait("u1", NOON)
        transaction.links.put([link("d1"), link("d2", "u2")])
        transaction.sessions.start(session("u1", id="s1"))
        transaction.sessions.start(session("u2", id="s2"))
        transaction.credentials.replace([credential("u1", "$old")], "root")
        transaction.credentials.replace([credential("u1", "$new")], "boss")
        one = transaction.users.by_uid(["u1"])["u1"]
        user = transaction.users.get_many(1, ["u1"])["u1"]
        assert one.credential == credential("u1", "$new")
        assert (one.epoch, one.version, one.failures, one.wait_until) == (3, 3, 0, None)
        assert user.updated == Stamp("boss", NOON)
        assert transaction.sessions.find("s1") is None
        assert transaction.sessions.find("s2") is not None
        assert transaction.links.find("d1") is None
        assert transaction.links.find("d2") is not None


def test_one_set_may_hold_different_moments_and_the_last_of_one_user_counts(store: Store) -> None:
    late = replace(credential("u1", "$late"), changed=LATER.at)
    with with_user(store).writing() as transaction:
        transaction.credentials.replace([credential("u1"), late, credential("u2")], "root")
        users = transaction.users.get_many(1, ["u1", "u2"])
        assert transaction.users.by_uid(["u1"])["u1"].credential == late
    assert [users[uid].updated.at for uid in ("u1", "u2")] == [LATER.at, NOON]
    assert users["u1"].version == 2


def test_a_credential_for_nobody_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError), with_user(store).writing() as transaction:
        transaction.credentials.replace([credential("nobody")], "root")


def test_a_renewed_verifier_revokes_nothing(store: Store) -> None:
    with with_user(store).writing() as transaction:
        transaction.credentials.replace([credential("u1", source=Source.CHOSEN)], "root")
        before = transaction.users.by_uid(["u1"])["u1"]
        transaction.credentials.renew("u1", "$better", "pepper-2")
        after = transaction.users.by_uid(["u1"])["u1"]
    assert before.credential is not None
    assert after == replace(before, credential=replace(before.credential, verifier="$better", pepper_id="pepper-2"))


def test_a_one_time_secret_is_spent_once(store: Store) -> None:
    with with_user(store).writing() as transaction:
        transaction.credentials.replace([credential("u1", "$one-time")], "root")
        assert transaction.credentials.spend("u1", "$another", LATER.at) is False
        assert transaction.credentials.spend("u1", "$one-time", LATER.at) is True
        assert transaction.credentials.spend("u1", "$one-time", LATER.at) is False
        spent = transaction.users.by_uid(["u1"])["u1"].credential
        assert spent is not None
        assert spent.expired(LATER.at)


def test_a_chosen_password_is_not_spent(store: Store) -> None:
    with with_user(store).writing() as transaction:
        transaction.credentials.replace([credential("u1", "$chosen", source=Source.CHOSEN)], "root")
        assert transaction.credentials.spend("u1", "$chosen", NOON) is False


@pytest.mark.parametrize(
    "change",
    [
        UserChange("u1", LATER, revoke=True),
        UserChange("u1", LATER, status=Status.LOCKED),
        UserChange("u1", LATER, status=Status.DISABLED),
        UserChange("u1", LATER, deleted=True),
    ],
    ids=["revoked", "locked", "disabled", "deleted"],
)
def test_a_session_dies_with_what_its_owner_was(store: Store, change: UserChange) -> None:
    with with_user(store).writing() as transaction:
        transaction.sessions.start(session("u1"))
        assert transaction.sessions.find("s1") == session("u1")
        transaction.users.update([change])
        assert transaction.sessions.find("s1") is None


@pytest.mark.parametrize("change", ["epoch", "active", "removed"])
def test_a_session_of_a_key_dies_with_what_the_key_was(store: Store, change: str) -> None:
    with with_user(store).writing() as transaction:
        transaction.keys.put(key("k1"))
        transaction.sessions.start(session("k1", kind="key"))
        assert transaction.sessions.find("s1") == session("k1", kind="key")
        if change == "epoch":
            transaction.keys.put(replace(key("k1"), epoch=2))
        elif change == "active":
            transaction.keys.put(replace(key("k1"), active=False))
        else:
            transaction.keys.remove("k1")
        assert transaction.sessions.find("s1") is None


def test_an_ended_session_is_gone_and_old_ones_are_swept_away(store: Store) -> None:
    with with_user(store).writing() as transaction:
        old = session("u1", id="old")
        for name in ("a", "b"):
            transaction.sessions.start(session("u1", id=name))
        transaction.sessions.start(old)
        transaction.sessions.end(["a", "missing"])
        assert transaction.sessions.find("a") is None
        assert transaction.sessions.find("b") is not None
        week = timedelta(days=7)
        transaction.sessions.start(replace(old, id="new", started=NOON + week, expires=NOON + week))
        assert transaction.sessions.find("old") is None


def test_a_session_id_of_a_user_and_of_a_key_are_not_mixed_up(store: Store) -> None:
    """A key whose id is a user's uid lends its life to no session of that user."""
    with with_user(store).writing() as transaction:
        transaction.keys.put(key("u1"))
        transaction.sessions.start(session("u1"))
        transaction.users.update([UserChange("u1", LATER, status=Status.LOCKED)])
        assert transaction.sessions.find("s1") is None


def test_a_new_link_ends_the_older_ones(store: Store) -> None:
    with with_user(store).writing() as transaction:
        transaction.links.put([link("d1"), link("e1", "u2")])
        transaction.links.put([link("d2")])
        transaction.links.put([])
        assert transaction.links.find("d1") is None
        assert transaction.links.find("d2") == link("d2")
        assert transaction.links.find("e1") == link("e1", "u2")


def test_keys_are_listed_by_age_and_tenant(store: Store) -> None:
    young, old, foreign = key("young"), key("old", at=NOON - timedelta(days=1)), key("foreign", tenant=2)
    with store.writing() as transaction:
        for one in (young, old, foreign):
            transaction.keys.put(one)
        assert list(transaction.keys.list(1)) == [old, young]
        assert transaction.keys.find("foreign") == foreign
        assert transaction.keys.find("missing") is None
        changed = replace(
            young, active=False, rights=frozenset({Right.AUDIT}), version=2, updated=LATER, expires=LATER.at
        )
        transaction.keys.put(changed)
        assert transaction.keys.find("young") == changed
        transaction.keys.remove("young")
        assert transaction.keys.find("young") is None
