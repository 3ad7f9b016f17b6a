"""Puts a confirmed plan into a journal, so that it can be carried out, interrupted and resumed."""

from collections.abc import Mapping
from itertools import islice
from typing import Final

from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.record.facts import PLANNING, READY
from keyturn.core.errors import SourceError
from keyturn.core.journal import Journal

PIECE: Final = 1000


def begin(journal: Journal, plan: Plan, facts: Mapping[str, str]) -> None:
    """Write facts and rows down.  A run counts as begun once its state is `ready`; before that nothing was sent.

    Raises SourceError when the file gives other rows than those that were confirmed.
    """
    journal.note({**facts, "state": PLANNING})
    rows = plan.rows()
    count = 0
    while piece := list(islice(rows, PIECE)):
        journal.plan(piece)
        count += len(piece)
    if count != plan.total:
        raise SourceError(
            f"{plan.source.path.name} was changed while it was planned",
            code="KT-IN-015",
            where=str(plan.source.path),
            fix="plan again when nobody writes to the file",
        )
    journal.note({"state": READY})
