"""What drivers say, in the core's words."""

from typing import Final

from sqlalchemy import Connection
from sqlalchemy.engine import ExceptionContext

from keyturn.core.errors import Conflict, StoreError

NOT_ONE: Final = "SQLITE_NOTADB"
"""What SQLite says of a file that is something else."""

_ELSEWHERE: Final = "keyturn init makes one; or name the place of yours with --data or --database URL"

_TAKEN: Final = frozenset({"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "23505"})
"""What the databases call a unique value that is there already."""


def translated(error: BaseException) -> StoreError:
    """The error of a driver as ours; details behind its first line, which may hold a row, are cut off for good."""
    if isinstance(error, ValueError | OverflowError):
        return StoreError("the database cannot hold such a value")
    name = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or ""
    told = str(error).partition("\n")[0]
    error.args = (told,)
    if name in _TAKEN:
        return Conflict(told)
    return StoreError(f"the database refused: {told}", why=str(name))


def no_database(where: str, what: str = "there is no keyturn database") -> StoreError:
    """Nothing there is one of ours: a matter of which place was named."""
    return StoreError(what, code="KT-CFG-023", where=where, fix=_ELSEWHERE)


def on_error(context: ExceptionContext) -> StoreError | None:
    """What SQLAlchemy calls with every error, to raise ours instead; an interruption stays what it is."""
    error = context.original_exception
    known = (context.dialect.loaded_dbapi.Error, ValueError, OverflowError)
    return translated(error) if isinstance(error, known) else None


def of_driver(connection: Connection) -> tuple[type[Exception], ...]:
    """The errors that the driver of a connection raises, and those of values that it cannot bind."""
    return (connection.dialect.loaded_dbapi.Error, ValueError, OverflowError)
