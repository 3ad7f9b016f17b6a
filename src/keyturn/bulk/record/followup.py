"""What has become of the passwords since a run: who has chosen another one, who has not, whom nothing has reached."""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique
from typing import BinaryIO, Final

from keyturn.bulk.formulas import sheet_line, shown_cell
from keyturn.bulk.record.veil import OPEN, Veil
from keyturn.core.journal import Row


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
    Choice.NOT_YET: "have not chosen one of their own",
    Choice.NOT_REACHED: "have not, and no mail reached them",
    Choice.GONE: "are not there any more",
    Choice.NOT_TOLD: "of whom it cannot be told",
}
"""How people read it, in the order in which it is shown."""


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


def write_board(file: BinaryIO, board: Board, veil: Veil = OPEN) -> None:
    """For sheets: UTF-8 with a mark, everybody in the order of the file, and no cell that would be computed."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    text.write(sheet_line(["row", "target", "user", *([shown_cell(board.by)] if board.by else []), "choice", "why"]))
    for each in board.users:
        group = [each.group] if board.by else []
        why = each.text if veil.key is None else ""
        cells = [each.row.target, veil.who(each.row.who), *group, str(each.choice), why]
        text.write(sheet_line([each.row.number, *map(shown_cell, cells)]))
    text.detach()
