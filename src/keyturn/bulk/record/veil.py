"""Hides who is who in what leaves this machine: in place of each id a digest that is the same all through a run."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from keyturn.bulk.record.facts import Facts
from keyturn.core.errors import ConfigError
from keyturn.core.journal import Journal, Row

IDS: Final = "ids"
"""What can be hidden."""

REDACT: Final = "redact"
"""The fact that says what the reports of a run hide."""

REDACTION: Final = "redaction"
"""The fact that holds the key of the digests: random, so that nobody can find an id by trying all of them."""

_SYMBOLS: Final = 12
_NAMING: Final = ("groups", "warnings")
"""The parts of a plan whose texts may name users."""


@dataclass(frozen=True, slots=True)
class Veil:
    """What stands in place of ids.  key None: the ids themselves do."""

    key: bytes | None = field(default=None, repr=False)

    def who(self, who: str) -> str:
        """What stands for a user."""
        if self.key is None or not who:
            return who
        digest = hmac.new(self.key, who.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
        return f"u-{base64.b32encode(digest).decode('ascii')[:_SYMBOLS].lower()}"

    def row(self, row: Row) -> Row:
        """A row as it may be told.  The target's words are left out, since they may repeat the id or say more."""
        return row if self.key is None else replace(row, who=self.who(row.who), text="", proof="")

    def rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Rows as they may be told."""
        return map(self.row, rows)


OPEN: Final = Veil()
"""Hides nothing."""


def check_redact(words: Sequence[str]) -> None:
    """Raises ConfigError for anything but `ids`."""
    for word in words:
        if word != IDS:
            raise ConfigError(f"--redact {word} is not understood", code="KT-CFG-033", fix=f"--redact {IDS}")


def new_key() -> str:
    """A key for digests."""
    return secrets.token_hex(32)


def new_veil() -> dict[str, str]:
    """The facts of a run whose reports hide ids."""
    return {REDACT: IDS, REDACTION: new_key()}


def unnamed(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan as it may be told: the texts of groups and warnings, which name users, are left out."""
    named = {name: [{**each, "text": ""} for each in plan[name]] for name in _NAMING if name in plan}
    return {**plan, **named}


def veil_of(facts: Facts) -> Veil:
    """What the reports of a run hide, as its facts say."""
    return Veil(bytes.fromhex(facts[REDACTION])) if facts[REDACT] == IDS else OPEN


def veiled(journal: Journal, facts: Facts) -> Veil:
    """A veil for a run, whatever its own reports hide; its key is made at first need and kept in the journal."""
    if not facts[REDACTION]:
        key = new_key()
        journal.note({REDACTION: key})
        return Veil(bytes.fromhex(key))
    return Veil(bytes.fromhex(facts[REDACTION]))
