"""Whatever an account is, turning a sign-in away is the same work: as many comparisons, reads and writes.

What clocks say of it is measured by `python -m bench.timing`; here the work itself is counted.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from keyturn.core.commands import DeleteUser, Origin, ResetPassword, SetStatus
from keyturn.core.credentials import Verifier
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.secret import Secret
from keyturn.core.storage import Store, Transaction, View
from keyturn.core.users import Status
from keyturn.crypto.hashing import FolderHasher
from keyturn.crypto.keyfolder import open_key_folder
from tests.support.house import GOOD, House, make_house

WRONG = Secret("a wrong guess of mine")


class Counting:
    """A store that counts its transactions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads = 0
        self.writes = 0
        self.close = store.close

    def reading(self) -> AbstractContextManager[View]:
        """As the store does, counted."""
        self.reads += 1
        return self._store.reading()

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """As the store does, counted; what writes nothing would cost no flush to the disk."""
        self.writes += 1
        with self._store.writing() as transaction:
            before = _changes(transaction)
            yield transaction
            assert before is None or _changes(transaction) != before, "a transaction that writes nothing"


class Noting(FolderHasher):
    """A hasher that notes what it compares with."""

    compared: list[str]

    def _check_slowly(self, candidate: Secret, verifier: Verifier) -> bool:
        self.compared.append(verifier.text)
        return super()._check_slowly(candidate, verifier)


def _changes(transaction: Any) -> int | None:
    """How many rows a connection has written; only SQLite says it."""
    connection = transaction.connection
    if connection.dialect.name != "sqlite":
        return None
    return int(connection.exec_driver_sql("SELECT total_changes()").scalar())


@pytest.fixture
def counting(store: Store) -> Counting:
    """The store under the house."""
    return Counting(store)


@pytest.fixture
def house(counting: Counting, tmp_path: Path) -> House:
    """A directory of real parts."""
    return make_house(counting, tmp_path)


def reset(house: House, password: Secret | None = None, *, permanent: bool = False) -> Secret:
    """Give amal a password; which it is."""
    [outcome] = house.directory().execute([ResetPassword("amal", password, permanent=permanent)])
    assert isinstance(outcome, Changed)
    return password or outcome.secret or Secret("")


def unknown(house: House) -> Secret:
    house.directory().execute([DeleteUser("amal")])
    return GOOD


def stopped(status: Status) -> Callable[[House], Secret]:
    def state(house: House) -> Secret:
        given = reset(house, GOOD, permanent=True)
        house.directory().execute([SetStatus("amal", status)])
        return given

    return state


def waiting(house: House) -> Secret:
    given = reset(house, GOOD, permanent=True)
    for _ in range(5):
        house.sign_in("amal", WRONG)
    return given


def without_password(house: House) -> Secret:
    return GOOD


def expired(house: House) -> Secret:
    given = reset(house, GOOD)
    house.clock.advance(timedelta(hours=25))
    return given


def stale_secret(house: House) -> Secret:
    given = reset(house)
    house.clock.advance(timedelta(hours=25))
    return given


def spent(house: House) -> Secret:
    given = reset(house)
    house.sign_in("amal", given)
    return given


def wrong(password: Secret | None, *, permanent: bool = False) -> Callable[[House], Secret]:
    def state(house: House) -> Secret:
        reset(house, password, permanent=permanent)
        return WRONG

    return state


STATES: dict[str, Callable[[House], Secret]] = {
    "unknown": unknown,
    "locked": stopped(Status.LOCKED),
    "disabled": stopped(Status.DISABLED),
    "waiting": waiting,
    "no password": without_password,
    "expired known value": expired,
    "expired one-time secret": stale_secret,
    "spent one-time secret": spent,
    "wrong one-time secret": wrong(None),
    "wrong known value": wrong(GOOD),
    "wrong password": wrong(GOOD, permanent=True),
}
"""What an account can be when nobody is let in; each answers what is then given."""


@pytest.mark.proves("AU-5", "V6.3.8")
@pytest.mark.parametrize("state", STATES)
def test_turning_a_sign_in_away_is_the_same_work_for_every_account(
    house: House, counting: Counting, tmp_path: Path, state: str
) -> None:
    house.add("amal")
    given = STATES[state](house)
    hasher = Noting.cheap_for_tests(open_key_folder(tmp_path / "keys"))
    assert isinstance(hasher, Noting)
    signing_in = replace(house.signing_in, parts=replace(house.parts, hasher=hasher))
    for ask in (signing_in.with_password, signing_in.knock):
        counting.reads = counting.writes = 0
        compared: list[str] = []
        hasher.compared = compared
        came = ask("amal", given, door="test", origin=Origin(source="192.0.2.1"))
        assert isinstance(came, Refused)
        assert (came.reason, came.text, came.retry_after) == (Reason.NOT_SIGNED_IN, "the sign-in was refused", None)
        assert (len(compared), counting.writes) == (1, 2), ask.__name__
        assert compared[0].rsplit("$", 2)[0] == "$argon2id$v=19$m=8,t=1,p=1"
    hasher.close()
