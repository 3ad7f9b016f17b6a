"""What a handout tells beside the passwords, and who gets which part of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from keyturn.bulk.intake.columns import secret
from keyturn.bulk.intake.source import Source, SourceRow
from keyturn.bulk.job import Job
from keyturn.bulk.record.folder import RunFolder
from keyturn.core.errors import ConfigError, SourceError
from keyturn.core.journal import Row

COLUMNS: Final = "handout_columns"
SPLIT: Final = "handout_split"
GROUPS: Final = "handout_groups"
"""The facts of a journal that pin these."""

_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Handing:
    """columns: headers of the file that go into the handout.  split: the column by whose value it is taken apart.

    groups: who opens the file of each value, the recipients of the whole run among them; what no group is for goes into
    the file of the whole run.
    """

    columns: tuple[str, ...] = ()
    split: str = ""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Mapping[str, str]) -> "Handing":
        """As it was pinned."""
        groups = json.loads(facts.get(GROUPS) or "{}")
        columns = tuple(json.loads(facts.get(COLUMNS) or "[]"))
        return cls(columns, facts.get(SPLIT, ""), {value: tuple(keys) for value, keys in groups.items()})

    def facts(self) -> dict[str, str]:
        """What is pinned when a run begins; nothing where nothing was asked for."""
        if not self.headers:
            return {}
        groups = json.dumps({value: list(keys) for value, keys in self.groups.items()}, ensure_ascii=False)
        return {COLUMNS: json.dumps(list(self.columns), ensure_ascii=False), SPLIT: self.split, GROUPS: groups}

    @property
    def headers(self) -> tuple[str, ...]:
        """All columns that go into it."""
        return tuple(dict.fromkeys((*self.columns, *((self.split,) if self.split else ()))))

    def group(self, value: str) -> str:
        """The group that a cell belongs to; empty for the file of the whole run."""
        return value.strip() if value.strip() in self.groups else ""

    def paths(self, folder: RunFolder) -> Mapping[str, Path]:
        """The file of each group; under an empty name that of the whole run."""
        found = {"": folder.handout}
        for value in self.groups:
            slug = base = _slug(value)
            number = 1
            while (path := folder.handout.with_stem(f"{folder.handout.stem}-{slug}")) in found.values():
                number += 1
                slug = f"{base}-{number}"
            found[value] = path
        return found


def _slug(value: str) -> str:
    letters = "".join(sign if sign.isalnum() else "-" for sign in value.casefold())
    return "-".join(filter(None, letters.split("-")))[:_LONGEST] or "group"


def check(handing: Handing, source: Source, job: Job) -> None:
    """Raises ConfigError for a column that the file does not have, and for one that may hold passwords."""
    header = [cell.strip() for cell in source.header]
    for name in handing.headers:
        if name not in header:
            raise ConfigError(
                f"{source.path.name} has no column {name}, which the handout should hold",
                code="KT-CFG-041",
                why=f"header:  {' | '.join(header)}",
                fix="name a column of the header with --handout-columns or --handout-split",
            )
        if secret(name) or name in (job.password.column, job.old):
            raise ConfigError(
                f"the column {name} looks like passwords, which no handout takes over",
                code="KT-CFG-042",
                why="a handout holds the new passwords alone",
                fix="leave it away from --handout-columns",
            )


@dataclass(frozen=True, slots=True)
class Person:
    """What the file of a run says of somebody, as a letter needs it."""

    name: str = ""
    login: str = ""
    email: str = ""
    language: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


_NOBODY: Final = Person()
_NEEDED: Final = ("login", "email", "language", "display_name", "given_name", "family_name")


class People:
    """Reads the file of a run beside its journal; rows are asked for in order.

    A file that is gone or was changed spoils no handout: the passwords then stand there without what it said.
    all_known: of everybody who was asked for, the file still said who that is.
    """

    def __init__(self, source: Source, handing: Handing) -> None:
        header = [cell.strip() for cell in source.header]
        self._places = {name: header.index(name) for name in handing.headers if name in header}
        wanted = self._places or any(name in source.matched.columns for name in _NEEDED)
        self._wanted = bool(wanted)
        self._lines: Iterator[SourceRow] = _readable(source) if wanted else iter(())
        self.all_known = True

    def of(self, row: Row) -> Person:
        """The person of a row."""
        for line in self._lines:
            if line.number == row.number and line.cells.get("id", "").strip() == row.who.strip():
                return self._read(line)
            if line.number >= row.number:
                break
        self.all_known = self.all_known and not self._wanted
        return _NOBODY

    def _read(self, line: SourceRow) -> Person:
        cell = {name: line.cells.get(name, "").strip() for name in _NEEDED}
        name = cell["display_name"] or f"{cell['given_name']} {cell['family_name']}".strip()
        columns = {header: line.record[index].strip() for header, index in self._places.items()}
        return Person(name, cell["login"], cell["email"], cell["language"], columns)


def _readable(source: Source) -> Iterator[SourceRow]:
    try:
        yield from source.rows()
    except (OSError, UnicodeDecodeError, SourceError):
        return


def split_of(rows: Iterator[Row], source: Source, handing: Handing) -> Mapping[str, int]:
    """How many of these rows have each value of the column that a handout is split by; in the order of the file."""
    people, found = People(source, handing), dict[str, int]()
    for row in rows:
        value = people.of(row).columns.get(handing.split, "")
        found[value] = found.get(value, 0) + 1
    return found


def general(handing: Handing, counts: Mapping[str, int]) -> Sequence[str]:
    """The values whose passwords go into the file of the whole run, since no group is for them."""
    return [value for value in counts if not handing.group(value)]
