"""The directories that the contract is held against: the local one, and it seen through both halves of each dialect."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

from keyturn.app.dialects import DIALECTS
from keyturn.app.settings import TargetSettings
from keyturn.app.sources import Credentials
from keyturn.core.audit import Event
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Command, CreateUser, Origin
from keyturn.core.directory import LOCAL
from keyturn.core.outcomes import Created, Outcome, Reason, Refused
from keyturn.core.permissions import Actor
from keyturn.core.ports import Directory, NewKey, SignedIn
from keyturn.core.secret import Secret
from keyturn.core.storage import Mail
from keyturn.core.users import Contact, Profile, Right
from tests.support.server import OpenDoor

KINDS: Final = ("local", *sorted(DIALECTS))
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
        """What the audit says of somebody since this case began, oldest first."""
        with self.door.house.store.reading() as view:
            entries = view.audit.entries(self.start, 100_000)
        return [entry.event for entry in entries if entry.event.who == who and entry.event.verb != "session.start"]

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
    key = door.made.key if rights is None else _key(door, rights)
    directory: Directory
    if kind == "local":
        actor = Actor(key.key.id, key.key.id, 1, key.key.rights)
        directory = door.house.gate.directory(actor, LOCAL, "test", Origin(request="contract"))
    else:
        settings = TargetSettings(kind=kind, url=door.url, repeats=True)
        directory = DIALECTS[kind].connect(settings, Credentials(key_id=key.key.id, token=key.token))
    with door.house.store.reading() as view:
        last = view.audit.last()
    try:
        yield World(directory, door, key.key.id, kind, last.sequence if last is not None else 0)
    finally:
        await directory.close()


def _key(door: OpenDoor, rights: frozenset[Right]) -> NewKey:
    actor = Actor(door.made.key.key.id, "root", 1, door.made.key.key.rights)
    made = door.house.administration(actor, "test").create_key("test", "for a test", rights)
    assert isinstance(made, NewKey)
    return made


Need = Callable[[Capabilities], bool]
NEEDS: Final[Mapping[str, Need]] = {
    "changes": lambda able: any(kind.__name__ == "ChangePassword" for kind in able.carries),
    "batch": lambda able: able.batch > 1,
    "generates": lambda able: able.generates,
    "hands_back": lambda able: able.generates and able.hands_back,
    "mails": lambda able: able.mails,
    "permanent": lambda able: able.permanent,
    "shared_mail": lambda able: not able.unique_mail,
    "unique_mail": lambda able: able.unique_mail,
    "repeats": lambda able: able.repeats and able.generates and able.hands_back,
    "short_ids": lambda able: able.longest_id is not None,
    "validates": lambda able: able.validates,
}
"""Which abilities a case of the contract may ask for."""


def capabilities_of(kind: str) -> Capabilities:
    """What a directory of this kind can, when what it talks to honours repeats."""
    if kind == "local":
        return LOCAL
    settings = TargetSettings(kind=kind, url="http://127.0.0.1:1", repeats=True)
    return DIALECTS[kind].connect(settings, Credentials(key_id="k", token=Secret("t"))).capabilities


def reason(outcome: Outcome) -> Reason | None:
    """The reason of a refusal, None for everything else."""
    return outcome.reason if isinstance(outcome, Refused) else None


def without_secret(outcome: Outcome) -> str:
    """An outcome as it prints, for comparing prints."""
    return repr(replace(outcome, who=""))
