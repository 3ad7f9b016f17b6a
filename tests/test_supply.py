"""What keyturn is made of: locked, above known faults, listed, read by static analysis, and nothing more shipped."""

import ast
import json
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.config.sources import Source
from keyturn.core.starting import TOKEN_LIFE
from keyturn.crypto.keyfolder import Label
from keyturn.mail import courier
from keyturn.mail.relay import Relay
from tests.support.sources import ROOT, modules
from tools import bill
from tools.bill import pins

PROJECT: Mapping[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FLOORS: Mapping[str, Mapping[str, str]] = tomllib.loads((ROOT / "requirements" / "floors.toml").read_text("utf-8"))
SCHEDULES = ("reference/cryptography.md", "how-to/rotate-keys.md")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.mark.proves("CF-3", "V15.2.1")
@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_no_library_is_locked_below_the_floor_of_a_known_fault(lock: Path) -> None:
    """The floors are in a file that is reviewed; nobody has to be online to know of them."""
    low = [
        f"{pin.name} {pin.version}: {FLOORS[pin.name]['because']}"
        for pin in pins(lock)
        if pin.name in FLOORS and Version(pin.version) < Version(FLOORS[pin.name]["at_least"])
    ]
    assert low == []


@pytest.mark.proves("CF-3")
def test_the_project_itself_asks_for_no_version_below_a_floor() -> None:
    """Who installs without the lock gets none either."""
    asked = [re.fullmatch(r"([a-z0-9-]+)(?:\[\w+\])?>=([^,;]+).*", one) for one in PROJECT["project"]["dependencies"]]
    wanted = {found[1]: found[2] for found in asked if found}
    assert len(wanted) == len(PROJECT["project"]["dependencies"])
    low = [name for name, version in wanted.items() if name in FLOORS and Version(version) < Version(_floor(name))]
    assert low == []


def _floor(name: str) -> str:
    return FLOORS[name]["at_least"]


def test_every_floor_is_of_a_library_that_is_used_and_says_why() -> None:
    """A floor for what is gone is noise."""
    used = {pin.name for lock in LOCKS for pin in pins(lock)}
    assert [name for name, floor in FLOORS.items() if name not in used or "CVE-" not in floor["because"]] == []


@pytest.mark.proves("CF-3", "V15.1.2")
def test_the_bill_of_materials_names_everything_that_is_locked_and_who_asks_for_it() -> None:
    """CycloneDX, made from the lock; the page test keeps the committed copy current."""
    told = json.loads(bill.as_json())
    locked = dict(re.findall(r"^([a-z0-9][\w.-]*)(?:\[[\w,]+\])?==([^\s;]+)", bill.LOCK.read_text("utf-8"), re.M))
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    assert {part["name"]: part["version"] for part in told["components"]} == locked
    refs = {part["bom-ref"] for part in told["components"]}
    wanted = {ref for each in told["dependencies"] for ref in each["dependsOn"]}
    assert wanted == refs, "everything is asked for by somebody"
    assert {each["ref"] for each in told["dependencies"]} == refs | {"keyturn"}


@pytest.mark.proves("CF-3", "V1.2.4", "V11.4.1")
def test_the_checks_of_bandit_are_on_for_everything_that_is_shipped() -> None:
    """ruff knows them as S; `make lint` is part of `make test`, and no exception there speaks of the package."""
    lint = PROJECT["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert [code for code in lint["ignore"] if code.startswith("S")] == ["S105"]
    off = [place for place, codes in lint["per-file-ignores"].items() if any(code.startswith("S") for code in codes)]
    assert [place for place in off if place.startswith("src")] == []


@pytest.mark.proves("V15.2.3", "V13.4.1")
def test_only_the_package_is_shipped() -> None:
    """And its manual page.  No test, tool or history of the source is in the wheel, nor beside what is served."""
    shipped = {"packages": ["src/keyturn"], "shared-data": {"man/keyturn.1": "share/man/man1/keyturn.1"}}
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"] == shipped
    package = [path for path in (ROOT / "src" / "keyturn").rglob("*") if path.is_file()]
    assert [path.name for path in package if path.name.startswith(("test_", "conftest", ".git"))] == []


@pytest.mark.proves("V15.1.1")
def test_it_is_written_how_soon_a_library_with_a_fault_is_replaced() -> None:
    """With the place where the floor is kept that this leaves behind."""
    told = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert re.search(r"within 7 days .* within 30 days otherwise", " ".join(told.split()))
    assert "requirements/floors.toml" in told


@pytest.mark.proves("V7.1.1", "V7.1.2")
def test_the_page_says_how_long_sessions_last_and_how_many_there_may_be() -> None:
    """As long as the code lets them."""
    told = " ".join((ROOT / "docs" / "explanation" / "security-model.md").read_text(encoding="utf-8").split())
    assert (timedelta(hours=1), True) == (TOKEN_LIFE, "A sign-in over the API lasts an hour" in told)
    assert "no limit to how many sessions" in told


@pytest.mark.proves("V11.1.1", "V11.1.2", "V13.1.4")
def test_the_page_of_keys_has_a_row_for_every_key_and_says_who_has_it_and_how_it_is_replaced() -> None:
    """A key for a new purpose is told of in the same change."""
    page = (ROOT / "docs" / "reference" / "cryptography.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| `")
    ]
    assert [row[0].strip("`") for row in rows] == [label.value for label in Label]
    assert [row[0] for row in rows if not all(row[1:])] == []
    assert all("once a year" in (ROOT / "docs" / name).read_text("utf-8") for name in SCHEDULES)


@pytest.mark.proves("V13.1.1", "V13.1.2", "V13.1.3")
def test_the_page_of_connections_says_what_the_code_does() -> None:
    """How many, how long, how often again."""
    rows = (ROOT / "docs" / "reference" / "connections.md").read_text(encoding="utf-8").splitlines()
    relay, _, target, command = (line for line in rows if line.startswith(("| the", "| Post", "| a ")))
    assert f"| {courier.CONNECTIONS} | {Relay.at('127.0.0.1:25', '').timeout:g} seconds" in relay
    assert f"waits {courier.FIRST_PAUSE.seconds} seconds" in relay
    assert f"up to {courier.LONGEST_PAUSE.seconds // 60} minutes, {courier.MOST_ATTEMPTS} times" in relay
    assert f"`timeout`, {TargetSettings(kind='mas', url='').timeout:g} seconds" in target
    assert f"`timeout`, {Source(env='X').timeout:g} seconds" in command


@pytest.mark.proves("V11.1.3", "V11.2.1")
def test_the_page_names_every_library_of_cryptography_that_is_imported() -> None:
    """Found in the source, wherever it is."""
    told = (ROOT / "docs" / "reference" / "cryptography.md").read_text(encoding="utf-8").lower()
    names = {"nacl": "pynacl", "jwt": "pyjwt", "passlib": "libpass"}
    known = {"nacl", "jwt", "passlib", "pyrage", "bcrypt", "cryptography", "webauthn", "hmac", "hashlib", "secrets"}
    used = {
        name.partition(".")[0]
        for module in modules()
        for node in ast.walk(module.tree)
        for name in _imported(node)
        if name.partition(".")[0] in known
    }
    assert used >= {"nacl", "jwt", "pyrage", "hmac"}
    assert [name for name in used if names.get(name, name) not in told] == []


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
