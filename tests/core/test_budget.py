"""One budget of wrong passwords an account: whoever guesses, from wherever, through whichever door."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from os import environ

import pytest

from keyturn.core.commands import ChangePassword, Origin, ResetPassword, SetStatus
from keyturn.core.directory import LocalDirectory
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.signin import NOT_COMPARED
from keyturn.core.users import ALL_RIGHTS, Right, Status
from tests.support.house import GOOD, House, reason

WRONG = Secret("a wrong guess of mine")
BURST = int(environ.get("KEYTURN_GUESSES", "60"))
HERE = "127.0.0.1"
"""From where the house's own directory is asked."""

HOME, AWAY, THIRD = "192.0.2.1", "198.51.100.7", "203.0.113.9"


def account(house: House, who: str = "amal", rights: frozenset[Right] = frozenset(), tenant: int = 1) -> None:
    """A user with a password that is not to be changed."""
    house.add(who, rights=rights, tenant=tenant)
    house.directory(tenant=tenant).execute([ResetPassword(who, GOOD, permanent=True)])


def guess(
    house: House, password: Secret = WRONG, source: str = "", *, who: str = "amal", tenant: str = "", door: str = "test"
) -> bool:
    """One try to sign in; whether it was let in."""
    origin = Origin(source=source)
    return isinstance(house.signing_in.with_password(who, password, tenant=tenant, door=door, origin=origin), SignedIn)


def knocks(house: House, password: Secret = WRONG, *, tenant: str = "", door: str = "test") -> bool:
    """One call at a door without sessions; whether it was let in."""
    return isinstance(house.signing_in.knock("amal", password, tenant=tenant, door=door, origin=Origin()), Actor)


def compared(house: House) -> int:
    """How many wrong passwords the audit says were looked at."""
    with house.parts.store.reading() as view:
        events = [entry.event for entry in view.audit.entries(0, 10_000)]
    return sum(e.outcome == "refused" and e.detail != NOT_COMPARED for e in events if e.verb == "session.start")


def status(house: House, who: str = "amal") -> Status:
    """Whether the account may sign in."""
    user = house.directory().find(who)
    assert user is not None
    return user.status


@pytest.mark.proves("AU-1", "N3.2.2", "V6.3.1")
def test_the_hundred_and_first_guess_is_refused_even_when_it_is_right(house: House) -> None:
    account(house)
    for _ in range(100):
        assert not guess(house)
        house.clock.advance(timedelta(hours=1))
    assert compared(house) == 100
    assert not guess(house, GOOD)
    assert status(house) is Status.DISABLED
    house.directory().execute([SetStatus("amal", Status.ACTIVE)])
    assert guess(house, GOOD), "an administrator lets them in again"


@pytest.mark.proves("AU-1", "N3.2.2")
def test_waits_grow_from_half_a_minute_to_an_hour_and_a_right_one_ends_them(house: House) -> None:
    account(house)
    waits = []
    for _ in range(16):
        guess(house)
        with house.parts.store.reading() as view:
            [subject] = view.users.logins("amal")
        waits.append((subject.wait_until - house.clock.now()).total_seconds() if subject.wait_until else 0.0)
        house.clock.advance(timedelta(seconds=waits[-1]))
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600, 3600]
    assert guess(house, GOOD)
    for _ in range(4):
        assert not guess(house)
        assert guess(house, GOOD), "the count began anew"


@pytest.mark.proves("AU-2", "V6.3.1")
def test_every_spelling_at_every_door_draws_on_one_budget(house: House) -> None:
    """A name is compared as it was written: what is another spelling is nobody, and costs the account nothing."""
    account(house)
    spelt = [("amal", ""), ("amal", "default")]
    others = [
        (who, tenant)
        for who in (
            "Amal",
            "AMAL",
            "amal ",
            " amal",
            "a\u006dal\u200b",
            "\uff41mal",
            "amal\0",
            "amal@default",
            "\u0430mal",
        )
        for tenant in ("", "default")
    ]
    assert len(spelt + others) == 20
    for who, tenant in others:
        assert not guess(house, GOOD, who=who, tenant=tenant)
    assert compared(house) == 0
    for door in ("one", "two", "three"):
        for who, tenant in spelt:
            guess(house, who=who, tenant=tenant, door=door)
            knocks(house, tenant=tenant, door=door)
    assert compared(house) == 5
    assert not any((guess(house, GOOD, tenant="default"), knocks(house, GOOD)))


