"""Collects which requirements each test says that it proves, from the source of the tests alone."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NEVER_RUN: Final = ("skip", "xfail")
"""Marks with which a test proves nothing."""


@dataclass(frozen=True, order=True)
class Proof:
    """One claim.  path: of the test's file, from the root of the project; idle: the test never runs or never counts."""

    id: str
    path: str
    test: str
    idle: bool = False

    @property
    def sentence(self) -> str:
        """The test's name as people read it."""
        return self.test.removeprefix("test_").replace("_", " ")


@dataclass(frozen=True)
class Marks:
    """What was found.  unread: places with a mark that is nobody's or holds more than plain ids."""

    proofs: tuple[Proof, ...]
    unread: tuple[str, ...]


def marks(tests: Path) -> Marks:
    """Every claim in the tests of a folder, in the order of paths and lines."""
    proofs: list[Proof] = []
    unread: list[str] = []
    for path in sorted(tests.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.proves" in text:
            place = path.relative_to(tests.parent).as_posix()
            tree = ast.parse(text)
            found, used = _of_file(tree, place)
            proofs += found
            unread += [f"{place}:{node.lineno}" for node in _named(tree) if id(node) not in used]
    return Marks(tuple(proofs), tuple(unread))


def _named(tree: ast.AST) -> Iterator[ast.Attribute]:
    """Every place that speaks of the mark."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "proves" and _name_of(node.value) == "mark":
            yield node


def _name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _of_file(tree: ast.Module, place: str) -> tuple[list[Proof], set[int]]:
    """The claims of a file, and the places of the mark that were understood."""
    every = [mark for node in tree.body if isinstance(node, ast.Assign) for mark in _of_every_test(node)]
    proofs: list[Proof] = []
    used: set[int] = set()
    for test, marks_of_test in _tests(tree.body, every):
        idle = any(_name_of(mark.func if isinstance(mark, ast.Call) else mark) in NEVER_RUN for mark in marks_of_test)
        for mark in marks_of_test:
            ids = _ids(mark)
            if ids and isinstance(mark, ast.Call):
                used.add(id(mark.func))
                proofs += [Proof(each, place, test, idle) for each in ids]
    return proofs, used


def _tests(body: list[ast.stmt], before: list[ast.expr]) -> Iterator[tuple[str, list[ast.expr]]]:
    """Every test with the marks on it, on its class and on its file."""
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _tests(node.body, [*before, *node.decorator_list])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name, [*before, *node.decorator_list]


def _of_every_test(node: ast.Assign) -> list[ast.expr]:
    """The marks of `pytestmark = one` or `pytestmark = [one, another]`; none of any other assignment."""
    if [_name_of(target) for target in node.targets] != ["pytestmark"]:
        return []
    return list(node.value.elts) if isinstance(node.value, ast.List | ast.Tuple) else [node.value]


def _ids(mark: ast.expr) -> list[str]:
    """The ids of a mark `pytest.mark.proves("PW-1", ...)`; none when it is another mark or not plain."""
    if not isinstance(mark, ast.Call) or _name_of(mark.func) != "proves" or mark.keywords:
        return []
    ids = [each.value for each in mark.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return ids if len(ids) == len(mark.args) else []
