"""Every code that keyturn can print: what it means, why it happens, what to do, how the command ends."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "codes"


@dataclass(frozen=True, slots=True)
class Entry:
    """One code.  exit: of a command that ends with it; progress: how far it got, where the code alone can tell."""

    code: str
    title: str = ""
    cause: str = ""
    fix: str = ""
    exit: int = 1
    progress: str = ""


def entries() -> list[Entry]:
    """All codes, in order."""
    found = []
    for path in sorted(_FOLDER.glob("*.toml")):
        for code, fields in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found.append(Entry(code=code, **fields))
    return sorted(found, key=lambda entry: entry.code)


def entry(code: str) -> Entry:
    """One code; an entry without title when nobody wrote it down."""
    family = code.split("-")[1].lower() if code.count("-") == 2 else ""
    path = _FOLDER / f"{family}.toml"
    if path.is_file():
        fields = tomllib.loads(path.read_text(encoding="utf-8")).get(code)
        if fields is not None:
            return Entry(code=code, **fields)
    return Entry(code=code)
