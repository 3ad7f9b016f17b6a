"""Two who change one user, or want one name, at once through the UiPath door: nothing is lost, nothing is hidden."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest
from starlette.requests import Request
from starlette.types import Message

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Commands, CreateUser, Origin, UpdateUser
from keyturn.core.directory import LOCAL
from keyturn.core.outcomes import Outcome
from keyturn.core.permissions import Actor
from keyturn.core.ports import Administration, Directory, Gate
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, User
from keyturn.dialects.uipath.server_asking import Asked, Door
from keyturn.dialects.uipath.server_users import Users
from tests.dialects.uipath.kit import client_of, fresh, stored, token_of
from tests.support.server import OpenDoor, served


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with its UiPath door."""
    with served(tmp_path_factory.mktemp("uipath")) as door:
        yield door


@dataclass(frozen=True)
class Interfered:
    """A gate in front of which somebody else is faster.

    left: the titles that they give a user right after it was read.  wanted: the name that they take before it is made.
    """

    gate: Gate
    left: list[int] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)

    def directory(self, actor: Actor, via: Capabilities, door: str, origin: Origin) -> "Interfering":
        """The real one, interfered with."""
        other = self.gate.directory(actor, LOCAL, door, origin)
        return Interfering(self.gate.directory(actor, via, door, origin), other, self.left, self.wanted)

    def administration(self, actor: Actor, door: str, origin: Origin) -> Administration:
        """As it is."""
        return self.gate.administration(actor, door, origin)


@dataclass(frozen=True)
class Interfering:
    """A directory in which somebody else is faster."""

    real: Directory
    other: Directory
    left: list[int]
    wanted: list[str]

    async def find(self, who: str) -> User | None:
        """The user as it was just before somebody else changed it."""
        user = await self.real.find(who)
        if self.left:
            await self.other.execute([UpdateUser(who, Profile("Other", title=f"Nr {self.left.pop()}"))])
        return user

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """As it is, but that a name is gone when it was only asked about."""
        outcomes = await self.real.execute(commands)
        judged = any(isinstance(command, CreateUser) and command.validate_only for command in commands)
        if judged and self.wanted:
            await self.other.execute([CreateUser(self.wanted.pop(), Profile("Other"))])
        return outcomes


async def asked(door: OpenDoor, gate: Gate, method: str, sent: object, who: str = "") -> Asked:
    """A request of a client that may do everything."""
    actor = await door.house.gate.actor(Secret(token_of(door, client_of(door))), scoped=True)
    assert actor is not None

    async def receive() -> Message:
        return {"type": "http.request", "body": json.dumps(sent).encode()}

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "headers": headers, "query_string": b"", "path_params": {"id": who}}
    return Asked(Request(scope, receive), actor, gate)


@pytest.mark.parametrize(("times", "status"), [(0, 200), (1, 200), (2, 200), (3, 400)])
async def test_a_put_reads_again_when_somebody_was_faster(door: OpenDoor, times: int, status: int) -> None:
    """Three times, then it says so; what the other one changed is kept."""
    who = fresh(door)
    gate = cast("Gate", Interfered(door.house.gate, left=list(range(1, times + 1))))
    answer = await Users(Door(gate)).change(await asked(door, gate, "PUT", {"displayName": "Mine"}, who))
    assert answer.status_code == status
    assert status == 200 or b"ConcurrencyFailure" in answer.body
    user = stored(door, who)
    assert user is not None
    assert user.profile.display_name == ("Mine" if status == 200 else "Other")
    assert user.profile.title == ("Nr 1" if times else "")


async def test_a_name_that_is_taken_while_a_batch_is_made_is_told_with_those_who_were_made(door: OpenDoor) -> None:
    """All or none is promised up to here; nobody who was made is hidden."""
    gate = cast("Gate", Interfered(door.house.gate, wanted=["second"]))
    sent = {"users": [{"userName": "first"}, {"userName": "second"}]}
    answer = await Users(Door(gate)).create_many(await asked(door, gate, "POST", sent))
    told = json.loads(bytes(answer.body))
    assert (answer.status_code, told["result"]["succeeded"]) == (400, False)
    assert [error["code"] for error in told["result"]["errors"]] == ["DuplicateUserName"]
    assert [user["userName"] for user in told["users"]] == ["first"]
