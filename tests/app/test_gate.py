"""The gate: answers to sign-ins leave together, and an address that was wrong too often is not listened to."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn.app.house.bridge import Threads
from keyturn.app.house.floor import MARGIN, SHORTEST, Floor
from keyturn.app.house.gate import LocalGate
from keyturn.core.commands import Origin, ResetPassword
from keyturn.core.errors import StoreError
from keyturn.core.guard import Guard
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.ownkeys import OwnKeys, Wanted
from keyturn.core.permissions import Actor
from keyturn.core.ports import NewKey, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.storage import Store
from keyturn.core.users import ALL_RIGHTS, Handle
from tests.support.house import GOOD, House, make_house, reason
from tests.support.stores import only_sqlite

WRONG = Secret("a wrong guess of mine")
HOME, AWAY = Origin(source="192.0.2.1"), Origin(source="198.51.100.7")
LENGTH = 0.2


store = only_sqlite


@pytest.fixture
def house(store: Store, tmp_path: Path) -> House:
    """A directory with an administrator, of whom nobody has been wrong yet."""
    house = make_house(store, tmp_path)
    house.add("amal", rights=ALL_RIGHTS)
    house.directory().execute([ResetPassword("amal", GOOD, permanent=True)])
    return house


@pytest.fixture
def threads(house: House) -> Iterator[Threads]:
    """The pools, ended after the test."""
    threads = Threads(house.parts)
    yield threads
    threads.close()


def gate_of(house: House, threads: Threads, *, length: float = 0.0, most: int = 0) -> LocalGate:
    """A gate with a floor of so many seconds, and so many guesses for an address."""
    floor = Floor(lambda: length / MARGIN)
    return LocalGate(house.parts, house.signing_in, threads, floor, Guard(most, house.clock.monotonic))


async def enter(gate: LocalGate, password: Secret, origin: Origin = HOME, who: str = "amal") -> Reason | None:
    """One try to sign in: why not, or None."""
    return reason(await gate.sign_in(who, password, door="test", origin=origin))


async def knock(gate: LocalGate, password: Secret, origin: Origin = HOME) -> Reason | None:
    """One call at a door without sessions: why not, or None."""
    return reason(await gate.knock("amal", password, door="test", origin=origin))


@pytest.mark.proves("AU-5", "V6.3.8")
async def test_no_answer_to_a_sign_in_leaves_before_the_floor(house: House, threads: Threads) -> None:
    gate = gate_of(house, threads, length=LENGTH)
    for who, password in (("amal", GOOD), ("amal", WRONG), ("nobody", GOOD)):
        began = time.monotonic()
        await enter(gate, password, who=who)
        assert time.monotonic() - began >= LENGTH
    for password in (WRONG, GOOD):
        began = time.monotonic()
        await knock(gate, password)
        assert time.monotonic() - began >= LENGTH


async def test_waiting_for_the_floor_holds_up_nobody(house: House, threads: Threads) -> None:
    """Fifty sign-ins take one floor together, though there are fewer threads."""
    gate = gate_of(house, threads, length=1.0)
    began = time.monotonic()
    await asyncio.gather(*(enter(gate, GOOD) for _ in range(50)))
    assert 1.0 <= time.monotonic() - began < 3.0


async def test_what_was_right_a_moment_ago_does_not_wait(house: House, threads: Threads) -> None:
    gate = gate_of(house, threads, length=LENGTH)
    assert await knock(gate, GOOD) is None
    began = time.monotonic()
    assert await knock(gate, GOOD) is None
    assert time.monotonic() - began < LENGTH


async def test_a_key_of_one_s_own_does_not_wait(house: House, threads: Threads) -> None:
    """Nobody guesses one, and a script shows it with every call."""
    made = OwnKeys(house.parts, house.directory().caller).create_for("amal", Handle.KEY, Wanted("test"))
    assert isinstance(made, NewKey)
    gate = gate_of(house, threads, length=2.0)
    began = time.monotonic()
    assert await knock(gate, made.token) is None
    assert time.monotonic() - began < 2.0


async def test_what_takes_longer_than_a_floor_leaves_at_the_next(house: House) -> None:
    floor = Floor(lambda: 0.1 / MARGIN)
    began = time.monotonic()

    async def fail() -> None:
        async with floor.held():
            await asyncio.sleep(0.12)
            raise StoreError("what goes wrong waits too")

    with pytest.raises(StoreError):
        await fail()
    assert time.monotonic() - began >= 0.2


async def test_on_a_busy_machine_the_floor_lies_higher_for_a_while() -> None:
    floor = Floor(lambda: 0.05 / MARGIN)
    async with floor.held():
        await asyncio.sleep(0.12)
    began = time.monotonic()
    async with floor.held():
        pass
    assert time.monotonic() - began >= 0.12


def test_a_floor_is_measured_once_until_it_is_measured_again() -> None:
    costs = iter([0.0, 0.5, 0.25])
    floor = Floor(lambda: next(costs))
    assert [floor.length, floor.length] == [SHORTEST] * 2
    assert floor.measure() == floor.length == 0.5 * MARGIN


async def test_the_floor_is_measured_again_when_there_is_something_new_to_compare_with() -> None:
    costs, kinds = iter([0.01, 0.02]), {"ours"}
    floor = Floor(lambda: next(costs), lambda: set(kinds))
    for kind in ("ours", "ours", "theirs", "theirs"):
        kinds.add(kind)
        async with floor.held():
            pass
    assert floor.length == 0.02 * MARGIN


@pytest.mark.proves("AU-4", "V6.3.1", "N3.2.2")
async def test_an_address_that_was_wrong_too_often_is_told_to_come_later(house: House, threads: Threads) -> None:
    """Through every way in, right or wrong, before anything is looked at; others are not concerned."""
    gate = gate_of(house, threads, most=3)
    key = house.administration().create_key("test", "", ALL_RIGHTS)
    assert isinstance(key, NewKey)
    assert [await enter(gate, WRONG, AWAY) for _ in range(2)] == [Reason.NOT_SIGNED_IN] * 2
    assert await knock(gate, WRONG, AWAY) is Reason.NOT_SIGNED_IN
    counted = len(house.events())
    refused = await gate.sign_in("amal", GOOD, door="test", origin=AWAY)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.TOO_MANY
    assert refused.retry_after == pytest.approx(20)
    assert await knock(gate, GOOD, AWAY) is Reason.TOO_MANY
    by_key = await gate.sign_in_with_key(key.key.id, key.token, door="test", origin=AWAY)
    assert reason(by_key) is Reason.TOO_MANY
    assert house.events()[counted:] == [("session.start", "refused", "amal", "too-many")], "told once a minute"
    with house.parts.store.reading() as view:
        [subject] = view.users.logins("amal")
    assert subject.failures == 3
    assert await enter(gate, GOOD, HOME) is None


async def test_right_ones_and_those_not_looked_at_cost_an_address_nothing(house: House, threads: Threads) -> None:
    gate = gate_of(house, threads, most=2)
    for _ in range(5):
        assert await enter(gate, GOOD) is None
        assert await knock(gate, GOOD) is None
    full = Threads(house.parts, most_waiting=0)
    shed = gate_of(house, full, most=2)
    assert [await enter(shed, GOOD) for _ in range(3)] == [Reason.BUSY] * 3
    await asyncio.to_thread(full.close)


@pytest.mark.proves("AU-4")
async def test_an_attacker_s_flood_leaves_the_administrator_a_way_in(house: House, threads: Threads) -> None:
    gate = gate_of(house, threads, length=0.05, most=60)
    flood = [asyncio.ensure_future(enter(gate, WRONG, AWAY)) for _ in range(200)]
    await asyncio.sleep(0)
    began = time.monotonic()
    signed = await gate.sign_in("amal", GOOD, door="test", origin=HOME)
    assert isinstance(signed, SignedIn)
    assert time.monotonic() - began < 1.0
    assert {Reason.TOO_MANY, Reason.NOT_SIGNED_IN} == set(await asyncio.gather(*flood))
    assert isinstance(await gate.knock("amal", GOOD, door="test", origin=HOME), Actor)
