"""The source of keyturn as trees and lines, for the tests that hold the house to its rules."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "keyturn"


@dataclass(frozen=True)
class Module:
    """One Python file.  name: as imported (`keyturn.core.users`); place: as people say it (`core/users.py`)."""

    name: str
    place: str
    path: Path

    @cached_property
    def text(self) -> str:
        """Its source."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Its source, parsed."""
        return ast.parse(self.text, str(self.path))

    @property
    def is_package(self) -> bool:
        """True for an `__init__.py`."""
        return self.path.name == "__init__.py"


@cache
def modules() -> tuple[Module, ...]:
    """Every module of keyturn."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        parts = [*inside.parent.parts, *([] if path.stem == "__init__" else [path.stem])]
        found.append(Module(".".join(["keyturn", *parts]), inside.as_posix(), path))
    return tuple(found)


@cache
def committed_files() -> tuple[Path, ...]:
    """Every file that git knows of or would take; all files where this is no clone."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    answer = subprocess.run(asked, cwd=ROOT, capture_output=True, check=False)
    if answer.returncode != 0:
        return tuple(path for path in sorted(ROOT.rglob("*")) if path.is_file() and ".venv" not in path.parts)
    names = answer.stdout.decode().split("\0")
    return tuple(path for name in sorted(set(names)) if name and (path := ROOT / name).is_file())


@cache
def python_files(folder: str) -> tuple[Module, ...]:
    """Every Python file of ours below a folder of the project; the place starts at the project's root."""
    paths = [path for path in committed_files() if path.suffix == ".py" and path.is_relative_to(ROOT / folder)]
    return tuple(Module(path.stem, path.relative_to(ROOT).as_posix(), path) for path in paths)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
