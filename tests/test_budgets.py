"""How long, how branchy and how exempt the code may be.  Budgets, not goals: a reader's ease decides."""

import ast
import io
import re
import statistics
import tokenize
from collections import Counter
from functools import cache

import pytest

from tests.support.sources import ROOT, Module, committed_files, functions, modules, python_files

FOLDERS = ("src", "tests", "tools", "bench", "compat")
FILE_LINES = 400
FILE_MEDIAN = 120
FUNCTION_LINES = 50
FUNCTION_P90 = 30
BRANCHES = 10
MOCKS_PER_THOUSAND_LINES = 2
NOT_COVERED = 5

BOUNDARIES = {"bulk/running/flight.py", "cli/main.py", "http/limits.py"}
"""Where every exception may be caught: the web app, the command line, the worker of a run.  An entry must be needed."""

BRANCHING = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)
MOCK_WORDS = re.compile(r"\b(mock|mocker|\w*Mock|monkeypatch\.setattr|create_autospec)\b")
NO_MOCKS = ("tests/core/", "tests/contract/", "tests/dialects/")
NOT_OURS = ("tests/test_budgets.py", "tests/test_house_rules.py")
"""These speak of what they forbid."""


def code() -> tuple[Module, ...]:
    """Everything that is held to a length: the package, its tests, its tools, what measures and compares it."""
    return tuple(module for folder in FOLDERS for module in python_files(folder))


@cache
def comments(module: Module) -> tuple[tuple[int, str], ...]:
    """Each comment of a file with its line."""
    tokens = tokenize.generate_tokens(io.StringIO(module.text).readline)
    return tuple((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, docstring and all."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def branches(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The places where the function decides; those of functions inside it are theirs."""
    nested = {id(node) for inner in functions(function) if inner is not function for node in ast.walk(inner)}
    return sum(isinstance(node, BRANCHING) and id(node) not in nested for node in ast.walk(function))


def p90(values: list[int]) -> float:
    """The value that nine in ten do not exceed."""
    return statistics.quantiles(values, n=10)[-1]


def test_no_file_is_longer_than_a_sitting() -> None:
    """A file of more than 400 lines is two files."""
    sizes = {module.place: len(module.text.splitlines()) for module in code()}
    assert {place: size for place, size in sizes.items() if size > FILE_LINES} == {}


def test_the_median_file_is_short() -> None:
    """Half of the files of the package fit two screens; the figures are printed with -s."""
    sizes = [len(module.text.splitlines()) for module in modules() if not module.is_package]
    print(f"files: median {statistics.median(sizes):.0f}, p90 {p90(sizes):.0f}, longest {max(sizes)} lines")
    assert statistics.median(sizes) <= FILE_MEDIAN


def test_no_function_is_longer_than_a_screen() -> None:
    """A function of more than 50 lines does two things."""
    found = [
        f"{module.place}:{function.lineno} {function.name} has {length(function)} lines"
        for module in code()
        for function in functions(module.tree)
        if length(function) > FUNCTION_LINES
    ]
    assert found == []


def test_most_functions_are_short() -> None:
    """Nine functions in ten fit 30 lines; the figures are printed with -s."""
    sizes = [length(function) for module in python_files("src") for function in functions(module.tree)]
    print(f"functions: median {statistics.median(sizes):.0f}, p90 {p90(sizes):.0f}, longest {max(sizes)} lines")
    assert p90(sizes) <= FUNCTION_P90


def test_no_function_decides_more_than_ten_times() -> None:
    """What branches more is a table or two functions."""
    found = [
        f"{module.place}:{function.lineno} {function.name} has {branches(function)} branches"
        for module in code()
        for function in functions(module.tree)
        if branches(function) > BRANCHES
    ]
    assert found == []


def test_every_exception_is_caught_at_the_named_boundaries_only() -> None:
    """Elsewhere a wide net hides the fault that somebody must see.  The list shrinks when an entry is not needed."""
    found = {
        module.place
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and _catches_all(node)
    }
    assert found == BOUNDARIES


def _catches_all(handler: ast.ExceptHandler) -> bool:
    """A wide net that keeps what it caught; one that tidies up and raises again lets everything through."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    if handler.type is None:
        return True
    return any(isinstance(n, ast.Name) and n.id in ("Exception", "BaseException") for n in ast.walk(handler.type))


@pytest.mark.parametrize("word", ["type: ignore", "noqa"])
def test_every_exemption_names_its_code_and_its_reason(word: str) -> None:
    """`type: ignore[code]  # reason` and `noqa: CODE  # reason`: a later reader can tell whether it still holds."""
    form = {
        "type: ignore": re.compile(r"# type: ignore\[[a-z, -]+\]  # \w.+"),
        "noqa": re.compile(r"# noqa: [A-Z0-9, ]+  (# )?\w.+"),
    }[word]
    bad = [
        f"{module.place}:{line} {text}"
        for module in code()
        for line, text in comments(module)
        if word in text and module.place not in NOT_OURS and not form.search(text)
    ]
    assert bad == []


def test_hardly_anything_is_left_out_of_coverage() -> None:
    """Five lines of the whole project may be; a line that cannot be reached is better deleted."""
    marks = [
        f"{module.place}:{line}"
        for module in code()
        for line, text in comments(module)
        if re.search(r"pragma: no (cover|branch)", text)
    ]
    assert len(marks) <= NOT_COVERED, marks


def test_hardly_anything_is_mocked() -> None:
    """Tests of real parts survive a change of how the parts are made."""
    files = [module for module in python_files("tests") if module.place not in NOT_OURS]
    words = Counter({module.place: len(MOCK_WORDS.findall(module.text)) for module in files})
    assert {place: count for place, count in words.items() if count and place.startswith(NO_MOCKS)} == {}
    lines = sum(len(module.text.splitlines()) for module in files)
    print(f"mock words: {words.total()} in {lines} lines of tests")
    assert words.total() <= lines / 1000 * MOCKS_PER_THOUSAND_LINES


def test_every_test_says_what_it_holds() -> None:
    """A name of four words, or a sentence below it."""
    silent = [
        f"{module.place}:{function.lineno} {function.name}"
        for module in python_files("tests")
        for function in functions(module.tree)
        if function.name.startswith("test_") and not _says_something(function)
    ]
    assert silent == []


def _says_something(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    words = [word for word in function.name.removeprefix("test_").split("_") if word]
    return len(words) >= 4 or len((ast.get_docstring(function) or "").split()) >= 4


def test_every_module_of_the_package_says_what_it_is_for() -> None:
    """One sentence at the top, which is what a tree of the house would print beside the name."""
    silent = [module.place for module in modules() if not module.is_package and not ast.get_docstring(module.tree)]
    assert silent == []


def test_python_files_stand_where_they_are_counted() -> None:
    """No code hides in a folder that no budget looks at."""
    looked_at = [(ROOT / folder).as_posix() for folder in FOLDERS]
    found = [path for path in committed_files() if path.suffix == ".py"]
    assert [path for path in found if not path.as_posix().startswith(tuple(looked_at))] == []
