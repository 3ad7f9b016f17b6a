"""Says what a run would do, row by row and in sum, before it does it.  Sends nothing, changes nothing."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from keyturn.bulk.cautions import Caution, Noticed, cautions, unused_passwords
from keyturn.bulk.columns import PASSWORDS, Column
from keyturn.bulk.job import Job, Operation, PasswordFrom, Rules, length_for
from keyturn.bulk.passwords import Judge, judge_for
from keyturn.bulk.screening import Fate, Screen, Screened, screen
from keyturn.bulk.source import Source
from keyturn.core.capabilities import Capabilities, lacks
from keyturn.core.commands import ChangePassword, Command, CreateUser, ResetPassword
from keyturn.core.errors import ConfigError, SourceError
from keyturn.core.journal import Row, RowState
from keyturn.core.policy import Blocklist
from keyturn.core.secret import Secret
from keyturn.core.users import Profile

SHOWN: Final = 5
_OLD: Final = "--old-password"
_STATES: Final = {Fate.CHANGE: RowState.NOT_TRIED, Fate.SKIP: RowState.SKIPPED, Fate.BLOCK: RowState.FAILED}


@dataclass(slots=True)
class Group:
    """Rows that share a fate and a reason: how many, the first few, and what is to be said of them."""

    fate: Fate
    reason: str
    count: int = 0
    rows: list[int] = field(default_factory=list)
    whos: list[str] = field(default_factory=list)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the rows go, as far as planning must know.  account: who we are there; protect: patterns of users.

    rules: what the target demands of passwords, where it says so.
    """

    name: str
    capabilities: Capabilities
    account: str = ""
    protect: Sequence[str] = ()
    rules: Rules | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen.  digest: the same for the same rows, order and target; rows(): the journal's first content.

    unmailed: how many of those who would be created have no address, so that the target can mail them nothing.
    """

    source: Source
    job: Job
    destination: Destination
    groups: Sequence[Group]
    trimmed: int
    warnings: Sequence[Caution]
    digest: str
    by: Screen = field(repr=False)
    unmailed: int = 0

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows change, are skipped, are blocked."""
        sums = dict.fromkeys((str(fate) for fate in Fate), 0)
        for group in self.groups:
            sums[group.fate] += group.count
        return sums

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

    def rows(self) -> Iterator[Row]:
        """Every row as the journal begins with it, streamed from the file anew."""
        for row in screen(self.source, self.by):
            yield Row(row.number, row.who, _STATES[row.fate], reason=row.reason, text=row.text)

    def told(self) -> dict[str, Any]:
        """The plan as plain values, for `--json`.  Holds no password."""
        return {
            "v": 1,
            "type": "plan",
            "operation": str(self.job.operation),
            "target": self.destination.name,
            "password": str(self.job.password),
            "old_password": self.job.old,
            "file": str(self.source.path),
            "sha256": self.source.sha256,
            "encoding": self.source.encoding,
            "delimiter": self.source.delimiter,
            "columns": {name: {"header": c.header, "guess": c.guess} for name, c in self.columns.items()},
            "ignored": list(self.source.matched.ignored),
            "counts": dict(self.counts),
            "groups": [
                {"fate": str(g.fate), "reason": g.reason, "count": g.count, "rows": g.rows, "text": g.text}
                for g in self.groups
                if g.reason
            ],
            "trimmed": self.trimmed,
            "unmailed": self.unmailed,
            "warnings": [{"code": w.code, "text": w.text} for w in self.warnings],
            "digest": self.digest,
        }


def make_plan(source: Source, job: Job, destination: Destination, blocklist: Blocklist) -> Plan:
    """Read the whole file and decide of every row.

    Raises SourceError for a fault of the file, ConfigError when the target cannot do the job at all.
    """
    source, job = _ready(source, job, destination)
    judge = None
    if job.password.known:
        judge = judge_for(destination.capabilities, destination.rules, blocklist)
    if judge is not None and job.password.value is not None:
        _refuse_unfit(job.password.value, judge)
    by = Screen(job, destination.capabilities, judge, destination.account, destination.protect)
    tally = _Tally()
    for row in screen(source, by):
        tally.add(row)
    if tally.lost:
        raise _digits_lost(source, tally)
    digest = hashlib.sha256(f"{job}{destination.capabilities}".encode() + tally.digest.digest()).hexdigest()
    groups = sorted(tally.groups.values(), key=lambda group: (group.fate != Fate.CHANGE, -group.count, group.reason))
    noticed = Noticed(tally.zeros, tally.zero, tally.unmailed, unused_passwords(source.header, job))
    warnings = cautions(job, destination.capabilities, noticed)
    return Plan(source, job, destination, groups, tally.trimmed, warnings, digest, by, tally.unmailed)


