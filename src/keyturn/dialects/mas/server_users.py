"""`/v3/users`: users and their passwords."""

from dataclasses import dataclass, replace
from typing import Final

from starlette.responses import Response

from keyturn.core.commands import Command, UpdateUser
from keyturn.core.outcomes import Outcome, Reason, Refused
from keyturn.core.users import Window
from keyturn.dialects.mas.server_asking import Asked, Door, reply
from keyturn.dialects.mas.wire import DOOR, TOTAL_HEADER, WireRequest, read, write_outcome
from keyturn.dialects.mas.wire_admin import read_users
from keyturn.dialects.mas.wire_user import user_body, workspaces_of
from keyturn.http.paths import segment
from keyturn.http.query import whole
from keyturn.http.requests import origin_of
from keyturn.http.rights import refusal_of

_TRIES: Final = 3
_MOST_LISTED: Final = 1000


@dataclass(frozen=True, slots=True)
class Users:
    """The endpoints of users; each turns a request into one command and its outcome into an answer."""

    door: Door

    async def create(self, asked: Asked) -> Response:
        """POST /v3/users"""
        return await self._do(asked, read(await asked.wire_request("v3", "users")))

    async def list(self, asked: Asked) -> Response:
        """GET /v3/users: a plain list; how MAS pages is not published, so the usual words are all understood."""
        refused = await refusal_of(asked.gate, asked.actor, "user.list", door=DOOR, origin=origin_of(asked.request))
        if refused is not None:
            return self.door.refuse(refused)
        count = whole(asked.query, "limit", 0, most=_MOST_LISTED) or whole(asked.query, "_limit", 0, most=_MOST_LISTED)
        count = count or whole(asked.query, "size", 100, most=_MOST_LISTED)
        page = whole(asked.query, "page", 0, most=10**9)
        start = whole(asked.query, "offset", page * count, most=10**9)
        found = await asked.directory().list(Window(start, count, asked.query.get("search", "")))
        answer = reply([user_body(user) for user in found.users])
        answer.headers[TOTAL_HEADER] = "" if found.total is None else str(found.total)
        return answer

    async def show(self, asked: Asked) -> Response:
        """GET /v3/users/{id}"""
        who = segment(asked.request, "id")
        user = await asked.directory().find(who)
        return reply(user_body(user)) if user is not None else self._missing(who)

    async def change(self, asked: Asked) -> Response:
        """PUT and PATCH /v3/users/{id}: what is not sent stays, so that the stored user is read first.

        Whoever changed it between that reading and our writing wins, and we read again.
        """
        who = segment(asked.request, "id")
        request = await asked.wire_request("v3", "users", who)
        tries = 1 if "version" in (request.body or {}) else _TRIES
        command, outcome = await self._merge(asked, request, who)
        while _is_stale(outcome) and (tries := tries - 1):
            command, outcome = await self._merge(asked, request, who)
        return self.door.answer(write_outcome(command, outcome, self.door.faults))

    async def _merge(self, asked: Asked, request: WireRequest, who: str) -> tuple[Command, Outcome]:
        directory = asked.directory()
        stored = await directory.find(who)
        command = read(request, stored)
        if isinstance(command, UpdateUser):
            version = command.version if command.version is not None or stored is None else stored.version
            command = replace(command, version=version, operation="")
        [outcome] = await directory.execute([command])
        return command, outcome

    async def delete(self, asked: Asked) -> Response:
        """DELETE /v3/users/{id}"""
        return await self._do(asked, read(await asked.wire_request("v3", "users", segment(asked.request, "id"))))

    async def reset(self, asked: Asked) -> Response:
        """POST /v3/users/{id}/password"""
        path = ("v3", "users", segment(asked.request, "id"), "password")
        return await self._do(asked, read(await asked.wire_request(*path)))

    async def link(self, asked: Asked) -> Response:
        """PUT /v3/users/{id}/idps/local: gives the user a local identity with a generated password."""
        path = ("v3", "users", segment(asked.request, "id"), "idps", "local")
        return await self._do(asked, read(await asked.wire_request(*path)))

    async def workspaces(self, asked: Asked) -> Response:
        """GET /v3/users/{id}/workspaces"""
        who = segment(asked.request, "id")
        user = await asked.directory().find(who)
        return reply([{"id": name} for name in workspaces_of(user)]) if user is not None else self._missing(who)

    async def resync(self, asked: Asked) -> Response:
        """PUT /v3/users/utils/resync: nothing waits to be synchronised here, so that there is nothing to do."""
        read_users(await asked.body())
        return reply(None, 204)

    async def _do(self, asked: Asked, command: Command) -> Response:
        [outcome] = await asked.directory().execute([command])
        return self.door.answer(write_outcome(command, outcome, self.door.faults))

    def _missing(self, who: str) -> Response:
        return self.door.refuse(Refused(who, Reason.NO_SUCH_USER))


def _is_stale(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and outcome.reason is Reason.STALE_VERSION
