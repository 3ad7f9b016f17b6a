"""How each database folds text and reads what is inside a stored JSON document."""

import json
from collections.abc import Sequence
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, FromClause, Text, case, cast, func
from sqlalchemy.dialects.postgresql import JSONB

FOLD: Final = "keyturn_fold"
"""The function that SQLite gets from us: its own `lower` knows the letters of English alone."""


class Words(Protocol):
    """What conditions need to say."""

    def fold(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """Text as it is compared without regard to case."""

    def plain(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """Text as it is compared letter by letter."""

    def holds(self, text: ColumnElement[Any], piece: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a piece is in a text."""

    def inside(self, document: ColumnElement[Any], path: Sequence[str]) -> ColumnElement[Any]:
        """The value in a document; NULL when it is not there."""

    def truth(self, value: bool) -> str | int:
        """How `inside` shows a truth value."""

    def elements(self, document: ColumnElement[Any], path: Sequence[str]) -> tuple[FromClause, ColumnElement[Any]]:
        """The elements of a list in a document, as a table and the column that holds each."""


class Sqlite:
    """SQLite, with our function for case."""

    def fold(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """Text as it is compared without regard to case."""
        return func.keyturn_fold(text, type_=Text)

    def plain(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """Text as it is compared letter by letter."""
        return text

    def holds(self, text: ColumnElement[Any], piece: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a piece is in a text."""
        return func.instr(text, piece) > 0

    def inside(self, document: ColumnElement[Any], path: Sequence[str]) -> ColumnElement[Any]:
        """The value in a document; NULL when it is not there."""
        return func.json_extract(document, _dotted(path), type_=Text)

    def truth(self, value: bool) -> str | int:
        """How `inside` shows a truth value."""
        return int(value)

    def elements(self, document: ColumnElement[Any], path: Sequence[str]) -> tuple[FromClause, ColumnElement[Any]]:
        """The elements of a list in a document, as a table and the column that holds each."""
        a_list = case((func.json_type(document, _dotted(path)) == "array", func.json_extract(document, _dotted(path))))
        table = func.json_each(a_list).table_valued("value", "type")
        return table, case((table.c.type == "object", table.c.value))


class Postgresql:
    """PostgreSQL; what a capital letter is, its own locale says.  Texts are in order of their code points."""

    def fold(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """Text as it is compared without regard to case."""
        return func.lower(text, type_=Text).collate("C")

    def plain(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """Text as it is compared letter by letter."""
        return cast(text, Text).collate("C")

    def holds(self, text: ColumnElement[Any], piece: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a piece is in a text."""
        return func.strpos(text, piece) > 0

    def inside(self, document: ColumnElement[Any], path: Sequence[str]) -> ColumnElement[Any]:
        """The value in a document; NULL when it is not there."""
        return func.jsonb_extract_path_text(_json(document), *path, type_=Text)

    def truth(self, value: bool) -> str | int:
        """How `inside` shows a truth value."""
        return "true" if value else "false"

    def elements(self, document: ColumnElement[Any], path: Sequence[str]) -> tuple[FromClause, ColumnElement[Any]]:
        """The elements of a list in a document, as a table and the column that holds each."""
        found = func.jsonb_extract_path(_json(document), *path, type_=JSONB)
        a_list = case((func.jsonb_typeof(found) == "array", found))
        table = func.jsonb_array_elements(a_list).table_valued("value").render_derived()
        return table, table.c.value


WORDS: Final[dict[str, Words]] = {"sqlite": Sqlite(), "postgresql": Postgresql()}
"""By the name of the database, as the toolkit has it."""


def _dotted(path: Sequence[str]) -> str:
    return "$" + "".join(f".{json.dumps(name)}" for name in path)


def _json(document: ColumnElement[Any]) -> ColumnElement[Any]:
    # A zero character is the one thing that JSON can write and this database cannot hold.
    return cast(func.replace(cast(document, Text), "\\u0000", "\\ufffd"), JSONB)
