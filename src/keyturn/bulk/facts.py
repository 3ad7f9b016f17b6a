"""What is pinned of a run when it is confirmed, and what of it has changed when somebody wants to go on."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from keyturn.bulk.job import Job, Operation, PasswordChoice, Reading
from keyturn.bulk.plan import Plan
from keyturn.core.capabilities import Capabilities
from keyturn.core.errors import PlanError, SourceError

PLANNING: Final = "planning"
READY: Final = "ready"
RUNNING: Final = "running"
STOPPED: Final = "stopped"
FINISHED: Final = "finished"

KEY: Final = "key"
"""The fact that holds the key of the run, sealed under this machine's runner key; empty once the run is closed."""


@dataclass(frozen=True, slots=True)
class Address:
    """The target as the settings name it.  policy: whatever decides which passwords are good, as text."""

    name: str
    kind: str
    url: str
    account: str
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """The pinned facts of a run, as the journal keeps them (all text)."""

    values: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def job(self) -> Job:
        """What the run was to do."""
        choice = PasswordChoice.parse(self["password"])
        return Job(Operation(self["operation"]), choice, self["email"] == "yes", self["rendering"], self["old"])

    @property
    def reading(self) -> Reading:
        """How its file was read."""
        return Reading(json.loads(self["columns"]), self["delimiter"], self["encoding"])

    @property
    def file(self) -> Path:
        """Where its file was."""
        return Path(self["file"])

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who can open its handout."""
        return tuple(json.loads(self["recipients"] or "[]"))

    @property
    def protect(self) -> tuple[str, ...]:
        """Users that it does not touch."""
        return tuple(json.loads(self["protect"] or "[]"))


def pinned(plan: Plan, address: Address, recipients: Sequence[str], now: datetime) -> dict[str, str]:
    """The facts of a run about to begin."""
    columns = {name: column.header for name, column in plan.columns.items()}
    return {
        "created": now.isoformat(),
        "operation": str(plan.job.operation),
        "password": str(plan.job.password),
        "email": "yes" if plan.job.email else "no",
        "rendering": plan.job.rendering,
        "old": plan.job.old,
        "file": str(plan.source.path.absolute()),
        "sha256": plan.source.sha256,
        "encoding": plan.source.encoding,
        "delimiter": plan.source.delimiter,
        "columns": json.dumps(columns, ensure_ascii=False),
        "protect": json.dumps(list(plan.destination.protect), ensure_ascii=False),
        "recipients": json.dumps(list(recipients)),
        "plan": plan.digest,
        "change": str(plan.change),
        **_of(address, plan.destination.capabilities),
    }


def _of(address: Address, capabilities: Capabilities) -> dict[str, str]:
    return {
        "target": address.name,
        "kind": address.kind,
        "url": address.url,
        "account": address.account,
        "policy": address.policy,
        "capabilities": capabilities_digest(capabilities),
    }


def capabilities_digest(capabilities: Capabilities) -> str:
    """The same for the same abilities, in any process."""
    carried = sorted(command.__name__ for command in capabilities.carries)
    rest = [f"{name}={getattr(capabilities, name)}" for name in capabilities.__slots__ if name != "carries"]
    return hashlib.sha256("\n".join([*carried, *rest]).encode()).hexdigest()


_WORDS: Final = {
    "kind": "the kind of the target",
    "url": "the address of the target",
    "account": "the account that is signed in",
    "policy": "the rules for passwords",
    "capabilities": "what the target can do",
}


def changed(facts: Facts, address: Address, capabilities: Capabilities) -> list[str]:
    """What is no longer as it was confirmed, in words."""
    now = _of(address, capabilities)
    found = []
    for name, words in _WORDS.items():
        if facts[name] != now[name]:
            digest = name == "capabilities"
            found.append(words if digest else f"{words}: {facts[name] or '-'} then, {now[name] or '-'} now")
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


def same_target(facts: Facts, address: Address, capabilities: Capabilities) -> None:
    """Raises PlanError when anything but the file changed since the run was confirmed."""
    differences = changed(facts, address, capabilities)
    if differences:
        raise PlanError(
            "something changed since the run was confirmed",
            code="KT-RUN-024",
            where="\n".join(differences),
            fix="put it back, or run keyturn resume at a terminal and confirm again",
        )
