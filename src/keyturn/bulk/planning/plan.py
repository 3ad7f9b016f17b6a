"""Says what a run would do, row by row and in sum, before it does it.  Sends nothing, changes nothing."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from keyturn.bulk.intake.columns import PEOPLE, TARGET, Column
from keyturn.bulk.intake.source import Source
from keyturn.bulk.job import Job, Operation, PasswordFrom, Rules, length_for
from keyturn.bulk.planning.cautions import Caution, Noticed, cautions, unused_passwords
from keyturn.bulk.planning.cures import cure
from keyturn.bulk.planning.fitting import digits_lost, refuse_doubtful, with_password_columns
from keyturn.bulk.planning.impossible import refuse_impossible
from keyturn.bulk.planning.lookup import Lookup
from keyturn.bulk.planning.names import Names
from keyturn.bulk.planning.passwords import Judge, folded, judge_for
from keyturn.bulk.planning.screening import UNKNOWN, Fate, Screen, Screened, Screens, screen
from keyturn.bulk.written import written
from keyturn.core.capabilities import Capabilities, capabilities_digest
from keyturn.core.errors import ConfigError
from keyturn.core.journal import Row, RowState
from keyturn.core.policy import Blocklist
from keyturn.core.secret import Secret

SHOWN: Final = 5
MOST_NAMES: Final = 20
"""Names of targets that do not exist, each told of on its own; further ones are told of together."""

_STATES: Final = {Fate.CHANGE: RowState.NOT_TRIED, Fate.SKIP: RowState.SKIPPED, Fate.BLOCK: RowState.FAILED}


@dataclass(slots=True)
class Group:
    """Rows that share a target, a fate and a reason: how many, the first few, and what is to be said of them."""

    fate: Fate
    reason: str
    count: int = 0
    rows: list[int] = field(default_factory=list)
    whos: list[str] = field(default_factory=list)
    text: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """A target of rows, as far as planning must know.  account: who we are there; login: the name that we sign
    in with, where that is another one; protect: patterns of users.

    rules: what it demands of passwords, where it says so.  rendering: how generated passwords look there, where a
    run has begun with it.  names: which names are those of one user, and lookup: who is there, where the target was
    asked.
    """

    name: str
    capabilities: Capabilities
    account: str = ""
    protect: Sequence[str] = ()
    rules: Rules | None = None
    rendering: str = ""
    login: str = ""
    names: Names | None = None
    lookup: Lookup | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one target: the order as it fits there, and what they are held against."""

    destination: Destination
    job: Job
    by: Screen = field(repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen.  parts: by target.  digest: the same for the same rows, order and targets; rows(): the
    journal's first content.  default: where rows go that name no target.

    unmailed: how many of those who would be created have no address, so that the target can mail them nothing.
    """

    source: Source
    job: Job
    parts: Mapping[str, Part]
    groups: Sequence[Group]
    trimmed: int
    warnings: Sequence[Caution]
    digest: str
    default: str = ""
    unmailed: int = 0

    @property
    def lookup(self) -> Lookup | None:
        """What the targets told of its users, where they were asked."""
        return next((part.destination.lookup for part in self.parts.values()), None)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows change, are skipped, are blocked."""
        return _sums(self.groups)

    @property
    def target(self) -> str:
        """Where the rows go: one name, or several."""
        return ", ".join(self.parts)

    def counts_of(self, target: str) -> Mapping[str, int]:
        """How many rows of one target change, are skipped, are blocked."""
        return _sums(group for group in self.groups if group.target == target)

    @property
    def change(self) -> int:
        """How many users a yes would change: the number that is asked for."""
        return self.counts[Fate.CHANGE]

    @property
    def total(self) -> int:
        """How many rows the file has behind its header."""
        return sum(self.counts.values())

    @property
    def columns(self) -> Mapping[str, Column]:
        """Which column is what."""
        return self.source.matched.columns

    def screened(self) -> Iterator[Screened]:
        """The decision on every row, streamed from the file anew."""
        return screen(self.source, _screens(self.parts, self.default))

    def rows(self) -> Iterator[Row]:
        """Every row as the journal begins with it, streamed from the file anew."""
        for row in self.screened():
            yield Row(row.number, row.who, _STATES[row.fate], row.reason, row.text, target=row.target)

    def told(self) -> dict[str, Any]:
        """The plan as plain values, for `--json`.  Holds no password."""
        return {
            "v": 1,
            "type": "plan",
            "operation": str(self.job.operation),
            "target": self.target,
            "targets": [{"target": name, **self.counts_of(name)} for name in self.parts],
            "password": str(self.job.password),
            "old_password": self.job.old,
            "file": str(self.source.path),
            "sha256": self.source.sha256,
            "how": self.source.table.how,
            "selection": str(self.source.selection),
            "encoding": self.source.encoding,
            "delimiter": self.source.delimiter,
            "columns": {name: {"header": c.header, "guess": c.guess} for name, c in self.columns.items()},
            "ignored": list(self.source.matched.ignored),
            "counts": dict(self.counts),
            "groups": [
                {
                    "target": g.target,
                    "fate": str(g.fate),
                    "reason": g.reason,
                    "count": g.count,
                    "rows": g.rows,
                    "text": g.text,
                    "fix": cure(g.reason) if g.fate is Fate.BLOCK else "",
                }
                for g in self.groups
                if g.reason
            ],
            "trimmed": self.trimmed,
            "unmailed": self.unmailed,
            "warnings": [{"code": w.code, "text": w.text} for w in self.warnings],
            "digest": self.digest,
            "lookup": self.lookup.told() if self.lookup is not None else None,
        }


def make_plan(
    source: Source, job: Job, destinations: Sequence[Destination], blocklist: Blocklist, *, default: str = ""
) -> Plan:
    """Read the whole file and decide of every row.  default: where rows go whose cell of the target is empty.

    A file without a column of targets goes to the one destination that there is.
    Raises SourceError for a fault of the file, ConfigError when a target cannot do the job at all.
    """
    source = with_password_columns(source, job)
    if job.operation is Operation.CREATE:
        refuse_doubtful(source)
    if TARGET not in source.matched.columns:
        default = destinations[0].name
    parts = {each.name: _part(job, each, blocklist, several=len(destinations) > 1) for each in destinations}
    if job.old and not any(part.job.old for part in parts.values()):
        refuse_impossible(destinations[0].name, job, destinations[0].capabilities)
    tally = _Tally()
    for row in screen(source, _screens(parts, default)):
        tally.add(row)
    if tally.lost:
        raise digits_lost(source, tally.lost, tally.lost_count)
    digest = hashlib.sha256("".join(map(_told_of, parts.values())).encode() + tally.digest.digest()).hexdigest()
    groups = sorted(tally.groups.values(), key=lambda group: (group.fate != Fate.CHANGE, -group.count, group.reason))
    people = [column.header for name, column in source.matched.columns.items() if name in PEOPLE]
    warnings = _warnings(parts, tally, unused_passwords(source.header, job), people)
    unmailed = tally.unmailed.total()
    return Plan(source, job, parts, groups, tally.trimmed, warnings, digest, default, unmailed)


def _told_of(part: Part) -> str:
    """What of a target decides what becomes of its rows; the same text in any process."""
    where = part.destination
    order = json.dumps(written(part.job), sort_keys=True)
    return "\0".join((where.name, order, str(where.rules or ""), capabilities_digest(where.capabilities), "\n"))


def _screens(parts: Mapping[str, Part], default: str) -> Screens:
    return Screens({name: part.by for name, part in parts.items()}, default)


def _sums(groups: Iterable[Group]) -> Mapping[str, int]:
    sums = dict.fromkeys((str(fate) for fate in Fate), 0)
    for group in groups:
        sums[group.fate] += group.count
    return sums


def _warnings(
    parts: Mapping[str, Part], tally: "_Tally", unused: Sequence[str], people: Sequence[str]
) -> list[Caution]:
    """Each thing to know once; what is not true of every target names those of which it is."""
    found: dict[Caution, list[str]] = {}
    for name, part in parts.items():
        noticed = Noticed(
            tally.zeros,
            tally.zero,
            tally.unmailed[name],
            unused,
            tally.short,
            people,
            numbers=tally.numbers,
            hidden=tally.hidden,
            alike=tally.alike,
            alike_count=tally.alike_count,
        )
        for caution in cautions(part.job, part.destination.capabilities, noticed):
            found.setdefault(caution, []).append(name)
    return [
        each if len(names) == len(parts) else replace(each, text=f"{', '.join(names)}: {each.text}")
        for each, names in found.items()
    ]


@dataclass(slots=True)
class _Tally:
    groups: dict[tuple[str, Fate, str], Group] = field(default_factory=dict)
    digest: Any = field(default_factory=hashlib.sha256)
    trimmed: int = 0
    zeros: int = 0
    zero: str = ""
    unmailed: Counter[str] = field(default_factory=Counter)
    short: int = 0
    numbers: int = 0
    hidden: int = 0
    alike: list[tuple[int, int]] = field(default_factory=list)
    alike_count: int = 0
    unknown: set[str] = field(default_factory=set)
    lost: list[tuple[int, str]] = field(default_factory=list)
    lost_count: int = 0

    def add(self, row: Screened) -> None:
        target, text = self._told_of(row)
        group = self.groups.get((target, row.fate, row.reason))
        if group is None:
            group = Group(row.fate, row.reason, text=text, target=target)
            self.groups[target, row.fate, row.reason] = group
        group.count += 1
        if len(group.rows) < SHOWN:
            group.rows.append(row.number)
            group.whos.append(row.who)
        self.digest.update(f"{row.number}\0{row.target}\0{row.who}\0{row.fate}\0{row.reason}\n".encode())
        self.trimmed += row.trimmed
        self.unmailed[row.target] += row.unmailed
        self.short += row.short
        self.numbers += row.number_cell
        self.hidden += row.hidden
        if row.alike:
            self.alike_count += 1
            self.alike += [(row.number, row.alike)] if len(self.alike) < SHOWN else []
        if row.zeros:
            self.zeros += 1
            self.zero = self.zero or row.who
        if row.lost:
            self.lost_count += 1
            self.lost += [(row.number, row.who)] if len(self.lost) < SHOWN else []

    def _told_of(self, row: Screened) -> tuple[str, str]:
        """Under which target a row is told of, and how; many names that do not exist are told of as one."""
        if row.reason != UNKNOWN:
            return row.target, row.text
        if len(self.unknown) < MOST_NAMES:
            self.unknown.add(row.target)
        return (row.target, row.text) if row.target in self.unknown else ("", "there are no such targets")


def _part(job: Job, destination: Destination, blocklist: Blocklist, *, several: bool) -> Part:
    """The order as it fits a target, with the rendering pinned.  Raises ConfigError when the target cannot do it."""
    capabilities, judge = destination.capabilities, None
    if several and not capabilities.needs_old:
        job = replace(job, old="")  # present passwords are for those targets that ask for them
    if job.password.origin is PasswordFrom.GENERATE:
        length = length_for(capabilities, destination.rules, job.length)
        job = replace(job, rendering=destination.rendering or f"{job.rendering.partition(':')[0]}:{length}")
    refuse_impossible(destination.name, job, capabilities)
    if job.password.known and not job.password.hashed and job.sends is None:
        judge = judge_for(capabilities, destination.rules, blocklist, destination.name)
    same = job.password.value
    if judge is not None and same is not None:
        _refuse_unfit(same, judge, destination.name)
        same = folded(same)
    own = frozenset(name.casefold() for name in (destination.account, destination.login) if name)
    return Part(
        destination,
        job,
        Screen(job, capabilities, judge, own, destination.protect, same, destination.names, destination.lookup),
    )


def _refuse_unfit(password: Secret, judge: Judge, target: str) -> None:
    reason, text = judge.fault(password, "")
    if reason:
        fix = f"choose another one; [targets.{target}.password_rules] says what {target} takes"
        raise ConfigError("the one password for all will not do", code="KT-POL-013", why=text, fix=fix)
