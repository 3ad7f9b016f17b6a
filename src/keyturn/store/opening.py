"""Opening the store: never one that is missing, not ours, or of another version."""

from pathlib import Path

from sqlalchemy import inspect, text

from keyturn.core.errors import StoreError
from keyturn.core.storage import Store
from keyturn.store.database import connect
from keyturn.store.faults import NOT_ONE, no_database
from keyturn.store.schema import REVISION


def open_store(database: str | Path) -> Store:
    """The store at a path (SQLite) or a URL.  Raises StoreError when it was not made by `migrate` of this version."""
    opened = connect(database)
    try:
        with opened.looking() as connection:
            if not inspect(connection).has_table("alembic_version"):
                raise no_database(_place(database))
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        if found != REVISION:
            raise StoreError(
                f"the database has revision {found}, this keyturn wants {REVISION}",
                where=_place(database),
                fix="keyturn init brings an older database up to date; a newer one needs a newer keyturn",
            )
    except StoreError as error:
        opened.close()
        if error.why == NOT_ONE:
            raise no_database(_place(database), error.what) from error
        error.where = error.where or _place(database)
        raise
    return opened


def _place(database: str | Path) -> str:
    """Where it is, without a password that the URL may hold."""
    return str(database).rpartition("@")[2] if "://" in str(database) else str(database)
