"""Asks a target which users of a handout have chosen a password of their own since; changes nothing."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import chain
from typing import Final

from keyturn.bulk.record.followup import Choice
from keyturn.bulk.running.pacing import Pace
from keyturn.core.capabilities import Capabilities
from keyturn.core.evidence import Evidence
from keyturn.core.journal import Row
from keyturn.core.outcomes import Refused
from keyturn.core.ports import Directory

_SAME: Final = timedelta(minutes=1)
"""A stamp so soon after our change is that of our change: clocks differ."""


async def choices(directory: Directory, rows: Sequence[Row], *, jobs: int, pace: Pace) -> Sequence[tuple[Row, Choice]]:
    """What became of each row.  jobs: how many calls at once."""
    gate, able = asyncio.Semaphore(jobs), directory.capabilities

    async def some(part: Sequence[Row]) -> list[tuple[Row, Choice]]:
        async with gate:
            await pace.take()
            try:
                shown = await directory.read_back([row.who for row in part])
            finally:
                pace.landed()
        return [(row, choice_of(each, row, able)) for row, each in zip(part, shown, strict=True)]

    parts = [rows[start : start + able.reads] for start in range(0, len(rows), able.reads)]
    return [*chain.from_iterable(await asyncio.gather(*map(some, parts)))]


def choice_of(shown: Evidence | Refused, row: Row, able: Capabilities) -> Choice:
    """Only what the target says: that nobody is asked to change a password tells nothing where nobody ever is."""
    if isinstance(shown, Refused):
        return Choice.NOT_TOLD
    if not shown.exists:
        return Choice.GONE
    if shown.must_change:
        return Choice.NOT_YET
    if shown.password_changed is not None and row.settled is not None and not shown.floating:
        return Choice.OWN if shown.password_changed > row.settled + _SAME else Choice.NOT_TOLD
    return Choice.OWN if able.temporary and shown.must_change is False else Choice.NOT_TOLD