@dataclass(slots=True)
class _Tally:
    groups: dict[tuple[Fate, str], Group] = field(default_factory=dict)
    digest: Any = field(default_factory=hashlib.sha256)
    trimmed: int = 0
    zeros: int = 0
    zero: str = ""
    unmailed: int = 0
    lost: list[tuple[int, str]] = field(default_factory=list)
    lost_count: int = 0

    def add(self, row: Screened) -> None:
        group = self.groups.get((row.fate, row.reason))
        if group is None:
            group = self.groups[row.fate, row.reason] = Group(row.fate, row.reason, text=row.text)
        group.count += 1
        if len(group.rows) < SHOWN:
            group.rows.append(row.number)
            group.whos.append(row.who)
        self.digest.update(f"{row.number}\0{row.who}\0{row.fate}\0{row.reason}\n".encode())
        self.trimmed += row.trimmed
        self.unmailed += row.unmailed
        if row.zeros:
            self.zeros += 1
            self.zero = self.zero or row.who
        if row.lost:
            self.lost_count += 1
            self.lost += [(row.number, row.who)] if len(self.lost) < SHOWN else []


def _ready(source: Source, job: Job, destination: Destination) -> tuple[Source, Job]:
    """Find the password column, pin the rendering, and ask the target's abilities once for all rows."""
    source = _with_password_columns(source, job)
    if job.operation is Operation.CREATE:
        _refuse_doubtful(source)
    if job.password.origin is PasswordFrom.GENERATE:
        length = length_for(destination.capabilities, destination.rules)
        job = replace(job, rendering=f"{job.rendering.partition(':')[0]}:{length}")
    refuse_impossible(destination.name, job, destination.capabilities)
    return source, job


def refuse_impossible(target: str, job: Job, capabilities: Capabilities) -> None:
    """Raises ConfigError when a target cannot do a job for anybody, whatever the file holds."""
    missing = _old_in_vain(job, capabilities) or lacks(_sample(job), capabilities)
    if missing is None and job.mails_or_loses(capabilities) and not job.email:
        missing = "it neither shows nor mails the password it makes up"
    if missing is not None:
        raise ConfigError(f"{target} cannot do this: {missing}", code="KT-TGT-010", fix=_way_out(job))


def _way_out(job: Job) -> str:
    if job.old:
        return "leave --old-password away; each user is then reset without the present password"
    if job.password.origin is PasswordFrom.TARGET:
        return "let keyturn make the passwords: --password generate"
    return "leave --email away; the passwords then go into the sealed handout" if job.email else ""


def _old_in_vain(job: Job, capabilities: Capabilities) -> str | None:
    """Why present passwords are of no use for this job; None when they are, or when there are none."""
    if not job.old:
        return None
    if job.operation is Operation.CREATE:
        return "a new user has no present password"
    if not capabilities.needs_old:
        return "it sets passwords without asking for the present ones"
    if not job.ours:
        return "a change with the present password carries the new one"
    return "a change with the present password is not mailed" if job.email else None


def _sample(job: Job) -> Command:
    new = Secret("") if job.ours else None
    if job.old:
        return ChangePassword("x", Secret(""), Secret(""))
    if job.operation is Operation.RESET:
        return ResetPassword("x", new, notify=job.email)
    return CreateUser("x", Profile(), password=new, generate=not job.ours, notify=job.email)


def _refuse_unfit(password: Secret, judge: Judge) -> None:
    reason, text = judge.fault(password, "")
    if reason:
        raise ConfigError("the one password for all will not do", code="KT-POL-013", why=text, fix="choose another one")


def _with_password_columns(source: Source, job: Job) -> Source:
    """The source with the columns that `--password` and `--old-password` name; without one for every other choice."""
    columns = {name: column for name, column in source.matched.columns.items() if name not in PASSWORDS}
    if job.old and job.old == job.password.column:
        text = f"the column {job.old} cannot hold both the present password and the new one"
        raise ConfigError(text, code="KT-CFG-030", fix="--old-password column:NAME with the other column")
    for field_, header, flag in (("password", job.password.column, "--password"), ("old_password", job.old, _OLD)):
        if header:
            columns[field_] = _named(source, header, flag)
    return replace(source, matched=replace(source.matched, columns=columns))


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


def _refuse_doubtful(source: Source) -> None:
    for name, headers in source.matched.doubtful.items():
        if name not in PASSWORDS:
            raise SourceError(
                f"{len(headers)} columns in {source.path.name} could be {name}",
                code="KT-IN-010",
                where=f"columns:  {' | '.join(headers)}",
                fix=f"say which one, as in --map {name}={headers[0]}",
            )


def _digits_lost(source: Source, tally: _Tally) -> SourceError:
    rows = ", ".join(str(number) for number, _ in tally.lost)
    more = " ..." if tally.lost_count > len(tally.lost) else ""
    ids = "1 user id" if tally.lost_count == 1 else f"{tally.lost_count} user ids"
    return SourceError(
        f"a spreadsheet changed {ids} before keyturn saw the file",
        code="KT-IN-007",
        where=f'{source.path.name}, column "{source.matched.columns["id"].header}", rows {rows}{more}'
        f"   (found: {tally.lost[0][1]})",
        why="Excel shows long numbers in short form and saves the short form; the last digits are gone",
        fix="take the export that the sheet was made from, or set the column to Text in Excel and paste the ids again",
    )
