"""What is pinned of a run when it is confirmed, and what of it has changed when somebody wants to go on."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from keyturn.bulk.intake.source import Source
from keyturn.bulk.job import Job, Operation, PasswordChoice, Reading, Rules
from keyturn.bulk.planning.lookup import Lookup, read_lookup
from keyturn.bulk.planning.plan import Part, Plan
from keyturn.bulk.written import read_job, read_reading, written
from keyturn.core.capabilities import Capabilities, capabilities_digest
from keyturn.core.errors import PlanError, SourceError

PLANNING: Final = "planning"
READY: Final = "ready"
RUNNING: Final = "running"
STOPPED: Final = "stopped"
FINISHED: Final = "finished"

KEY: Final = "key"
"""The fact that holds the key of the run, sealed under this machine's runner key; empty once the run is closed."""

PIPED_INPUT: Final = "piped"
"""The fact that says that the input of the run came through a pipe and is kept, sealed, in its folder."""

RECORDED: Final = "recorded"
"""The fact that tells which recorded request the rows were for; empty where there was none."""

LOOKUP: Final = "lookup"
"""The fact that says what targets told of the users before the run; empty where they were not asked."""

FLAGS: Final = "flags"
"""The fact that holds the flags of pace and brakes that the run was begun with."""

SEALED: Final = "handout_sealed"
"""The fact with the digest of each sealed file, so that another one in its place is known; two of one that was being
replaced."""

SHREDDED: Final = "handout_shredded"
"""The fact that says when the handout was deleted."""

OPENED: Final = "handout_opened"
"""The fact that says when the handout was last opened on this machine; what others do with theirs nobody knows."""


@dataclass(frozen=True, slots=True)
class Address:
    """A target as the settings name it.  policy: whatever decides which passwords are good, as text."""

    name: str
    kind: str
    url: str
    account: str
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Pin:
    """A target as it was confirmed.  capabilities: their digest, empty where it could not be asked what it can do.

    protect: users there that the run does not touch.  rendering: how the passwords look that are made for it.
    """

    address: Address
    capabilities: str = ""
    protect: tuple[str, ...] = ()
    rendering: str = ""

    @property
    def name(self) -> str:
        """The name of the target."""
        return self.address.name


