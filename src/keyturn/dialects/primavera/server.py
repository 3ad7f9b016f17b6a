"""The Primavera Administration API on our own directory: which path and method leads where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from keyturn.core.commands import Command, SetStatus, UpdateUser
from keyturn.core.errors import StoreError
from keyturn.core.outcomes import Outcome, Reason, Refused, Unchanged
from keyturn.core.ports import Directory, Gate
from keyturn.core.users import Status, User, Window
from keyturn.dialects.primavera.server_asking import Asked, Door, refuse_request, reply
from keyturn.dialects.primavera.wire import API, FAULTS, WireRequest, read, users_of
from keyturn.dialects.primavera.wire_answer import reset_body, verdict_text
from keyturn.dialects.primavera.wire_jobs import result_body
from keyturn.dialects.primavera.wire_user import ROLES, login_of, user_body
from keyturn.http.faults import FaultTable
from keyturn.http.paths import segment

PREFIXES: Final = (API, f"/*{API}")
"""How the paths of this door begin; a tenant may stand before."""

_PART: Final = 1000
_FINE: Final = "Success"


def routes(gate: Gate, faults: FaultTable = FAULTS) -> list[Route]:
    """Every route of the door, each under all prefixes."""
    door = Door(gate, faults)
    users = Users(door)
    return [
        door.route("/user", {"GET": users.list, "POST": users.change}),
        door.route("/user/manual-reset-pwd/{mail}", {"PUT": users.set_passwords}),
        door.route("/user/auto-reset-pwd", {"PUT": users.make_passwords}),
        door.route("/user/change-status", {"PUT": users.switch}),
        door.route("/user/change-lock", {"PUT": users.unlock}),
        door.route("/user/{id}/auto-reset-pwd", {"PUT": users.make_password}),
        door.route("/roles", {"GET": users.roles}),
    ]


def say(status: int, text: str) -> Response:
    """A refusal that no route made (no such path, too large, an error), in the shape of this door."""
    return refuse_request(status, text)


@dataclass(frozen=True, slots=True)
class Users:
    """The endpoints; each turns a request into commands and their outcomes into an answer."""

    door: Door

    async def list(self, asked: Asked) -> Response:
        """GET /user: all users there are; the vendor knows no parts of this list."""
        found: list[object] = []
        while True:
            part = await asked.directory.list(Window(len(found), _PART))
            found += [user_body(user) for user in part.users]
            if len(part.users) < _PART:
                return reply(found)

    async def set_passwords(self, asked: Asked) -> Response:
        """PUT /user/manual-reset-pwd/{isEmailPasswd}: every user gets the password that the call brings, for good."""
        request = await asked.wire_request("user", "manual-reset-pwd", segment(asked.request, "mail"))
        commands = read(request)
        # Read before: once the passwords are set, nothing may keep us from saying so.
        stored = await _stored(asked.directory, [each.who for each in commands])
        outcomes = await _execute(asked.directory, commands)
        return self.door.refuse_all(outcomes) or reply(
            [reset_body(each, stored.get(each.who), self.door.faults) for each in outcomes]
        )

    async def make_passwords(self, asked: Asked) -> Response:
        """PUT /user/auto-reset-pwd: every user is mailed a password that the directory makes up."""
        outcomes = await _execute(asked.directory, read(await asked.wire_request("user", "auto-reset-pwd")))
        return self.door.refuse_all(outcomes) or self._map(outcomes)

    async def make_password(self, asked: Asked) -> Response:
        """PUT /user/{userId}/auto-reset-pwd: the same for one user, answered as plain text."""
        request = WireRequest("PUT", ("user", segment(asked.request, "id"), "auto-reset-pwd"))
        [outcome] = await _execute(asked.directory, read(request))
        if isinstance(outcome, Refused):
            return self.door.refuse(outcome)
        return PlainTextResponse(_FINE, headers={"cache-control": "no-store"})

    async def switch(self, asked: Asked) -> Response:
        """PUT /user/change-status: a locked user is active already, and stays locked."""
        commands = read(await asked.wire_request("user", "change-status"))
        stored = await _stored(asked.directory, [each.who for each in commands])
        idle = {who for who, user in stored.items() if user.status is Status.LOCKED}
        return await self._unless_idle(asked, commands, idle)

    async def unlock(self, asked: Asked) -> Response:
        """PUT /user/change-lock: only unlocks, whatever `locked` says; who is not locked stays as they are."""
        request = await asked.wire_request("user", "change-lock")
        names = [login_of(each) for each in users_of(request.body)]
        stored = await _stored(asked.directory, names)
        idle = {who for who, user in stored.items() if user.status is not Status.LOCKED}
        # By its version, so that nobody is enabled who was disabled between that reading and our writing.
        versions = {who: user.version for who, user in stored.items()}
        commands = [UpdateUser(who, status=Status.ACTIVE, version=versions.get(who)) for who in names]
        return await self._unless_idle(asked, commands, idle)

    async def change(self, asked: Asked) -> Response:
        """POST /user: adds, modifies and deletes, and is done when it answers."""
        request = await asked.wire_request("user")
        body = request.body if isinstance(request.body, Mapping) else {}
        modified = [login_of(each) for each in users_of(body.get("modified") or [])]
        commands = read(request, await _stored(asked.directory, modified))
        outcomes: list[Outcome] = []
        for _, group in groupby(commands, type):
            alike = list(group)
            try:
                outcomes += await _execute(asked.directory, alike)
            except StoreError:
                if not outcomes:
                    raise
                # What was done before must be told; of these, nothing was.
                outcomes += [Refused(each.who, Reason.BUSY) for each in alike]
        return self.door.refuse_all(outcomes) or reply(result_body(commands, outcomes, self.door.faults))

    async def roles(self, asked: Asked) -> Response:
        """GET /roles: the one role that means something here."""
        return reply(ROLES)

    async def _unless_idle(self, asked: Asked, commands: Sequence[Command], idle: set[str]) -> Response:
        busy = [each for each in commands if not _is_idle(each, idle)]
        done = iter(await _execute(asked.directory, busy))
        outcomes: list[Outcome] = [Unchanged(each.who) if _is_idle(each, idle) else next(done) for each in commands]
        return self.door.refuse_all(outcomes) or self._map(outcomes)

    def _map(self, outcomes: Sequence[Outcome]) -> Response:
        return reply({each.who: verdict_text(each, self.door.faults) for each in outcomes})


def _is_idle(command: Command, idle: set[str]) -> bool:
    """Whether there is nothing to do; disabling somebody who is locked is something."""
    disables = isinstance(command, SetStatus) and command.status is Status.DISABLED
    return command.who in idle and not disables


async def _execute(directory: Directory, commands: Sequence[Command]) -> Sequence[Outcome]:
    """An empty list asks for nothing, and nothing is what it gets."""
    return await directory.execute(commands) if commands else []


async def _stored(directory: Directory, names: Sequence[str]) -> Mapping[str, User]:
    """The users of these names that the caller may see."""
    found = {who: await directory.find(who) for who in dict.fromkeys(names)}
    return {who: user for who, user in found.items() if user is not None}
