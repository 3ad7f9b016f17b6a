"""Somebody in a role at a real door, and whom or what they try to do something to."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final, TypeAlias

from keyturn.app.keeping.init import FOUNDER
from keyturn.core.commands import CreateUser, ResetPassword
from keyturn.core.outcomes import Created
from keyturn.core.permissions import Actor
from keyturn.core.ports import NewKey
from keyturn.core.secret import Secret
from keyturn.core.storage import Application, Tenant
from keyturn.core.users import ALL_RIGHTS, Contact, Group, Handle, Profile, Right, Stamp, User
from tests.rights.table import CONFINED, ROLES
from tests.support.server import Answer, OpenDoor

GOOD: Final = "nine green bottles on a wall"
OTHER: Final = "eight blue kettles on a shelf"
NOBODY: Final = "00000000-0000-4000-8000-000000000000"
numbers = count()


def basic(name: str, password: str) -> dict[str, str]:
    """The header that carries a name and a password."""
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"authorization": f"Bearer {token}"}


@dataclass
class Stage:
    """A directory with two tenants, served; roles sign in as its door wants it."""

    door: OpenDoor
    sign: "Callable[[Stage, User, str], dict[str, str]]"
    by_key: bool = False
    _signed: dict[str, tuple[User, dict[str, str]]] = field(default_factory=dict)

    def furnish(self) -> None:
        """What the calls of some doors are about beside users."""
        with self.door.house.store.writing() as transaction:
            transaction.tenants.put(Tenant(2, "other", "22222222-2222-4222-8222-222222222222", {}))
            transaction.tenants.put_application(1, Application("main", "manage"))

    def actor(self, role: str, *, fresh: bool = False) -> tuple[User, dict[str, str]]:
        """Somebody in this role, and the headers that say so.  fresh: who may lose what they have in this call."""
        if not fresh and role in self._signed:
            return self._signed[role]
        user = self.user(ROLES[role], password=GOOD, permanent=role != CONFINED)
        door = self.door.house.administration(FOUNDER, "test")
        door.grant(user.key, Handle.KEY, "main", "manage", "USER")
        signed = user, self.sign(self, user, role)
        if not fresh:
            self._signed[role] = signed
        return signed

    def user(
        self, rights: frozenset[Right] = frozenset(), *, tenant: int = 1, password: str = "", permanent: bool = True
    ) -> User:
        """A new user."""
        who = f"u{next(numbers)}"
        house = self.door.house.directory(Actor("root", "root", tenant, ALL_RIGHTS), "test")
        mail = (Contact(f"{who}@example.com", "work", primary=True),)
        [made] = house.execute([CreateUser(who, Profile(who, "Given", "Family", emails=mail), rights=rights)])
        assert isinstance(made, Created)
        assert made.user is not None
        if password:
            house.execute([ResetPassword(who, Secret(password), permanent=permanent)])
        return made.user

    def target(self, target: str, actor: User, *, password: str = "") -> User:
        """The user that a target class means."""
        match target:
            case "self":
                return actor
            case "above":
                return self.user(ALL_RIGHTS, password=password)
            case "foreign":
                return self.user(tenant=2, password=password)
            case "missing" | "nobody":
                stamp = Stamp("test", actor.added.at)
                who = f"nobody{next(numbers)}"
                return User(NOBODY, 999_999, 1, who, who, Profile(who), stamp, stamp)
            case _:
                return self.user(password=password)

    def member(self, target: str, actor: User, role: str = "USER") -> User:
        """The user that a target class means, with a role in an application."""
        user = self.target(target, actor)
        if target != "missing":
            door = self.door.house.administration(Actor("root", "root", user.tenant, ALL_RIGHTS), "test")
            door.grant(user.key, Handle.KEY, "main", "manage", role)
        return user

    def key(self, target: str, *, kind: str = "mas", scopes: tuple[str, ...] = ()) -> str:
        """The id of the key that a target class means."""
        if target == "missing":
            return "a-default-nothing"
        return self.new_key(ALL_RIGHTS if target == "above" else frozenset(), kind, scopes, _tenant(target)).key.id

    def new_key(
        self, rights: frozenset[Right], kind: str = "mas", scopes: tuple[str, ...] = (), tenant: int = 1
    ) -> NewKey:
        """A new key."""
        actor = Actor("root", "root", tenant, ALL_RIGHTS)
        made = self.door.house.administration(actor, "test").create_key(kind, "for a test", rights, scopes)
        assert isinstance(made, NewKey)
        return made

    def group(self, target: str) -> str:
        """The uid of the group that a target class means."""
        if target == "missing":
            return NOBODY
        door = self.door.house.administration(Actor("root", "root", _tenant(target), ALL_RIGHTS), "test")
        rights = ALL_RIGHTS if target == "above" else frozenset[Right]()
        made = door.groups.create(f"group{next(numbers)}", rights, (), "")
        assert isinstance(made, Group)
        return made.uid


def _tenant(target: str) -> int:
    return 2 if target == "foreign" else FOUNDER.tenant


Follow: TypeAlias = Callable[[str], Answer]
"""Reads another address as the same caller."""


@dataclass(frozen=True)
class Ask:
    """One request.  send: as JSON.  good: whether the answer says that it was done; None: by the status alone."""

    path: str
    send: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    good: "Callable[[Answer, Follow], bool] | None" = None


@dataclass(frozen=True)
class OnSelf:
    """How something is asked for that people can do to nobody but themselves."""

    asking: "Asking"

    def __call__(self, stage: Stage, target: str, actor: User) -> Ask:
        return self.asking(stage, target, actor)


@dataclass(frozen=True)
class OnOthers:
    """How something is asked for that a vendor lets nobody do to themselves, whatever their rights."""

    asking: "Asking"

    def __call__(self, stage: Stage, target: str, actor: User) -> Ask:
        return self.asking(stage, target, actor)


Asking: TypeAlias = Callable[[Stage, str, User], Ask]
"""The request that does something: on a stage, to a target class, as asked by somebody."""

Asks: TypeAlias = Mapping[tuple[str, str], Mapping[tuple[str, ...], Asking]]
"""By method and path of a described call: how each set of operations that it needs is asked for there."""


def someone(path: str, send: object = None, *, by: str = "key", headers: Mapping[str, str] | None = None) -> Asking:
    """A request about a user, whose handle stands in the path in place of `{id}`; in the body as `{id}` alone."""

    def ask(stage: Stage, target: str, actor: User) -> Ask:
        who = getattr(stage.target(target, actor, password=GOOD if "assword" in path else ""), by)
        return Ask(path.replace("{id}", str(who)), _filled(send, who), headers or {})

    return ask


def nobody(path: str, send: object = None) -> Asking:
    """A request about nobody; `{new}` in the body is a name that is free."""
    return lambda stage, target, actor: Ask(path, _filled(send, "", f"new{next(numbers)}"))


def key(path: str, send: object = None) -> Asking:
    """A request about an API key."""
    return lambda stage, target, actor: Ask(path.replace("{id}", stage.key(target)), send)


def each(asking: Asking, good: Callable[[Answer, Follow], bool]) -> Asking:
    """A request whose answer tells of each user what came of it."""
    return lambda stage, target, actor: replace(asking(stage, target, actor), good=good)


def _filled(value: object, who: object, new: str = "") -> object:
    if isinstance(value, str):
        return who if value == "{id}" else value.replace("{new}", new)
    if isinstance(value, list):
        return [_filled(part, who, new) for part in value]
    if isinstance(value, Mapping):
        return {name: _filled(part, who, new) for name, part in value.items()}
    return value
