"""What the core needs from outside, and what it offers: the protocols that other rooms implement or call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Commands, Origin
from keyturn.core.credentials import Verifier
from keyturn.core.evidence import Evidence, Tried
from keyturn.core.factors import FactorKind
from keyturn.core.membership import GroupChange
from keyturn.core.outbox import Mail
from keyturn.core.outcomes import Changed, Outcome, Refused, Unchanged
from keyturn.core.permissions import Actor
from keyturn.core.policy import ProfileName, Verdict
from keyturn.core.secret import Secret
from keyturn.core.sessions import Session
from keyturn.core.storage import Application, Key, Tenant
from keyturn.core.users import Group, Groups, Handle, Right, User, Users, Window


@dataclass(frozen=True, slots=True)
class Probe:
    """What one harmless signed-in read told about a directory.

    account: who we are there; version: of the server, empty when it does not say; expires_in: seconds that the
    sign-in still lasts, None when unknown; note: one line for people.
    """

    account: str
    version: str = ""
    expires_in: float | None = None
    note: str = ""


class Directory(Protocol):
    """Anything that keeps users: ours or a vendor's.

    `execute` takes commands of one type and answers each in its place.  It never raises for a refusal; what was sent
    and not answered is `Uncertain`.  It raises `Unreachable` only from `probe`.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this directory can and cannot do."""

    @property
    def account(self) -> str:
        """Who we are there, without asking: key or client id, else the token's subject, else where the secret is."""

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """Do a homogeneous batch; outcome i belongs to command i."""

    async def find(self, who: str) -> User | None:
        """The user, or None when there is none that we may see."""

    async def list(self, window: Window) -> Users:
        """A part of the users, in a stable order."""

    async def read_back(self, whos: Sequence[str]) -> Sequence[Evidence | Refused]:
        """What is shown now of each of these users' credentials, at most `reads` of them; changes nothing.

        Refused: why it could not be read.
        """

    async def try_password(self, who: str, password: Secret) -> Tried | Refused:
        """Sign in once as this user and with this password, where `trial` is; a wrong one counts as a wrong one.

        Nothing is consumed by it and no session stays.  Refused: it was not tried.
        """

    async def probe(self) -> Probe:
        """One signed-in read that changes nothing.  Raises Unreachable, or BadAnswer when it is no such directory."""

    async def close(self) -> None:
        """Give back connections."""


class Clock(Protocol):
    """Time, so that tests can set it."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a password is right; stale: right, but to be hashed again with today's parameters or key."""

    right: bool
    stale: bool = False


class Hasher(Protocol):
    """Makes and checks verifiers.  `hash` and `check` of a password are slow on purpose and run in a bounded pool."""

    def hash(self, passwords: Sequence[Secret]) -> list[Verifier]:
        """Slow, keyed verifiers (argon2id) of passwords that people or administrators chose, in parallel.

        Raises Busy when the queue of the pool is full.
        """

    def hash_one_time(self, secrets: Sequence[Secret]) -> list[Verifier]:
        """Fast keyed verifiers, only for one-time secrets of at least 112 bits that a directory made."""

    def fault_of(self, imported: Secret) -> str:
        """Why the hash of a password that another system made cannot be imported; empty when it can."""

    def adopt(self, imported: Sequence[Secret]) -> list[Verifier]:
        """Slow, keyed verifiers around hashes that have no fault; a right password is then stale and stored anew."""

    def check(self, candidate: Secret, verifier: Verifier | None) -> Check:
        """Compare in constant time; None (no such user, no password) costs as much as a real comparison."""

    def fingerprint(self, data: bytes) -> str:
        """A keyed digest of what must be recognised again but never read, such as a repeated request."""

    def fingerprints(self, data: bytes) -> Sequence[str]:
        """The same under every key that may have made one, the key in force first."""

    def digest(self, token: Secret) -> str:
        """The stored form of a random or derived token: API keys, links."""

    def digests(self, token: Secret) -> Sequence[str]:
        """Every form under which the token may be stored, that of the key in force first."""


