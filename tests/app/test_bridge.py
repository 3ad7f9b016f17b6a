"""The bridge: many requests share a commit, slow hashes stand in nobody's way, and too much is turned away."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.app.house.bridge import Threads
from keyturn.app.house.floor import Floor
from keyturn.app.house.gate import LocalGate
from keyturn.app.house.together import Together
from keyturn.core.commands import Origin, ResetPassword
from keyturn.core.directory import LOCAL
from keyturn.core.errors import Busy, StoreError
from keyturn.core.guard import Guard
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.permissions import Actor
from keyturn.core.policy import ProfileName
from keyturn.core.ports import KeyChange, NewKey, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.storage import Key, Store, Transaction, View
from keyturn.core.users import ALL_RIGHTS, Handle, Window
from tests.support.house import GOOD, House, make_house, reason

ROOT = Actor("root", "root", 1, ALL_RIGHTS)


class CountingStore:
    """A store that counts its transactions and can be told to fail."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.written = 0
        self.read = 0
        self.blind = False
        self.broken = False

    def reading(self) -> AbstractContextManager[View]:
        """As the store does, counted."""
        if self.blind:
            raise StoreError("the disk is gone")
        self.read += 1
        return self._store.reading()

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """As the store does, counted."""
        if self.broken:
            raise StoreError("the disk is full")
        self.written += 1
        with self._store.writing() as transaction:
            yield transaction

    def close(self) -> None:
        """As the store does."""
        self._store.close()


@pytest.fixture
def counting(store: Store) -> CountingStore:
    """The store under the bridge."""
    return CountingStore(store)


@pytest.fixture
def house(counting: CountingStore, tmp_path: Path) -> House:
    """A directory of real parts."""
    return make_house(counting, tmp_path)


@pytest.fixture
def threads(house: House) -> Iterator[Threads]:
    """The pools, ended after the test."""
    threads = Threads(house.parts)
    yield threads
    threads.close()


@pytest.fixture
def gate(house: House, threads: Threads) -> LocalGate:
    """The gate under test."""
    return LocalGate(house.parts, house.signing_in, threads, Floor(lambda: 0.0), Guard(0, house.clock.monotonic))


def signed_in(house: House) -> Secret:
    """The token of a session of amal, who exists from here on."""
    house.add("amal", password=GOOD)
    signed = house.sign_in("amal", GOOD)
    assert isinstance(signed, SignedIn)
    return signed.token


async def test_requests_that_come_together_share_a_commit(
    house: House, gate: LocalGate, counting: CountingStore
) -> None:
    names = [f"user{n}" for n in range(40)]
    for name in names:
        house.add(name)
    counting.written = 0
    directory = gate.directory(ROOT, LOCAL, "test", Origin())
    answers = await asyncio.gather(*(directory.execute([ResetPassword(name)]) for name in names))
    assert all(isinstance(outcome, Changed) for [outcome] in answers)
    assert counting.written < len(names)


async def test_no_answer_leaves_when_the_commit_fails(house: House, gate: LocalGate, counting: CountingStore) -> None:
    house.add("amal")
    directory = gate.directory(ROOT, LOCAL, "test", Origin())
    counting.broken = True
    answers = await asyncio.gather(
        *(directory.execute([ResetPassword("amal", new)]) for new in (None, GOOD)), return_exceptions=True
    )
    assert all(isinstance(answer, StoreError) for answer in answers)
    counting.broken = False
    assert [event[0] for event in house.events()] == ["user.create"]
    [outcome] = await directory.execute([ResetPassword("amal")])
    assert isinstance(outcome, Changed)


async def test_requests_that_come_together_share_their_reads(
    house: House, gate: LocalGate, counting: CountingStore
) -> None:
    """Who holds a token and whether a command may be done is read for all that wait at once."""
    token = signed_in(house)
    counting.read = 0
    actors = await asyncio.gather(*(gate.actor(token) for _ in range(40)), gate.actor(Secret("not.a.token")))
    assert [actor.name if actor is not None else "" for actor in actors] == ["amal"] * 40 + [""]
    assert counting.read < 10
    directory = gate.directory(ROOT, LOCAL, "test", Origin())
    names = ("amal", "ghost", "amal")
    outcomes = await asyncio.gather(*(directory.execute([ResetPassword(name)]) for name in names))
    assert [type(outcome) for [outcome] in outcomes] == [Changed, Refused, Changed]


async def test_a_read_that_fails_fails_for_all_who_shared_it(
    house: House, gate: LocalGate, counting: CountingStore
) -> None:
    """Nobody waits for ever, who went away is left alone, and the next read is a new one."""
    token = signed_in(house)
    counting.blind = True
    asked = [asyncio.ensure_future(gate.actor(token)) for _ in range(3)]
    await asyncio.sleep(0)
    asked[1].cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreError, asyncio.CancelledError, StoreError]
    counting.blind = False
    assert await gate.actor(token) is not None


