"""Asks a target which users of a handout have chosen a password of their own since; changes nothing."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum, unique
from typing import Final

from keyturn.bulk.running.pacing import Pace
from keyturn.core.capabilities import Capabilities
from keyturn.core.errors import KeyturnError
from keyturn.core.journal import Row
from keyturn.core.ports import Directory
from keyturn.core.users import User

_SAME: Final = timedelta(seconds=2)
"""A stamp so soon after our change is that of our change: targets write whole seconds, and their clocks differ."""


@unique
class Choice(StrEnum):
    """What a target tells of a user since."""

    OWN = "own password"
    NOT_YET = "not yet"
    GONE = "no such user"
    NOT_TOLD = "not told"


async def choices(directory: Directory, rows: Sequence[Row], *, jobs: int, pace: Pace) -> Sequence[tuple[Row, Choice]]:
    """What became of each row.  jobs: how many are asked for at once."""
    gate = asyncio.Semaphore(jobs)

    async def one(row: Row) -> tuple[Row, Choice]:
        async with gate:
            await pace.take()
            try:
                return row, choice_of(await directory.find(row.who), row, directory.capabilities)
            except KeyturnError:
                return row, Choice.NOT_TOLD

    return await asyncio.gather(*map(one, rows))


def choice_of(user: User | None, row: Row, capabilities: Capabilities) -> Choice:
    """Only what the target says: that nobody is asked to change a password tells nothing where nobody ever is."""
    if user is None:
        return Choice.GONE
    if user.must_change:
        return Choice.NOT_YET
    if user.password_changed is not None and row.settled is not None:
        return Choice.OWN if user.password_changed > row.settled + _SAME else Choice.NOT_TOLD
    return Choice.OWN if capabilities.temporary else Choice.NOT_TOLD