class Minter(Protocol):
    """Derives secrets from a key of the directory: the same inputs give the same secret, on any server, at any time."""

    @property
    def key_id(self) -> str:
        """The id of the derive key in force; stored beside whatever is derived with it."""

    def one_time(self, operation: str, uid: str, *, key_id: str = "") -> Secret:
        """A one-time secret: 26 base32 symbols (130 bits) in groups, 31 characters; no look-alikes."""

    def link(self, operation: str, uid: str, *, key_id: str = "") -> Secret:
        """The token of a mailed link (256 bits, URL-safe)."""

    def draw(self, octets: int = 64) -> Secret:
        """A new random API key token, URL-safe: 512 bits in 86 characters, or so many octets."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says: the session it stands for, whose it is, for which tenant, until when."""

    session: str
    subject: str
    tenant: int
    issued: datetime
    expires: datetime


class Tokens(Protocol):
    """Signs and reads access tokens (JWT, one fixed algorithm)."""

    def issue(self, claims: Claims) -> Secret:
        """The signed token."""

    def read(self, token: Secret, now: datetime) -> Claims | None:
        """The claims of a token that we signed and that has not expired; None for everything else."""


class Signer(Protocol):
    """Signs checkpoints of the audit so that anybody with the public key can verify them offline."""

    @property
    def key_id(self) -> str:
        """The id of the audit key."""

    def sign(self, statement: bytes) -> str:
        """An Ed25519 signature, hex."""

    def verify(self, statement: bytes, signature: str, key_id: str) -> bool:
        """True when the signature is of that key and that statement."""


class Sealer(Protocol):
    """Encrypts small values under a key that lives outside the database or journal."""

    def seal(self, clear: bytes, label: str) -> bytes:
        """The sealed value; `label` must be the same to open it."""

    def open(self, sealed: bytes, label: str) -> bytes:
        """The value.  Raises KeyFolderError when it was not sealed by us under this label."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key just made or refreshed, with the one showing of its token."""

    key: Key
    token: Secret


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What to change of a key; None leaves a part as it is."""

    active: bool | None = None
    description: str | None = None
    rights: frozenset[Right] | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: its access token, and whether it can do nothing but set a new password.

    factors: with which a second factor can be shown, and must be before anything else.
    """

    token: Secret
    must_change: bool
    actor: Actor
    expires: datetime
    factors: tuple[FactorKind, ...] = ()


class Administration(Protocol):
    """What only our own server has: keys, workspaces and policy.  Same laws as `Directory`: refusals are values."""

    async def keys(self) -> Sequence[Key] | Refused:
        """The API keys of the tenant, oldest first."""

    async def create_key(
        self, kind: str, description: str, rights: frozenset[Right], scopes: tuple[str, ...] = ()
    ) -> NewKey | Refused:
        """A new API key; its token is shown this once.  scopes: makes it the key of a client, whose id is a GUID."""

    async def update_key(self, id: str, change: KeyChange) -> Key | Refused:
        """Change a key; its tokens die."""

    async def refresh_key(self, id: str) -> NewKey | Refused:
        """A new token for a key; the old one and what was signed in with it die."""

    async def revoke_key(self, id: str) -> Key | Refused:
        """Delete a key; its tokens die."""

    async def mails(self, who: str, state: str, count: int) -> Sequence[Mail] | Refused:
        """Mails of the tenant, newest first.  who: only to this user; state: only in this one; empty for all."""

    async def applications(self) -> Sequence[Application]:
        """The applications of all workspaces of the tenant; one entry with an empty id for a bare workspace."""

    async def grant(self, who: str, by: Handle, workspace: str, application: str, role: str) -> Changed | Refused:
        """Give a role in an application, or in the workspace when `application` is empty."""

    async def profile(self) -> ProfileName:
        """The password policy of the tenant."""

    async def judge(self, candidate: Secret, via: Capabilities) -> Verdict:
        """What the policy of the tenant says of a candidate under a door's lengths; nobody's password is looked at."""

    async def tenant(self) -> Tenant:
        """The caller's own tenant, to compare with the one that an address names."""

    async def groups(self, window: Window) -> Groups:
        """A part of the groups of the tenant; nothing for a caller who may not list."""

    async def group(self, uid: str) -> Group | None:
        """The group with its members, or None when there is none that the caller may see."""

    async def create_group(
        self,
        name: str,
        rights: frozenset[Right] = frozenset(),
        members: Sequence[str] = (),
        external_id: str = "",
    ) -> Group | Refused:
        """A new group.  members: uids of users and of groups."""

    async def update_group(self, uid: str, change: GroupChange) -> Group | Refused:
        """Change a group or who is in it; nobody gives or takes by it what they do not hold."""

    async def delete_group(self, uid: str) -> Group | Refused:
        """Delete a group; its members lose what it gave them."""

    async def tenants(self) -> Sequence[Tenant]:
        """The tenants that the caller reaches, the own one always among them, in order of number."""

    async def create_tenant(self, name: str, settings: Mapping[str, str]) -> Tenant | Refused:
        """A new tenant, without anybody in it."""

    async def update_tenant(
        self, number: int, name: str | None = None, settings: Mapping[str, str] | None = None
    ) -> Tenant | Refused:
        """Another name, or other settings in place of all that were there."""

    async def home_of(self, who: str, by: Handle) -> int | None:
        """The number of the tenant of a user (by number or uid), when the caller reaches it."""

    async def sessions(self, who: str, by: Handle) -> Sequence[Session] | Refused:
        """The good sessions of a user, oldest first; who empty: the caller's own."""

    async def end_sessions(self, who: str, by: Handle, id: str = "") -> Changed | Unchanged | Refused:
        """End the session of this id; without one, all of them but that of the caller.  who empty: the caller's own."""

    async def keep_job(self, result: str) -> int:
        """Keep what came of a call, for the caller alone and for a day; answers the number to ask for it with."""

    async def job(self, number: int) -> str | None:
        """What the caller kept; None when there is no such number, or it is somebody else's, or its day is over."""

    async def appoint(self, uid: str, tenants: frozenset[int]) -> Changed | Refused:
        """Have a user of the system's tenant administer the users of these tenants, and of no others."""


