"""A directory of real parts in which every event of the catalogue can be made to happen, by one caller."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Final, TypeAlias

from keyturn.app.house.build import DATABASE, KEYS, Place, open_house
from keyturn.app.house.build import House as Opened
from keyturn.app.keeping.backup import back_up
from keyturn.app.keeping.init import make_directory
from keyturn.app.keeping.keyring import prune, rotate
from keyturn.app.keeping.policies import load_breaches
from keyturn.app.keeping.restore import restore
from keyturn.app.languages import languages
from keyturn.core.administration import LocalAdministration
from keyturn.core.audit import Entry
from keyturn.core.commands import Command, CreateUser, Origin, ResetPassword
from keyturn.core.directory import LOCAL, LocalDirectory
from keyturn.core.outcomes import Outcome, Reason, Refused
from keyturn.core.permissions import Actor, Proof
from keyturn.core.ports import NewKey, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.signin import SignIn
from keyturn.core.steps import Caller
from keyturn.core.storage import Key, Tenant
from keyturn.core.tenancy import RuleBook
from keyturn.core.users import ALL_RIGHTS, Contact, Group, Handle, Profile, Right
from keyturn.crypto.handout import new_identity
from keyturn.crypto.hashing import FolderHasher
from keyturn.crypto.keyfolder import Label, open_key_folder
from keyturn.crypto.tokens import FolderTokens
from keyturn.mail.courier import Courier
from keyturn.mail.relay import Relay, Tls
from tests.support.house import GOOD, House, SetClock
from tests.support.mailsink import MailSink

ORIGIN: Final = Origin(request="req-9", source="192.0.2.9", run="run-7", row=3)
"""Where all that happens here came from."""

ACTOR: Final = "root"
DOOR: Final = "test"
NOTHING: Final[frozenset[Right]] = frozenset()

Act: TypeAlias = Callable[[], object]
"""What is done once everything before it is prepared."""

OPERATOR: Final = Actor(ACTOR, ACTOR, 1, ALL_RIGHTS, Proof.CONSOLE)
"""Whoever works on the machine itself, and needs no request for it."""

numbers = count()


def fresh(word: str = "u") -> str:
    """A name that nobody had before."""
    return f"{word}{next(numbers)}"


@dataclass
class World:
    """A house, a relay that takes mail, and one caller with as many rights as an event needs."""

    house: House
    opened: Opened
    sink: MailSink

    def caller(self, rights: frozenset[Right] = ALL_RIGHTS, *, actor: str = ACTOR, proof: Proof = Proof.KEY) -> Caller:
        """Who asks."""
        return Caller(Actor(actor, actor, 1, rights, proof), LOCAL, DOOR, ORIGIN, self.house.parts.rules(1))

    def do(self, *commands: Command, rights: frozenset[Right] = ALL_RIGHTS) -> list[Outcome]:
        """What comes of commands."""
        return LocalDirectory(self.house.parts, self.caller(rights)).execute(commands)

    def doing(self, *commands: Command, rights: frozenset[Right] = ALL_RIGHTS) -> Act:
        """To ask for these."""
        return lambda: self.do(*commands, rights=rights)

    def again(self, command: Command) -> Act:
        """To ask for what was done before."""
        self.do(command)
        return self.doing(command)

    def office(self, rights: frozenset[Right] = ALL_RIGHTS) -> LocalAdministration:
        """The administration."""
        return LocalAdministration(self.house.parts, self.caller(rights))

    def user(self, *, mail: bool = False, groups: tuple[str, ...] = ()) -> str:
        """A new user with the password `GOOD`, which stays."""
        who = fresh()
        emails = (Contact(f"{who}@example.com", "work", primary=True),) if mail else ()
        self.do(CreateUser(who, Profile(emails=emails), groups=groups))
        self.do(ResetPassword(who, GOOD, permanent=True))
        return who

    def uid(self, who: str) -> str:
        """The uid of a user."""
        with self.house.parts.store.reading() as view:
            user = view.users.get(1, who, Handle.KEY)
        assert user is not None
        return user.uid

    def group(self, *members: str) -> str:
        """A new group of these users."""
        made = self.office().groups.create(fresh("g"), NOTHING, [self.uid(who) for who in members], "")
        assert isinstance(made, Group)
        return made.uid

    def key(self) -> NewKey:
        """A new API key."""
        made = self.office().create_key("mas", "", NOTHING)
        assert isinstance(made, NewKey)
        assert isinstance(made.key, Key)
        return made

    def sign_in(self, login: str, password: Secret) -> SignedIn | Refused:
        """One try to sign in."""
        return self.house.signing_in.with_password(login, password, door=DOOR, origin=ORIGIN)

    def turned_away(self, verb: str) -> Act:
        """To be refused at a door, before any command."""
        refused = Refused("someone", Reason.NOT_ALLOWED, "the caller is not permitted to do this")
        actor = Actor(ACTOR, ACTOR, 1, NOTHING)
        return lambda: self.house.signing_in.refuse(refused, verb, actor, door=DOOR, origin=ORIGIN)

    def mailed(self, *, late: bool = False) -> Act:
        """To have the courier work off one mail; late: when its time is up."""
        relay = Relay("127.0.0.1", self.sink.port, "keyturn@example.org", tls=Tls.AUTO, timeout=5)
        courier = Courier(self.house.parts, relay, "https://id.example.org/", languages())
        asyncio.run(courier.run_once())  # what others left there
        self.do(ResetPassword(self.user(mail=True), notify=True))
        self.house.clock.advance(timedelta(hours=25 if late else 0))
        return lambda: asyncio.run(courier.run_once())

    def waiting(self) -> str:
        """The id of a mail that waits."""
        who = self.user(mail=True)
        self.do(ResetPassword(who, notify=True))
        with self.house.parts.store.reading() as view:
            return view.outbox.list(1, uid=self.uid(who))[0].id

    def rotated(self) -> Act:
        """To put a new key in force."""
        return lambda: rotate(self.opened, [Label.MAIL], OPERATOR)

    def pruned(self) -> Act:
        """To delete the one old key that nothing needs."""
        self.house.clock.advance(timedelta(hours=2))
        prune(self.opened, OPERATOR)
        self.rotated()()
        self.house.clock.advance(timedelta(hours=2))
        return lambda: prune(self.opened, OPERATOR)

    def backed_up(self) -> Act:
        """To back the keys up."""
        data = self.opened.place.data
        recipient, file = new_identity(data.with_name(fresh("id"))), data.with_name(fresh("backup"))
        return lambda: back_up(self.opened, file, [recipient], OPERATOR, keys_only=True)

    def restored(self) -> Act:
        """To restore them, on the database that is there."""
        data = self.opened.place.data
        identity, file = data.with_name(fresh("id")), data.with_name(fresh("backup"))
        back_up(self.opened, file, [new_identity(identity)], OPERATOR, keys_only=True)
        database = Secret(f"sqlite:///{data / DATABASE}")
        new, clock = data.with_name(fresh("data")), self.house.clock
        return lambda: restore(file, new, identity, OPERATOR, database=database, clock=clock)

    def loaded(self) -> Act:
        """To load a list of one stolen password."""
        place, clock = self.opened.place, self.house.clock
        file = place.data.with_name(fresh("list"))
        file.write_text(f"{'0' * 40}:1\n")
        return lambda: load_breaches(place, [file], lambda done, total: None, OPERATOR, clock)

    def entries(self, after: int = 0) -> list[Entry]:
        """What the audit says since then."""
        with self.house.parts.store.reading() as view:
            return list(view.audit.entries(after, 100_000))

    @property
    def last(self) -> int:
        """The number of the newest entry."""
        with self.house.parts.store.reading() as view:
            newest = view.audit.last()
        return newest.sequence if newest is not None else 0


@contextmanager
def a_world(folder: Path) -> Iterator[World]:
    """A world on SQLite in a folder, with a clock that stands still and hashes that cost nothing."""
    place = Place(folder / "directory")
    make_directory(place)
    with closing(open_house(place)) as opened, MailSink() as sink:
        keys, clock = open_key_folder(place.data / KEYS), SetClock()
        hasher, rules = FolderHasher.cheap_for_tests(keys), RuleBook(opened.store, clock)
        parts = replace(opened.parts, hasher=hasher, clock=clock, rules=rules)
        with opened.store.writing() as transaction:
            transaction.tenants.put(Tenant(2, "other", "22222222-2222-4222-8222-222222222222", {}))
        house = House(parts, clock, SignIn(parts, FolderTokens(keys)))
        yield World(house, replace(opened, parts=parts), sink)
