"""Opening, migrating and closing: what is made is ours alone, and what is not ours is not opened."""

import sqlite3
import stat
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from keyturn.core.errors import ConfigError, StoreError
from keyturn.core.storage import Store, Tenant, Transaction
from keyturn.store.database import connect
from keyturn.store.migrating import FOLDER, migrate
from keyturn.store.opening import open_store
from keyturn.store.schema import METADATA, REVISION
from tests.support.postgres import Postgres
from tests.support.stores import credential, event, fresh_sqlite, mail, new_user, with_tenants


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str | Path]:
    """The address of a database with nothing in it."""
    if request.param == "sqlite":
        yield tmp_path / "fresh" / "keyturn.db"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.empty()
        yield url
        server.drop(url)


POSTGRES_PICTURE = """
    SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || is_identity
        FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
"""
SQLITE_PICTURE = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"


def picture(connection: Connection) -> set[str]:
    """Everything that a database says of its tables, apart from the migrations' own; without spaces and quotes."""
    wanted = SQLITE_PICTURE if connection.dialect.name == "sqlite" else POSTGRES_PICTURE
    said = {" ".join(line.replace('"', "").split()) for line in connection.execute(text(wanted)).scalars()}
    return {_in_order(line) for line in said if "alembic_version" not in line}


def _in_order(line: str) -> str:
    """The constraints of a table, which may stand in any order, in one order."""
    return ", ".join(sorted(part.strip() for part in line.removesuffix(")").split(", ")))


def test_migrations_make_exactly_the_tables_that_the_schema_describes(
    empty: str | Path, postgres: Postgres, tmp_path: Path
) -> None:
    migrate(empty)
    migrated = connect(empty)
    with migrated.looking() as connection:
        found = picture(connection)
    migrated.close()
    other = tmp_path / "other.db" if isinstance(empty, Path) else postgres.empty()
    described = connect(other, create=True)
    with described.changing() as connection:
        METADATA.create_all(connection)
        assert found == picture(connection)
    described.close()


def test_migrating_twice_does_no_harm(empty: str | Path) -> None:
    migrate(empty)
    store = with_tenants(open_store(empty), 1)
    with store.writing() as transaction:
        transaction.users.insert([new_user("amal", uid="u1")])
    migrate(empty)
    with store.reading() as view:
        assert list(view.users.by_uid(["u1"])) == ["u1"]
    store.close()


def test_a_database_that_was_never_migrated_is_not_opened(empty: str | Path) -> None:
    connect(empty, create=True).close()
    with pytest.raises(StoreError, match="no keyturn database"):
        open_store(empty)


def test_a_database_of_another_version_is_not_opened(empty: str | Path) -> None:
    migrate(empty)
    database = connect(empty)
    with database.changing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(StoreError, match="revision 9999"):
        open_store(empty)


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    newest = max(path.name for path in (FOLDER / "versions").glob("*.py"))
    assert newest.startswith(f"{REVISION}_")


def test_a_missing_file_is_not_made_by_opening_it(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no keyturn database"):
        open_store(tmp_path / "missing.db")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_kind_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "photo.db"
    path.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(StoreError, match="not a database"):
        open_store(path)


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot open"):
        migrate(tmp_path / "file" / "keyturn.db")


def test_an_sqlite_url_is_a_path(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/keyturn.db")
    open_store(f"sqlite:///{tmp_path}/keyturn.db").close()
    open_store(str(tmp_path / "keyturn.db")).close()


@pytest.mark.parametrize("url", ["mysql://host/name", "sqlite://", "postgresql://host:port/name", "://"])
def test_an_address_that_no_store_has_is_a_mistake_in_the_settings(url: str) -> None:
    with pytest.raises(ConfigError):
        open_store(url)


def test_postgresql_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError) as caught:
        open_store("postgresql://localhost/keyturn")
    assert caught.value.fix == "pip install 'keyturn[postgres]'"


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(f"postgresql://amal:opensesame@/name?host={tmp_path}")
    assert "opensesame" not in f"{caught.value!r} {caught.value.what} {caught.value.where} {caught.value.why}"


def test_the_error_of_a_foreign_version_names_the_server_without_its_password(postgres: Postgres) -> None:
    url = postgres.empty().replace("keyturn@", "keyturn:opensesame@")
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert "opensesame" not in caught.value.where


@pytest.mark.proves("ST-6")
def test_files_and_folders_are_for_our_eyes_only(tmp_path: Path) -> None:
    migrate(tmp_path / "data" / "keyturn.db")
    store = with_tenants(open_store(tmp_path / "data" / "keyturn.db"), 1)
    assert mode(tmp_path / "data") == 0o700
    assert {path.name: mode(path) for path in (tmp_path / "data").iterdir()} == {
        "keyturn.db": 0o600,
        "keyturn.db-wal": 0o600,
        "keyturn.db-shm": 0o600,
    }
    store.close()


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    fresh_sqlite(tmp_path).close()
    (tmp_path / "keyturn.db").chmod(0o644)
    open_store(tmp_path / "keyturn.db").close()
    assert mode(tmp_path / "keyturn.db") == 0o600


@pytest.mark.proves("DB-1")
def test_sqlite_is_set_to_lose_nothing_and_to_leave_nothing_lying_about(tmp_path: Path) -> None:
    fresh_sqlite(tmp_path).close()
    database = connect(tmp_path / "keyturn.db")
    with database.looking() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas]
    database.close()
    assert found == ["wal", 2, 1, 1]


