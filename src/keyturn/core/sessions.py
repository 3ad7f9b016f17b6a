"""Sign-ins as they are kept, until they end with their time, with the account, or because somebody says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in or a key's token.  kind: `user` or `key`; owner: uid or key id; epoch: of the owner at its start.

    scopes: what a client asked for of what its key allows, in the words of its door.  source: the address that it was
    begun from; door: through which one.  stage: `half` or `enrolling` while a second factor is still wanted.
    """

    id: str
    kind: str
    owner: str
    tenant: int
    epoch: int
    restricted: bool
    started: datetime
    expires: datetime
    scopes: tuple[str, ...] = ()
    source: str = ""
    door: str = ""
    stage: str = ""


class SessionTable(Protocol):
    """Sign-ins and tokens."""

    def start(self, session: Session) -> None:
        """Keep a new one."""

    def find(self, id: str) -> Session | None:
        """The session if it exists and the epoch of its owner is still the one it began with."""

    def of(self, owner: str, now: datetime) -> Sequence[Session]:
        """The sessions of a user or key that are good, oldest first."""

    def sources(self, owner: str) -> frozenset[str]:
        """From where a user or key signed in of late, all the way: so long as the sessions are kept, a day after their
        end."""

    def end(self, ids: Sequence[str]) -> None:
        """End these."""
