"""Statements of the hot paths: written in SQLAlchemy's words, compiled once for a database, run by its driver.

A reset one by one is eight small statements and a thousand resets are three large ones.  In both cases what surrounds a
statement in the toolkit costs more than the statement; everything else in this room goes the toolkit's way.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Insert,
    Row,
    Select,
    Text,
    Update,
    bindparam,
)
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from keyturn.store.faults import of_driver, translated

CHUNK: Final = 500
"""How many values one `IN` takes."""

_DIALECTS: Final[dict[str, Dialect]] = {
    "sqlite": pysqlite.dialect(paramstyle="qmark"),
    "postgresql": psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]  # SQLAlchemy has not typed it
}

T = TypeVar("T")
AnyRow: TypeAlias = Row[*tuple[Any, ...]]


class Among(ColumnElement[bool]):
    """Whether a column holds one of a set.  The set is one parameter, so the text is the same for every size."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        kind = BigInteger if isinstance(column.type, BigInteger) else Text
        self.column = column
        self.wanted: ColumnElement[Any] = bindparam(name, type_=ARRAY(kind))
        self.wanted_json: ColumnElement[Any] = bindparam(name, type_=Text)


@compiles(Among, "sqlite")
def _among_sqlite(element: Among, compiler: SQLCompiler, **_: Any) -> str:
    wanted = f"json_each({compiler.process(element.wanted_json)})"
    return f"{compiler.process(element.column)} IN (SELECT value FROM {wanted})"  # noqa: S608  # a parameter


@compiles(Among, "postgresql")
def _among_postgresql(element: Among, compiler: SQLCompiler, **_: Any) -> str:
    return f"{compiler.process(element.column)} = ANY({compiler.process(element.wanted)})"


class Prepared:
    """One statement; `order` names its parameters as callers give them.  A list is a set for `Among`."""

    def __init__(self, statement: Select[*tuple[Any, ...]] | Insert | Update | Delete, *order: str) -> None:
        self._statement = statement
        self._order = order
        self._forms: dict[str, _Form] = {}

    def all(self, connection: Connection, *values: object) -> list[tuple[Any, ...]]:
        """The rows that it finds."""
        form = self._form(connection)
        try:
            found: list[tuple[Any, ...]] = _cursor(connection).execute(form.text, form.fit(values)).fetchall()
        except of_driver(connection) as error:
            raise translated(error) from error
        return found

    def run(self, connection: Connection, *values: object) -> int:
        """Run it once; answers how many rows of the table were touched."""
        form = self._form(connection)
        try:
            count: int = _cursor(connection).execute(form.text, form.fit(values)).rowcount
        except of_driver(connection) as error:
            raise translated(error) from error
        return count

    def each(self, connection: Connection, rows: Sequence[tuple[object, ...]]) -> int:
        """Run it for every tuple of a set; answers how many rows of the table were touched in all."""
        form = self._form(connection)
        cursor = _cursor(connection)
        try:
            cursor.executemany(form.text, rows if form.plain else [form.fit(row) for row in rows])
        except of_driver(connection) as error:
            raise translated(error) from error
        count: int = cursor.rowcount
        return count

    def _form(self, connection: Connection) -> "_Form":
        name = connection.dialect.name
        if name not in self._forms:
            compiled = self._statement.compile(dialect=_DIALECTS[name], column_keys=list(self._order))
            self._forms[name] = _Form(compiled, self._order, as_json=name == "sqlite")
        return self._forms[name]


class _Form:
    """A statement as text for one database, and how the values of a caller fit its parameters."""

    def __init__(self, compiled: SQLCompiler, order: Sequence[str], *, as_json: bool) -> None:
        names = compiled.positiontup or []
        fixed = [name for name in names if name not in order]
        everything = [*order, *fixed]
        self.text = str(compiled)
        self._fixed = tuple(compiled.params[name] for name in fixed)
        self._places = [everything.index(name) for name in names]
        self._as_json = as_json
        self.plain = names == list(order)

    def fit(self, values: tuple[object, ...]) -> tuple[object, ...]:
        """The values in the order of the text, with those that the statement itself brings."""
        if self._as_json:
            values = tuple([json.dumps(value) if type(value) is list else value for value in values])
        if self.plain:
            return values
        everything = values + self._fixed
        return tuple([everything[place] for place in self._places])


def command(connection: Connection, text: str) -> None:
    """Run a word such as BEGIN or SAVEPOINT."""
    try:
        _cursor(connection).execute(text)
    except of_driver(connection) as error:
        raise translated(error) from error


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """A set in pieces that fit into an `IN`."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