@dataclass(frozen=True, slots=True)
class Now:
    """A target as it is."""

    address: Address
    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class Facts:
    """The pinned facts of a run, as the journal keeps them (all text)."""

    values: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def job(self) -> Job:
        """What the run was to do.  A run of an earlier format has its parts, each a fact by itself."""
        if self["job"]:
            return read_job(json.loads(self["job"]))
        choice = PasswordChoice.parse(self["password"])
        return Job(Operation(self["operation"]), choice, self["email"] == "yes", old=self["old"])

    @property
    def pins(self) -> Sequence[Pin]:
        """Its targets.  A run of the first format has one, of which every fact stands by itself."""
        if self["targets"]:
            return [read_pin(each) for each in json.loads(self["targets"])]
        policy = _FIRST_RULES.sub(_in_words, self["policy"])
        address = Address(self["target"], self["kind"], self["url"], self["account"], policy)
        protect = tuple(json.loads(self["protect"] or "[]"))
        return [Pin(address, self["capabilities"], protect, self["rendering"])]

    @property
    def reading(self) -> Reading:
        """How its file was read."""
        if self["reading"]:
            return read_reading(json.loads(self["reading"]))
        return Reading(json.loads(self["columns"]), self["delimiter"], self["encoding"])

    @property
    def lookup(self) -> Lookup | None:
        """What targets told of the users before, in figures; None where they were not asked."""
        return read_lookup(json.loads(self[LOOKUP])) if self[LOOKUP] else None

    @property
    def approvers(self) -> Sequence[str]:
        """Who approved the plan that the run carries out, by name."""
        return [each["by"] for each in json.loads(self["approved"] or "[]")]

    @property
    def file(self) -> Path:
        """Where its file was."""
        return Path(self["file"])

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who can open its handout."""
        return tuple(json.loads(self["recipients"] or "[]"))


def sealed_as(facts: Mapping[str, str]) -> dict[str, list[str]]:
    """The digests under which each file of a handout was sealed, by its name; nothing where none was noted."""
    found: dict[str, list[str]] = json.loads(facts.get(SEALED) or "{}")
    return found


_FIRST_RULES: Final = re.compile(r"Rules\(shortest=(\d+), longest=(\d+), classes=(\d+)\)")
"""How the first format wrote down what a target demands of passwords."""


def _in_words(found: re.Match[str]) -> str:
    return str(Rules(*map(int, found.groups())))


def read_pin(told: Mapping[str, Any]) -> Pin:
    """A target as it was written down."""
    address = Address(*(told[name] for name in ("name", "kind", "url", "account", "policy")))
    return Pin(address, told["capabilities"], tuple(told["protect"]), told["rendering"])


def written_pin(pin: Pin) -> dict[str, Any]:
    """A target as plain values."""
    more = {"capabilities": pin.capabilities, "protect": list(pin.protect), "rendering": pin.rendering}
    return {**asdict(pin.address), **more}


def pin_of(part: Part, address: Address, *, asked: bool = True) -> Pin:
    """A target as it is about to be confirmed.  asked: it answered, so that what it can do is known."""
    where = part.destination
    if not asked:
        return Pin(address, protect=tuple(where.protect))
    return Pin(address, capabilities_digest(where.capabilities), tuple(where.protect), part.job.rendering)


def pinned(plan: Plan, pins: Sequence[Pin], recipients: Sequence[str], now: datetime) -> dict[str, str]:
    """The facts of a run about to begin."""
    return {
        "created": now.isoformat(),
        "job": json.dumps(written(plan.job), ensure_ascii=False),
        "operation": str(plan.job.operation),
        "password": str(plan.job.password),
        "email": "yes" if plan.job.email else "no",
        "old": plan.job.old,
        **file_facts(plan.source),
        "recipients": json.dumps(list(recipients)),
        "plan": plan.digest,
        "change": str(plan.change),
        "target": plan.target,
        "default": plan.default,
        RECORDED: plan.job.recorded.fingerprint if plan.job.recorded is not None else "",
        LOOKUP: json.dumps(plan.lookup.figures(), ensure_ascii=False) if plan.lookup is not None else "",
        **targets_of(pins),
    }


def file_facts(source: Source) -> dict[str, str]:
    """The file of a run, and how it was read."""
    columns = {name: column.header for name, column in source.matched.columns.items()}
    return {
        "reading": json.dumps(written(source.as_read), ensure_ascii=False),
        "file": str(source.path if source.kept else source.path.absolute()),
        PIPED_INPUT: "yes" if source.kept else "",
        "sha256": source.sha256,
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "columns": json.dumps(columns, ensure_ascii=False),
    }


def targets_of(pins: Sequence[Pin]) -> dict[str, str]:
    """The targets of a run, as facts."""
    return {"targets": json.dumps([written_pin(pin) for pin in pins], ensure_ascii=False)}


_WORDS: Final = {
    "kind": "the kind of the target",
    "url": "the address of the target",
    "account": "the account that is signed in",
    "policy": "the rules for passwords",
}


def changed(pins: Sequence[Pin], now: Mapping[str, Now]) -> list[str]:
    """What is no longer as it was confirmed, in words.  now: the targets of which it is known how they are."""
    found = []
    for pin in pins:
        if pin.name not in now:
            continue
        head = f"{pin.name}: " if len(pins) > 1 else ""
        here = now[pin.name]
        for name, words in _WORDS.items():
            before, after = getattr(pin.address, name), getattr(here.address, name)
            if before != after:
                found.append(f"{head}{words}: {before or '-'} then, {after or '-'} now")
        if pin.capabilities not in ("", capabilities_digest(here.capabilities)):
            found.append(f"{head}what the target can do")
    return found


def same_file(facts: Facts, sha256: str) -> None:
    """Raises SourceError when the file is not the one that was confirmed."""
    if facts["sha256"] != sha256:
        raise SourceError(
            f"{facts.file.name} is not the file that was confirmed",
            code="KT-IN-015",
            where=str(facts.file),
            why="it was changed after the run began, so its row numbers may mean other users",
            fix="put the file back as it was, or start a new run with the changed one",
        )


def same_targets(facts: Facts, now: Mapping[str, Now]) -> None:
    """Raises PlanError when anything but the file changed since the run was confirmed."""
    differences = changed(facts.pins, now)
    if differences:
        raise PlanError(
            "something changed since the run was confirmed",
            code="KT-RUN-024",
            where="\n".join(differences),
            fix="put it back, or run keyturn resume at a terminal and confirm again",
        )
