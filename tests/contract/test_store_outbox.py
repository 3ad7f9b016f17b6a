"""The contract of every store: the outbox, named operations and tenants."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyturn.core.errors import Conflict
from keyturn.core.storage import Application, Done, Store, Tenant
from tests.support.stores import NOON, mail, with_tenants

MINUTES = timedelta(minutes=1)


def done(id: str, *, hours: int = 0) -> Done:
    return Done(id, "fingerprint", "changed", "u1", "mailed", NOON + timedelta(hours=hours), "derive-1")


def states(store: Store) -> dict[str, str]:
    with store.reading() as view:
        return {one.id: one.state for one in view.outbox.list(1)}


def test_a_mail_comes_back_as_it_was_put(store: Store) -> None:
    sealed = replace(mail("m1", template="value"), sealed=b"\x00\xff")
    with store.writing() as transaction:
        transaction.outbox.put([sealed, mail("m2", "u2")])
        transaction.outbox.put([])
        assert list(transaction.outbox.list(1)) == [mail("m2", "u2"), sealed]
        assert list(transaction.outbox.list(1, uid="u1")) == [sealed]
        assert list(transaction.outbox.list(1, state="sent")) == []
        assert list(transaction.outbox.list(1, count=1)) == [mail("m2", "u2")]
        assert list(transaction.outbox.list(2)) == []


def test_the_same_mail_again_is_still_one_mail(store: Store) -> None:
    """Its id follows from its operation, so a repeat has nothing to add."""
    with store.writing() as transaction:
        transaction.outbox.put([mail("m1"), mail("m1")])
        transaction.outbox.put([mail("m1")])
    assert states(store) == {"m1": "waiting"}


def test_a_newer_secret_cancels_the_older_one_and_leaves_notices(store: Store) -> None:
    with store.writing() as transaction:
        transaction.outbox.put([mail("secret"), mail("notice", template="notice"), mail("other", "u2")])
        transaction.outbox.put([mail("another notice", template="notice")])
        transaction.outbox.put([mail("link", template="link")])
        transaction.outbox.put([replace(mail("value", template="value"), sealed=b"x")])
        transaction.outbox.put([mail("newest")])
        assert transaction.outbox.list(1, state="cancelled")[0].sealed is None
    assert states(store) == {
        "secret": "cancelled", "link": "cancelled", "value": "cancelled", "newest": "waiting",
        "notice": "waiting", "another notice": "waiting", "other": "waiting",
    }  # fmt: skip


def test_cancel_stops_all_that_waits_for_a_user(store: Store) -> None:
    with store.writing() as transaction:
        transaction.outbox.put([mail("m1"), mail("m2", template="notice"), mail("m3", "u2")])
        transaction.outbox.cancel(["u1"])
    assert states(store) == {"m1": "cancelled", "m2": "cancelled", "m3": "waiting"}


def test_due_mails_are_taken_oldest_first_and_by_one_courier_only(store: Store) -> None:
    with store.writing() as transaction:
        transaction.outbox.put([mail("m1"), mail("m2", "u2"), mail("m3", "u3"), mail("later", at=NOON + MINUTES)])
        taken = transaction.outbox.take(NOON, 2)
        assert [one.id for one in taken] == ["m1", "m2"]
        assert {one.state for one in taken} == {"sending"}
    with store.writing() as transaction:
        assert [one.id for one in transaction.outbox.take(NOON, 10)] == ["m3"]
        assert list(transaction.outbox.take(NOON, 10)) == []


def test_a_courier_that_died_gives_its_mail_back_after_ten_minutes(store: Store) -> None:
    with store.writing() as transaction:
        transaction.outbox.put([mail("m1")])
        transaction.outbox.take(NOON, 1)
        assert list(transaction.outbox.take(NOON + 9 * MINUTES, 1)) == []
        assert [one.id for one in transaction.outbox.take(NOON + 10 * MINUTES, 1)] == ["m1"]


def test_settled_mails_are_counted_and_forget_what_was_sealed(store: Store) -> None:
    with store.writing() as transaction:
        transaction.outbox.put([replace(mail("m1", template="value"), sealed=b"x"), mail("m2", "u2")])
        transaction.outbox.take(NOON, 2)
        transaction.outbox.settle("m1", "waiting", error="busy", not_before=NOON + MINUTES)
        [again] = transaction.outbox.take(NOON + MINUTES, 1)
        assert (again.id, again.attempts, again.error, again.sealed) == ("m1", 1, "busy", b"x")
        transaction.outbox.settle("m1", "sent")
        transaction.outbox.settle("m2", "failed", error="no such mailbox")
        assert transaction.outbox.counts() == {"sent": 1, "failed": 1}
        [sent] = transaction.outbox.list(1, state="sent")
        assert (sent.attempts, sent.sealed, sent.error) == (2, None, "")


def test_a_mail_cancelled_while_it_is_sent_is_not_sent_again(store: Store) -> None:
    """Never two different secrets: a newer reset ends the retries of the older one."""
    with store.writing() as transaction:
        transaction.outbox.put([mail("m1")])
        transaction.outbox.take(NOON, 1)
        transaction.outbox.put([mail("m2")])
        transaction.outbox.settle("m1", "waiting")
    assert states(store) == {"m1": "cancelled", "m2": "waiting"}


def test_a_mail_sent_before_its_cancelling_was_heard_of_counts_as_sent(store: Store) -> None:
    with store.writing() as transaction:
        transaction.outbox.put([mail("m1")])
        transaction.outbox.take(NOON, 1)
        transaction.outbox.cancel(["u1"])
        transaction.outbox.settle("m1", "sent")
    assert states(store) == {"m1": "sent"}


def test_a_courier_that_starts_takes_early_only_what_was_tried_before(store: Store) -> None:
    """What was never tried waits for a reason: a limit, or an address that is too new."""
    with store.writing() as transaction:
        transaction.outbox.put([mail("new", at=NOON + MINUTES), mail("tried", "u2"), mail("left", "u3")])
        transaction.outbox.take(NOON, 2)
        transaction.outbox.settle("tried", "waiting", not_before=NOON + 2 * MINUTES)
        early = transaction.outbox.take(NOON, 10, ahead=11 * MINUTES)
        assert sorted(one.id for one in early) == ["left", "tried"]
        assert {one.not_before for one in early} == {NOON + 10 * MINUTES}


def test_a_mail_that_is_held_was_not_tried_and_older_notices_make_way(store: Store) -> None:
    with store.writing() as transaction:
        notices = [mail(name, template="notice") for name in ("n1", "n2", "n3")]
        transaction.outbox.put([*notices, replace(mail("other", template="notice"), recipient="b@example.org")])
        transaction.outbox.put([mail("secret")])
        one, two, three, _, secret = transaction.outbox.take(NOON, 10)
        for held in (one, two, three, secret):
            transaction.outbox.hold(held, NOON + MINUTES, "too many")
    assert states(store) == {
        "n1": "cancelled", "n2": "cancelled", "n3": "waiting", "other": "sending", "secret": "waiting",
    }  # fmt: skip
    with store.writing() as transaction:
        [again, _] = transaction.outbox.take(NOON + MINUTES, 10)
        assert (again.id, again.attempts, again.error) == ("n3", 0, "too many")
        transaction.outbox.cancel(["u1"])
        transaction.outbox.hold(again, NOON + 2 * MINUTES, "too many")
    assert states(store)["n3"] == "cancelled", "what was cancelled meanwhile does not wait again"


def test_what_was_sent_lately_is_known_by_user_and_address(store: Store) -> None:
    with store.writing() as transaction:
        transaction.outbox.put([mail("m1"), mail("m2", "u2"), mail("m3", "u3"), mail("m4", "u4")])
        transaction.outbox.take(NOON, 10)
        for number, name in enumerate(("m1", "m2", "m3")):
            transaction.outbox.settle(name, "sent", at=NOON + number * MINUTES)
        transaction.outbox.settle("m4", "failed", at=NOON + MINUTES)
        found = transaction.outbox.lately(["u1", "u2", "u4"], NOON - MINUTES)
        assert list(found) == [
            ("u1", "u1@example.com", "secret", NOON),
            ("u2", "u2@example.com", "secret", NOON + MINUTES),
        ]
        assert list(transaction.outbox.lately(["u1", "u2"], NOON)) == [
            ("u2", "u2@example.com", "secret", NOON + MINUTES)
        ]
        assert transaction.outbox.list(1, uid="u2")[0].settled == NOON + MINUTES


def test_a_mail_is_found_by_the_beginning_of_its_id_sent_again_and_cancelled(store: Store) -> None:
    with store.writing() as transaction:
        transaction.outbox.put([mail("aa1"), mail("aa2", "u2"), mail("b", "u3", at=NOON + MINUTES)])
        assert [one.id for one in transaction.outbox.find(1, "b")] == ["b"]
        assert len(transaction.outbox.find(1, "aa")) == 2
        assert list(transaction.outbox.find(2, "b")) == []
        assert transaction.outbox.again("b", NOON)
        transaction.outbox.settle("aa1", "failed", error="gone", at=NOON)
        assert transaction.outbox.again("aa1", NOON)
        assert {one.id for one in transaction.outbox.take(NOON, 10)} == {"aa1", "aa2", "b"}
        assert not transaction.outbox.again("aa1", NOON), "it is being sent"
        assert transaction.outbox.drop("aa1", "by hand")
        assert not transaction.outbox.drop("aa1", "by hand")
        assert not transaction.outbox.again("aa1", NOON)
        assert transaction.outbox.find(1, "aa1")[0].error == "by hand"


def test_changes_of_addresses_are_noted_settled_and_forgotten_in_time(store: Store) -> None:
    with store.writing() as transaction:
        transaction.outbox.move({"u1": NOON, "u2": NOON + MINUTES, "u3": None})
        assert transaction.outbox.moved(["u1", "u2", "u3"]) == {"u1": NOON, "u2": NOON + MINUTES}
        transaction.outbox.move({"u1": NOON + MINUTES, "u2": None})
        assert transaction.outbox.moved(["u1", "u2"]) == {"u1": NOON + MINUTES}
        transaction.outbox.move({"u4": NOON + timedelta(days=8)})
        assert transaction.outbox.moved(["u1", "u4"]) == {"u4": NOON + timedelta(days=8)}
        assert transaction.outbox.moved([]) == {}


def test_the_notice_of_a_changed_address_is_not_cancelled_with_the_rest(store: Store) -> None:
    with store.writing() as transaction:
        transaction.outbox.put([mail("m1"), mail("m2", template="notice"), mail("m3", template="address")])
        transaction.outbox.cancel(["u1"])
    assert states(store) == {"m1": "cancelled", "m2": "cancelled", "m3": "waiting"}


def test_operations_are_remembered_for_a_day(store: Store) -> None:
    with store.writing() as transaction:
        transaction.operations.put([done("a"), done("b", hours=1)])
        transaction.operations.put([])
        assert transaction.operations.find(["a", "c"], NOON) == {"a": done("a")}
        assert transaction.operations.find(["a", "b"], NOON + timedelta(hours=24)) == {"b": done("b", hours=1)}
        transaction.operations.put([done("c", hours=24)])
        transaction.operations.put([done("a", hours=24)])
    with pytest.raises(Conflict), store.writing() as transaction:
        transaction.operations.put([done("b", hours=2)])


def test_tenants_are_put_and_replaced(store: Store) -> None:
    first, second = Tenant(1, "default", "g1", {"profile": "nist"}), Tenant(2, "zwei", "g2", {})
    with store.writing() as transaction:
        transaction.tenants.put(second)
        transaction.tenants.put(first)
        assert list(transaction.tenants.all()) == [first, second]
        renamed = replace(second, name="two", settings={"mail": "link"})
        transaction.tenants.put(renamed)
        assert list(transaction.tenants.all()) == [first, renamed]
    with pytest.raises(Conflict), store.writing() as transaction:
        transaction.tenants.put(Tenant(3, "two", "g3", {}))


def test_a_workspace_is_bare_until_it_has_an_application(store: Store) -> None:
    bare, iot = Application("main", ""), Application("main", "iot", ready=False)
    with with_tenants(store, 1, 2).writing() as transaction:
        transaction.tenants.put_application(1, bare)
        transaction.tenants.put_application(1, bare)
        assert list(transaction.tenants.applications(1)) == [bare]
        transaction.tenants.put_application(1, iot)
        assert list(transaction.tenants.applications(1)) == [iot]
        transaction.tenants.put_application(1, replace(iot, ready=True))
        assert list(transaction.tenants.applications(1)) == [Application("main", "iot")]
        assert list(transaction.tenants.applications(2)) == []
