"""What came of a call, kept for whoever made it: a door may answer with a number and be asked for the result later."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

LIFE: Final = timedelta(hours=24)
"""How long a result can be asked for."""

MOST: Final = 20
"""How many results each caller has; the oldest goes when one more comes."""


@dataclass(frozen=True, slots=True)
class Job:
    """A result, and whose it is.  owner: the actor's id; result: in the words of the door, never with a secret."""

    tenant: int
    owner: str
    result: str
    at: datetime


class JobTable(Protocol):
    """Results that are asked for later."""

    def put(self, job: Job) -> int:
        """Keep one; answers its number.  What is over its time, or one too many of the same owner, is forgotten."""

    def find(self, number: int) -> Job | None:
        """The job of this number, whoever's it is."""
