"""The directories that the contract is held against: the local one, and it seen through both halves of each dialect."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.config.sources import Credentials
from keyturn.app.dialects import DIALECTS
from keyturn.app.keeping.init import FOUNDER
from keyturn.core.audit import Event
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Command, CreateUser, Origin, ResetPassword, UpdateUser
from keyturn.core.directory import LOCAL
from keyturn.core.outbox import Mail
from keyturn.core.outcomes import Created, Outcome, Reason, Refused
from keyturn.core.permissions import Actor
from keyturn.core.ports import Directory, NewKey, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.users import ALL_RIGHTS, Contact, Handle, Profile, Right, User
from tests.support.server import OpenDoor

BY_LOGIN: Final = frozenset({"hdp", "primavera"})
"""The vendors whose calls carry a person's name and password, and no key."""

ASKS_FIRST: Final = frozenset({"hdp", "scim", "uipath"})
"""The vendors whose calls take ids that a file does not hold: a name is looked up, nothing asked about a stranger."""

LATER: Final = "mas-9.1"
"""A vendor whose users are made elsewhere from a version on: the same row of the table, other calls."""

KINDS: Final = ("local", *sorted((*DIALECTS, LATER)))
GOOD: Final = "nine green bottles on a wall"


@dataclass(frozen=True)
class World:
    """A directory under test, and what an observer behind it can see."""

    directory: Directory
    door: OpenDoor
    account: str
    kind: str
    start: int

    @property
    def able(self) -> Capabilities:
        """What the directory says that it can."""
        return self.directory.capabilities

    async def ask(self, command: Command) -> Outcome:
        """One command."""
        [outcome] = await self.directory.execute([command])
        return outcome

    async def add(self, *, password: str = "", mail: str = "", rights: frozenset[Right] = frozenset()) -> str:
        """The id of a new user."""
        who = fresh()
        profile = Profile(f"Name of {who}", emails=(Contact(mail, "work", primary=True),) if mail else ())
        command = CreateUser(who, profile, password=Secret(password) if password else None, rights=rights)
        assert isinstance(await self.ask(command), Created)
        return who

    async def sign_in(self, login: str, password: Secret) -> SignedIn | None:
        """One try to sign in at our own door."""
        signed = await self.door.house.gate.sign_in(login, password, door="test", origin=Origin())
        return None if isinstance(signed, Refused) else signed

    def events(self, who: str) -> list[Event]:
        """What the audit says of somebody since this case began, oldest first, by whatever name it was asked."""
        with self.door.house.store.reading() as view:
            events = [entry.event for entry in view.audit.entries(self.start, 100_000)]
        targets = {event.target for event in events if event.who == who and event.target}
        about = [event for event in events if event.who == who or event.target in targets]
        return [event for event in about if event.verb != "session.start"]

    def stored(self, who: str) -> User:
        """Somebody as our own store keeps them, all that a vendor does not show included."""
        with self.door.house.store.reading() as view:
            user = view.users.get(1, who, Handle.KEY)
        assert user is not None
        return user

    def mails(self, login: str) -> list[Mail]:
        """What the outbox holds for somebody."""
        with self.door.house.store.reading() as view:
            return [mail for mail in view.outbox.list(1, count=10_000) if mail.login == login]


def fresh() -> str:
    """An id that no other test uses."""
    return f"u{uuid4().hex[:12]}"


