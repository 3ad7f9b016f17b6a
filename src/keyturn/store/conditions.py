"""Conditions and orders of lists in the words of a database.

Values only ever travel as parameters, and the names inside a stored document are those of the core or of a dialect.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias, assert_never

from sqlalchemy import ColumnElement, FromClause, Integer, Text, and_, func, literal, not_, or_, select, true

from keyturn.core import conditions
from keyturn.core.conditions import Compare, Condition, Kept, Many, Named, Order, Part, Present, Some, Test
from keyturn.core.errors import StoreError
from keyturn.store.documents import Words
from keyturn.store.subjects import storable
from keyturn.store.values import micros

Column: TypeAlias = ColumnElement[Any]
Truth: TypeAlias = ColumnElement[bool]


_ON_PIECES: Final = frozenset({Test.EQUAL, Test.CONTAINS, Test.STARTS, Test.ENDS})


@dataclass(frozen=True, slots=True)
class Listed:
    """A list with a table of its own: the tables, what ties them to the row, and where the parts are."""

    tables: FromClause
    tied: Truth
    parts: Mapping[Named, Column]


@dataclass(frozen=True, slots=True)
class Row:
    """Where the named values of one kind of row, or of an element of a list, are.

    columns: values with a column of their own.  document: the column that holds the others, under paths; what a door
    keeps is under `kept`.  among: columns that hold these values too, folded and among others; a database looks for a
    piece of one much quicker than it folds a value of every row.
    """

    words: Words
    columns: Mapping[Named, Column]
    document: Column
    paths: Mapping[Named | Many, tuple[str, ...]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    lists: Mapping[Many, Listed] = field(default_factory=dict)
    among: Mapping[Named, Column] = field(default_factory=dict)

    def where(self, condition: Condition) -> Truth:
        """The condition as a statement has it: true or false, never unknown.

        Raises StoreError for a name that these rows do not have.
        """
        match condition:
            case Compare():
                return self._compare(condition)
            case Present(of):
                return self._present(of)
            case Some():
                return self._some(condition.of, condition.where)
            case conditions.All(of_them):
                return and_(true(), *(self.where(one) for one in of_them))
            case conditions.Any(of_them):
                return or_(not_(true()), *(self.where(one) for one in of_them))
            case conditions.Not(other):
                return not_(self.where(other))
            case _ as never:
                assert_never(never)

    def order(self, order: Order) -> Column:
        """What a statement is put in order by."""
        value = self._value(order.field)
        value = value if isinstance(value.type, Integer) else func.nullif(self.words.fold(value), "", type_=Text)
        return value.desc().nulls_first() if order.descending else value.asc().nulls_last()

    def _compare(self, asked: Compare) -> Truth:
        value, given = self._value(asked.field), asked.value
        if isinstance(given, datetime):
            given = micros(given)
        if isinstance(given, str):
            if not storable([given]):
                return true() if asked.test is Test.UNEQUAL else not_(true())
            shape = self.words.plain if asked.exact else self.words.fold
            tested = _tested(self.words, asked.test, shape(value), shape(literal(given, Text)))
            if asked.field in self.among and asked.test in _ON_PIECES:
                return and_(self.words.holds(self.among[asked.field], literal(given.casefold(), Text)), tested)
            return tested
        if isinstance(given, bool):
            given = self.words.truth(given)
        return _tested(self.words, asked.test, value, literal(given))

    def _present(self, of: Named | Many) -> Truth:
        if isinstance(of, Many):
            return self._some(of, conditions.All(()))
        value = self._value(of)
        empty = value.is_(None) if isinstance(value.type, Integer) else func.coalesce(value, "") == ""
        return not_(empty)

    def _some(self, of: Many | Kept, where: Condition) -> Truth:
        listed = self.lists.get(of) if isinstance(of, Many) else None
        if listed is not None:
            element = Row(self.words, listed.parts, self.document)
            return select(1).select_from(listed.tables).where(listed.tied, element.where(where)).exists()
        table, item = self.words.elements(self.document, self._path(of))
        element = Row(self.words, {}, item, {part: (part.value,) for part in Part})
        return select(1).select_from(table).where(element.where(where)).exists()

    def _value(self, name: Named) -> Column:
        if name in self.columns:
            return self.columns[name]
        return self.words.inside(self.document, self._path(name))

    def _path(self, name: Named | Many) -> tuple[str, ...]:
        if isinstance(name, Kept):
            return (*self.kept, *name.path)
        if name not in self.paths:
            raise StoreError(f"these rows have no {name.value}")
        return self.paths[name]


def _tested(words: Words, test: Test, value: Column, given: Column) -> Truth:
    """Two values compared; a missing one is unequal to everything and passes no other test."""
    found: Mapping[Test, Truth] = {
        Test.EQUAL: value == given,
        Test.UNEQUAL: value == given,
        Test.LESS: value < given,
        Test.AT_MOST: value <= given,
        Test.MORE: value > given,
        Test.AT_LEAST: value >= given,
        Test.CONTAINS: words.holds(value, given),
        Test.STARTS: func.substr(value, 1, func.length(given)) == given,
        Test.ENDS: func.substr(value, func.length(value) - func.length(given) + 1) == given,
    }
    passed = func.coalesce(found[test], not_(true()))
    return not_(passed) if test is Test.UNEQUAL else passed
