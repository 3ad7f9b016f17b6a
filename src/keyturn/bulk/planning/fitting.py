"""Holds a file against an order: the columns that it names must be there, and no digit may be lost."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from keyturn.bulk.intake.columns import PASSWORDS, Column
from keyturn.bulk.intake.source import Source
from keyturn.bulk.job import Job
from keyturn.core.errors import ConfigError, SourceError

_OLD: Final = "--old-password"


def with_password_columns(source: Source, job: Job) -> Source:
    """The source with the columns that `--password` and `--old-password` name; without one for every other choice."""
    columns = {name: column for name, column in source.matched.columns.items() if name not in PASSWORDS}
    if job.old and job.old == job.password.column:
        text = f"the column {job.old} cannot hold both the present password and the new one"
        raise ConfigError(text, code="KT-CFG-030", fix="--old-password column:NAME with the other column")
    for field_, header, flag in (("password", job.password.column, "--password"), ("old_password", job.old, _OLD)):
        if header:
            columns[field_] = _named(source, header, flag)
    read = {column.header for column in columns.values()}
    ignored = tuple(header for header in source.matched.ignored if header not in read)
    return replace(source, matched=replace(source.matched, columns=columns, ignored=ignored))


def _named(source: Source, header: str, flag: str) -> Column:
    names = [cell.strip() for cell in source.header]
    if header not in names:
        raise SourceError(
            f"{source.path.name} has no column {header}",
            code="KT-IN-011",
            where=f"header:  {' | '.join(names)}",
            fix=f"{flag} column:NAME with a column of the header",
        )
    return Column(header, names.index(header))


def refuse_doubtful(source: Source) -> None:
    """Raises SourceError when two columns could be one fact of a new user."""
    for name, headers in source.matched.doubtful.items():
        if name not in PASSWORDS:
            raise SourceError(
                f"{len(headers)} columns in {source.path.name} could be {name}",
                code="KT-IN-010",
                where=f"columns:  {' | '.join(headers)}",
                fix=f"say which one, as in --map {name}={shlex.quote(headers[0])}",
            )


def digits_lost(source: Source, lost: Sequence[tuple[int, str]], count: int) -> SourceError:
    """The fault of a file with ids of which digits are gone.  lost: the first of them, with their rows."""
    rows = ", ".join(str(number) for number, _ in lost)
    more = " ..." if count > len(lost) else ""
    ids = "1 user id" if count == 1 else f"{count:,} user ids"
    return SourceError(
        f"a spreadsheet changed {ids} before keyturn saw the file",
        code="KT-IN-007",
        where=f'{source.path.name}, column "{source.matched.columns["id"].header}", rows {rows}{more}'
        f"   (found: {lost[0][1]})",
        why="Excel shows long numbers in short form and saves the short form; the last digits are gone",
        fix="take the export that the sheet was made from, or set the column to Text in Excel and paste the ids again",
    )
