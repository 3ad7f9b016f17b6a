"""The contract of every store: what belongs together is kept together."""

import threading
from contextlib import suppress

import pytest

from keyturn.core.audit import GENESIS, Checkpoint, link
from keyturn.core.errors import Conflict, StoreError
from keyturn.core.storage import Store
from tests.support.stores import NOON, credential, event, mail, new_user, with_tenants


class Interrupted(Exception):
    """Something went wrong in the middle."""


def test_what_raises_in_the_middle_leaves_nothing(store: Store) -> None:
    def interrupted() -> None:
        with with_tenants(store, 1).writing() as transaction:
            transaction.users.insert([new_user("amal", uid="u1")])
            transaction.credentials.replace([credential("u1")], "root")
            transaction.outbox.put([mail("m1")])
            transaction.audit.append([event()])
            raise Interrupted

    with pytest.raises(Interrupted):
        interrupted()
    with store.reading() as view:
        assert view.users.by_uid(["u1"]) == {}
        assert view.outbox.counts() == {}
        assert view.audit.last() is None


def test_a_savepoint_is_undone_alone(store: Store) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user("amal", uid="u1")])
        with suppress(Conflict), transaction.savepoint():
            transaction.audit.append([event()])
            transaction.users.insert([new_user("ben", uid="u2"), new_user("amal")])
            raise AssertionError("amal is taken")
        with transaction.savepoint():
            transaction.audit.append([event("user.create")])
    with store.reading() as view:
        assert list(view.users.by_uid(["u1", "u2"])) == ["u1"]
        assert [entry.event.verb for entry in view.audit.entries(0, 10)] == ["user.create"]


def test_two_writers_at_once_leave_both_audit_rows(store: Store) -> None:
    """The store serialises writers; nobody's history is lost."""
    start = threading.Barrier(4)

    def write(verb: str) -> None:
        start.wait()
        for _ in range(5):
            with store.writing() as transaction:
                transaction.audit.append([event(verb), event(verb)])

    threads = [threading.Thread(target=write, args=(f"verb{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as view:
        entries = view.audit.entries(0, 1000)
    assert len(entries) == 40
    assert {entry.event.verb for entry in entries} == {"verb0", "verb1", "verb2", "verb3"}


def test_a_reader_sees_one_moment_while_others_write(store: Store) -> None:
    with with_tenants(store, 1).writing() as transaction:
        transaction.audit.append([event()])
    with store.reading() as view:
        assert len(view.audit.entries(0, 10)) == 1
        with store.writing() as transaction:
            transaction.audit.append([event()])
        assert len(view.audit.entries(0, 10)) == 1
    with store.reading() as view:
        assert len(view.audit.entries(0, 10)) == 2


def test_the_audit_is_one_unbroken_chain(store: Store) -> None:
    for count in (1, 3, 0, 2):
        with store.writing() as transaction:
            transaction.audit.append([event(who=f"user{number}") for number in range(count)])
    with store.reading() as view:
        entries, last = view.audit.entries(0, 100), view.audit.last()
    previous = GENESIS
    for number, entry in enumerate(entries, 1):
        assert (entry.sequence, entry.previous) == (number, previous)
        assert entry.hash == link(previous, 0, number, entry.event)
        previous = entry.hash
    assert len(entries) == 6
    assert last == entries[-1]


@pytest.mark.parametrize("who", ["a\0b", "\ud800x", "back\\slash\\u0000", "müller", "\U0001f600"])
def test_the_audit_holds_whatever_a_caller_wrote(store: Store, who: str) -> None:
    """A refusal of an id that no database can hold is still on record, letter by letter."""
    with store.writing() as transaction:
        transaction.audit.append([event(who=who)])
    with store.reading() as view:
        [entry] = view.audit.entries(0, 1)
    assert entry.event == event(who=who)
    assert entry.hash == link(GENESIS, 0, 1, entry.event)


def test_the_audit_is_read_in_pieces_by_tenant_and_by_verb(store: Store) -> None:
    with store.writing() as transaction:
        transaction.audit.append([event("a", tenant=1), event("b", tenant=2), event("a", tenant=2), event("b")])
    with store.reading() as view:
        assert [entry.sequence for entry in view.audit.entries(1, 2)] == [2, 3]
        assert [entry.sequence for entry in view.audit.entries(0, 9, tenant=2)] == [2, 3]
        assert [entry.sequence for entry in view.audit.entries(0, 9, tenant=1, verb="b")] == [4]


def test_checkpoints_come_back_in_order(store: Store) -> None:
    points = [Checkpoint(0, number, "h", NOON, "key", "signature") for number in (3, 12)]
    with store.writing() as transaction:
        transaction.audit.put_checkpoint(points[1])
        transaction.audit.put_checkpoint(points[0])
    with store.reading() as view:
        assert view.audit.checkpoints() == points


def test_a_value_that_no_database_can_hold_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError), with_tenants(store, 1).writing() as transaction:
        transaction.users.insert([new_user("\ud800")])
