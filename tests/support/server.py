"""A real server on a free port: as a process of its own, or quicker, in a thread of the test."""

import asyncio
import base64
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from keyturn.app.house.build import House, Place, open_house
from keyturn.app.keeping.init import FOUNDER, Made, make_directory
from keyturn.app.serving.serve import Chore, address_of, bind, serve
from keyturn.app.serving.web import HERE, web_app
from keyturn.core.commands import CreateUser
from keyturn.core.outcomes import Created
from keyturn.core.policy import ProfileName
from keyturn.core.secret import Secret
from keyturn.core.users import Contact, Profile
from keyturn.crypto.hashing import CHEAP, FolderHasher
from keyturn.http.front import Front
from tests.support.threads import in_a_thread

KEYTURN = str(Path(sys.executable).parent / "keyturn")
READY = "keyturn is ready on "
PATIENCE = 60


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


def ask(
    url: str,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    send: object = None,
) -> Answer:
    """One request with the path exactly as given; `send` is sent as JSON.  Raises OSError when there is no answer."""
    sent = dict(headers or {})
    if send is not None:
        body = json.dumps(send).encode()
        sent.setdefault("content-type", "application/json")
    place = urlsplit(url)
    with closing(http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)) as connection:
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())


@dataclass
class Door:
    """A directory that is being served, and the keys to it."""

    url: str
    made: Made

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        send: object = None,
    ) -> Answer:
        """One request, with the token as `Authorization: Bearer` when there is one."""
        carried = {"authorization": f"Bearer {token}"} if token else {}
        return ask(self.url, method, path, headers={**carried, **(headers or {})}, body=body, send=send)

    def key_token(self) -> str:
        """An access token of the first API key, as its vendor documents it: Basic with id and token."""
        pair = f"{self.made.key.key.id}:{self.made.key.token.reveal()}".encode()
        answer = self.ask(
            "GET", "/v1/authenticate", headers={"authorization": f"Basic {base64.b64encode(pair).decode()}"}
        )
        assert answer.status == 200, answer
        return str(answer.json["token"])

    def sign_in(self, login: str, password: str) -> Answer:
        """One try to sign in."""
        return self.ask("POST", "/keyturn/v1/sessions", send={"login": login, "password": password})

    def admin_token(self) -> str:
        """An access token of the first administrator."""
        answer = self.sign_in(self.made.admin, self.made.password.reveal())
        assert answer.status == 201, answer
        return str(answer.json["token"])


@dataclass
class OpenDoor(Door):
    """A directory served by this process, so that a test can look inside."""

    house: House

    def link_of(self, login: str) -> Secret:
        """The token of the link that waits to be mailed to somebody."""
        with self.house.store.reading() as view:
            [mail] = [m for m in view.outbox.list(1) if (m.login, m.template, m.state) == (login, "link", "waiting")]
        return self.house.parts.minter.link(mail.operation, mail.uid, key_id=mail.derive_id)


@dataclass
class ServerProcess(Door):
    """`keyturn serve` as a process."""

    place: Place
    log: Path
    arguments: Sequence[str] = ()
    process: "subprocess.Popen[str]" = field(init=False)

    def start(self) -> None:
        """Start it and wait until it says where it is."""
        database = self.place.database.reveal()
        command = [KEYTURN, "serve", "--data", str(self.place.data), "--port", "0", *self.arguments]
        # Tests must not see the settings of whoever runs them.
        own = {"KEYTURN_HOME": str(self.place.data.parent / "home"), "KEYTURN_DATABASE": database}
        given = {name: value for name, value in os.environ.items() if not name.startswith("KEYTURN")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env={**given, **own}
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith(READY), (line, self.log.read_text()[-2000:])
        self.url = line.removeprefix(READY).strip()

    def stop(self) -> int:
        """Stop it with SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self) -> None:
        """Stop it with SIGKILL, as a power cut would."""
        self.process.kill()
        self._ended()

    def _ended(self) -> int:
        code = self.process.wait(PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


@dataclass(frozen=True)
class Person:
    """A user to begin with."""

    id: str
    mail: str = ""
    password: str = ""


def add_people(house: House, people: Sequence[Person]) -> None:
    """Make users through the one door; a password is a known value."""
    commands = [
        CreateUser(
            person.id,
            Profile(
                display_name=person.id,
                emails=(Contact(person.mail, "work", primary=True),) if person.mail else (),
            ),
            password=Secret(person.password) if person.password else None,
        )
        for person in people
    ]
    outcomes = house.directory(FOUNDER, "test").execute(commands)
    assert all(isinstance(outcome, Created) for outcome in outcomes), outcomes


STANDING = Secret("an administrator's standing phrase")
"""The password of a test's administrator, who has chosen it: at doors without sessions a one-time one opens nothing."""


def open_cheaply(place: Place) -> House:
    """Open a directory whose new verifiers cost next to nothing: real ones are half of what a test's server does."""
    house = open_house(place)
    assert isinstance(house.parts.hasher, FolderHasher)
    house.parts.hasher._use(CHEAP)
    return house


def made_directory(
    folder: Path,
    *,
    profile: str = "nist",
    users: Sequence[Person] = (),
    database: str = "",
    opened: Callable[[Place], House] = open_house,
) -> tuple[Place, Made]:
    """A new directory with some users."""
    place = Place(folder / "directory", Secret(database))
    made = make_directory(place, policy=ProfileName(profile), password=STANDING)
    with closing(opened(place)) as house:
        add_people(house, users)
    return place, made


@contextmanager
def running_server(
    folder: Path,
    *,
    profile: str = "nist",
    users: Sequence[Person] = (),
    smtp: str = "",
    base_url: str = "",
    database: str = "",
) -> Iterator[ServerProcess]:
    """A new directory, served by a process of its own; killed at the end unless the test stopped it."""
    place, made = made_directory(folder, profile=profile, users=users, database=database)
    arguments = [*(("--smtp", smtp) if smtp else ()), *(("--base-url", base_url) if base_url else ())]
    server = ServerProcess("", made, place, folder / "server.log", arguments)
    server.start()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


@contextmanager
def served(
    folder: Path,
    *,
    profile: str = "nist",
    users: Sequence[Person] = (),
    database: str = "",
    chores: Callable[[House, str], Sequence[Chore]] = lambda house, address: (),
    opened: Callable[[Place], House] = open_cheaply,
) -> "Iterator[OpenDoor]":
    """A new directory, served by a thread of the test: the same web application and server, quicker to start.

    opened: `open_house` where it matters how long a guess takes.
    """
    place, made = made_directory(folder, profile=profile, users=users, database=database, opened=opened)
    listener = bind("127.0.0.1", 0)
    with listener, closing(opened(place)) as house, serving_here(house, listener, chores) as url:
        yield OpenDoor(url, made, house)


@contextmanager
def serving_here(
    house: House,
    listener: Any,
    chores: Callable[[House, str], Sequence[Chore]] = lambda house, address: (),
    front: Front = HERE,
) -> Iterator[str]:
    """Serve an open directory on a bound socket; the address.  front: what is believed of who calls."""
    address = address_of(listener)

    @asynccontextmanager
    async def serving() -> AsyncIterator[None]:
        ready, stop = asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            web = web_app(house, front)
            tasks.create_task(serve(web, listener, chores=chores(house, address), announce=ready.set, stop=stop))
            await ready.wait()
            yield
            stop.set()

    with in_a_thread(serving()):
        yield address
