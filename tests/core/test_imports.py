"""Users who come with the hash of a password that another system made, and go on using it."""

import threading
from datetime import timedelta
from pathlib import Path

import bcrypt
import pytest

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import CreateUser, Origin, ResetPassword
from keyturn.core.credentials import Credential, Source
from keyturn.core.directory import LOCAL, slow
from keyturn.core.outcomes import Created, Delivery, Outcome, Reason
from keyturn.core.permissions import Actor
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.storage import Store
from keyturn.core.users import Contact, Profile
from tests.support.house import GOOD, OTHER, House, make_house, reason
from tests.support.stores import only_sqlite

HASH = Secret(bcrypt.hashpw(b"nine green bottles on a wall", bcrypt.gensalt(4)).decode())
"""Of the password that is `GOOD` here."""

MAILED = Profile(emails=(Contact("amal@example.com", "work", primary=True),))


store = only_sqlite


@pytest.fixture
def house(store: Store, tmp_path: Path) -> House:
    return make_house(store, tmp_path)


def bring(house: House, hash: Secret = HASH, **more: bool) -> Outcome:
    """Make amal with a hash."""
    [outcome] = house.directory().execute([CreateUser("amal", MAILED, imported=hash, **more)])  # type: ignore[arg-type]  # flags alone
    return outcome


def stored(house: House) -> Credential:
    """What is kept of amal's password."""
    with house.parts.store.reading() as view:
        [subject] = view.users.logins("amal")
    assert subject.credential is not None
    return subject.credential


@pytest.mark.proves("ST-1")
def test_an_imported_password_signs_in_at_once_and_is_stored_in_our_own_way_then(house: House) -> None:
    assert isinstance(bring(house), Created)
    before = stored(house)
    assert before.verifier.startswith("$imported$bcrypt-2b:4.")
    assert (before.source, before.must_change, before.expires) == (Source.CHOSEN, False, None)
    assert reason(house.sign_in("amal", OTHER)) is Reason.NOT_SIGNED_IN
    assert stored(house) == before
    house.clock.advance(timedelta(minutes=5))
    signed = house.sign_in("amal", GOOD)
    assert isinstance(signed, SignedIn)
    assert not signed.must_change
    assert stored(house).verifier.startswith("$argon2id$")
    assert house.signing_in.actor(signed.token) is not None
    assert isinstance(house.sign_in("amal", GOOD), SignedIn)


def test_a_door_without_sessions_takes_it_too(house: House) -> None:
    bring(house)
    entered = house.signing_in.knock("amal", GOOD, door="test", origin=Origin())
    assert isinstance(entered, Actor)
    assert stored(house).verifier.startswith("$argon2id$")


def test_several_at_once_come_in_though_the_first_has_it_stored_anew(house: House) -> None:
    bring(house)
    gate, came = threading.Barrier(4), []

    def call() -> None:
        gate.wait()
        came.append(house.sign_in("amal", GOOD))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(one) for one in came] == [SignedIn] * 4
    assert stored(house).verifier.startswith("$argon2id$")


def test_nothing_is_mailed_and_nothing_is_made_up_for_it(house: House) -> None:
    outcome = bring(house, notify=True)
    assert isinstance(outcome, Created)
    assert (outcome.delivery, outcome.secret) == (Delivery.NONE, None)
    with house.parts.store.reading() as view:
        assert view.outbox.counts() == {}
        [*_, created] = view.audit.entries(0, 100)
    assert created.event.detail.startswith("imported; delivery none")


def test_a_reset_takes_its_place(house: House) -> None:
    bring(house)
    house.directory().execute([ResetPassword("amal", OTHER)])
    assert reason(house.sign_in("amal", GOOD)) is Reason.NOT_SIGNED_IN
    assert isinstance(house.sign_in("amal", OTHER), SignedIn)


def test_a_hash_that_cannot_be_imported_is_refused_in_words_that_hold_none_of_it(house: House) -> None:
    outcome = bring(house, Secret("$2b$31$abcdefghijklmnopqrstuuvyPXIbu7xe6/CED2DzX8z6Si09MlzlW"))
    assert reason(outcome) is Reason.INVALID
    assert "cost is 31" in str(outcome)
    assert "abcdefgh" not in repr(outcome)
    assert reason(bring(house, Secret("nonsense"))) is Reason.INVALID
    assert house.events()[-1] == ("user.create", "refused", "amal", "invalid")


def test_a_hash_and_a_password_are_two(house: House) -> None:
    both = CreateUser("amal", MAILED, password=OTHER, imported=HASH)
    [outcome] = house.directory().execute([both])
    assert reason(outcome) is Reason.INVALID
    assert reason(bring(house, generate=True)) is Reason.INVALID


def test_a_directory_that_takes_none_says_so(house: House) -> None:
    via = Capabilities(LOCAL.carries)
    [outcome] = house.directory(via=via).execute([CreateUser("amal", Profile(), imported=HASH)])
    assert reason(outcome) is Reason.UNSUPPORTED


def test_where_administrators_do_not_choose_passwords_they_bring_none_either(house: House) -> None:
    house.set(known_values="refuse")
    assert reason(bring(house)) is Reason.POLICY


def test_a_judged_creation_judges_the_hash_too(house: House) -> None:
    assert reason(bring(house, Secret("nonsense"), validate_only=True)) is Reason.INVALID
    assert reason(bring(house, validate_only=True)) is None


def test_a_hash_takes_long_and_so_goes_to_the_pool(house: House) -> None:
    directory = house.directory()
    assert slow(directory.look([CreateUser("amal", MAILED, imported=HASH)]))
    assert not slow(directory.look([CreateUser("amal", MAILED, imported=Secret("nonsense"))]))


def test_a_repeat_with_another_hash_is_another_command(house: House) -> None:
    first = CreateUser("amal", MAILED, imported=HASH, operation="op-1")
    other = CreateUser("amal", MAILED, imported=Secret("$2b$04$" + "a" * 53), operation="op-1")
    assert [reason(one) for one in house.directory().execute([first, first, other])] == [
        None, None, Reason.OPERATION_REUSED,
    ]  # fmt: skip