@pytest.mark.proves("DB-3")
def test_a_full_disk_is_an_error_and_nothing_was_kept(tmp_path: Path) -> None:
    fresh_sqlite(tmp_path).close()
    database = connect(tmp_path / "keyturn.db")
    with_tenants(database, 1)
    with database.changing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(StoreError, match="full"), database.writing() as transaction:
        transaction.users.insert([new_user(f"user{number}", uid=f"u{number}") for number in range(1000)])
    with database.reading() as view:
        assert view.users.by_uid(["u1"]) == {}
    database.close()


def test_an_audit_trail_that_lost_its_end_takes_nothing(empty: str | Path) -> None:
    """It is never begun anew in silence."""
    migrate(empty)
    database = connect(empty)
    with database.changing() as connection:
        connection.execute(text("DELETE FROM audit_head"))
    with pytest.raises(StoreError, match="lost its end"), database.writing() as transaction:
        transaction.audit.append([event()])
    database.close()


def test_a_lost_state_is_an_error_and_no_conflict(empty: str | Path) -> None:
    """States are checked by the database; the error says so, and not what stood in the row."""
    migrate(empty)
    database = connect(empty)
    with pytest.raises(StoreError) as caught, with_tenants(database, 1).writing() as transaction:
        transaction.outbox.put([replace(mail("m1"), state="lost", name="ab" * 9)])
    database.close()
    assert type(caught.value) is StoreError
    assert "ab" * 9 not in "".join(traceback.format_exception(caught.value))


def test_opening_needs_no_migrations_library() -> None:
    """The command line starts faster without it."""
    loaded = "import sys, keyturn.store.opening, keyturn.store.journal; sys.exit('alembic' in sys.modules)"
    subprocess.run([sys.executable, "-c", loaded], check=True)


def test_a_file_that_another_process_keeps_locked_is_an_error_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh_sqlite(tmp_path).close()
    monkeypatch.setattr("keyturn.store.database.PATIENCE", 0.01)
    store, other = open_store(tmp_path / "keyturn.db"), sqlite3.connect(tmp_path / "keyturn.db")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        with_tenants(store, 1)
    other.close()
    with_tenants(store, 1)
    store.close()


def _too_large(transaction: Transaction) -> None:
    transaction.audit.append([replace(event(), tenant=2**70)])


def _half_a_letter(transaction: Transaction) -> None:
    transaction.tenants.put(Tenant(1, "\ud800", "guid", {}))


def _by_half_a_letter(transaction: Transaction) -> None:
    transaction.credentials.replace([credential("u1")], "\ud800")


@pytest.mark.parametrize("put", [_too_large, _half_a_letter, _by_half_a_letter])
def test_values_that_no_column_holds_are_errors_of_the_store(store: Store, put: Callable[[Transaction], None]) -> None:
    """Whichever statement meets them, prepared or not."""
    with pytest.raises(StoreError), store.writing() as transaction:
        put(transaction)


def test_a_table_that_is_gone_is_an_error_of_the_store(empty: str | Path) -> None:
    migrate(empty)
    database = connect(empty)
    with database.changing() as connection:
        connection.execute(text("DROP TABLE audit_head"))
    with pytest.raises(StoreError), database.writing() as transaction:
        transaction.audit.append([event()])
    database.close()


@pytest.mark.proves("V15.4.3")
def test_two_servers_on_one_database_write_one_chain(empty: str | Path) -> None:
    migrate(empty)
    servers = [open_store(empty), open_store(empty)]
    start = threading.Barrier(2)

    def write(store: Store) -> None:
        start.wait()
        for _ in range(10):
            with store.writing() as transaction:
                transaction.audit.append([event(), event()])

    threads = [threading.Thread(target=write, args=(store,)) for store in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with servers[0].reading() as view:
        entries = view.audit.entries(0, 100)
    for store in servers:
        store.close()
    assert [entry.sequence for entry in entries] == list(range(1, 41))
    assert all(entry.previous == before.hash for before, entry in pairwise(entries))
