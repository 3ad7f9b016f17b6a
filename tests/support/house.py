"""A directory of real parts with a clock that tests can set."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from keyturn.core.administration import LocalAdministration
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import CreateUser, Origin
from keyturn.core.directory import LOCAL, LocalDirectory, Prepared, commit
from keyturn.core.outcomes import Created, Outcome, Reason, Refused
from keyturn.core.permissions import Actor, Proof
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.signin import SignIn
from keyturn.core.steps import Caller, Parts
from keyturn.core.storage import Application, Store, Tenant
from keyturn.core.tenancy import RuleBook
from keyturn.core.users import ALL_RIGHTS, Contact, Profile, Right
from keyturn.crypto.blocklist import FileBlocklist
from keyturn.crypto.factors import TotpCodes
from keyturn.crypto.hashing import FolderHasher
from keyturn.crypto.keyfolder import Label, create_key_folder
from keyturn.crypto.minting import FolderMinter
from keyturn.crypto.sealing import FolderSealer
from keyturn.crypto.tokens import FolderTokens

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GOOD = Secret("nine green bottles on a wall")
OTHER = Secret("eight blue kettles on a shelf")


@dataclass
class SetClock:
    """A clock that stands still until a test moves it."""

    time: datetime = START

    def now(self) -> datetime:
        """The time that was set."""
        return self.time

    def monotonic(self) -> float:
        """Seconds since the start of the test's world."""
        return (self.time - START).total_seconds()

    def advance(self, step: timedelta) -> None:
        """Let time pass."""
        self.time += step


@dataclass
class House:
    """Everything that one directory is made of."""

    parts: Parts
    clock: SetClock
    signing_in: SignIn
    tenants: list[int] = field(default_factory=lambda: [1])

    def directory(
        self,
        *,
        rights: frozenset[Right] = ALL_RIGHTS,
        via: Capabilities = LOCAL,
        actor: str = "root",
        tenant: int = 1,
        proof: Proof = Proof.KEY,
    ) -> LocalDirectory:
        """The directory as an actor with these rights may use it."""
        return LocalDirectory(self.parts, self._caller(Actor(actor, actor, tenant, rights, proof), via))

    def acting(self, actor: Actor, via: Capabilities = LOCAL) -> LocalDirectory:
        """The directory as a signed-in actor may use it."""
        return LocalDirectory(self.parts, self._caller(actor, via))

    def settle(self, prepared: Prepared) -> list[Outcome]:
        """Write what was prepared, however long ago."""
        return commit(self.parts, prepared)

    def administration(self, *, rights: frozenset[Right] = ALL_RIGHTS, tenant: int = 1) -> LocalAdministration:
        """The administration as an actor with these rights may use it."""
        actor = Actor("root", "root", tenant, rights)
        return LocalAdministration(self.parts, self._caller(actor, Capabilities(frozenset())))

    def sign_in(self, login: str, password: Secret, *, tenant: str = "") -> SignedIn | Refused:
        """One try to sign in."""
        return self.signing_in.with_password(login, password, tenant=tenant, door="test", origin=Origin())

    def add(
        self,
        who: str,
        *,
        password: Secret | None = None,
        mail: str = "",
        rights: frozenset[Right] = frozenset(),
        tenant: int = 1,
    ) -> Created:
        """Make a user who exists from here on; the password is a known value."""
        emails = (Contact(mail, "work", primary=True),) if mail else ()
        command = CreateUser(who, Profile(display_name=who, emails=emails), password=password, rights=rights)
        [outcome] = self.directory(tenant=tenant).execute([command])
        assert isinstance(outcome, Created), outcome
        return outcome

    def set(self, **settings: str) -> None:
        """Change settings of the default tenant."""
        with self.parts.store.writing() as transaction:
            [tenant, *_] = transaction.tenants.all()
            transaction.tenants.put(Tenant(tenant.number, tenant.name, tenant.guid, {**tenant.settings, **settings}))
        self.clock.advance(timedelta(seconds=2))

    def events(self) -> list[tuple[str, str, str, str]]:
        """Verb, outcome, who and reason of every audit event, oldest first."""
        with self.parts.store.reading() as view:
            entries = view.audit.entries(0, 10_000)
        return [(e.event.verb, e.event.outcome, e.event.who, e.event.reason) for e in entries]

    def _caller(self, actor: Actor, via: Capabilities) -> Caller:
        origin = Origin(request="req-1", source="127.0.0.1")
        return Caller(actor, via, "test", origin, self.parts.rules(actor.tenant))


def make_house(store: Store, folder: Path) -> House:
    """A house with the tenants `default` (1, a workspace with two applications) and `other` (2)."""
    clock = SetClock()
    keys = create_key_folder(folder / "keys")
    with store.writing() as transaction:
        transaction.tenants.put(Tenant(1, "default", "11111111-1111-4111-8111-111111111111", {}))
        transaction.tenants.put(Tenant(2, "other", "22222222-2222-4222-8222-222222222222", {}))
        for name in ("manage", "iot"):
            transaction.tenants.put_application(1, Application("main", name))
    parts = Parts(
        store=store,
        hasher=FolderHasher.cheap_for_tests(keys),
        minter=FolderMinter(keys),
        sealer=FolderSealer(keys),
        blocklist=FileBlocklist(),
        clock=clock,
        rules=RuleBook(store, clock),
        codes=TotpCodes(FolderSealer(keys, Label.FACTOR)),
    )
    return House(parts, clock, SignIn(parts, FolderTokens(keys)))


def reason(outcome: object) -> Reason | None:
    """The reason of a refusal, None for everything else."""
    return outcome.reason if isinstance(outcome, Refused) else None