async def test_a_group_takes_so_much_and_the_rest_comes_next() -> None:
    """A job that is larger than a group is a group of its own."""
    groups: list[list[int]] = []

    def double(jobs: Sequence[int]) -> list[int]:
        groups.append(list(jobs))
        return [2 * job for job in jobs]

    with ThreadPoolExecutor(1) as pool:
        together = Together(pool, double, size=lambda job: job, most=5)
        answers = await asyncio.gather(*(together.ask(job) for job in (9, 2, 3, 1, 1)))
    assert answers == [18, 4, 6, 2, 2]
    assert groups == [[9], [2, 3], [1, 1]]


async def test_what_was_begun_is_written_and_what_comes_later_is_turned_away(house: House) -> None:
    house.add("amal")
    threads = Threads(house.parts)
    directory = house.directory()
    begun = asyncio.ensure_future(threads.write(directory.harden(directory.look([ResetPassword("amal")]))))
    for _ in range(3):  # until it has been handed over
        await asyncio.sleep(0)
    await asyncio.to_thread(threads.close)
    assert isinstance((await begun)[0], Changed)
    with pytest.raises(Busy, match="being closed"):
        await threads.write(directory.look([ResetPassword("amal")]))


async def test_a_fault_of_ours_in_a_commit_hangs_nobody(house: House, threads: Threads) -> None:
    """Whoever asked gets the fault, and the next commit is a new one."""
    directory = house.directory()
    house.add("amal")
    with pytest.raises(ValueError, match="only set with its verifier"):
        await threads.write(directory.look([ResetPassword("amal")]))
    assert isinstance((await threads.write(directory.harden(directory.look([ResetPassword("amal")]))))[0], Changed)


async def test_too_much_at_once_is_turned_away_as_busy(house: House) -> None:
    house.add("amal")
    threads = Threads(house.parts, most_waiting=0)
    gate = LocalGate(house.parts, house.signing_in, threads, Floor(lambda: 0.0), Guard(0, house.clock.monotonic))
    [outcome] = await gate.directory(ROOT, LOCAL, "test", Origin()).execute([ResetPassword("amal")])
    assert reason(outcome) is Reason.BUSY
    assert reason(await gate.sign_in("amal", GOOD, door="test", origin=Origin())) is Reason.BUSY
    await asyncio.to_thread(threads.close)


async def test_the_bridged_directory_reads_as_the_local_one_does(house: House, gate: LocalGate) -> None:
    house.add("amal")
    directory = gate.directory(ROOT, LOCAL, "test", Origin())
    assert (directory.account, directory.capabilities) == ("root", LOCAL)
    assert await directory.find("amal") == house.directory().find("amal")
    assert (await directory.list(Window())).total == 1
    assert (await directory.probe()).account == "root"
    await directory.close()


async def test_the_bridged_administration_does_what_the_local_one_does(house: House, gate: LocalGate) -> None:
    house.add("amal")
    administration = gate.administration(ROOT, "test", Origin())
    made = await administration.create_key("mas", "automation", ALL_RIGHTS)
    assert isinstance(made, NewKey)
    assert await administration.keys() == [made.key]
    assert isinstance(await administration.update_key(made.key.id, KeyChange(description="x")), Key)
    assert isinstance(await administration.refresh_key(made.key.id), NewKey)
    assert isinstance(await administration.revoke_key(made.key.id), Key)
    assert isinstance(await administration.grant("amal", Handle.KEY, "main", "iot", "USER"), Changed)
    assert len(await administration.applications()) == 2
    assert await administration.profile() is ProfileName.NIST


async def test_people_and_keys_come_in_through_the_gate(house: House, gate: LocalGate) -> None:
    created = house.add("amal", password=GOOD, mail="amal@example.com")
    assert created.user is not None
    signed = await gate.sign_in("amal", GOOD, door="test", origin=Origin())
    assert isinstance(signed, SignedIn)
    assert await gate.actor(signed.token) == signed.actor
    await gate.sign_out(signed.token, door="test", origin=Origin())
    assert await gate.actor(signed.token) is None
    assert await gate.holder(Secret("made-up")) is None
    made = await gate.administration(ROOT, "test", Origin()).create_key("test", "", frozenset())
    assert isinstance(made, NewKey)
    by_key = await gate.sign_in_with_key(made.key.id, made.token, door="test", origin=Origin())
    assert isinstance(by_key, SignedIn)
    assert by_key.actor == replace(by_key.actor, id=made.key.id)


async def test_a_client_s_token_opens_only_doors_that_know_scopes(house: House, gate: LocalGate) -> None:
    """A door that never heard of scopes would let it do everything."""
    administration = gate.administration(ROOT, "test", Origin())
    assert (await administration.tenant()).name == "default"
    made = await administration.create_key("test", "a client", ALL_RIGHTS, ("read",))
    assert isinstance(made, NewKey)
    signed = await gate.sign_in_with_key(made.key.id, made.token, door="test", origin=Origin())
    assert isinstance(signed, SignedIn)
    assert await gate.actor(signed.token) is None
    assert await gate.actor(signed.token, scoped=True) == signed.actor
