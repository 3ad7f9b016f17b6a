"""How the person wants a terminal to be used, from the variables that many programs share."""

from collections.abc import Mapping
from dataclasses import dataclass

from keyturn.app.config.settings import PREFIX


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the person wants a terminal to be used.  color None: as the terminal can; loud: as `-v` and `-q` count."""

    color: bool | None = None
    accessible: bool = False
    loud: int = 0


def wishes(given: Mapping[str, str]) -> Wishes:
    """Read the variables that many programs share: NO_COLOR, FORCE_COLOR, CLICOLOR, ACCESSIBLE, TERM; and our own."""
    color = None
    if given.get("NO_COLOR") or given.get("CLICOLOR") == "0":
        color = False
    elif given.get("FORCE_COLOR") or given.get("CLICOLOR_FORCE", "0") != "0":
        color = True
    accessible = given.get("ACCESSIBLE", "0") not in ("", "0") or given.get("TERM") == "dumb"
    loud = {"error": -1, "info": 1, "debug": 2}.get(given.get(f"{PREFIX}_LOG_LEVEL", "").lower(), 0)
    return Wishes(color, accessible, loud)
