"""The way of `resume --rebase`: hold the corrected rows against the run, ask, and put them under it."""

from collections.abc import Callable
from pathlib import Path

from keyturn.bulk.intake.content import OnDisk
from keyturn.bulk.intake.source import Source, read_source
from keyturn.bulk.job import Reading
from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.record.again import read_again
from keyturn.bulk.record.facts import Facts, file_facts
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.private import open_private
from keyturn.bulk.record.rebase import (
    REBASED,
    history,
    hold_against,
    judged_anew,
    left_after,
    refuse_passwords,
    write_together,
)
from keyturn.cli.desk.confirming import confirm
from keyturn.cli.desk.desk import Desk
from keyturn.cli.desk.flags import Asked
from keyturn.cli.frame import Frame
from keyturn.core.errors import SourceError
from keyturn.core.journal import Journal

Planning = Callable[[Facts], Plan]


def rebase(frame: Frame, desk: Desk, folder: RunFolder, journal: Journal, asked: Asked, planning: Planning) -> Facts:
    """The facts of a run that goes on with corrected rows, once somebody said how many are left.

    planning: makes the plan of a run as these facts describe it.
    """
    facts = Facts(journal.facts())
    if asked.rebase is None:
        return facts
    refuse_passwords(facts.job)
    old = _old(frame, desk, folder, facts)
    source = read_source(OnDisk(asked.rebase), Reading(columns=facts.reading.columns))
    corrected = hold_against(journal, facts, source, old)
    path = _next(folder)
    with open_private(path) as file:
        write_together(file, journal, corrected, old)
    now = desk.machine.clock().now()
    together = file_facts(
        read_source(OnDisk(path), Reading(columns=facts.reading.columns, delimiter=",", encoding="utf-8"))
    )
    fresh = {**together, REBASED: history(facts, source, now)}
    changes = judged_anew(journal, planning(Facts({**facts.values, **fresh})), corrected)
    left = left_after(journal, facts.job, changes)
    frame.say(f"{len(corrected.rows):,} rows in {source.path.name}: {len(corrected.reopened):,} not done, "
              f"{corrected.done:,} done and left alone")  # fmt: skip
    confirm(frame, asked, count=left, target=desk.label, production=desk.production)
    journal.note(fresh)
    journal.settle(changes)
    return Facts(journal.facts())


def _old(frame: Frame, desk: Desk, folder: RunFolder, facts: Facts) -> Source | None:
    """The file of the run, where it still is what was confirmed."""
    try:
        return read_again(facts, folder, desk.machine.keys)
    except SourceError as error:
        frame.say(f"{error.what}; what is left is taken from the new file alone")
        return None


def _next(folder: RunFolder) -> Path:
    count = len(list(folder.path.glob("rebased-*.csv")))
    return folder.path / f"rebased-{count + 1}.csv"
