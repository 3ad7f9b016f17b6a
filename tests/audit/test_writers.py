"""Whatever in the source writes into the database writes an entry too, or the catalogue says why none is due."""

import ast
from dataclasses import dataclass
from typing import Final

import pytest

from keyturn.core.catalogue import SILENT
from tests.support.sources import ROOT

SOURCES: Final = ROOT / "src" / "keyturn"

WITHOUT_ENTRY: Final = {
    "app/keeping/backup.py _keys": "the writers are held up while the key folder is read",
    "app/trail/trail.py sign_off": "a checkpoint is signed",
    "core/administration.py keep_job": "the result of a call is kept for whoever asks for it later",
    "mail/courier.py _take": "a mail is taken up by the courier, or tried again",
}
"""The functions with a writing transaction that appends nothing, with the row of the catalogue that says why."""

JOURNAL: Final = "store/journal.py"
"""The record of a run, which is no directory."""


@dataclass(frozen=True)
class Calls:
    """What a piece of the source calls.  handed: the names of those that get the transaction."""

    appends: bool
    handed: frozenset[str]

    @classmethod
    def of(cls, piece: ast.AST) -> "Calls":
        """Those in this piece."""
        calls = [node for node in ast.walk(piece) if isinstance(node, ast.Call)]
        appends = any(isinstance(call.func, ast.Attribute) and _appends(call.func) for call in calls)
        return cls(appends, frozenset(_last(call.func) for call in calls if _is_handed(call)))

    def records(self, writers: frozenset[str]) -> bool:
        """Whether an entry is written in it, or by what it hands the transaction to."""
        return self.appends or bool(self.handed & writers)


def _appends(function: ast.Attribute) -> bool:
    return function.attr == "append" and _last(function.value) == "audit"


def _last(function: ast.expr) -> str:
    return str(getattr(function, "attr", getattr(function, "id", "")))


def _is_handed(call: ast.Call) -> bool:
    return any(isinstance(given, ast.Name) and given.id == "transaction" for given in call.args)


def _opens(block: ast.With) -> bool:
    expressions = [item.context_expr for item in block.items]
    return any(isinstance(each, ast.Call) and _last(each.func) == "writing" for each in expressions)


def unrecorded() -> set[str]:
    """The functions that open a writing transaction in which neither they nor what they hand it to appends."""
    functions: dict[str, list[Calls]] = {}
    blocks: list[tuple[str, Calls]] = []
    for path in sorted(SOURCES.rglob("*.py")):
        place = path.relative_to(SOURCES).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and place != JOURNAL:
                functions.setdefault(node.name, []).append(Calls.of(node))
                inner = [part for part in ast.walk(node) if isinstance(part, ast.With) and _opens(part)]
                blocks += [(f"{place} {node.name}", Calls.of(block)) for block in inner]
    writers = frozenset[str]()
    while (
        grown := {name for name, all_calls in functions.items() if any(calls.records(writers) for calls in all_calls)}
        - writers
    ):
        writers |= grown
    return {where for where, calls in blocks if not calls.records(writers)}


@pytest.mark.proves("R-14", "LG-2")
def test_every_transaction_writes_an_entry_or_the_catalogue_says_why_none_is_due() -> None:
    found = unrecorded()
    assert found == WITHOUT_ENTRY.keys(), (
        f"new without an entry: {sorted(found - WITHOUT_ENTRY.keys())}; gone: {sorted(WITHOUT_ENTRY.keys() - found)}. "
        "Append an event in the transaction; or, where none is due, say why in SILENT of src/keyturn/core/catalogue.py "
        "and name the function in WITHOUT_ENTRY of this file"
    )
    assert set(WITHOUT_ENTRY.values()) <= SILENT.keys()
