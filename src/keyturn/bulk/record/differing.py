"""Holds two runs against each other: who ended otherwise, and who was in one of them alone."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from keyturn.bulk.formulas import sheet_line, shown_cell
from keyturn.core.journal import Journal, Row, RowState

ABSENT: Final = "not in it"
_ENDS: Final = {RowState.SENT: RowState.UNCERTAIN}


@dataclass(frozen=True, slots=True)
class End:
    """How a user ended in one run.  state None: not in it."""

    row: int = 0
    state: RowState | None = None
    why: str = ""

    def __str__(self) -> str:
        return ABSENT if self.state is None else str(self.state)


@dataclass(frozen=True, slots=True)
class Difference:
    """A user who ended otherwise.  target: empty where both runs went to one target each."""

    who: str
    target: str
    first: End
    second: End

    def told(self) -> dict[str, Any]:
        """It as plain values."""
        return {
            "user": self.who,
            "target": self.target,
            "first": str(self.first),
            "second": str(self.second),
            "first_row": self.first.row or None,
            "second_row": self.second.row or None,
            "first_why": self.first.why,
            "second_why": self.second.why,
        }


@dataclass(frozen=True, slots=True)
class Differences:
    """Both runs, held against each other.  same: users who ended alike, by outcome; changed: how many went from what
    to what; rows: each of them, in the order of the first run, then those of the second alone."""

    same: Mapping[str, int]
    changed: Mapping[tuple[str, str], int]
    rows: list[Difference] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """The counts as plain values."""
        changed = [{"first": a, "second": b, "count": n} for (a, b), n in self.changed.items()]
        return {"same": dict(self.same), "changed": changed}


def differences(first: Journal, second: Journal) -> Differences:
    """Who ended otherwise, by id.

    A user is the same when the id is the same, and the target too where a run went to several.  Of one who stands in
    a run more than once the row counts that was sent.
    """
    several = max(len(first.by_target()), len(second.by_target())) > 1
    before, after = _ends(first, several=several), _ends(second, several=several)
    same: Counter[str] = Counter()
    changed: Counter[tuple[str, str]] = Counter()
    rows = []
    for (target, who), ended in _both(before, after):
        then, now = ended
        if then.state is now.state:
            same[str(then)] += 1
            continue
        changed[str(then), str(now)] += 1
        rows.append(Difference(who, target, then, now))
    return Differences(same, dict(changed.most_common()), rows)


_Key = tuple[str, str]


def _both(before: Mapping[_Key, End], after: Mapping[_Key, End]) -> Iterator[tuple[_Key, tuple[End, End]]]:
    for key, end in before.items():
        yield key, (end, after.get(key, End()))
    for key, end in after.items():
        if key not in before:
            yield key, (End(), end)


def _ends(journal: Journal, *, several: bool) -> dict[_Key, End]:
    found: dict[_Key, End] = {}
    for row in journal.rows():
        key = (row.target if several else "", row.who)
        if row.who and (key not in found or _counts_more(row, found[key])):
            found[key] = End(row.number, _ENDS.get(row.state, row.state), row.text or row.reason)
    return found


def _counts_more(row: Row, than: End) -> bool:
    return than.state is RowState.SKIPPED and row.state is not RowState.SKIPPED


HEAD: Final = ("user", "target", "first", "second", "first_row", "second_row", "first_why", "second_why")


def write_differences(file: BinaryIO, found: Differences) -> None:
    """For sheets: UTF-8 with a mark, and no cell that would be computed."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    text.write(sheet_line(HEAD))
    for each in found.rows:
        cells = each.told()
        text.write(sheet_line([shown_cell("" if cells[name] is None else str(cells[name])) for name in HEAD]))
    text.detach()
