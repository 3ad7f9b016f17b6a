"""A copy of a SQLite database as it is at one moment, made while servers go on writing."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from keyturn.core.errors import StoreError
from keyturn.store.database import PATIENCE
from keyturn.store.private import make_private


def file_of(database: str | Path) -> Path | None:
    """The file of a SQLite database at a path or a URL; None for any other database."""
    if isinstance(database, Path):
        return database
    url = make_url(database)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def copy_database(source: Path, to: Path) -> None:
    """Copy a database with all that was committed, into one new file for our eyes only; readers and writers of the
    source go on.  Raises StoreError when the copy is not whole."""
    make_private(to)
    try:
        with closing(sqlite3.connect(source, timeout=PATIENCE)) as one, closing(sqlite3.connect(to)) as other:
            one.backup(other)
            other.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise StoreError("the database cannot be copied", where=str(source), why=str(error)) from error
    check_database(to)


def check_database(path: Path) -> None:
    """Have the database examine itself.  Raises StoreError when anything is wrong with it."""
    try:
        with closing(sqlite3.connect(path)) as opened:
            found = [str(row[0]) for row in opened.execute("PRAGMA integrity_check(1)")]
            found += [f"a row of {row[0]} refers to nothing" for row in opened.execute("PRAGMA foreign_key_check")]
    except sqlite3.Error as error:
        found = [str(error)]
    if found != ["ok"]:
        raise StoreError("the database is damaged", where=str(path), why=found[-1], fix="use an earlier backup")
