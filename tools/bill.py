"""The bill of materials: every library that keyturn runs with, as CycloneDX, from the lock file alone."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keyturn import __version__

LOCK: Final = Path(__file__).resolve().parent.parent / "requirements" / "run.txt"
_PIN: Final = re.compile(r"([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
OURS: Final = "keyturn"


@dataclass(frozen=True)
class Pin:
    """One line of the lock.  via: who asks for it; `keyturn` for what the project itself names."""

    name: str
    version: str
    via: tuple[str, ...]

    @property
    def ref(self) -> str:
        """The library as package URLs write it."""
        return f"pkg:pypi/{self.name}@{self.version}"


def pins(lock: Path = LOCK) -> Iterator[Pin]:
    """Every library of a lock file, in its order."""
    for block in re.split(r"\n(?=[a-z0-9])", lock.read_text(encoding="utf-8")):
        found = _PIN.match(block)
        if found:
            _, _, told = block.partition("# via")
            names = [re.sub(r"\[.*", "", line.strip(" #")) for line in told.splitlines()]
            via = [OURS if name.startswith((OURS, "-r")) else name for name in names if name]
            yield Pin(found[1], found[2], tuple(via))


def as_json() -> str:
    """The whole bill; the hashes of each library stand in the lock, which is the only place that installs from."""
    every = [*pins()]
    refs = {pin.name: pin.ref for pin in every} | {OURS: OURS}
    wants = {name: [pin.ref for pin in every if name in pin.via] for name in refs}
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": OURS, "name": OURS, "version": __version__}},
        "components": [
            {"type": "library", "bom-ref": pin.ref, "name": pin.name, "version": pin.version, "purl": pin.ref}
            for pin in every
        ],
        "dependencies": [{"ref": refs[name], "dependsOn": asked} for name, asked in wants.items()],
    }
    return json.dumps(bill, indent=1) + "\n"
