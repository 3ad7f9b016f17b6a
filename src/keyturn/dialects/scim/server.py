"""SCIM 2.0 on our own directory: which path and method leads where."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from scim2_models import InvalidFilterException, SCIMException
from scim2_server.handler import AsyncScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.routing import Operation
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from keyturn.core.commands import ChangePassword
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import NEEDS, Actor, not_allowed
from keyturn.core.ports import Gate
from keyturn.dialects.scim.server_asking import Asked, Door, passed_on, reply, say, shape
from keyturn.dialects.scim.server_bounds import refuse_many
from keyturn.dialects.scim.server_filter import asks_for_password
from keyturn.dialects.scim.server_service import Service, Turned, make_service
from keyturn.dialects.scim.server_storage import Storage
from keyturn.dialects.scim.wire import BASE, FAULTS, MOST_VALUES, password_alone
from keyturn.dialects.scim.wire_group import without_display
from keyturn.dialects.scim.wire_mended import mended
from keyturn.dialects.scim.wire_user import Unreadable
from keyturn.http.faults import FaultTable
from keyturn.http.json import BATCH, BadRequest, encode, read_json
from keyturn.http.query import read_query
from keyturn.http.replies import guarded
from keyturn.http.requests import expect_json, route

__all__ = ["PREFIXES", "routes", "say"]

PREFIXES: Final = ("/scim",)
"""How the paths of this door begin."""

PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("GET",),
    "/.search": ("POST",),
    "/Users": ("GET", "POST"),
    "/Users/.search": ("POST",),
    "/Users/{id}": ("GET", "PUT", "PATCH", "DELETE"),
    "/Groups": ("GET", "POST"),
    "/Groups/.search": ("POST",),
    "/Groups/{id}": ("GET", "PUT", "PATCH", "DELETE"),
    "/Me": ("GET", "PUT", "PATCH", "DELETE"),
    "/Bulk": ("POST",),
    "/ServiceProviderConfig": ("GET",),
    "/ResourceTypes": ("GET",),
    "/ResourceTypes/{id}": ("GET",),
    "/Schemas": ("GET",),
    "/Schemas/{id}": ("GET",),
}
"""What is served, below `/scim/v2`."""

_DEEPEST: Final = 40
_OPENING: Final = re.compile(r"[(\[]|\bnot\b", re.IGNORECASE)
_LONGEST: Final = 4000
_READING: Final = frozenset({"filter", "path", "sortby", "attributes", "excludedattributes"})
NOBODY: Final = Actor("", "", 1, frozenset())


def routes(gate: Gate, faults: FaultTable = FAULTS) -> list[Route]:
    """Every route of the door.  faults: for a site that has other words where ours are invented."""
    served = Served(Door(gate, faults), make_service())
    answer = guarded(
        served.answer,
        say=say,
        refuse=served.door.refuse,
        unreadable=(Turned, SCIMException, Unreadable),
        misread=served.misread,
    )
    return [route(BASE + path, dict.fromkeys(methods, answer), wrong_method) for path, methods in PATHS.items()]


@dataclass(frozen=True, slots=True)
class Served:
    """Hands requests to the library's handler, with our directory as its storage."""

    door: Door
    service: Service

    async def answer(self, request: Request) -> Response:
        """Any request to any path of the door."""
        place = request.scope["path"].removeprefix(BASE)
        if place == "/ServiceProviderConfig":
            asked = Asked(request, NOBODY, self.door.gate)
        else:
            found = await self.door.caller(request)
            if isinstance(found, Refused):
                return self.door.refuse(found)
            asked = found
        sent = await _body(request)
        if asked.actor.confined:
            return await self._confined(asked, place, sent)
        scim = _scim_request(asked, place, sent)
        refused = await self._unseen(asked, scim)
        if refused is not None:
            return self.door.refuse(refused)
        handler = AsyncScimHandler(self.service, Storage(asked, self.service))
        try:
            answer = await handler.handle(scim)
        except InvalidFilterException as error:
            answer = self.service.error_response(error)
        if asks_for_password(scim.query.get("filter", "")) and answer.status == HTTPStatus.BAD_REQUEST:
            # The RFC 7644, 7.5.2; the library knows no address from a body.
            return reply(shape(403, "a filter in an address does not name the password", "sensitive"), 403)
        return passed_on(answer)

    def misread(self, error: Exception) -> Response:
        """What our directory, the library or our words do not let through, in SCIM's shape."""
        if isinstance(error, Turned):
            return self.door.refuse(error.refused)
        return passed_on(self.service.error_response(error))

    async def _confined(self, asked: Asked, place: str, sent: object) -> Response:
        """Whoever must change the password may do that at `/Me`, and nothing else."""
        new = password_alone(sent) if place == "/Me" and asked.request.method == "PATCH" else None
        if new is None:
            text = "the password must be changed first: PATCH /Me"
            return self.door.refuse(await asked.refuse("session.use", Refused("", Reason.NOT_ALLOWED, text)))
        command = ChangePassword(asked.actor.id, new, asked.old, asked.operation)
        [outcome] = await asked.directory.execute([command])
        return self.door.refuse(outcome) if isinstance(outcome, Refused) else reply(None, 204)

    async def _unseen(self, asked: Asked, scim: ScimRequest) -> Refused | None:
        """A list is refused to those who may see nothing in it, so that it is not taken for an empty one."""
        target = self.service.match(scim)
        if target.operation not in (Operation.search, Operation.search_with_body):
            return None
        verb = "group.list" if target.endpoint == "Groups" else "user.list"
        if NEEDS[verb] <= asked.actor.rights:
            return None
        return await asked.refuse(verb, not_allowed())


def wrong_method(request: Request) -> Response:
    """The 405 in SCIM's shape."""
    return say(405, "this address does not take this method")


async def _body(request: Request) -> object:
    """The value of the body, read strictly; None where there is none to be read.  Raises BadRequest."""
    body = await request.body()
    if not body or request.method not in ("POST", "PUT", "PATCH"):
        return None
    expect_json(request)
    if body.count(b",") >= MOST_VALUES:
        raise BadRequest("the body holds too many values", 413)
    value = mended(read_json(body, BATCH))
    refuse_many(value)
    _refuse_tangles(value)
    return without_display(value) if "/Groups/" in request.scope["path"] else value


def _scim_request(asked: Asked, place: str, sent: object) -> ScimRequest:
    request = asked.request
    query = read_query(request.scope["query_string"])
    _refuse_tangles(query)
    return ScimRequest(
        method="GET" if request.method == "HEAD" else request.method,
        base_url=f"{request.url.scheme}://{request.url.netloc}{BASE}",
        path=place,
        query=query,
        headers=request.headers.items(),
        body=b"" if sent is None else encode(sent),
        subject=asked.actor,
    )


def _refuse_tangles(value: object) -> None:
    """Filters and paths are read by a parser that follows brackets as deep as they go.  Raises BadRequest."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            text = part if isinstance(part, str) and str(name).casefold() in _READING else ""
            if len(text) > _LONGEST or len(_OPENING.findall(text)) > _DEEPEST:
                raise BadRequest("a filter or path is too long or nested too deeply")
            _refuse_tangles(part)
    elif isinstance(value, list):
        for part in value:
            _refuse_tangles(part)
