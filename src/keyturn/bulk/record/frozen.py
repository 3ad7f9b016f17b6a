"""A plan as a file: everything that decides a run, written down for somebody to look at and to be run as it stands.

It holds no password.  A digest stands over the whole of it, so that a torn or edited file is told from a whole one;
approvals stand beside it and are signatures over that digest.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final

from keyturn.bulk.job import Job, PasswordFrom, Reading
from keyturn.bulk.planning.lookup import Lookup, read_lookup
from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.record.facts import Now, Pin, changed, read_pin, written_pin
from keyturn.bulk.record.private import open_private
from keyturn.bulk.regular import open_regular
from keyturn.bulk.written import read_job, read_reading, written
from keyturn.core.errors import ConfigError, PlanError, SourceError

FORMAT: Final = 1
MARK: Final = "keyturn_plan"
"""The name in the file that says what it is, with the number of its format."""

MOST_BYTES: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Maker:
    """Who made a plan, when, and with which version.  name: of the account; key: the public key that goes with it."""

    name: str
    key: str
    at: datetime
    version: str


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's yes.  key: whose; name: as they call themselves; signature: over the digest of the plan."""

    name: str
    key: str
    at: datetime
    signature: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """A plan that does not change any more.  rows: the digest of what becomes of each row.

    pins: the targets as they were; default: where rows go that name none.  groups: what the plan said of rows, to be
    read.  recipients: of the handout; none: of the machine that carries it out.  handing: the facts of what else
    is in it, and of who gets which part.
    """

    maker: Maker
    file: Path
    sha256: str
    reading: Reading
    job: Job
    pins: tuple[Pin, ...]
    default: str
    counts: Mapping[str, Mapping[str, int]]
    rows: str
    groups: Sequence[Mapping[str, Any]] = ()
    recipients: tuple[str, ...] = ()
    include_protected: bool = False
    handing: Mapping[str, str] = field(default_factory=dict)
    lookup: Lookup | None = None
    approvals: tuple[Approval, ...] = field(default=(), compare=False)

    @property
    def digest(self) -> str:
        """The same for the same plan; what approvals are given to."""
        return _digest(self.content())

    @property
    def change(self) -> int:
        """How many users it changes."""
        return sum(counts["change"] for counts in self.counts.values())

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of its targets."""
        return tuple(pin.name for pin in self.pins)

    def content(self) -> dict[str, Any]:
        """All that the digest is over, as plain values."""
        maker = self.maker
        return {
            "made": {"by": maker.name, "key": maker.key, "at": maker.at.isoformat(), "keyturn": maker.version},
            "file": {"path": str(self.file), "sha256": self.sha256},
            "reading": written(self.reading),
            "job": written(self.job),
            "include_protected": self.include_protected,
            "targets": [{**written_pin(pin), "counts": dict(self.counts[pin.name])} for pin in self.pins],
            "default": self.default,
            "change": self.change,
            "rows": self.rows,
            "groups": [dict(group) for group in self.groups],
            "recipients": list(self.recipients),
            "handout": dict(self.handing),
            "lookup": self.lookup.told() if self.lookup is not None else None,
        }

    def with_approval(self, approval: Approval) -> "Frozen":
        """The same plan with one yes more; a second one with the same key takes the place of the first."""
        others = (each for each in self.approvals if each.key != approval.key)
        return replace(self, approvals=(*others, approval))


def freeze(
    plan: Plan,
    pins: Sequence[Pin],
    recipients: Sequence[str],
    maker: Maker,
    *,
    include_protected: bool,
    handing: Mapping[str, str],
) -> Frozen:
    """The plan as it stands now.  Raises ConfigError for what cannot be frozen."""
    if plan.job.password.origin is PasswordFrom.SAME:
        raise ConfigError(
            "a plan with one password for all cannot be frozen",
            code="KT-PLN-005",
            why="the password would have to stand in the file, and whoever reads or approves it would know it",
            fix="--password generate or column:NAME; or run it unfrozen, with --expect",
        )
    return Frozen(
        maker=maker,
        file=plan.source.path.absolute(),
        sha256=plan.source.sha256,
        reading=plan.source.as_read,
        job=plan.job,
        pins=tuple(pins),
        default=plan.default,
        counts={pin.name: dict(plan.counts_of(pin.name)) for pin in pins},
        rows=plan.digest,
        groups=tuple(plan.told()["groups"]),
        recipients=tuple(recipients),
        include_protected=include_protected,
        handing=dict(handing),
        lookup=plan.lookup,
    )


def hold_file(frozen: Frozen, sha256: str, path: Path) -> None:
    """Raises SourceError when a file is not the one that the plan was made of."""
    if frozen.sha256 != sha256:
        raise SourceError(
            f"{path.name} is not the file that the plan was made of",
            code="KT-IN-015",
            where=str(path),
            why="it was changed after the plan was made, so its rows may mean other users",
            fix="put the file back as it was, or make the plan again",
        )


def hold_plan(frozen: Frozen, plan: Plan, now: Mapping[str, Now]) -> None:
    """Raises PlanError, with each difference named, when what would be done now is not what was frozen."""
    found = changed(frozen.pins, now)
    for pin in frozen.pins:
        part = plan.parts.get(pin.name)
        if part is None:
            continue
        protect = tuple(part.destination.protect)
        if protect != pin.protect:
            found.append(f"{pin.name}: protected users: {_listed(pin.protect)} then, {_listed(protect)} now")
        if part.job.rendering != pin.rendering:
            found.append(f"{pin.name}: how passwords look: {pin.rendering} then, {part.job.rendering} now")
    if tuple(plan.parts) != frozen.targets:
        found.append(f"targets: {_listed(frozen.targets)} then, {_listed(tuple(plan.parts))} now")
    if not found and not compare_digest(plan.digest, frozen.rows):
        found.append(f"what becomes of the rows: {frozen.change:,} users change then, {plan.change:,} now")
    if found:
        raise PlanError(
            "what would be done now is not what the plan says",
            code="KT-PLN-003",
            where="\n".join(found),
            fix="put it back, or make the plan again and have it looked at",
        )


def kept_of(frozen: Frozen, approvals: Sequence[Approval]) -> dict[str, str]:
    """The facts that a run keeps of the plan that it carries out.  approvals: those that count."""
    told = [{"by": each.name, "key": each.key, "at": each.at.isoformat()} for each in approvals]
    return {
        "frozen": frozen.digest,
        "made_by": frozen.maker.name,
        "approved": json.dumps(told, ensure_ascii=False),
    }


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "-"


def write_frozen(frozen: Frozen, path: Path) -> None:
    """Put it on disk, whole or not at all, for its owner alone.  Raises ConfigError where something else is there."""
    if path.exists() and not is_frozen(path):
        raise ConfigError(
            f"{path.name} is there and is no plan",
            code="KT-PLN-006",
            where=str(path),
            why="a plan takes the place of an earlier plan, and of nothing else",
            fix="another name with -o",
        )
    approvals = [
        {"by": each.name, "key": each.key, "at": each.at.isoformat(), "signature": each.signature}
        for each in frozen.approvals
    ]
    told = {MARK: FORMAT, "digest": frozen.digest, "plan": frozen.content(), "approvals": approvals}
    try:
        with open_private(path) as file:
            file.write(json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n")
    except OSError as error:
        what, why = "the plan cannot be written there", error.strerror or ""
        raise ConfigError(what, code="KT-PLN-006", where=str(path), why=why) from None


def is_frozen(path: Path) -> bool:
    """Whether a file is, or was, a frozen plan of any format."""
    try:
        with open_regular(path) as file:
            return f'"{MARK}"'.encode() in file.read(100)
    except OSError:
        return False


def read_frozen(path: Path) -> Frozen:
    """The plan in a file.  Raises SourceError for a file that is none, is torn, or was edited."""
    told = _parsed(path)
    if told[MARK] != FORMAT:
        why = f"its format is {told[MARK]!r}, this version reads {FORMAT}"
        raise _unreadable(path, "was made by another version of keyturn", why, code="KT-PLN-002")
    content = told.get("plan")
    strange = told.keys() - {MARK, "digest", "plan", "approvals"}
    if strange or not isinstance(content, dict) or told.get("digest") != _digest(content):
        raise _unreadable(path, "was changed after it was made", "its digest is not that of what stands in it")
    try:
        frozen = replace(_read(content), approvals=tuple(map(_approval, told.get("approvals", []))))
        whole = compare_digest(frozen.digest, told["digest"])
    except (KeyError, TypeError, ValueError, AttributeError, ConfigError):
        whole = False
    if not whole:
        why = "something stands in it that this version does not know, or is missing"
        raise _unreadable(path, "was made by another version of keyturn", why, code="KT-PLN-002")
    return frozen


def _parsed(path: Path) -> dict[str, Any]:
    try:
        with open_regular(path) as file:
            text = file.read(MOST_BYTES)
    except OSError as error:
        raise _unreadable(path, "cannot be read", error.strerror or "") from None
    try:
        told = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        why = "it is torn: its end is missing, or it was changed" if is_frozen(path) else "it is no JSON"
        raise _unreadable(path, "is no whole plan", why) from None
    if not isinstance(told, dict) or MARK not in told:
        raise _unreadable(path, "is no plan", "keyturn plan reset FILE -o q3.plan makes one")
    return told


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object as it stands.  Raises ValueError for a name that stands twice: whoever reads it would see another."""
    told = dict(pairs)
    if len(told) < len(pairs):
        raise ValueError("a name stands twice")
    return told


