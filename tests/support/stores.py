"""Stores for tests: fresh ones on either database, and rows to put into them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest

from keyturn.core.audit import Event
from keyturn.core.credentials import Credential, Source
from keyturn.core.outbox import Mail
from keyturn.core.sessions import Session
from keyturn.core.storage import Key, NewUser, Store, Tenant
from keyturn.core.users import USER_RIGHTS, Contact, Profile, Stamp, Status
from keyturn.store.migrating import migrate
from keyturn.store.opening import open_store
from tests.support.postgres import Postgres

NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


def fresh_sqlite(folder: Path) -> Store:
    """An empty store in a new file of this folder; the caller closes it."""
    path = folder / "keyturn.db"
    folder.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    path.write_bytes(_migrated())
    return open_store(path)


@cache
def _migrated() -> bytes:
    """A new database as the migrations make it, made once: they take longer than most tests."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "keyturn.db"
        migrate(path)
        return path.read_bytes()


@pytest.fixture
def only_sqlite(tmp_path: Path) -> Iterator[Store]:
    """A store for tests of what is the same on every database: `store = only_sqlite` in their file."""
    sqlite = fresh_sqlite(tmp_path / "store")
    yield sqlite
    sqlite.close()


@contextmanager
def fresh_postgres(server: Postgres) -> Iterator[Store]:
    """An empty store in a database that nobody else uses meanwhile."""
    url = server.fresh()
    store = open_store(url)
    try:
        yield store
    finally:
        store.close()
        server.release(url)


def with_tenants(store: Store, *numbers: int) -> Store:
    """The store with these tenants in it; number 1 is `default`."""
    with store.writing() as transaction:
        for number in numbers:
            name = "default" if number == 1 else f"tenant{number}"
            transaction.tenants.put(Tenant(number, name, f"guid-{number}", {}))
    return store


def new_user(key: str, *, tenant: int = 1, login: str = "", mail: str = "", uid: str = "") -> NewUser:
    """A user to insert."""
    profile = Profile(display_name=f"Name of {key}", emails=(Contact(mail, "work", True),) if mail else ())
    return NewUser(
        uid or uuid4().hex, tenant, key, login or key, profile, Status.ACTIVE, frozenset(), Stamp("root", NOON)
    )


def administrator(key: str, *, tenant: int = 1) -> NewUser:
    """A user with the right over users."""
    return replace(new_user(key, tenant=tenant), rights=USER_RIGHTS)


def credential(uid: str, verifier: str = "$made-up$1", *, source: Source = Source.GENERATED) -> Credential:
    """A stored password; the verifier is made up and fits nothing."""
    one_time = source is Source.GENERATED
    return Credential(
        uid,
        verifier,
        "pepper-1",
        source,
        must_change=one_time,
        changed=NOON,
        expires=NOON + timedelta(hours=24) if one_time else None,
        operation="operation-1" if one_time else "",
        derive_id="derive-1" if one_time else "",
    )


def session(owner: str, *, id: str = "s1", kind: str = "user", epoch: int = 1) -> Session:
    """A sign-in."""
    return Session(id, kind, owner, 1, epoch, False, NOON, NOON + timedelta(hours=1))


def key(id: str = "k1", *, tenant: int = 1, at: datetime = NOON) -> Key:
    """An API key."""
    stamp = Stamp("root", at)
    return Key(id, tenant, "mas", "digest", USER_RIGHTS, True, "for a test", 1, 1, stamp, stamp)


def mail(id: str, uid: str = "u1", *, template: str = "secret", at: datetime = NOON, tenant: int = 1) -> Mail:
    """A mail in the outbox."""
    return Mail(
        id, tenant, uid, template, f"{uid}@example.com", uid, "Name", "en", f"operation-{id}", "derive-1",
        created=at, not_before=at, expires=at + timedelta(hours=24),
    )  # fmt: skip


def event(verb: str = "password.reset", *, tenant: int = 1, who: str = "amal") -> Event:
    """Something that happened."""
    return Event(NOON, tenant, "root", verb, "changed", target="u1", who=who, row=7, detail="for a test")
