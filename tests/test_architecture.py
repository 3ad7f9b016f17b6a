"""The rooms of the house and who may import whom: the table of `ARCHITECTURE.md`, held over the code."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import cast

import pytest
from starlette.routing import Route

from keyturn.app.dialects import DIALECTS
from keyturn.app.doors import DOORS
from keyturn.core.ports import Gate
from tests.support.sources import PACKAGE, ROOT, Module, modules

HALVES = ("wire", "server", "client")
CLIENT_ALONE = {"postman"}
"""Dialects that are nobody's door: requests are read in their words and sent, and never answered."""

MAY_IMPORT_INSIDE_A_FUNCTION = "cli/"
"""Commands import what they need when they are called, so that `keyturn --help` starts quickly."""

START_UP = """
import importlib, sys, threading

def watch(event, arguments):
    if event in {"socket.connect", "socket.bind", "subprocess.Popen", "os.mkdir", "os.remove", "sqlite3.connect"}:
        raise SystemExit(f"{event} {arguments}")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        raise SystemExit(f"opened for writing: {arguments[0]}")

sys.addaudithook(watch)
for name in sys.argv[1:]:
    importlib.import_module(name)
if threading.active_count() > 1:
    raise SystemExit(f"threads are running: {threading.enumerate()}")
"""


@dataclass(frozen=True)
class Room:
    """A row of the table.  name: `core`, `bulk.intake`, or `dialects.X.wire` with X for any dialect."""

    name: str
    ours: tuple[str, ...]
    others: tuple[str, ...]


