"""The Primavera Administration API on our own directory: which path and method leads where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from keyturn.core.commands import Command, SetStatus, UpdateUser
from keyturn.core.outcomes import Outcome, Refused
from keyturn.core.ports import Gate
from keyturn.core.users import Status, User, Window
from keyturn.dialects.primavera.server_asking import Asked, Door, refuse_request, reply
from keyturn.dialects.primavera.server_changes import Changes
from keyturn.dialects.primavera.server_sets import execute, stored
from keyturn.dialects.primavera.wire import API, FAULTS, WireRequest, read
from keyturn.dialects.primavera.wire_answer import reset_body, unusable_body, verdict_text
from keyturn.dialects.primavera.wire_user import ROLES, role_of, user_body
from keyturn.http.faults import FaultTable
from keyturn.http.paths import segment

PREFIXES: Final = (API, f"/*{API}")
"""How the paths of this door begin; a tenant may stand before."""

_PART: Final = 1000
_FINE: Final = "Success"
_EITHER: Final = ("user", "users")
"""The vendor's pages have the one, its examples the other."""


def routes(gate: Gate, faults: FaultTable = FAULTS) -> list[Route]:
    """Every route of the door, each under all prefixes."""
    door = Door(gate, faults)
    users, changes = Users(door), Changes(door)
    return [
        door.route("/user", {"GET": users.list, "POST": changes.change}),
        door.route("/user/manual-reset-pwd/{mail}", {"PUT": users.set_passwords}),
        door.route("/user/auto-reset-pwd", {"PUT": users.make_passwords}),
        door.route("/user/change-status", {"PUT": users.switch}),
        door.route("/user/change-lock", {"PUT": users.unlock}),
        door.route("/user/{id}/auto-reset-pwd", {"PUT": users.make_password}),
        *(door.route(f"/{word}/status/{{job}}", {"GET": changes.result}) for word in _EITHER),
        *(door.route(f"/{word}/status/{{job}}/draft", {"GET": changes.draft}) for word in _EITHER),
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
        refused = await asked.refusal("user.list")
        if refused is not None:
            return self.door.refuse(refused)
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
        found = await stored(asked.directory, [each.who for each in commands])
        outcomes = await execute(asked.directory, commands)
        unusable = unusable_body(outcomes, self.door.faults)
        if unusable is not None:
            return reply(unusable, 400)
        return self.door.refuse_all(outcomes) or reply(
            [reset_body(each, found.get(each.who), self.door.faults) for each in outcomes]
        )

    async def make_passwords(self, asked: Asked) -> Response:
        """PUT /user/auto-reset-pwd: every user is mailed a password that the directory makes up."""
        outcomes = await execute(asked.directory, read(await asked.wire_request("user", "auto-reset-pwd")))
        return self.door.refuse_all(outcomes) or self._map(outcomes)

    async def make_password(self, asked: Asked) -> Response:
        """PUT /user/{userId}/auto-reset-pwd: the same for one user, answered as plain text."""
        request = WireRequest("PUT", ("user", segment(asked.request, "id"), "auto-reset-pwd"))
        [outcome] = await execute(asked.directory, read(request))
        if isinstance(outcome, Refused):
            return self.door.refuse(outcome)
        return PlainTextResponse(_FINE, headers={"cache-control": "no-store"})

    async def switch(self, asked: Asked) -> Response:
        """PUT /user/change-status: a locked user is active already, and stays locked."""
        commands = read(await asked.wire_request("user", "change-status"))
        found = await stored(asked.directory, [each.who for each in commands])
        outcomes = await execute(asked.directory, [_switched(each, found.get(each.who)) for each in commands])
        return self.door.refuse_all(outcomes) or self._map(outcomes)

    async def unlock(self, asked: Asked) -> Response:
        """PUT /user/change-lock: only unlocks, whatever `locked` says; who is not locked stays as they are."""
        names = [each.who for each in read(await asked.wire_request("user", "change-lock"))]
        found = await stored(asked.directory, names)
        outcomes = await execute(asked.directory, [_unlocked(who, found.get(who)) for who in names])
        return self.door.refuse_all(outcomes) or self._map(outcomes)

    async def roles(self, asked: Asked) -> Response:
        """GET /roles: the right over users, and every group."""
        roles: list[object] = [*ROLES]
        while part := (await asked.administration.groups(Window(len(roles) - len(ROLES), _PART))).groups:
            roles += [role_of(group.uid, group.name) for group in part]
        return reply(roles)

    def _map(self, outcomes: Sequence[Outcome]) -> Response:
        return reply({each.who: verdict_text(each, self.door.faults) for each in outcomes})


def _switched(command: Command, user: User | None) -> Command:
    """To activate somebody who is locked changes nothing: whoever may do it is told so."""
    idle = isinstance(command, SetStatus) and command.status is Status.ACTIVE
    if idle and user is not None and user.status is Status.LOCKED:
        return UpdateUser(command.who, version=user.version)
    return command


def _unlocked(who: str, user: User | None) -> UpdateUser:
    """By the version, so that nobody is enabled who was disabled between our reading and our writing."""
    if user is None:
        return UpdateUser(who, status=Status.ACTIVE)
    return UpdateUser(who, status=Status.ACTIVE if user.status is Status.LOCKED else None, version=user.version)
