"""A command on its way through the one door: who asks, and what was prepared before the transaction."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from uuid import uuid4

from keyturn.core.audit import LONGEST_WHO, Event
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import VERBS, Command, CreateUser, Origin, UpdateUser
from keyturn.core.credentials import Verifier
from keyturn.core.factors import Codes
from keyturn.core.outcomes import Refused
from keyturn.core.permissions import Actor
from keyturn.core.policy import Blocklist
from keyturn.core.ports import Clock, Hasher, Minter, Sealer
from keyturn.core.secret import Secret
from keyturn.core.storage import Store
from keyturn.core.telling import told
from keyturn.core.tenancy import Rules
from keyturn.core.users import Right


@dataclass(frozen=True, slots=True)
class Parts:
    """What a local directory is made of.  `rules` answers the rules of a tenant by its number."""

    store: Store
    hasher: Hasher
    minter: Minter
    sealer: Sealer
    blocklist: Blocklist
    clock: Clock
    rules: Callable[[int], Rules]
    codes: Codes


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, through which door, under whose limits, and from where."""

    actor: Actor
    via: Capabilities
    door: str
    origin: Origin
    rules: Rules

    def event(
        self,
        at: datetime,
        verb: str,
        outcome: str,
        *,
        who: str = "",
        target: str = "",
        reason: str = "",
        detail: str = "",
    ) -> Event:
        """What the audit keeps of something that this caller asked for."""
        actor, origin = self.actor, self.origin
        return Event(
            at, actor.tenant, actor.id, verb, outcome, target=target, who=who[:LONGEST_WHO], reason=reason,
            door=self.door, source=origin.source, request=origin.request, run=origin.run, row=origin.row,
            detail=told(detail, f"with key {actor.key}" if actor.key else ""),
        )  # fmt: skip

    def refusal(self, at: datetime, verb: str, refused: Refused, *, target: str = "") -> Event:
        """What the audit keeps of a refusal."""
        reason, detail = refused.reason.value, refused.text
        return self.event(at, verb, "refused", who=refused.who, target=target, reason=reason, detail=detail)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where the mail of a step goes, and how to address the person.

    moved: since when the address is a new one that nobody of rank stands for; None otherwise.
    """

    mail: str
    name: str
    language: str
    others: tuple[str, ...]
    moved: datetime | None = None


@dataclass(slots=True)
class Step:
    """One command with all that was prepared for it outside the transaction: filled in on the way, by one owner.

    operation: its fixed id; named: the caller chose it, so a repeat is answered with the first outcome.
    uid: of the user as the preparing read saw it (for a new user: the one it will get).
    early: what the preparing read already refused.  seen: the verifier that the old password was checked against.
    wrong: the old password was wrong, which counts against the sign-in budget.
    password: normalised, as it is to be hashed; for a generated one the value itself.  imported: a hash that will do.
    derive_id: the key that it and the link of this step are derived with, and stay derived with.
    warning: for the audit.
    through: the rights that come with the groups after this step; None when it changes none.
    """

    caller: Caller
    command: Command
    operation: str
    named: bool
    fingerprint: str
    uid: str = ""
    password: Secret | None = None
    imported: Secret | None = None
    generated: bool = False
    derive_id: str = ""
    verifier: Verifier | None = None
    recipient: Recipient | None = None
    early: Refused | None = None
    seen: str = ""
    wrong: bool = False
    warning: str = ""
    through: frozenset[Right] | None = None

    @property
    def joins(self) -> tuple[str, ...]:
        """The groups that the command takes its user into."""
        match self.command:
            case CreateUser(groups=groups):
                return groups
            case UpdateUser(join=join):
                return join
            case _:
                return ()

    @property
    def leaves(self) -> tuple[str, ...]:
        """The groups that the command takes its user out of."""
        return self.command.leave if isinstance(self.command, UpdateUser) else ()

    @property
    def verb(self) -> str:
        """The name of the command in the audit and in the rights table."""
        return VERBS[type(self.command)]


def begin(caller: Caller, command: Command, hasher: Hasher) -> Step:
    """The step of a command as it arrives: its operation id is fixed here and never changes.

    A name of the whole request is the name of each of its commands that has none of its own.
    """
    name = command.operation or caller.origin.operation
    if not name:
        return Step(caller, command, uuid4().hex, named=False, fingerprint="")
    scope = [str(caller.actor.tenant), caller.actor.id, VERBS[type(command)], name]
    scope += [] if command.operation else [command.who]
    # Without a key: the same call is the same operation under every key of the directory, and nothing here is secret.
    operation = hashlib.sha256(json.dumps(scope).encode()).hexdigest()
    return Step(caller, command, operation, named=True, fingerprint=hasher.fingerprint(canonical(command)))


def canonical(command: Command) -> bytes:
    """The one byte form of a command, secrets included, for a keyed fingerprint only."""
    return spelled(type(command).__name__, command)


def spelled(name: str, asked: object) -> bytes:
    """The one byte form of anything that is asked under a name; for a keyed fingerprint only."""
    return json.dumps([name, _plain(asked)], sort_keys=True).encode()


def _plain(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Enum):
        return value.name
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.compare}
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(_plain(part)) for part in value)
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value
