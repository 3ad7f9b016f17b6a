"""What has become of the passwords since a run: who has chosen another one, who has not, whom nothing has reached.

`keyturn runs followup` and `keyturn handout status` show it; `running/following.py` reads it from the targets.
"""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique
from typing import BinaryIO, Final

from keyturn.bulk.formulas import defused
from keyturn.bulk.record.veil import OPEN, Veil
from keyturn.bulk.running.proving import moment, since
from keyturn.core.evidence import Evidence
from keyturn.core.journal import Row, Verified
from keyturn.core.outcomes import Delivery


@unique
class Choice(StrEnum):
    """What a target tells of a user since."""

    OWN = "own password"
    NOT_YET = "not yet"
    NOT_REACHED = "not reached"
    GONE = "no such user"
    NOT_TOLD = "not told"


WORDS: Final[Mapping[Choice, str]] = {
    Choice.OWN: "have chosen a password of their own",
    Choice.NOT_YET: "have not",
    Choice.NOT_REACHED: "have not, and no mail reached them",
    Choice.GONE: "are not there any more",
    Choice.NOT_TOLD: "of whom it cannot be told",
}
"""How people read it, in the order in which it is shown."""

_UNDELIVERED: Final = ("failed", "cancelled")
"""States of a mail that reached nobody, as a target tells them."""


@dataclass(frozen=True, slots=True)
class Followed:
    """One user.  text: by what it is seen.  group: the cell of the column that is counted by."""

    row: Row
    choice: Choice
    text: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """Everybody to whom a run gave a password, in the order of the file.

    by: the header of the column that is counted by, empty for none.
    """

    users: Sequence[Followed] = ()
    by: str = ""
    looked: datetime | None = None
    totals: Mapping[Choice, int] = field(init=False)
    groups: Mapping[str, Mapping[Choice, int]] = field(init=False)

    def __post_init__(self) -> None:
        groups: dict[str, Counter[Choice]] = {}
        for each in self.users:
            groups.setdefault(each.group, Counter())[each.choice] += 1
        object.__setattr__(self, "totals", Counter(each.choice for each in self.users))
        object.__setattr__(self, "groups", dict(sorted(groups.items())) if self.by else {})


def choice_by(row: Row, seen: Evidence, at: datetime, *, asks: bool, group: str = "") -> Followed:
    """How it stands with a user, by a reading at this moment.

    asks: the run set passwords that must be changed at the next sign-in.  Never `chosen` without a sign of it.
    """
    if not seen.exists:
        return Followed(row, Choice.GONE, "no such user is shown any more", group)
    choice, text = _chosen(row, seen, at, asks=asks)
    if choice is not Choice.OWN and (lost := _undelivered(row, seen)):
        return Followed(row, Choice.NOT_REACHED, lost, group)
    return Followed(row, choice, text, group)


def _chosen(row: Row, seen: Evidence, at: datetime, *, asks: bool) -> tuple[Choice, str]:
    changed = seen.password_changed
    later = changed is not None and since(row, seen, changed, at)
    if seen.must_change:
        text = f"was reset again {moment(changed)}" if later and changed is not None else "must still be changed"
        return Choice.NOT_YET, text
    if changed is not None:
        if later:
            return Choice.OWN, f"changed {moment(changed)}"
        if seen.floating:
            return Choice.NOT_TOLD, f"changed {moment(changed)}, by a clock whose zone is not told"
        return Choice.NOT_YET, f"has the password of {moment(changed)}"
    if seen.must_change is None or not asks:
        return Choice.NOT_TOLD, "the target does not tell"
    touched = seen.touched.at if seen.touched is not None else None
    if touched is not None and since(row, seen, touched, at):
        return Choice.OWN, f"need not be changed any more; the user was changed {moment(touched)}"
    if row.verified is Verified.YES:
        return Choice.OWN, "need not be changed any more, which it had to be after the run"
    return Choice.NOT_TOLD, "need not be changed: chosen since, or never reset"


def _undelivered(row: Row, seen: Evidence) -> str:
    """Why no mail reached the user; empty where none was to, or one did, or it is not told."""
    if seen.mail.partition(":")[0] in _UNDELIVERED:
        return f"the mail {seen.mail}"
    return "the target refused to mail it" if row.delivery == Delivery.MAIL_REFUSED else ""


def write_board(file: BinaryIO, board: Board, veil: Veil = OPEN) -> None:
    """For sheets: UTF-8 with a mark, everybody in the order of the file, and no cell that would be computed."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow(["row", "target", "user", *([defused(board.by)] if board.by else []), "choice", "why"])
    for each in board.users:
        group = [each.group] if board.by else []
        why = each.text if veil is OPEN or veil.key is None else ""
        cells = [each.row.target, veil.who(each.row.who), *group, str(each.choice), why]
        writer.writerow([each.row.number, *map(defused, cells)])
    text.detach()
