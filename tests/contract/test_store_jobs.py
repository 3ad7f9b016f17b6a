"""The contract of every store: results that are asked for later."""

from dataclasses import replace
from datetime import timedelta

from keyturn.core.jobs import LIFE, MOST, Job
from keyturn.core.storage import Store
from tests.support.stores import NOON

MINE = Job(1, "amal", '{"added": ["müller"]}', NOON)


def test_a_result_comes_back_under_its_number(store: Store) -> None:
    with store.writing() as transaction:
        one, two = transaction.jobs.put(MINE), transaction.jobs.put(replace(MINE, owner="bert"))
        assert one != two
    with store.reading() as view:
        assert view.jobs.find(one) == MINE
        assert view.jobs.find(two) == replace(MINE, owner="bert")
        assert [view.jobs.find(number) for number in (0, -1, two + 1, 2**63, 10**40)] == [None] * 5


def test_a_result_is_forgotten_after_a_day(store: Store) -> None:
    """When the next one comes, whoever's that is."""
    with store.writing() as transaction:
        old = transaction.jobs.put(MINE)
        young = transaction.jobs.put(replace(MINE, at=NOON + timedelta(seconds=1)))
        transaction.jobs.put(Job(2, "bert", "{}", NOON + LIFE))
        assert transaction.jobs.find(old) is None
        assert transaction.jobs.find(young) is not None


def test_each_owner_has_a_bounded_number_of_results(store: Store) -> None:
    """The oldest goes; those of somebody else of that name, in another tenant, stay."""
    with store.writing() as transaction:
        other = transaction.jobs.put(replace(MINE, tenant=2))
        mine = [transaction.jobs.put(replace(MINE, result=str(number))) for number in range(MOST + 2)]
        kept = [number for number in mine if transaction.jobs.find(number) is not None]
        assert kept == mine[2:]
        assert transaction.jobs.find(other) is not None
