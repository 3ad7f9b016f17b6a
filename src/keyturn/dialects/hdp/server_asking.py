"""Who asks through the door of Hybrid Data Pipeline, and the shape of what is answered."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor
from keyturn.core.ports import Administration, Directory, Gate
from keyturn.core.storage import Tenant
from keyturn.core.users import Handle, Right, User, Window
from keyturn.dialects.hdp.wire import (
    AT_THE_DOOR,
    DOOR,
    FAULTS,
    WireAnswer,
    WireRequest,
    write_refusal,
)
from keyturn.dialects.hdp.wire_shapes import Unreadable, error_body
from keyturn.http import replies
from keyturn.http.authn import basic
from keyturn.http.faults import FaultTable
from keyturn.http.paths import segment
from keyturn.http.query import read_query
from keyturn.http.requests import json_object, operation_of, origin_of

_PAGE: Final = 1000
_CODES: Final = {400: Reason.INVALID, 401: Reason.NOT_SIGNED_IN, 403: Reason.NOT_ALLOWED, 429: Reason.TOO_MANY,
                 501: Reason.UNSUPPORTED, 503: Reason.BUSY}  # fmt: skip
_CHALLENGE: Final = 'Basic realm="keyturn", charset="UTF-8"'
_BY_UID: Final = replace(AT_THE_DOOR, handle=Handle.UID)
"""For what people do to themselves: they are known by who they are, not by a number that they say."""


@dataclass(frozen=True)
class Asked:
    """A request of somebody whose password was right."""

    request: Request
    actor: Actor
    gate: Gate

    def directory(self) -> Directory:
        """The directory as the one who asks may use it; it refuses what this door cannot carry."""
        return self.gate.directory(self.actor, AT_THE_DOOR, DOOR, origin_of(self.request))

    def own(self) -> Directory:
        """The same, where users are named by uid."""
        return self.gate.directory(self.actor, _BY_UID, DOOR, origin_of(self.request))

    def administration(self) -> Administration:
        """The administration as the one who asks may use it."""
        return self.gate.administration(self.actor, DOOR, origin_of(self.request))

    async def refuse(self, verb: str, text: str = "", who: str = "", reason: Reason = Reason.NOT_ALLOWED) -> Refused:
        """Audit what this door does not let the one who asks do, where no command of the directory says it."""
        refused = Refused(who, reason, text)
        return await self.gate.refuse(refused, verb, actor=self.actor, door=DOOR, origin=origin_of(self.request))

    def within(self, tenant: int) -> "Asked":
        """The same request, at work in another tenant with the rights that hold there."""
        return replace(self, actor=self.actor.abroad(tenant))

    async def at_home_of(self, who: str) -> "Asked":
        """The same request, at work where the user of this number is; at home when nobody is reached by it."""
        home = await self.administration().home_of(who, Handle.NUMBER)
        return self if home is None else self.within(home)

    async def tenants(self) -> Sequence[Tenant]:
        """The tenants that the one who asks reaches, or those of them that `tenantID` and `tenantName` name."""
        number, name = self.query.get("tenantID", ""), self.query.get("tenantName", "")
        reached = await self.administration().tenants()
        return [one for one in reached if number in ("", str(one.number)) and name in ("", one.name)]

    async def unseen(self, who: str, verb: str = "user.read") -> Refused:
        """Why there is nobody to be seen: nobody is there, or the one who asks may see nobody but themselves."""
        if Right.VIEW_USERS in self.actor.rights:
            return Refused(who, Reason.NO_SUCH_USER)
        return await self.refuse(verb, "The user may not view users", who)

    async def oneself(self) -> User | None:
        """The one who asks."""
        return await self.own().find(self.actor.id)

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters.  Raises BadRequest."""
        return read_query(self.request.scope["query_string"])

    async def wire_request(self, *path: str) -> WireRequest:
        """The request in the words of `wire`.  Raises BadRequest."""
        method = self.request.method
        body = None if method == "DELETE" else await json_object(self.request)
        return WireRequest(method, path, body, operation_of(self.request))


async def everybody(asked: Asked) -> AsyncIterator[User]:
    """All users whom the one who asks may list, where the request is at work."""
    directory, start = asked.directory(), 0
    while page := (await directory.list(Window(start, _PAGE))).users:
        for user in page:
            yield user
        start += len(page)


Handler = Callable[[Asked], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Door:
    """What all endpoints share.  faults: the codes to answer with."""

    gate: Gate
    faults: FaultTable = FAULTS

    def signed_in(self, handler: Handler, *, restricted: bool = False) -> Endpoint:
        """An endpoint for people who show name and password.

        restricted: also for those who must change the password first; everywhere else they are told so, and nothing
        is consumed.
        """

        async def asked(request: Request) -> Response:
            given = basic(request)
            if given is None:
                return self.refuse(Refused("", Reason.NOT_SIGNED_IN))
            actor = await self.gate.knock(given.name, given.password, door=DOOR, origin=origin_of(request))
            if isinstance(actor, Refused):
                return self.refuse(Refused("", actor.reason, retry_after=actor.retry_after))
            if actor.confined and not restricted:
                text = "The password must be changed first: PUT /api/admin/userdetails/changePassword"
                return self.refuse(await Asked(request, actor, self.gate).refuse("session.use", text))
            return await handler(Asked(request, actor, self.gate))

        return self.open(asked)

    def open(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint for anybody; what cannot be understood is answered in the vendor's shape."""

        return replies.guarded(
            endpoint,
            say=self.say,
            refuse=self.refuse,
            unreadable=Unreadable,
            misread=lambda error: self.say(400, str(error)),
        )

    def administration(self, request: Request) -> Administration:
        """What everybody may know of the directory: the actor is nobody and holds nothing."""
        return self.gate.administration(Actor("", "", 1, frozenset()), DOOR, origin_of(request))

    def answer(self, answer: WireAnswer) -> Response:
        """An answer in the words of `wire`, as it goes out."""
        return reply(answer.value, answer.status, retry_after=answer.retry_after)

    def refuse(self, refused: Refused) -> Response:
        """A refusal."""
        return self.answer(write_refusal(refused, self.faults))

    def say(self, status: int, text: str) -> Response:
        """A refusal of the request itself."""
        return refuse_request(status, text, self.faults)

    def wrong_method(self, request: Request) -> Response:
        """The 405 in the vendor's shape."""
        return self.say(405, "this address does not take this method")


def at_home(handler: Handler) -> Handler:
    """The same endpoint, at work in the tenant of the user whom the path names."""

    async def there(asked: Asked) -> Response:
        return await handler(await asked.at_home_of(segment(asked.request, "id")))

    return there


def refuse_request(status: int, text: str, faults: FaultTable = FAULTS) -> Response:
    """A refusal that no command made (unreadable, no such path, an error), in the shape of this door."""
    fault = faults.of(_CODES.get(status, Reason.OTHER))
    said = fault.text.replace("{0}", text) if "{0}" in fault.text else text
    return reply(error_body(fault.code, said), status)


def reply(value: object, status: int = 200, *, retry_after: float | None = None) -> Response:
    """A JSON answer, never to be stored; None is an empty body.  A 401 says how to sign in."""
    return replies.reply(value, status, retry_after=retry_after, challenge=_CHALLENGE)
