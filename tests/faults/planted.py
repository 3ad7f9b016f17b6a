"""Faults to plant in a copy of the house, one at a time, and the kind of test that must find each."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
NEEDED: Final = ("src", "tests", "tools", "docs", "changes", "requirements", "pyproject.toml", "ARCHITECTURE.md")

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "contract": ("tests/contract/test_directory.py", "tests/contract/test_directory_passwords.py", "-k", "sqlite"),
    "wire": ("tests/core/test_secret.py", "tests/dialects/mas/test_wire.py", "tests/dialects/hdp/test_wire.py"),
    "fit": ("tests/core/test_capabilities.py", "tests/bulk/test_plan.py", "tests/bulk/test_laws.py"),
    "transcripts": ("tests/dialects/mas/test_transcripts.py", "tests/dialects/hdp/test_transcripts.py"),
    "imports": ("tests/test_architecture.py",),
    "house": ("tests/test_house_rules.py",),
}
"""The kinds of test, and what of each is asked; the whole of a kind would only find more."""


@dataclass(frozen=True)
class Fault:
    """One fault.  changes: by file, what stands there and what is put in its place, everywhere in that file.

    found_by: the kinds that must find it; others may.
    """

    name: str
    changes: Mapping[str, tuple[str, str]]
    found_by: tuple[str, ...]

    def plant(self, copy: Path) -> None:
        """Put it into a copy of the house.  Raises LookupError when there is nothing to change any more."""
        for place, (old, new) in self.changes.items():
            path = copy / "src" / "keyturn" / place
            text = path.read_text("utf-8")
            if old not in text:
                raise LookupError(f"{self.name}: {old!r} is no longer in {place}")
            path.write_text(text.replace(old, new), "utf-8")


_MISREAD: Final = ('"emailPassword"', '"emailPasswd"')
FAULTS: Final = (
    Fault(
        "a query name misread, in the words both halves share",
        {f"dialects/mas/{name}.py": _MISREAD for name in ("client", "server_asking", "wire")},
        ("transcripts",),
    ),
    Fault(
        "the server answers 200 where the vendor says 204",
        {"dialects/hdp/wire.py": ("return WireAnswer(204)", "return WireAnswer(200)")},
        ("transcripts",),
    ),
    Fault(
        "the client drops a query parameter",
        {"dialects/mas/wire.py": ('return f"{path}?{query}" if query else path', "return path")},
        ("contract", "transcripts"),
    ),
    Fault(
        "two refusals share one vendor code",
        {"dialects/mas/wire.py": ('"KTMAS2002E"', '"KTMAS2001E"')},
        ("contract",),
    ),
    Fault(
        "refusals are no longer audited",
        {
            "core/effects.py": (
                'effects.events.append(self._event(step, "refused", uid, reason=refused.reason.value, '
                "detail=refused.text))",
                "uid = uid",
            )
        },
        ("contract",),
    ),
    Fault(
        "the planner lets through what the wire cannot carry",
        {"core/capabilities.py": ("        return _lacks_for_reset(command, capabilities)", "        return None")},
        ("fit",),
    ),
    Fault(
        "a secret prints itself",
        {"core/secret.py": ("        return MASK", "        return self._clear")},
        ("wire",),
    ),
    Fault(
        "a server half imports the HTTP client",
        {"dialects/mas/server.py": ("from starlette.routing", "import aiohttp\nfrom starlette.routing")},
        ("imports",),
    ),
    Fault(
        "one dialect imports another",
        {"dialects/hdp/wire_policy.py": ("from dataclasses", "import keyturn.dialects.mas.wire\nfrom dataclasses")},
        ("imports",),
    ),
    Fault(
        "the core imports a library",
        {"core/outcomes.py": ("from dataclasses import", "import msgspec\nfrom dataclasses import")},
        ("imports",),
    ),
    Fault(
        "a half prints the password",
        {
            "dialects/mas/server_users.py": (
                "        [outcome] = await asked.directory().execute([command])\n",
                "        [outcome] = await asked.directory().execute([command])\n        print(command)\n",
            )
        },
        ("house",),
    ),
)  # fmt: skip


def copy_of_the_house(folder: Path) -> Path:
    """A copy with what was compiled, which is good for as long as its source is: files keep their times."""
    leave = shutil.ignore_patterns(".hypothesis")
    for name in NEEDED:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, folder / name, ignore=leave)
        else:
            shutil.copy(place, folder / name)
    return folder


def finds(copy: Path, kind: str) -> bool:
    """Whether tests of this kind fail in the copy.  Raises RuntimeError when none ran."""
    own = {"PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}", "PYTHONDONTWRITEBYTECODE": "1"}
    given = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST", "KEYTURN"))}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *KINDS[kind]]
    ran = subprocess.run(command, cwd=copy, env={**given, **own}, capture_output=True, text=True, check=False)
    if ran.returncode not in (0, 1, 2, 4):
        raise RuntimeError(ran.stdout[-2000:] + ran.stderr[-2000:])
    return ran.returncode != 0


def main() -> int:
    """Print which kind of test finds which fault; 1 when one is found by none that should."""
    missed = 0
    print("| planted fault | " + " | ".join(KINDS) + " |")
    print("|---|" + "---|" * len(KINDS))
    for fault in FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            copy = copy_of_the_house(Path(folder))
            fault.plant(copy)
            found = {kind: finds(copy, kind) for kind in KINDS}
        print(f"| {fault.name} | " + " | ".join("found" if found[kind] else "-" for kind in KINDS) + " |", flush=True)
        missed += any(not found[kind] for kind in fault.found_by)
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
