"""Puts corrected rows under a run that is not done: by id, each at the place that its row has in the journal.

The new file may have other rows and another order than the old one.  What is sent is read from a file that is made of
both, in the folder of the run: line for line as the journal counts them, and blank where nothing is known of a row.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Final, TypeAlias

from keyturn.bulk.intake.cells import read_id
from keyturn.bulk.intake.columns import ID, REASON_COLUMN, TARGET, secret
from keyturn.bulk.intake.source import Source, SourceRow
from keyturn.bulk.job import Job, Operation
from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.record.facts import Facts
from keyturn.bulk.record.handing import Handing
from keyturn.core.errors import RunError
from keyturn.core.journal import DONE, DOUBTFUL, NOT_DONE, UNFINISHED, Journal, Row, RowState

REBASED: Final = "rebased"
"""The fact with the digests of all files that a run went on with, and when."""

_SHOWN: Final = 5
_Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Corrected:
    """A file of corrected rows.  rows: by target and id; reopened: numbers in the journal of those that are not done
    and were not sent; done: how many of them are done, and stay as they are."""

    source: Source
    rows: Mapping[_Key, SourceRow]
    several: bool
    reopened: frozenset[int] = frozenset()
    done: int = 0


@dataclass(slots=True)
class _Found:
    known: set[_Key] = field(default_factory=set)
    reopened: set[int] = field(default_factory=set)
    lacking: list[Row] = field(default_factory=list)
    done: int = 0


def refuse_passwords(job: Job) -> None:
    """Raises RunError for a run with passwords in its file: they would be kept in clear beside the journal."""
    if job.password.column or job.old:
        raise RunError(
            "the file of this run holds passwords",
            code="KT-RUN-076",
            why="what is made of both files is kept with the run, and no password is",
            fix="keyturn runs rows RUN --retry-file fix.csv, and run that file",
        )


def hold_against(journal: Journal, facts: Facts, source: Source, old: Source | None) -> Corrected:
    """Match the rows of a file with those of a run.  old: the file of the run, None when it is gone or another one.

    Raises RunError for ids that the run does not have, or has twice in the file, and where a row that is left is in
    neither file.
    """
    several = len(facts.pins) > 1
    corrected = Corrected(source, _by_key(source, facts, several=several), several)
    found = _Found()
    for row in journal.rows():
        _hold(row, corrected, found, missing=old is None and facts.job.operation is Operation.CREATE)
    strangers = [row.number for key, row in corrected.rows.items() if key not in found.known]
    if strangers:
        raise _refusal(
            f"{len(strangers):,} rows of {source.path.name} are of users that the run does not have",
            strangers,
            "a run does what was confirmed; whoever was not in it needs another one",
        )
    if found.lacking:
        raise _refusal(
            f"{len(found.lacking):,} rows that are left are not in {source.path.name}, and the file of the run is gone",
            [row.number for row in found.lacking],
            "what is to be sent for them is known nowhere",
        )
    return Corrected(source, corrected.rows, several, frozenset(found.reopened), found.done)


def _hold(row: Row, corrected: Corrected, found: _Found, *, missing: bool) -> None:
    key = (row.target if corrected.several else "", row.who)
    wanted = key in corrected.rows
    if wanted:
        found.known.add(key)
    if row.state in (RowState.NOT_TRIED, RowState.FAILED) and wanted:
        found.reopened.add(row.number)
    elif row.state in DONE:
        found.done += wanted
    elif missing and row.state in UNFINISHED:
        # Of a row that was sent and not answered, the same must be sent again: other cells are no substitute.
        found.lacking.append(row)


def _by_key(source: Source, facts: Facts, *, several: bool) -> dict[_Key, SourceRow]:
    rows: dict[_Key, SourceRow] = {}
    twice = []
    for row in source.rows():
        if not row.record:
            continue
        target = row.cells.get(TARGET, "").strip() or facts["default"]
        key = (target if several else "", read_id(row.cells[ID]).who)
        if key in rows:
            twice.append(row.number)
        rows[key] = row
    if twice:
        why = "which of the rows of one user is the corrected one cannot be known"
        raise _refusal(f"{len(twice):,} users stand twice in {source.path.name}", twice, why)
    return rows


def _refusal(what: str, numbers: Sequence[int], why: str) -> RunError:
    shown = ", ".join(map(str, numbers[:_SHOWN])) + (" ..." if len(numbers) > _SHOWN else "")
    fix = "correct the file, or start a new run with it"
    return RunError(what, code="KT-RUN-077", where=f"rows {shown}", why=why, fix=fix)


def write_together(raw: BinaryIO, journal: Journal, corrected: Corrected, old: Source | None) -> None:
    """Write what the run goes on with: a row of the new file, else of the old one, else the id alone.

    A row that is done stays as the old file had it, and so do the columns of the handout that the new one does not
    have: a handout is sealed from this file as well.
    """
    header = [name for name in corrected.source.header if name.strip() != REASON_COLUMN]
    header += [name for name in Handing.of(journal.facts()).headers if name not in map(str.strip, header)]
    names = {column.header: name for name, column in corrected.source.matched.columns.items()}
    where = next(index for index, name in enumerate(header) if names.get(name.strip()) == ID)
    file = io.TextIOWrapper(raw, encoding="utf-8", newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    at = 2
    for row, before in _beside(journal, old):
        writer.writerows([[""] * len(header)] * (row.number - at))
        at = row.number + 1
        record = _record(row, corrected, before, header)
        if row.state not in NOT_DONE and not (row.state in DONE and before):
            record = [""] * len(header)
        elif not record[where].strip():
            record[where] = row.who
        writer.writerow(record)
    file.detach()


def _record(row: Row, corrected: Corrected, before: Mapping[str, str], header: Sequence[str]) -> list[str]:
    new = corrected.rows.get((row.target if corrected.several else "", row.who))
    cells = before
    if new is not None and not (row.state in (*DONE, *DOUBTFUL) and before):
        cells = {**before, **dict(zip(corrected.source.header, new.record, strict=True))}
    return ["" if secret(name) else cells.get(name, "") for name in header]


def _beside(journal: Journal, old: Source | None) -> Iterator[tuple[Row, Mapping[str, str]]]:
    """Rows of the journal with their cells in the old file, by header; both come in order."""
    lines = old.rows() if old is not None else iter(())
    for row in journal.rows():
        before: Mapping[str, str] = {}
        for line in lines:
            if line.number == row.number:
                before = dict(zip(old.header, line.record, strict=False)) if old is not None else {}
                break
        yield row, before


def judged_anew(journal: Journal, plan: Plan, corrected: Corrected) -> list[Row]:
    """The rows whose state changes: failed ones that may be sent now, and those that the plan blocks now."""
    found = []
    planned = {row.number: row for row in plan.rows() if row.number in corrected.reopened}
    for row in journal.rows((RowState.NOT_TRIED, RowState.FAILED)):
        now = planned.get(row.number)
        if now is not None and (now.state, now.reason) != (row.state, row.reason):
            found.append(now)
    return found


def left_after(journal: Journal, job: Job, changes: Sequence[Row]) -> int:
    """How many rows would be sent."""
    counts = journal.counts()
    left = counts.get(RowState.NOT_TRIED, 0) + counts.get(RowState.SENT, 0)
    left += counts.get(RowState.UNCERTAIN, 0) if job.ours else 0
    before = {row.number: row.state for row in journal.rows((RowState.NOT_TRIED, RowState.FAILED))}
    for row in changes:
        left += (row.state is RowState.NOT_TRIED) - (before[row.number] is RowState.NOT_TRIED)
    return left


def history(facts: Facts, source: Source, at: datetime) -> str:
    """The fact of the files that the run went on with, one more than before."""
    before = json.loads(facts[REBASED] or "[]")
    told = {"at": at.isoformat(), "file": str(source.path.absolute()), "sha256": source.sha256}
    return json.dumps([*before, told], ensure_ascii=False)
