"""What a journal knows of the notices of its run: planned or not, and who is still to be told."""

import json
from collections.abc import Iterator
from typing import Final

from keyturn.bulk.record.facts import Facts
from keyturn.core.journal import DONE, Journal, Row
from keyturn.core.outcomes import Delivery

NOTICES: Final = "notices"
"""The fact that says when the notices of a run are planned for; empty where none are, or all are sent."""

UNDER_WAY: Final = "notices-under-way"
"""The fact with the rows whose notice was about to leave, and of which it is not known that it did or did not."""

_BY_TARGET: Final = (str(Delivery.MAILED), str(Delivery.HELD))


def unnoticed(journal: Journal) -> Iterator[Row]:
    """The rows whose users are still to be told: done, and not mailed by the target with the reset itself."""
    for row in journal.rows(tuple(sorted(DONE))):
        if row.noticed is None and row.delivery not in _BY_TARGET:
            yield row


def in_doubt(journal: Journal) -> set[int]:
    """The rows that were perhaps told: their notice was on its way, and nobody heard what came of it."""
    return set(json.loads(journal.facts().get(UNDER_WAY) or "[]"))


def note_doubt(journal: Journal, numbers: set[int]) -> None:
    """Write down who is perhaps told."""
    journal.note({UNDER_WAY: json.dumps(sorted(numbers))})


def planned(journal: Journal, facts: Facts) -> bool:
    """Whether a run is held open by notices that are still to be sent."""
    return bool(facts[NOTICES]) and next(unnoticed(journal), None) is not None