class Gate(Protocol):
    """The way into our directory for server halves, the API and the console: who asks, and what they may hold."""

    async def sign_in(
        self, login: str, password: Secret, *, tenant: str = "", door: str, origin: Origin, restricted: bool = True
    ) -> SignedIn | Refused:
        """A session for a person; Refused(NOT_SIGNED_IN) for every kind of failure, all alike.

        restricted False: also for who must change the password, and a one-time secret is not consumed by it.
        """

    async def sign_in_with_key(
        self, id: str, token: Secret, *, door: str, origin: Origin, scopes: tuple[str, ...] = ()
    ) -> SignedIn | Refused:
        """A session for an API key.

        scopes: what the client asks for, none for all that the key allows; Refused(NOT_ALLOWED) for more than that.
        """

    async def knock(
        self, login: str, password: Secret, *, tenant: str = "", door: str, origin: Origin
    ) -> Actor | Refused:
        """Who calls at a door without sessions, for this one call; failures as with `sign_in`.

        Whoever must change the password may do just that, by a call that carries the old one; nothing is consumed
        until that commits.
        """

    async def bearer(self, id: str, token: Secret, *, scope: str) -> Actor | None:
        """Who carries an API key itself, for this one call, at a door whose tokens are keys.

        scope: must be among those of the key, so that keys of other doors open nothing here, nor these elsewhere.
        """

    async def sign_out(self, token: Secret, *, door: str, origin: Origin) -> None:
        """End the session of this token."""

    async def actor(self, token: Secret, *, scoped: bool = False) -> Actor | None:
        """Who holds this access token; None when it is not (or no longer) good.

        scoped: the door holds clients to their scopes; at every other door the token of a client opens nothing.
        """

    async def holder(self, link: Secret) -> Actor | None:
        """The person whom a mailed link lets set a new password; None when it is used, old or unknown."""

    async def refuse(
        self, refused: Refused, verb: str, *, actor: Actor | None = None, door: str, origin: Origin
    ) -> Refused:
        """Write into the audit a refusal that no command of the directory makes, and hand it back.

        A token that is not good, a scope that is missing, another tenant's address.  actor: None for nobody known.
        """

    def directory(self, actor: Actor, via: Capabilities, door: str, origin: Origin) -> Directory:
        """The directory as this actor may use it through this door."""

    def administration(self, actor: Actor, door: str, origin: Origin) -> Administration:
        """The administration as this actor may use it."""
