"""Asks the door as an administrator does: with a name and a password in every call."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keyturn.app.keeping.init import FOUNDER
from keyturn.core.commands import Command
from keyturn.core.outcomes import Outcome
from tests.support.server import Answer, OpenDoor

API = "/cloudapi/restapi"


def basic(name: str, password: str) -> dict[str, str]:
    """The header that carries a name and a password."""
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def do(door: OpenDoor, *commands: Command) -> Sequence[Outcome]:
    """Something that is done behind the door."""
    return door.house.directory(FOUNDER, "test").execute(commands)


@dataclass(frozen=True)
class Administrator:
    """Somebody who knows a password."""

    door: OpenDoor
    name: str
    password: str

    def headers(self) -> dict[str, str]:
        """Who asks."""
        return basic(self.name, self.password)

    def ask(self, method: str, path: str, send: object = None, *, root: str = API) -> Answer:
        """One call."""
        return self.door.ask(method, root + path, headers=self.headers(), send=send)

    def change(self, send: object, *, root: str = API) -> Any:
        """A `POST /user` and the result of its job."""
        accepted = self.ask("POST", "/user", send, root=root)
        assert accepted.status == 202, accepted
        told = self.ask("GET", accepted.headers["location"], root="")
        assert told.status == 200, told
        return told.json
