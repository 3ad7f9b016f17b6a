"""How the handouts of this machine stand: how old, opened or not, deleted or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from keyturn.bulk.record.facts import OPENED, SHREDDED
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.handout import HANDED, OURS
from keyturn.core.journal import Journal, Row

LONG: Final = timedelta(days=30)
"""A handout that is older has been forgotten by somebody."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One handout.  written: of its newest file, None when it is deleted.

    opened: when it last was, on this machine; deleted: when it was; empty: never.
    """

    run: str
    files: int
    written: datetime | None
    passwords: int
    opened: str = ""
    deleted: str = ""

    def age(self, now: datetime) -> timedelta | None:
        """How long it has been lying there."""
        return None if self.written is None else now - self.written

    def old(self, now: datetime) -> bool:
        """Whether it is called out."""
        age = self.age(now)
        return age is not None and age > LONG


def standing_of(folder: RunFolder, journal: Journal) -> Standing | None:
    """How the handout of a run stands; None when there never was one."""
    facts: Mapping[str, str] = journal.facts()
    files = folder.handouts()
    deleted = facts.get(SHREDDED, "")
    if not files and not deleted:
        return None
    stamps = [datetime.fromtimestamp(path.stat().st_mtime).astimezone() for path in files]
    count = sum(map(handed, journal.rows(HANDED)))
    return Standing(folder.run, len(files), max(stamps, default=None), count, facts.get(OPENED, ""), deleted)


def handed(row: Row) -> bool:
    """Whether the password of a row that is done or uncertain is in the handout."""
    return row.delivery in OURS
