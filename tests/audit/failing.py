"""A store on real SQLite that fails where a test wants it to, and what is in it, to see that nothing came of it."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sqlalchemy import Engine, event

from keyturn.app.house.build import DATABASE, KEYS, Place

READS: Final = ("SELECT", "PRAGMA", "BEGIN", "ROLLBACK")
SILENT: Final[Mapping[str, frozenset[str]]] = {
    "users": frozenset({"failures", "last_failure", "wait_until", "guessed_from"}),
    "misses": frozenset({"count"}),
    "outbox": frozenset({"state", "attempts", "not_before", "error"}),
}
"""Columns that change without an entry of their own; `core/catalogue.py` says why."""

_NOTHING: Final[frozenset[str]] = frozenset()

SHORT_LIVED: Final = frozenset({"challenges", "jobs"})
"""Tables of what is kept for a moment without an entry; `core/catalogue.py` says why."""

Content: TypeAlias = Mapping[str, list[tuple[object, ...]]]


@dataclass
class Faults:
    """At which statement that changes something the database fails; 0: at none.  seen: those since the start."""

    at: int = 0
    seen: list[str] = field(default_factory=list)

    def start(self, at: int) -> None:
        """Count from here on."""
        self.at, self.seen = at, []

    def step(self, sql: str) -> None:
        """One statement more; raises what a disk that fails makes of it."""
        if sql.lstrip().upper().startswith(READS):
            return
        self.seen.append(sql)
        if self.at == len(self.seen):
            raise sqlite3.OperationalError("disk I/O error")


@contextmanager
def failing() -> Iterator[Faults]:
    """Faults in every SQLite database that is opened meanwhile."""
    faults = Faults()

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:  # type: ignore[override]  # hands on what comes
            faults.step(sql)
            return super().execute(sql, *rest)

        def executemany(self, sql: str, *rest: Any) -> sqlite3.Cursor:  # type: ignore[override]  # hands on what comes
            faults.step(sql)
            return super().executemany(sql, *rest)

    class Connection(sqlite3.Connection):
        def cursor(self, *_: Any) -> Any:
            return super().cursor(Cursor)

        def commit(self) -> None:
            if self.in_transaction:
                faults.step("COMMIT")
            super().commit()

    def connect(_dialect: object, _record: object, _given: object, named: dict[str, Any]) -> None:
        named["factory"] = Connection

    event.listen(Engine, "do_connect", connect)
    try:
        yield faults
    finally:
        event.remove(Engine, "do_connect", connect)


def content(place: Place, *, silent: bool = False) -> Content:
    """All that is kept: every row of every table, and the keys.  silent: with what may change without an entry."""
    with closing(sqlite3.connect(place.data / DATABASE)) as database:
        names = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        names = [name for name in names if silent or name not in SHORT_LIVED]
        tables = {name: _rows(database, name, _NOTHING if silent else SILENT.get(name, _NOTHING)) for name in names}
    return tables | {"key folder": [(path.name, path.read_bytes()) for path in sorted((place.data / KEYS).iterdir())]}


def _rows(database: sqlite3.Connection, table: str, silent: frozenset[str]) -> list[tuple[object, ...]]:
    columns = [name for _, name, *_ in database.execute(f'pragma table_info("{table}")') if name not in silent]
    return database.execute("select " + ", ".join(f'"{name}"' for name in columns) + f' from "{table}"').fetchall()


@contextmanager
def locked_away(place: Place) -> Iterator[None]:
    """No entry can be written meanwhile."""
    with closing(sqlite3.connect(place.data / DATABASE)) as database:
        database.execute("create trigger locked before insert on audit begin select raise(abort, 'locked away'); end")
        try:
            yield
        finally:
            database.execute("drop trigger locked")


def different(before: Content, after: Content) -> list[str]:
    """The tables that changed."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
