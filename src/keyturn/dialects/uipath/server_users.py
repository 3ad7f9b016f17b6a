"""`/api/User` and `/api/UserPartition`: users and their passwords."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from starlette.responses import Response

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Command, CreateUser, UpdateUser
from keyturn.core.outcomes import Outcome, Reason, Refused, Unchanged
from keyturn.core.users import Window
from keyturn.dialects.uipath.server_asking import Asked, Door, is_own, no_organization, reply, stranger_in
from keyturn.dialects.uipath.wire import CAPABILITIES, WireRequest, read, read_order
from keyturn.dialects.uipath.wire_answers import write_creations, write_deletions, write_outcome
from keyturn.dialects.uipath.wire_user import guid_of, user_body
from keyturn.http.paths import segment
from keyturn.http.query import whole

_TRIES = 3
_MOST_LISTED = 1000
_USUALLY_LISTED = 10


@dataclass(frozen=True, slots=True)
class Users:
    """The endpoints of users; each turns a request into commands and their outcomes into an answer."""

    door: Door

    async def list(self, asked: Asked) -> Response:
        """GET /api/User/users/{partition}"""
        return await self._list(asked, segment(asked.request, "partition"))

    async def licenses(self, asked: Asked) -> Response:
        """GET /portal_/api/identity/UserPartition/licenses: the users, whose licences nobody keeps here."""
        return await self._list(asked, asked.query.get("partitionGlobalId", ""))

    async def _list(self, asked: Asked, partition: str) -> Response:
        if partition and not await is_own(asked, partition):
            return no_organization()
        refused = await asked.refusal("user.list")
        if refused is not None:
            return self.door.refuse(refused)
        count = whole(asked.query, "top", _USUALLY_LISTED, most=_MOST_LISTED)
        start = whole(asked.query, "skip", 0, most=10**9)
        order = read_order(asked.query.get("sortBy", ""), asked.query.get("sortOrder", ""))
        found = await asked.directory().list(Window(start, count, asked.query.get("searchTerm", ""), order=order))
        return reply({"totalCount": found.total, "results": [user_body(user) for user in found.users]})

    async def partitions(self, asked: Asked) -> Response:
        """GET /api/UserPartition/partitions/{id}: the one organization that a user is in."""
        who = segment(asked.request, "id")
        if await asked.directory(who).find(guid_of(who) or who) is None:
            return self.door.refuse(Refused(who, Reason.NO_SUCH_USER))
        tenant = await asked.administration().tenant()
        return reply([{"partitionGlobalId": tenant.guid, "name": tenant.name}])

    async def show(self, asked: Asked) -> Response:
        """GET /api/User/{id}"""
        who = segment(asked.request, "id")
        user = await asked.directory(who).find(guid_of(who) or who)
        return reply(user_body(user)) if user is not None else self.door.refuse(Refused(who, Reason.NO_SUCH_USER))

    async def create(self, asked: Asked) -> Response:
        """POST /api/User"""
        request = await asked.wire_request("User")
        stranger = await stranger_in(asked, request.body or {})
        return stranger or self.door.answer(write_outcome(await _one(asked, read(request)[0]), self.door.faults))

    async def create_many(self, asked: Asked) -> Response:
        """POST /api/User/BulkCreate: all or none."""
        return await self._create_many(asked, "BulkCreate", CAPABILITIES)

    async def invite(self, asked: Asked) -> Response:
        """POST /api/User/InviteUsers: as BulkCreate, and each is mailed what the first sign-in needs."""
        return await self._create_many(asked, "InviteUsers", replace(CAPABILITIES, mails=True))

    async def _create_many(self, asked: Asked, call: str, via: Capabilities) -> Response:
        """Many are first judged without being made.

        Who takes a name between that and the making wins it, and then the answer is a failure that names the users who
        were made.
        """
        request = await asked.wire_request("User", call)
        stranger = await stranger_in(asked, request.body or {})
        if stranger is not None:
            return stranger
        commands = [command for command in read(request) if isinstance(command, CreateUser)]
        if len(commands) > 1:
            judged = await _judge(asked, commands, via)
            if any(isinstance(outcome, Refused) for outcome in judged):
                return self.door.answer(write_creations(judged, self.door.faults))
        outcomes = await asked.directory(via=via).execute(commands)
        return self.door.answer(write_creations(outcomes, self.door.faults))

    async def change(self, asked: Asked) -> Response:
        """PUT /api/User/{id}: a password first; what else is not sent stays, so that the stored user is read first.

        Whoever changed the user between that reading and our writing wins, and we read again.
        """
        who = segment(asked.request, "id")
        request = await asked.wire_request("User", guid_of(who) or who)
        outcome: Outcome = Unchanged(who)
        for number in range(len(read(request))):
            outcome = await self._change(asked, request, number)
            if isinstance(outcome, Refused):
                break
        return self.door.answer(write_outcome(outcome, self.door.faults))

    async def _change(self, asked: Asked, request: WireRequest, number: int) -> Outcome:
        who = request.path[1]
        for _ in range(_TRIES):
            stored = await asked.directory(who).find(who)
            command = read(request, stored)[number]
            if isinstance(command, UpdateUser) and stored is not None:
                command = replace(command, version=stored.version, operation="")
            outcome = await _one(asked, command)
            if not (isinstance(outcome, Refused) and outcome.reason is Reason.STALE_VERSION):
                break
        return outcome

    async def change_password(self, asked: Asked) -> Response:
        """POST /api/User/{id}/changepassword"""
        who = segment(asked.request, "id")
        request = await asked.wire_request("User", guid_of(who) or who, "changepassword")
        return self.door.answer(write_outcome(await _one(asked, read(request)[0]), self.door.faults))

    async def delete(self, asked: Asked) -> Response:
        """DELETE /api/User/{id}"""
        who = segment(asked.request, "id")
        request = await asked.wire_request("User", guid_of(who) or who)
        return self.door.answer(write_outcome(await _one(asked, read(request)[0]), self.door.faults))

    async def delete_many(self, asked: Asked) -> Response:
        """DELETE /api/User: each by itself; the answer has an error for each who is still there."""
        request = await asked.wire_request("User")
        stranger = await stranger_in(asked, request.body or {})
        if stranger is not None:
            return stranger
        commands = [replace(one, who=guid_of(one.who) or one.who) for one in read(request)]
        outcomes: list[Outcome] = []
        for _, alike in groupby(commands, lambda one: bool(guid_of(one.who))):  # ids of one kind go together
            some = list(alike)
            outcomes += await asked.directory(some[0].who).execute(some)
        return self.door.answer(write_deletions(outcomes, self.door.faults))


async def _one(asked: Asked, command: Command) -> Outcome:
    [outcome] = await asked.directory(command.who).execute([command])
    return outcome


async def _judge(asked: Asked, commands: Sequence[CreateUser], via: Capabilities) -> Sequence[Outcome]:
    """What would come of each, were it made; of two with the same name, address or id the second would be refused."""
    outcomes = await asked.directory(via=replace(via, validates=True)).execute(
        [replace(one, validate_only=True) for one in commands]
    )
    judged: list[Outcome] = []
    held: set[str] = set()
    for command, outcome in zip(commands, outcomes, strict=True):
        mail = command.profile.mail().casefold()
        names = {f"name {command.who}", f"mail {mail}", f"id {command.uid}"} - {"mail ", "id "}
        twice = Refused(command.who, Reason.EXISTS, "the batch has the user name, e-mail or id twice")
        judged.append(twice if names & held else outcome)
        held |= names
    return judged
