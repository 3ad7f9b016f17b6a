"""Writes the file to mend and run again: the rows that are not done, in the user's own columns."""

import io
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from keyturn.bulk.formulas import defused, sheet_line
from keyturn.bulk.intake.columns import REASON_COLUMN, TARGET, secret
from keyturn.bulk.intake.source import Source
from keyturn.bulk.job import Job
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.private import open_private
from keyturn.core.journal import NOT_DONE, Journal, Row, RowState

RETRY: Final = "retry.csv"


def keep_retry(journal: Journal, source: Source, job: Job, run: RunFolder, beside: Path) -> Path | None:
    """Write it where rows are not done; where all are, take that of an earlier sitting out of the folder of the run:
    whoever used it would do again what is done."""
    counts = journal.counts()
    if any(counts.get(state) for state in NOT_DONE):
        return write_retry(journal, source, job, beside / RETRY)
    (run.path / RETRY).unlink(missing_ok=True)
    return None


def write_retry(journal: Journal, source: Source, job: Job, path: Path) -> Path:
    """Write it anew, for our eyes only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open_private(path) as raw:
        retry_into(raw, journal, source, job)
    return path


def retry_into(
    raw: BinaryIO,
    journal: Journal,
    source: Source,
    job: Job,
    *,
    states: Collection[RowState] = NOT_DONE,
    target: str | None = None,
) -> int:
    """Write the rows that are in these states, and go to this target; answers how many they are.

    What a sheet would compute is defused, and restored when the file comes back in, which it is known by: the column
    with the reason.  So cells come back as they stood.  Passwords are left out.  An empty cell of the target is filled
    in, so that the row goes where this run would have sent it.
    """
    kept = [index for index, name in enumerate(source.header) if name.strip() != REASON_COLUMN]
    emptied = {index for index in kept if _is_password(source.header[index], job)}
    where = source.matched.columns[TARGET].index if TARGET in source.matched.columns else -1
    file = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
    between = source.delimiter or ","
    file.write(sheet_line([*(defused(source.header[index]) for index in kept), REASON_COLUMN], between))
    count = 0
    for row, record in _together(journal.rows(states, target=target), source):
        cells = ["" if index in emptied else record[index] for index in kept]
        if where in kept and not record[where].strip():
            cells[kept.index(where)] = row.target
        why = f"{row.state}: {row.text or row.reason}".rstrip(": ")
        file.write(sheet_line([*map(defused, cells), why], between))
        count += 1
    file.detach()  # flushes; the raw file is closed by whoever opened it
    return count


def _is_password(header: str, job: Job) -> bool:
    secrets = job.recorded.secrets if job.recorded is not None else ()
    return header.strip() in (job.password.column, job.old, *secrets) or secret(header)


def _together(rows: Iterable[Row], source: Source) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """Rows of the journal with their lines of the file; both come in order."""
    lines = source.rows()
    for row in rows:
        for line in lines:
            if line.number == row.number:
                yield row, line.record
                break
