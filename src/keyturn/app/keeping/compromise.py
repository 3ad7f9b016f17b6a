"""Declares the passwords of many users compromised: nothing that they could sign in with before works any more.

Read first, asked, then done in batches, each a transaction of its own; what a batch has done stays done if a later
one cannot be kept, and the report says how far it got.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keyturn.bulk.formulas import shown_cell
from keyturn.bulk.intake.cells import read_id
from keyturn.bulk.intake.source import Source
from keyturn.bulk.record.private import open_private
from keyturn.core.commands import ResetPassword
from keyturn.core.directory import LocalDirectory
from keyturn.core.outcomes import Changed, Delivery, Outcome, Refused

BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row of the list.  outcome: `to do`, then `changed`; `failed` or `skipped` with a reason and why in words.

    delivery: how the way to a new password reaches the user: `mailed` or `none`.
    """

    row: int
    who: str
    outcome: str = "to do"
    reason: str = ""
    text: str = ""
    delivery: str = ""

    def told(self) -> dict[str, str | int]:
        """For machines."""
        return {
            "row": self.row, "user": self.who, "outcome": self.outcome, "delivery": self.delivery,
            "reason": self.reason, "text": self.text,
        }  # fmt: skip


def suspects(source: Source) -> Iterator[Suspect]:
    """The users that a file names; blank rows are left out, a name that comes twice counts once."""
    seen: dict[str, int] = {}
    for line in source.rows():
        if not line.record:
            continue
        found = read_id(line.cells.get("id", ""))
        if found.reason:
            yield Suspect(line.number, found.who, "failed", found.reason, found.text)
        elif found.who in seen:
            text = f"the same user as in row {seen[found.who]}"
            yield Suspect(line.number, found.who, "skipped", "duplicate", text)
        else:
            seen[found.who] = line.number
            yield Suspect(line.number, found.who)


def look(door: LocalDirectory, listed: Iterable[Suspect], *, mail: bool) -> list[Suspect]:
    """What would become of each, by reading alone."""
    looked: list[Suspect] = []
    for batch in _batches(list(listed)):
        wanted = [one for one in batch if one.outcome == "to do"]
        steps = iter(door.look([_command(one, mail=mail) for one in wanted]))
        for one in batch:
            early = next(steps).early if one.outcome == "to do" else None
            looked.append(_refused(one, early) if early is not None else one)
    return looked


def declare(door: LocalDirectory, looked: Sequence[Suspect], *, mail: bool) -> Iterator[list[Suspect]]:
    """End what each of them signs in with, batch by batch; answers each batch when it is on disk."""
    for batch in _batches([one for one in looked if one.outcome == "to do"]):
        outcomes = door.execute([_command(one, mail=mail) for one in batch])
        yield [
            _refused(one, outcome)
            if isinstance(outcome, Refused)
            else Suspect(one.row, one.who, "changed", delivery=_delivery(outcome))
            for one, outcome in zip(batch, outcomes, strict=True)
        ]


def write_report(path: Path, rows: Sequence[Suspect]) -> None:
    """The one report: a row for each row of the list, in its order, safe to open in a sheet, without any password."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open_private(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        writer = csv.writer(text)
        writer.writerow(["row", "user", "outcome", "delivery", "reason", "text"])
        for one in sorted(rows, key=lambda each: each.row):
            cells = (one.who, one.outcome, one.delivery, one.reason, one.text)
            writer.writerow([one.row, *map(shown_cell, cells)])
        text.detach()


def _command(one: Suspect, *, mail: bool) -> ResetPassword:
    return ResetPassword(one.who, notify=mail, compromised=True)


def _refused(one: Suspect, refused: Refused) -> Suspect:
    return Suspect(one.row, one.who, "failed", refused.reason.value, refused.text)


def _delivery(outcome: Outcome) -> str:
    return outcome.delivery.value if isinstance(outcome, Changed) else Delivery.NONE.value


def _batches(rows: Sequence[Suspect]) -> Iterator[Sequence[Suspect]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
