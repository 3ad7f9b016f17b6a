"""What the tests of the Hybrid Data Pipeline door ask with: people, requests with their passwords, the audit."""

import base64
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from keyturn.app.keeping.init import FOUNDER
from keyturn.core.audit import Event
from keyturn.core.commands import Command, CreateUser, ResetPassword
from keyturn.core.outcomes import Changed, Created
from keyturn.core.secret import Secret
from keyturn.core.users import Handle, Profile, Right, User
from tests.support.server import Answer, OpenDoor

GOOD = "nine green bottles on a wall"
OTHER = "eight blue kettles on a shelf"
USERS = "/api/admin/users"


def do(door: OpenDoor, command: Command) -> None:
    """Something done by nobody in particular."""
    [outcome] = door.house.directory(FOUNDER, "test").execute([command])
    assert isinstance(outcome, Created | Changed), outcome


def fresh(door: OpenDoor, *rights: Right, password: str = "", permanent: bool = True) -> str:
    """The login of a new user; with a password, for good or to be changed."""
    login = f"u{uuid4().hex[:12]}"
    do(door, CreateUser(login, Profile(), rights=frozenset(rights)))
    if password:
        do(door, ResetPassword(login, Secret(password), permanent=permanent))
    return login


def stored(door: OpenDoor, login: str) -> User:
    """Somebody as the store keeps them."""
    with door.house.store.reading() as view:
        user = view.users.get(1, login, Handle.LOGIN)
    assert user is not None
    return user


def at(door: OpenDoor, login: str, part: str = "") -> str:
    """Where somebody is."""
    return f"{USERS}/{stored(door, login).number}{part}"


def ask(
    door: OpenDoor, method: str, path: str, send: object = None, *, who: tuple[str, str] = ("", ""), **headers: str
) -> Answer:
    """One request with Basic authentication; the first administrator asks where nobody is named."""
    name, password = who if who[0] else (door.made.admin, door.made.password.reveal())
    packed = base64.b64encode(f"{name}:{password}".encode()).decode()
    extra = {key.replace("_", "-"): value for key, value in headers.items()}
    return door.ask(method, path, headers={"authorization": f"Basic {packed}", **extra}, send=send)


def is_fault(answer: Answer, status: int, code: int = 0) -> bool:
    """Whether a refusal has the vendor's envelope."""
    error: Mapping[str, Any] = answer.json["error"]
    shaped = isinstance(error["code"], int) and error["message"]["lang"] == "en-US" and error["message"]["value"]
    return bool(answer.status == status and shaped and code in (0, error["code"]))


def events(door: OpenDoor, after: int = 0) -> list[Event]:
    """What was audited after that many events, oldest first."""
    with door.house.store.reading() as view:
        return [entry.event for entry in view.audit.entries(after, 100_000)]


def heard(door: OpenDoor) -> int:
    """How many events there are."""
    with door.house.store.reading() as view:
        last = view.audit.last()
    return last.sequence if last is not None else 0


def told(event: Event) -> tuple[str, str, str, str]:
    """What an event says, apart from who asked, when and whence."""
    return event.verb, event.outcome, event.who, event.reason
