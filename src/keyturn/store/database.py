"""The database itself: connections as we want them, transactions, savepoints, and errors in the core's words."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from keyturn.core.errors import ConfigError
from keyturn.core.storage import Transaction, View
from keyturn.store.audit import lock_head
from keyturn.store.documents import FOLD
from keyturn.store.faults import no_database, on_error
from keyturn.store.private import make_private
from keyturn.store.statement import command
from keyturn.store.transaction import SqlTransaction, SqlView

PATIENCE: Final = 10.0
"""Seconds that a writer waits for one of another process."""

_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32768",
    "PRAGMA wal_autocheckpoint = 4000",
)
"""Why secure_delete: a verifier that was replaced is not left lying in the file."""


class Database:
    """The store on one database.  Safe to use from several threads; writers wait for each other."""

    def __init__(self, engine: Engine) -> None:
        event.listen(engine, "handle_error", on_error)
        self._engine = engine
        self._reading = engine.execution_options(**_READING.get(engine.dialect.name, {}))
        self._writing = engine.execution_options(keyturn_writes=True)
        self._writer = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[View]:
        """A reading transaction: all its statements see one moment."""
        with self.looking() as connection:
            yield SqlView(connection)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A writing transaction.  Raises StoreError when it cannot be kept; then nothing was."""
        with self._writer, self._writing.begin() as connection:
            if connection.dialect.name != "sqlite":
                lock_head(connection)
            yield SqlTransaction(connection)

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A bare connection in a reading transaction."""
        with self._reading.begin() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """A bare connection in a writing transaction, for migrations."""
        with self._writer, self._writing.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give back files and connections."""
        self._engine.dispose()


_READING: Final[dict[str, dict[str, Any]]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
}


def connect(database: str | Path, *, create: bool = False) -> Database:
    """The database at a path (SQLite) or a URL (`postgresql://...`, `sqlite:///...`).

    create: make a SQLite file that is not there, in a folder of its own where that is missing too.
    """
    if isinstance(database, Path) or "://" not in database:
        return Database(_sqlite(Path(database), create=create))
    try:
        url = make_url(database)
    except (ArgumentError, ValueError):
        raise ConfigError("the database URL cannot be read", fix="postgresql://user@host/name") from None
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database:
        return Database(_sqlite(Path(url.database), create=create))
    if backend in ("postgresql", "postgres"):
        return Database(_postgresql(url))
    raise ConfigError(f"no store on {backend}", fix="give a path for SQLite, or a URL that begins with postgresql://")


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True)
    except ModuleNotFoundError:
        raise ConfigError(
            "PostgreSQL needs a driver that is not installed", fix="pip install 'keyturn[postgres]'"
        ) from None


def _sqlite(path: Path, *, create: bool) -> Engine:
    path = path.expanduser().absolute()
    if not create and not path.is_file():
        raise no_database(str(path))
    make_private(path)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": PATIENCE, "check_same_thread": False},
        poolclass=QueuePool,
        max_overflow=-1,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _tune)
    event.listen(engine, "begin", _begin)
    return engine


def _tune(driver: Any, _entry: ConnectionPoolEntry) -> None:
    """Leave transactions to us (the driver would open them late) and set what SQLite forgets on every connection."""
    driver.isolation_level = None
    for pragma in _PRAGMAS:
        driver.execute(pragma)
    driver.create_function(FOLD, 1, _fold, deterministic=True)


def _fold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def _begin(connection: Connection) -> None:
    """A writer takes its place at once, so that it never finds at its first write that another came first."""
    writes = connection.get_execution_options().get("keyturn_writes")
    command(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")