@cache
def rooms() -> dict[str, Room]:
    """The table of ARCHITECTURE.md under the heading "Who may import whom"."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = page.split("## Who may import whom")[1].split("\n## ")[0]
    found = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 3 or cells[0] in ("room", "---", ""):
            continue
        names, ours, others = ([word.strip(" `") for word in cell.split(",")] for cell in cells)
        for name in names:
            found[name] = Room(
                name, tuple(w for w in ours if w != "nothing"), tuple(w for w in others if w != "nothing")
            )
    return found


def room_of(name: str) -> str | None:
    """The room of a module (`keyturn.core.users` is in `core`), the inner one where there is one, else None."""
    parts = name.split(".")[1:]
    if not parts:
        return "keyturn"
    if parts[0] == "dialects":
        return _room_in_dialects(parts)
    within = ".".join(parts[:2])
    return next((room for room in (within, parts[0]) if room in rooms()), None)


def _room_in_dialects(parts: list[str]) -> str | None:
    if len(parts) <= 2:
        return "dialects"
    half = parts[2].partition("_")[0]
    own = f"dialects.{parts[1]}.{half}"
    if own in rooms():
        return own
    return f"dialects.X.{half}" if half in HALVES else None


def dialect_of(name: str) -> str:
    """The dialect that a module belongs to, or nothing."""
    parts = name.split(".")
    return parts[2] if len(parts) > 2 and parts[1] == "dialects" else ""


def imports(module: Module) -> Iterator[tuple[str, int, bool]]:
    """What a module imports: name, line, and whether a function does it."""
    inside = {
        id(child)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.walk(node)
    }
    known = {each.name for each in modules()}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, id(node) in inside
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield from (
                (full if (full := f"{base}.{alias.name}") in known else base, node.lineno, id(node) in inside)
                for alias in node.names
            )


def allows(module: Module, imported: str) -> bool:
    """Whether the table lets the module import this."""
    name = room_of(module.name)
    if name == "keyturn":
        return imported.split(".", maxsplit=1)[0] in sys.stdlib_module_names
    room = rooms()[name or ""]
    if imported.split(".", maxsplit=1)[0] == "keyturn":
        return _allows_ours(module, room, imported)
    top = imported.split(".", maxsplit=1)[0]
    return top in sys.stdlib_module_names or top in room.others or "everything" in room.others


def _allows_ours(module: Module, room: Room, imported: str) -> bool:
    if imported == "keyturn" or "everything" in room.ours:
        return True
    theirs = room_of(imported)
    if theirs == room.name and dialect_of(imported) == dialect_of(module.name):
        return True
    if theirs == "dialects.X.wire" and "own wire" in room.ours:
        return dialect_of(imported) == dialect_of(module.name)
    inside = imported.removeprefix("keyturn.")
    return any(inside == word or inside.startswith(f"{word}.") for word in room.ours)


def test_every_module_is_in_a_room_of_the_table() -> None:
    """A new folder needs a row in ARCHITECTURE.md first."""
    assert [module.place for module in modules() if room_of(module.name) is None] == []


def test_every_room_of_the_table_exists() -> None:
    """A map that shows what is gone is worse than none."""
    lived_in = {room_of(module.name) for module in modules()}
    assert set(rooms()) - lived_in == set()


@pytest.mark.proves("V11.1.3", "V11.2.1")
@pytest.mark.parametrize("module", modules(), ids=lambda module: module.place)
def test_a_module_imports_only_what_its_room_may(module: Module) -> None:
    """The table decides: ours in the second column, libraries in the third."""
    if room_of(module.name) is None:
        pytest.skip("it is in no room, which another test says")
    strangers = [f"line {line}: {name}" for name, line, _ in imports(module) if not allows(module, name)]
    assert strangers == [], f"{module.place} ({room_of(module.name)}) may not import these"


def test_libraries_of_the_table_are_used() -> None:
    """A library that a room no longer needs leaves the table."""
    used: dict[str, set[str]] = {name: set() for name in rooms()}
    for module in modules():
        for name, _, _ in imports(module):
            used.get(room_of(module.name) or "", set()).add(name.split(".")[0])
    idle = [(room.name, name) for room in rooms().values() for name in room.others if name not in used[room.name]]
    assert [pair for pair in idle if pair[1] != "everything"] == []


def test_only_commands_import_inside_functions() -> None:
    """What a module needs stands at its top, where the import table can see it at a glance."""
    hidden = [
        f"{module.place}:{line} {name}"
        for module in modules()
        for name, line, inside in imports(module)
        if inside and not module.place.startswith(MAY_IMPORT_INSIDE_A_FUNCTION)
    ]
    assert hidden == []


def test_no_import_is_relative() -> None:
    """A reader sees the room of everything that is imported."""
    relative = [
        f"{module.place}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_imports_have_no_cycle() -> None:
    """A knot of modules can only be read and loaded as a whole."""
    graph = {
        module.name: {name for name, _, inside in imports(module) if not inside and name.startswith("keyturn.")}
        for module in modules()
    }
    assert _cycle(graph) == []


def _cycle(graph: dict[str, set[str]]) -> list[str]:
    """The modules that are left when all that import nothing of the rest are taken away, again and again."""
    left = {name: {other for other in others if other in graph and other != name} for name, others in graph.items()}
    while free := {name for name, others in left.items() if not others & left.keys()}:
        left = {name: others for name, others in left.items() if name not in free}
    return sorted(left)


def test_a_knot_is_found() -> None:
    """The search for cycles sees one, and sees none in a chain."""
    assert _cycle({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert _cycle({"a": {"b"}, "b": {"a"}, "c": {"a"}}) == ["a", "b", "c"]


def test_importing_keyturn_does_nothing() -> None:
    """No module connects, writes, starts a process or a thread by being imported."""
    names = [module.name for module in modules() if not module.name.endswith("__main__")]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # coverage would write
    command = [sys.executable, "-B", "-W", "error", "-c", START_UP, *names]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=bare)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def dialects() -> list[str]:
    """The folders of the dialects."""
    return sorted(path.name for path in (PACKAGE / "dialects").iterdir() if path.is_dir() and path.name[0] != "_")


@pytest.mark.parametrize("dialect", dialects())
def test_every_dialect_folder_holds_the_same_files(dialect: str) -> None:
    """The vendor on a page, its words, and the two halves; what grows is split as `wire_*.py`, `server_*.py`..."""
    names = {path.name for path in (PACKAGE / "dialects" / dialect).iterdir() if path.name != "__pycache__"}
    needed = {"__init__.py", "README.md", "wire.py", "client.py"}
    needed |= set() if dialect in CLIENT_ALONE else {"wire_api.py", "server.py"}
    assert needed - names == set()
    assert dialect not in CLIENT_ALONE or not any(name.startswith("server") for name in names)
    assert [name for name in names - needed if not re.fullmatch(rf"({'|'.join(HALVES)})_\w+\.py", name)] == []


def test_the_table_of_dialects_has_every_folder() -> None:
    """A dialect that nobody can choose is not there; of those without a door, no target is chosen by hand either."""
    assert sorted(DIALECTS) == sorted(DOORS) == [name for name in dialects() if name not in CLIENT_ALONE]


@pytest.mark.parametrize("dialect", sorted(DOORS))
def test_every_route_of_a_dialect_has_a_transcript(dialect: str) -> None:
    """An exchange that the vendor's documents print, replayed on both halves: halves alone can agree and be wrong."""
    told = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests" / "dialects" / dialect).rglob("*.http"))
    asked = re.findall(r"^(?:> )?(?:GET|POST|PUT|PATCH|DELETE) (?:https?://[^/\s]+)?([^\s?]+)", told, re.M)
    paths = {re.sub(r"/+", "/", path) for path in asked}
    routes = [route for route in DOORS[dialect].routes(cast(Gate, object())) if isinstance(route, Route)]
    assert [route.path for route in routes if not any(route.path_regex.match(path) for path in paths)] == []
