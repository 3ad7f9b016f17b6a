"""Copies of a SQLite database while others write, and copies that are not whole."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from keyturn.core.errors import StoreError
from keyturn.store.copying import check_database, copy_database, file_of
from tests.support.stores import event, fresh_sqlite, with_tenants


def test_a_copy_is_one_file_of_what_was_committed_while_a_writer_is_in_the_middle(tmp_path: Path) -> None:
    store = with_tenants(fresh_sqlite(tmp_path / "store"), 1)
    with store.writing() as transaction:
        transaction.audit.append([event()])
    with store.writing() as transaction:
        transaction.audit.append([event(), event()])
        copy_database(tmp_path / "store" / "keyturn.db", tmp_path / "copies" / "keyturn.db")
    store.close()
    with closing(sqlite3.connect(tmp_path / "copies" / "keyturn.db")) as copy:
        assert copy.execute("SELECT count(*) FROM audit").fetchone() == (1,)
    assert [path.name for path in (tmp_path / "copies").iterdir()] == ["keyturn.db"]
    assert stat.S_IMODE((tmp_path / "copies" / "keyturn.db").stat().st_mode) == 0o600


def test_what_is_no_database_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("this is no database " * 100)
    with pytest.raises(StoreError, match="cannot be copied"):
        copy_database(tmp_path / "text", tmp_path / "copy")


def test_a_row_that_refers_to_nothing_is_damage(tmp_path: Path) -> None:
    fresh_sqlite(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "keyturn.db")) as opened, opened:
        opened.execute("INSERT INTO grants VALUES (7, 'main', 'manage', 'USER', 0)")
    with pytest.raises(StoreError) as refused:
        check_database(tmp_path / "keyturn.db")
    assert "grants" in refused.value.why


def test_a_file_is_known_by_its_path_and_by_its_url(tmp_path: Path) -> None:
    assert file_of(tmp_path) == tmp_path
    assert file_of(f"sqlite:///{tmp_path}") == tmp_path
    assert file_of("postgresql://host/name") is None
