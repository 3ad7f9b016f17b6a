"""The rules of the house: each with a message, a reason, examples, and a list of exceptions that can only be exact."""

import re

import pytest

from tests.support.rules import BANNED_NAMES, RULES, Rule
from tests.support.sources import ROOT, committed_files, modules

RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)

HOSTS = ("py" + "pi.org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com/package", "debian" + ".org")
"""Registries are named by nobody: a lock file that does works only where that host is reached."""

MACHINE_PATHS = re.compile(r"(?<![\w.\-*/])/(work|opt/" + r"pypi|opt/wheels|root)/|\bsha" + r"red/")
"""Paths of somebody's machine."""

BINARY = {".bin", ".gz", ".png", ".xlsx", ".age", ".zip", ".db", ".ttf"}


@RULE
def test_a_rule_accepts_and_rejects_its_examples(rule: Rule) -> None:
    """A rule that nobody can break, or that forbids what is right, is not a rule."""
    assert [source for source in rule.accepted if rule.lines(source)] == []
    assert [source for source in rule.rejected if not rule.lines(source)] == []


@pytest.mark.proves("ST-3", "ST-5", "CF-3", "V1.2.5", "V1.2.9", "V1.3.2", "V1.5.2", "V11.2.4", "V11.5.2")
@RULE
def test_the_house_keeps_the_rule(rule: Rule) -> None:
    """The exceptions are exact: one more is a decision to show, one less shortens the list."""
    found = {module.place: uses for module in modules() if (uses := rule.uses(module))}
    more = {place: uses for place, uses in found.items() if len(uses) > rule.allowed.get(place, 0)}
    less = {place: count for place, count in rule.allowed.items() if len(found.get(place, [])) < count}
    assert more == {}, f"{rule.message}: {rule.reason} (allowed: {rule.allowed})"
    assert less == {}, "the list of exceptions is longer than needed; shorten it in tests/support/rules.py"


@RULE
def test_a_rule_gives_its_message_and_reason(rule: Rule) -> None:
    """A rule without a reason is deleted."""
    assert len(rule.message.split()) >= 5
    assert len(rule.reason.split()) >= 8


def test_no_module_is_named_for_nothing() -> None:
    """A file name says what is inside."""
    assert [module.place for module in modules() if BANNED_NAMES.search(module.path.stem)] == []


def test_no_file_names_a_registry_host_or_a_path_of_a_machine() -> None:
    """What is committed works on any machine, behind any mirror."""
    found = []
    for path in committed_files():
        if path.suffix in BINARY:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if any(host in line for host in HOSTS) or MACHINE_PATHS.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


@pytest.mark.proves("CF-3", "V15.2.4")
def test_lock_files_pin_every_package_with_hashes_and_no_place_to_get_it() -> None:
    """`pip install --require-hashes` takes them behind any index."""
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        pins = re.split(r"\n(?=\w)", text.split("\n", 2)[2])
        assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin or "==" not in pin] == [], path.name
        assert re.search(r"https?://|--index-url|--find-links|-e \.", text) is None, path.name


@pytest.mark.proves("CF-3")
def test_lock_files_hold_what_the_project_asks_for() -> None:
    """A dependency that is added to the project is locked in the same commit."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    locked = (ROOT / "requirements" / "test.txt").read_text(encoding="utf-8")
    section = project.split("[project.optional-dependencies]")[0].split("dependencies = [")[1]
    section += project.split("[project.optional-dependencies]")[1].split("\ndev = ")[0]
    names = {name.lower() for name in re.findall(r'"([A-Za-z0-9_.-]+)(?:\[\w+\])?[><=~]', section)}
    assert {name for name in names if not re.search(rf"^{re.escape(name)}(\[|==)", locked, re.M)} == set()