@pytest.mark.proves("AU-3", "V15.4.2")
def test_a_burst_of_guesses_is_compared_no_more_often_than_the_budget_has(house: House) -> None:
    account(house)
    with ThreadPoolExecutor(16) as pool:
        came = list(pool.map(lambda number: guess(house, source=f"192.0.2.{number % 250}"), range(BURST)))
    assert not any(came)
    assert 5 <= compared(house) <= 6, "five free ones; the sixth is the first from elsewhere"
    with house.parts.store.reading() as view:
        last = view.audit.last()
    assert last is not None
    refused = [event for event in house.events() if event[0] == "session.start"]
    assert len(refused) == BURST, "every one is in the audit"


@pytest.mark.proves("AU-4", "V6.1.1", "V6.3.1")
def test_wrong_passwords_from_one_address_hold_up_that_address_alone(house: House) -> None:
    account(house, rights=ALL_RIGHTS)
    for _ in range(300):
        guess(house, source=AWAY)
        house.clock.advance(timedelta(seconds=1))
    assert not guess(house, GOOD, AWAY)
    assert guess(house, GOOD, HOME)


@pytest.mark.proves("AU-4", "N3.2.2")
def test_where_several_guess_only_those_from_where_the_person_came_of_late_get_in(house: House) -> None:
    account(house)
    assert guess(house, GOOD, HOME)
    for number in range(5):
        guess(house, source=f"198.51.100.{number}")
    assert not guess(house, GOOD, THIRD)
    assert not guess(house, WRONG, HOME)
    assert not guess(house, GOOD, HOME), "one guess from there, until somebody else was wrong"
    house.clock.advance(timedelta(minutes=1))
    assert not guess(house, WRONG, THIRD)
    assert guess(house, GOOD, HOME)


@pytest.mark.proves("AU-4")
def test_the_last_administrator_waits_and_is_never_disabled_by_guesses(house: House) -> None:
    account(house, "root", rights=ALL_RIGHTS)
    for _ in range(120):
        guess(house, who="root")
        house.clock.advance(timedelta(hours=1))
    assert status(house, "root") is Status.ACTIVE
    assert guess(house, GOOD, who="root")
    account(house, "second", rights=ALL_RIGHTS)
    for _ in range(100):
        guess(house, who="root")
        house.clock.advance(timedelta(hours=1))
    assert status(house, "root") is Status.DISABLED, "somebody else can let them in again"


@pytest.mark.proves("PW-8")
def test_wrong_present_passwords_count_as_wrong_sign_ins(house: House) -> None:
    account(house)
    for _ in range(5):
        [came] = house.directory().execute([ChangePassword("amal", Secret("another phrase of words"), WRONG)])
        assert reason(came) is Reason.WRONG_PASSWORD
    assert not guess(house, GOOD, HERE)
    house.clock.advance(timedelta(seconds=31))
    assert guess(house, GOOD, HERE)


@pytest.mark.proves("AU-4", "V6.3.1")
def test_wrong_passwords_from_elsewhere_keep_nobody_from_changing_theirs(house: House) -> None:
    account(house)

    def change(old: Secret, source: str) -> Reason | None:
        caller = replace(house.directory().caller, origin=Origin(source=source))
        [came] = LocalDirectory(house.parts, caller).execute(
            [ChangePassword("amal", Secret("another phrase of words"), old)]
        )
        return reason(came)

    for _ in range(5):
        assert change(WRONG, AWAY) is Reason.WRONG_PASSWORD
    assert change(GOOD, AWAY) is Reason.WRONG_PASSWORD
    assert change(GOOD, HOME) is None


def test_an_unlock_by_an_administrator_ends_the_waiting(house: House) -> None:
    account(house)
    for _ in range(5):
        guess(house)
    assert not guess(house, GOOD)
    [came] = house.directory().execute([SetStatus("amal", Status.ACTIVE)])
    assert not isinstance(came, Refused)
    assert guess(house, GOOD)
