"""Looking after a directory as a whole: which keys its rows name, and what a restored copy may not bring back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeyUse:
    """So many rows of a kind name this key of the key folder.

    key_id: empty for rows that were written before rows of their kind named their key.
    """

    label: str
    key_id: str
    rows: str
    count: int


@dataclass(frozen=True, slots=True)
class Buried:
    """What a restored copy held and no longer does: each a number of rows."""

    sessions: int
    links: int
    one_time_secrets: int
    recovery_codes: int
    mails: int
    operations: int
    keys: int


class Upkeep(Protocol):
    """What is asked of the store by those who look after it, and by nobody at a door."""

    def key_uses(self, now: datetime) -> Sequence[KeyUse]:
        """Every key of the key folder that a row still needs, with the rows that do."""

    def imported_methods(self) -> frozenset[str]:
        """By which methods hashes of other systems are compared with, of accounts that have not signed in since."""

    def name_digests(self, key_id: str) -> int:
        """Write the id of their key to digests of API keys and links that were kept before they named it."""

    def bury(self, now: datetime, *, keys: bool) -> Buried:
        """Make a restored copy revive nothing: sessions, tokens, links, unused one-time secrets, recovery codes and
        open mail die, and no repeat of an operation is recognised.  keys: the API keys are deleted as well."""
