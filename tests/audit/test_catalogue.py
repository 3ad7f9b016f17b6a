"""The catalogue of the audit is whole: what is written stands in it, and what stands in it is really written."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn.core.audit import Entry
from keyturn.core.catalogue import CATALOGUE, VERBS
from keyturn.core.commands import Origin
from tests.audit.triggers import TRIGGERS
from tests.audit.world import ACTOR, DOOR, ORIGIN, World, a_world
from tests.support.sources import ROOT

SOURCES = ROOT / "src" / "keyturn"
VERB = re.compile(r"[a-z]+\.[a-z_]+")
WRITERS = frozenset(
    {"event", "Event", "_event", "refuse", "_refuse", "refusal", "refusal_of", "unseen", "_found", "_try", "_keep"}
)
"""What a verb is handed to outside the core, on its way into the audit."""

NOT_WRITTEN = frozenset({"permissions.py", "catalogue.py"})
"""Where the core speaks of operations and writes none."""

WITHOUT_A_REQUEST = frozenset({"mail", "keyturn", "cli"})
"""The doors of what the directory or its operator does: there is no address and no request that it came from."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all triggers: each uses names of its own."""
    with a_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def written() -> dict[str, set[str]]:
    """Every verb that some line of the source can write, and in which files."""
    found: dict[str, set[str]] = {}
    for path in sorted(SOURCES.rglob("*.py")):
        for literal in _verbs(path):
            found.setdefault(literal, set()).add(str(path.relative_to(SOURCES)))
    return found


def _verbs(path: Path) -> Iterator[str]:
    """The texts of a file in the form of a verb that go into the audit."""
    whole = path.parent.name == "core" and path.name not in NOT_WRITTEN
    tree = ast.parse(path.read_text(encoding="utf-8"))
    asked = {id(part) for node in ast.walk(tree) if _called(node) == "may" for part in ast.walk(node)}
    for node in ast.walk(tree):
        named = isinstance(node, ast.Assign) and any(getattr(to, "id", "") == "verb" for to in node.targets)
        if not (whole or named or _called(node) in WRITERS):
            continue
        for part in [node] if whole else ast.walk(node):
            if isinstance(part, ast.Constant) and id(part) not in asked and VERB.fullmatch(str(part.value)):
                yield str(part.value)


def _called(node: ast.AST) -> str:
    """The last word of the name that is called."""
    if not isinstance(node, ast.Call):
        return ""
    return str(getattr(node.func, "attr", getattr(node.func, "id", "")))


@pytest.mark.proves("LG-1")
def test_every_verb_that_is_written_is_in_the_catalogue() -> None:
    unknown = {verb: files for verb, files in written().items() if verb not in VERBS}
    assert unknown == {}, (
        f"written and not known: {unknown}. Add a line for each to KINDS in src/keyturn/core/catalogue.py and one for "
        "each of its outcomes to TRIGGERS in tests/audit/triggers.py, then run: python -m tools.make_docs"
    )


@pytest.mark.proves("LG-1")
def test_every_event_of_the_catalogue_has_a_trigger() -> None:
    wanted = {(verb, outcome) for verb, kind in CATALOGUE.items() for outcome in kind.outcomes}
    lacking, dead = sorted(wanted - TRIGGERS.keys()), sorted(TRIGGERS.keys() - wanted)
    assert (lacking, dead) == ([], []), (
        "TRIGGERS in tests/audit/triggers.py has to make each event of src/keyturn/core/catalogue.py happen: a line "
        f"`(verb, outcome): lambda w: w.doing(...)` is lacking for {lacking}; lines of nothing in the catalogue: {dead}"
    )


@pytest.mark.proves("LG-1", "V16.2.1", "V16.3.1", "V16.3.2", "V16.3.3")
@pytest.mark.parametrize(("verb", "outcome"), TRIGGERS, ids=[" ".join(each) for each in TRIGGERS])
def test_what_happens_leaves_exactly_its_entry_with_every_field(world: World, verb: str, outcome: str) -> None:
    act = TRIGGERS[verb, outcome](world)
    before = world.last
    act()
    new = world.entries(before)
    assert [entry.sequence for entry in new] == list(range(before + 1, before + 1 + len(new)))
    mine = [entry for entry in new if entry.event.verb == verb]
    assert [entry.event.outcome for entry in mine] == [outcome], [entry.event for entry in new]
    _complete(mine[0], world)


def _complete(entry: Entry, world: World) -> None:
    """Every field says what the catalogue promises."""
    event, kind = entry.event, CATALOGUE[entry.event.verb]
    assert (event.at, event.tenant) == (world.house.clock.now(), 1)
    assert bool(event.reason) is (event.outcome == "refused")
    if event.door not in WITHOUT_A_REQUEST:
        assert event.door == DOOR
        assert Origin(event.request, event.source, event.run, event.row) == ORIGIN
        assert event.actor in (ACTOR, event.target)
    assert event.actor
    if event.outcome in ("refused", "unchanged"):
        return
    assert bool(event.target) is bool(kind.target), "the catalogue says whether there is a uid"
    assert event.detail or not kind.detail or event.verb in ("session.start", "user.update"), event
