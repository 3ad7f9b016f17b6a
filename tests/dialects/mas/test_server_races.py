"""Two who change one user at once through the MAS door: nothing is lost, nobody waits for ever."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

import pytest
from starlette.requests import Request
from starlette.types import Message

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Commands, Origin, UpdateUser
from keyturn.core.outcomes import Outcome
from keyturn.core.permissions import Actor
from keyturn.core.ports import Directory, Gate
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, User
from keyturn.dialects.mas.server_asking import Asked, Door
from keyturn.dialects.mas.server_users import Users
from tests.dialects.mas.test_server import ask, fresh
from tests.support.server import OpenDoor, served


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with its MAS door."""
    with served(tmp_path_factory.mktemp("mas")) as door:
        yield door


@pytest.fixture(scope="module")
def token(door: OpenDoor) -> str:
    """The token of the first API key."""
    return door.key_token()


@dataclass(frozen=True)
class Interfered:
    """A gate whose directories let somebody else change a user right after it was read, some times."""

    gate: Gate
    left: list[int]

    def directory(self, actor: Actor, via: Capabilities, door: str, origin: Origin) -> "Interfering":
        """The real one, interfered with."""
        return Interfering(self.gate.directory(actor, via, door, origin), self.left)


@dataclass(frozen=True)
class Interfering:
    """A directory in which somebody else is faster."""

    real: Directory
    left: list[int]

    async def find(self, who: str) -> User | None:
        """The user as it was just before somebody else changed it."""
        user = await self.real.find(who)
        if self.left:
            title = f"Nr {self.left.pop()}"
            await self.real.execute([UpdateUser(who, Profile("Other", title=title))])
        return user

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """As it is."""
        return await self.real.execute(commands)


@pytest.mark.parametrize(("times", "status"), [(0, 200), (1, 200), (2, 200), (3, 409)])
async def test_a_patch_reads_again_when_somebody_was_faster(
    door: OpenDoor, token: str, times: int, status: int
) -> None:
    """Three times, then it says so; what the other one changed is kept."""
    who = fresh(door)
    actor = await door.house.gate.actor(Secret(token))
    assert actor is not None
    gate = cast("Gate", Interfered(door.house.gate, list(range(1, times + 1))))
    body, headers = b'{"displayName":"Mine"}', [(b"content-type", b"application/json")]

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    scope = {"type": "http", "method": "PATCH", "headers": headers, "query_string": b"", "path_params": {"id": who}}
    asked = Asked(Request(scope, receive), actor, Secret(token), gate)
    answer = await Users(Door(gate)).change(asked)
    assert answer.status_code == status
    shown = ask(door, token, "GET", f"/v3/users/{who}").json
    assert shown["displayName"] == ("Mine" if status == 200 else "Other")
    assert shown["title"] == ("Nr 1" if times else "")


def test_patches_at_once_lose_nothing(door: OpenDoor, token: str) -> None:
    """Each reads again when somebody was faster, so that every field arrives."""
    who = fresh(door)
    fields = ["displayName", "givenName", "familyName"]
    with ThreadPoolExecutor(len(fields)) as together:
        answers = list(
            together.map(lambda name: ask(door, token, "PATCH", f"/v3/users/{who}", {name: f"new {name}"}), fields)
        )
    user = ask(door, token, "GET", f"/v3/users/{who}").json
    for name, answer in zip(fields, answers, strict=True):
        assert answer.status in (200, 409)
        assert (user.get(name) == f"new {name}") == (answer.status == 200)
