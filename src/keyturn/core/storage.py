"""The port of the store: what the core asks of a database, in values and in sets.

A `Store` gives reading and writing transactions.  Everything that a writing transaction did is kept or lost together.
Statements take sets, because a store is fast in sets.  Methods that take `tenant` never see another tenant's rows.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from keyturn.core.audit import AuditTable
from keyturn.core.credentials import Credential, Link
from keyturn.core.factors import FactorTable
from keyturn.core.jobs import JobTable
from keyturn.core.membership import GroupTable
from keyturn.core.outbox import OutboxTable
from keyturn.core.sessions import SessionTable
from keyturn.core.upkeep import Upkeep
from keyturn.core.users import Grant, Handle, Profile, Right, Stamp, Status, User, Users, Window


@dataclass(frozen=True, slots=True)
class Subject:
    """What judging needs to know of a user, without the profile.

    rights: effective ones, own and through groups; own and through: each alone.  administers: other tenants.
    epoch: counts revocations; tokens of an older epoch are dead.
    failures in a row, `wait_until` and `guessed_from`: the sign-in budget of the account.
    """

    uid: str
    number: int
    tenant: int
    key: str
    login: str
    status: Status
    rights: frozenset[Right]
    mail: str
    epoch: int
    version: int
    failures: int
    wait_until: datetime | None
    credential: Credential | None
    own: frozenset[Right] = frozenset()
    through: frozenset[Right] = frozenset()
    administers: frozenset[int] = frozenset()
    guessed_from: str = ""


@dataclass(frozen=True, slots=True)
class NewUser:
    """A row to insert.  `number` is given by the store.  through: the rights that come with the groups."""

    uid: str
    tenant: int
    key: str
    login: str
    profile: Profile
    status: Status
    rights: frozenset[Right]
    added: Stamp
    through: frozenset[Right] = frozenset()


@dataclass(frozen=True, slots=True)
class UserChange:
    """A row to update: None leaves a part as it is.  Counts the version up; `revoke` also counts the epoch up.

    through: the rights that come through groups from now on.
    """

    uid: str
    updated: Stamp
    login: str | None = None
    profile: Profile | None = None
    status: Status | None = None
    rights: frozenset[Right] | None = None
    through: frozenset[Right] | None = None
    administers: frozenset[int] | None = None
    deleted: bool = False
    revoke: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """An API key.  digest: of its token; kind: for which door it is (`mas`, `uipath`, `keyturn`).

    scopes: what a client that signs in with it may ask for, in the words of its door; empty where a door has none.
    owner: uid of the person whose key it is and whose rights it has; empty for keys of the tenant.
    """

    id: str
    tenant: int
    kind: str
    digest: str
    rights: frozenset[Right]
    active: bool
    description: str
    epoch: int
    version: int
    added: Stamp
    updated: Stamp
    expires: datetime | None = None
    scopes: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The remembered first outcome of an operation that its caller named.  Holds no secret.

    id: scope and operation; fingerprint: keyed digest of the command; outcome: `created`, `changed`, `unchanged`.
    """

    id: str
    fingerprint: str
    outcome: str
    uid: str
    delivery: str
    at: datetime
    derive_id: str = ""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant and its settings.  settings: plain text values, such as `profile`, `mail`, `known_values`."""

    number: int
    name: str
    guid: str
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Application:
    """An application of a workspace."""

    workspace: str
    id: str
    ready: bool = True
    available: bool = True


class UserTable(Protocol):
    """Users of all tenants."""

    def subjects(self, tenant: int, whos: Sequence[str], by: Handle) -> Mapping[str, Subject]:
        """The subjects by the handle as it was asked; deleted users are not found.  A handle that cannot be one
        (letters for a number) is not found."""

    def by_uid(self, uids: Sequence[str]) -> Mapping[str, Subject]:
        """The subjects by uid over all tenants."""

    def logins(self, login: str) -> Sequence[Subject]:
        """Every live user with this sign-in name over all tenants, in order of tenant."""

    def get(self, tenant: int, who: str, by: Handle) -> User | None:
        """The whole user, grants included."""

    def get_many(self, tenant: int, uids: Sequence[str]) -> Mapping[str, User]:
        """Whole users by uid."""

    def page(self, tenant: int, window: Window) -> Users:
        """A part of the live users in order of number; `search` is a piece of key, login, display name or mail."""

    def used(self, uids: Sequence[str]) -> frozenset[str]:
        """Which of these uids somebody has, in whatever tenant, deleted users included."""

    def home(self, who: str, by: Handle) -> int | None:
        """The tenant of a live user by a handle that is unique on the server (number, uid); None when there is none."""

    def taken(self, tenant: int, keys: Sequence[str], logins: Sequence[str], mails: Sequence[str]) -> Mapping[str, str]:
        """Which of these are held, by a live (`live`) or a deleted (`deleted`) user; keyed by the value itself."""

    def administrators(self, tenant: int) -> int:
        """How many active users of the tenant effectively hold all rights over users."""

    def insert(self, users: Sequence[NewUser]) -> None:
        """Add users.  Raises Conflict when a key, login or uid is taken."""

    def update(self, changes: Sequence[UserChange]) -> None:
        """Change users.  Raises Conflict when a login is taken."""

    def count_failure(self, uid: str, at: datetime, source: str = "") -> int:
        """One more wrong password, atomically; answers how many in a row it makes.  source: kept as it is given."""

    def count_miss(self) -> None:
        """One more wrong password for an account that has no count; costs what counting a failure does."""

    def wait(self, uid: str, until: datetime | None, *, clear: bool = False) -> None:
        """Set until when the account takes no password; `clear` also sets the failures to 0."""

    def uncount(self, uid: str) -> None:
        """Take back one wrong password that was counted ahead and was none."""


class CredentialTable(Protocol):
    """Verifiers.  Only `core/directory.py` calls `replace` and `remove`."""

    def replace(self, credentials: Sequence[Credential], by: str) -> None:
        """Put these in place of what was there, count epoch and version of their users up, clear their failures,
        end their sessions and links."""

    def spend(self, uid: str, verifier: str, at: datetime) -> bool:
        """End the life of a one-time secret if it is still this one and unspent; True for the one who did it."""

    def renew(self, uid: str, verifier: str, pepper_id: str) -> None:
        """Store the same password under newer parameters after a sign-in; nothing is revoked."""


class LinkTable(Protocol):
    """Mailed one-time links."""

    def put(self, links: Sequence[Link]) -> None:
        """Keep new ones; older ones of the same users die."""

    def find(self, *digests: str) -> Link | None:
        """The link that has one of these digests: those of one token under several keys."""


class KeyTable(Protocol):
    """API keys."""

    def find(self, id: str) -> Key | None:
        """The key, whatever its tenant: ids are unique over the server."""

    def list(self, tenant: int) -> Sequence[Key]:
        """The keys of a tenant, oldest first."""

    def of(self, owner: str) -> Sequence[Key]:
        """The keys of a person, oldest first."""

    def put(self, key: Key) -> None:
        """Insert or replace."""

    def remove(self, id: str) -> None:
        """Delete for good; its tokens die."""

    def disown(self, owners: Sequence[str]) -> None:
        """Delete the keys of these persons for good."""


class OperationTable(Protocol):
    """Operations that their callers named, for 24 hours."""

    def find(self, ids: Sequence[str], now: datetime) -> Mapping[str, Done]:
        """Those of the last 24 hours."""

    def put(self, done: Sequence[Done]) -> None:
        """Remember; raises Conflict when an id is there already."""


class TenantTable(Protocol):
    """Tenants, their settings, workspaces and grants."""

    def all(self) -> Sequence[Tenant]:
        """Every tenant in order of number."""

    def put(self, tenant: Tenant) -> None:
        """Insert or replace."""

    def applications(self, tenant: int) -> Sequence[Application]:
        """The applications of all workspaces; a workspace without applications has one entry with an empty id."""

    def put_application(self, tenant: int, application: Application) -> None:
        """Insert or replace; an empty id makes a bare workspace."""

    def grant(self, uid: str, grant: Grant) -> None:
        """Give a role in place of the one held there."""


class View(Protocol):
    """A reading transaction."""

    @property
    def users(self) -> UserTable: ...
    @property
    def sessions(self) -> SessionTable: ...
    @property
    def links(self) -> LinkTable: ...
    @property
    def outbox(self) -> OutboxTable: ...
    @property
    def audit(self) -> AuditTable: ...
    @property
    def keys(self) -> KeyTable: ...
    @property
    def operations(self) -> OperationTable: ...
    @property
    def tenants(self) -> TenantTable: ...
    @property
    def groups(self) -> GroupTable: ...
    @property
    def jobs(self) -> JobTable: ...
    @property
    def upkeep(self) -> Upkeep: ...
    @property
    def factors(self) -> FactorTable: ...


class Transaction(View, Protocol):
    """A writing transaction: committed when its block ends, rolled back when it raises."""

    @property
    def credentials(self) -> CredentialTable: ...

    def savepoint(self) -> AbstractContextManager[None]:
        """A part that may be undone alone: rolled back when its block raises, the error passes on."""


class Store(Protocol):
    """Where everything is kept.  Safe to use from several threads; writers wait for each other."""

    def reading(self) -> AbstractContextManager[View]:
        """A reading transaction."""

    def writing(self) -> AbstractContextManager[Transaction]:
        """A writing transaction.  Raises StoreError when it cannot be kept; then nothing was."""

    def close(self) -> None:
        """Give back files and connections."""
