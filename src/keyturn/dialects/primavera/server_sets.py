"""A call carries a set of users: how it is carried out, so that nobody waits long behind it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from keyturn.core.commands import Command
from keyturn.core.errors import StoreError
from keyturn.core.outcomes import Outcome, Reason, Refused
from keyturn.core.ports import Directory
from keyturn.core.users import User

PART: Final = 50
"""How many users are done at once.  A thousand known passwords are many seconds of hashing; done in parts, others get
their turn in between, and what is done is done."""


async def execute(directory: Directory, commands: Sequence[Command]) -> Sequence[Outcome]:
    """Carry out commands part by part; outcome i belongs to command i.  Raises StoreError when nothing was done."""
    outcomes: list[Outcome] = []
    for part in _parts(commands):
        try:
            outcomes += await directory.execute(part)
        except StoreError:
            if not outcomes:
                raise
            # What was done before must be told; of these, nothing was.
            outcomes += [Refused(each.who, Reason.BUSY) for each in part]
    return outcomes


def _parts(commands: Sequence[Command]) -> Iterator[Sequence[Command]]:
    for _, group in groupby(commands, type):
        alike = list(group)
        for start in range(0, len(alike), PART):
            yield alike[start : start + PART]


async def stored(directory: Directory, names: Sequence[str]) -> Mapping[str, User]:
    """The users of these names that the caller may see."""
    found = {who: await directory.find(who) for who in dict.fromkeys(names)}
    return {who: user for who, user in found.items() if user is not None}
