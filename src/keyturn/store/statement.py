"""Statements for large sets: compiled once for a database, run with plain tuples.

Binding a dictionary a row costs as much as the database itself when rows come by the thousand.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import Connection, Delete, Dialect, Insert, Row, Update
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite

CHUNK: Final = 500
"""How many values one `IN` takes."""

_DIALECTS: Final[dict[str, Dialect]] = {
    "sqlite": pysqlite.dialect(paramstyle="qmark"),
    "postgresql": psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]  # SQLAlchemy has not typed it
}

T = TypeVar("T")
AnyRow: TypeAlias = Row[*tuple[Any, ...]]


class Rows:
    """One statement that is run for every tuple of a set; `order` names the parameters as the tuples hold them."""

    def __init__(self, statement: Insert | Update | Delete, order: Sequence[str]) -> None:
        self._statement = statement
        self._order = list(order)
        self._texts: dict[str, tuple[str, list[int] | None]] = {}

    def run(self, connection: Connection, rows: Sequence[tuple[object, ...]]) -> int:
        """Run it for each; answers how many rows of the table were touched."""
        name = connection.dialect.name
        if name not in self._texts:
            self._texts[name] = self._compile(_DIALECTS[name])
        text, places = self._texts[name]
        if places is not None:
            rows = [tuple([row[place] for place in places]) for row in rows]
        return connection.exec_driver_sql(text, list(rows)).rowcount

    def _compile(self, dialect: Dialect) -> tuple[str, list[int] | None]:
        compiled = self._statement.compile(dialect=dialect, column_keys=self._order)
        if compiled.positiontup is None:
            raise TypeError("only statements with parameters by position are prepared")
        places = [self._order.index(name) for name in compiled.positiontup]
        return str(compiled), None if places == list(range(len(places))) else places


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """A set in pieces that fit into an `IN`."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