@asynccontextmanager
async def world(kind: str, door: OpenDoor, rights: frozenset[Right] | None = None) -> AsyncIterator[World]:
    """The directory of this kind, as the first API key may use it, or as a key with these rights."""
    key = _key(door, kind, rights)
    account = key.key.id
    directory: Directory
    if kind in BY_LOGIN:
        account, password = _person(door, ALL_RIGHTS if rights is None else rights)
        settings = TargetSettings(kind=kind, url=door.url, tenant="default", repeats=True)
        directory = DIALECTS[kind].connect(settings, Credentials(username=account, password=password))
    elif kind == "local":
        actor = Actor(key.key.id, key.key.id, 1, key.key.rights)
        directory = door.house.gate.directory(actor, LOCAL, "test", Origin(request="contract"))
    else:
        settings, known = _target(kind, door.url), Credentials(key_id=key.key.id, token=key.token)
        known = replace(known, manage_key=Secret(f"{key.key.id}:{key.token.reveal()}"))
        shown = DIALECTS[settings.kind].keys.shown(key.key.id, key.token.reveal())
        if len(shown) == 1:
            known = Credentials(token=Secret(shown["token"]), source=key.key.id)
        directory = DIALECTS[settings.kind].connect(settings, known)
    with door.house.store.reading() as view:
        last = view.audit.last()
    try:
        yield World(directory, door, account, kind, last.sequence if last is not None else 0)
    finally:
        await directory.close()


def _person(door: OpenDoor, rights: frozenset[Right]) -> tuple[str, Secret]:
    """An administrator to sign in as, where a vendor has no keys."""
    login, password = fresh(), Secret("a password for whoever administers")
    house = door.house.directory(FOUNDER, "test")
    house.execute([CreateUser(login, Profile(login), rights=rights)])
    house.execute([ResetPassword(login, password, permanent=True)])
    return login, password


def _key(door: OpenDoor, kind: str, rights: frozenset[Right] | None) -> NewKey:
    scopes = DIALECTS[kind].keys.scopes if kind in DIALECTS else ()
    if rights is None and not scopes:
        return door.made.key
    actor = Actor(door.made.key.key.id, "root", 1, door.made.key.key.rights)
    wanted = ALL_RIGHTS if rights is None else rights
    made = door.house.administration(actor, "test").create_key("keyturn", "for a test", wanted, scopes)
    assert isinstance(made, NewKey)
    return made


Need = Callable[[Capabilities], bool]
NEEDS: Final[Mapping[str, Need]] = {
    "changes": lambda able: any(kind.__name__ == "ChangePassword" for kind in able.carries),
    "batch": lambda able: able.batch > 1,
    "own_ids": lambda able: able.handle is Handle.KEY,
    "generates": lambda able: able.generates,
    "groups": lambda able: able.groups,
    "hands_back": lambda able: able.generates and able.hands_back,
    "mails": lambda able: able.mails,
    "names": lambda able: able.names,
    "settles": lambda able: able.needs_old,
    "permanent": lambda able: able.permanent,
    "shared_mail": lambda able: not able.unique_mail,
    "unique_mail": lambda able: able.unique_mail,
    "repeats": lambda able: able.repeats and able.generates and able.hands_back,
    "temporary": lambda able: able.temporary is True,
    "trial": lambda able: able.trial,
    "updates": lambda able: UpdateUser in able.carries,
    "short_ids": lambda able: able.longest_id is not None,
    "validates": lambda able: able.validates,
}
"""Which abilities a case of the contract may ask for.

own_ids: it keeps a user whole, as we do: an id apart from the sign-in name, rights, a version, every part of a profile.
"""


def capabilities_of(kind: str) -> Capabilities:
    """What a directory of this kind can, when what it talks to honours repeats."""
    if kind == "local":
        return LOCAL
    settings = _target(kind, "http://127.0.0.1:1")
    known = Credentials(key_id="k", token=Secret("t"), manage_key=Secret("m"))
    known = Credentials(username="u", password=Secret("p")) if kind in BY_LOGIN else known
    return DIALECTS[settings.kind].connect(settings, known).capabilities


def _target(kind: str, url: str) -> TargetSettings:
    name, _, version = kind.partition("-")
    return TargetSettings(kind=name, url=url, tenant="default", repeats=True, version=version)


def reason(outcome: Outcome) -> Reason | None:
    """The reason of a refusal, None for everything else."""
    return outcome.reason if isinstance(outcome, Refused) else None


def without_secret(outcome: Outcome) -> str:
    """An outcome as it prints, for comparing prints."""
    return repr(replace(outcome, who=""))