def _unreadable(path: Path, what: str, why: str, code: str = "KT-PLN-001") -> SourceError:
    fix = "make the plan again:  keyturn plan reset FILE -t TARGET -o " + path.name
    return SourceError(f"{path.name} {what}", code=code, where=str(path), why=why, fix=fix)


def _digest(content: Mapping[str, Any]) -> str:
    """Over all of it, however it is laid out."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(content: Mapping[str, Any]) -> Frozen:
    made, file = content["made"], content["file"]
    return Frozen(
        maker=Maker(made["by"], made["key"], datetime.fromisoformat(made["at"]), made["keyturn"]),
        file=Path(file["path"]),
        sha256=file["sha256"],
        reading=read_reading(content["reading"]),
        job=read_job(content["job"]),
        pins=tuple(map(read_pin, content["targets"])),
        default=content["default"],
        counts={each["name"]: each["counts"] for each in content["targets"]},
        rows=content["rows"],
        groups=tuple(content["groups"]),
        recipients=tuple(content["recipients"]),
        include_protected=content["include_protected"],
        handing=dict(content["handout"]),
        lookup=read_lookup(content["lookup"]) if content["lookup"] is not None else None,
    )


def _approval(told: Mapping[str, Any]) -> Approval:
    return Approval(told["by"], told["key"], datetime.fromisoformat(told["at"]), told["signature"])
