"""Writes the file to mend and run again: the rows that are not done, in the user's own columns."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from keyturn.bulk.intake.columns import REASON_COLUMN, TARGET, secret
from keyturn.bulk.intake.source import Source
from keyturn.bulk.job import Job
from keyturn.bulk.record.handout import open_private
from keyturn.core.journal import Journal, Row, RowState

NOT_DONE: Final = (RowState.NOT_TRIED, RowState.SENT, RowState.FAILED, RowState.UNCERTAIN)


def write_retry(journal: Journal, source: Source, job: Job, path: Path) -> Path:
    """Write it anew.  Cells stand as they stood, so that they come back in unchanged; passwords are left out.

    An empty cell of the target is filled in, so that the row goes where this run would have sent it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = [index for index, name in enumerate(source.header) if name.strip() != REASON_COLUMN]
    emptied = {index for index in kept if _is_password(source.header[index], job)}
    where = source.matched.columns[TARGET].index if TARGET in source.matched.columns else -1
    with open_private(path) as raw:
        file = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        writer = csv.writer(file, delimiter=source.delimiter)
        writer.writerow([*(source.header[index] for index in kept), REASON_COLUMN])
        for row, record in _together(journal, source):
            cells = ["" if index in emptied else record[index] for index in kept]
            if where in kept and not record[where].strip():
                cells[kept.index(where)] = row.target
            writer.writerow([*cells, f"{row.state}: {row.text or row.reason}".rstrip(": ")])
        file.detach()  # flushes; the raw file is closed by whoever opened it
    return path


def _is_password(header: str, job: Job) -> bool:
    return header.strip() in (job.password.column, job.old) or secret(header)


def _together(journal: Journal, source: Source) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """Rows of the journal with their lines of the file; both come in order."""
    lines = source.rows()
    for row in journal.rows(NOT_DONE):
        for line in lines:
            if line.number == row.number:
                yield row, line.record
                break
