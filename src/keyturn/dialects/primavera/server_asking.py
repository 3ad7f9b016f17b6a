"""Who asks through the Primavera Administration door, and the shape of what is answered."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from keyturn.core.commands import Origin
from keyturn.core.outcomes import RETRYABLE, Outcome, Reason, Refused
from keyturn.core.permissions import Actor
from keyturn.core.ports import Administration, Directory, Gate
from keyturn.dialects.primavera.wire import API, DOOR, FAULTS, SERVED, WireRequest
from keyturn.dialects.primavera.wire_answer import error_body
from keyturn.dialects.primavera.wire_user import Unreadable
from keyturn.http import replies
from keyturn.http.authn import basic, bearer
from keyturn.http.faults import FaultTable
from keyturn.http.json import BATCH
from keyturn.http.paths import segment
from keyturn.http.requests import json_value, origin_of, route
from keyturn.http.rights import refusal_of

_CODES: Final = {400: Reason.INVALID, 401: Reason.NOT_SIGNED_IN, 403: Reason.NOT_ALLOWED, 404: Reason.NO_SUCH_USER,
                 429: Reason.TOO_MANY, 503: Reason.BUSY}  # fmt: skip
_CHALLENGE: Final = 'Basic realm="Primavera Administration", charset="UTF-8"'
_LISTED: Final = f"^/(?P<tenant>[^/]+){API}/"
_ANY_PREFIX: Final = f"^(?:/(?P<tenant>[^/]+))?{API}(?:/v3)?/"


@dataclass(frozen=True)
class Asked:
    """A request of somebody whose name and password, or token, are right."""

    request: Request
    directory: Directory
    administration: Administration
    actor: Actor
    gate: Gate

    async def refusal(self, verb: str) -> Refused | None:
        """Why a list is not shown to the one who asks, audited; None when it is."""
        return await refusal_of(self.gate, self.actor, verb, door=DOOR, origin=origin_of(self.request))

    async def wire_request(self, *path: str) -> WireRequest:
        """The request in the words of `wire`.  Raises BadRequest."""
        return WireRequest(self.request.method, path, await json_value(self.request, BATCH))


Handler = Callable[[Asked], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Door:
    """What all endpoints share.  faults: the codes to answer with."""

    gate: Gate
    faults: FaultTable = FAULTS

    def route(self, path: str, methods: dict[str, Handler]) -> Route:
        """One route under every prefix: with or without a tenant, with or without `/v3`; `Version` changes nothing."""
        opened = {method: self._signed_in(handler) for method, handler in methods.items()}
        made = route(f"/{{tenant}}{API}{path}", opened, self._wrong_method)
        made.path_regex = re.compile(made.path_regex.pattern.replace(_LISTED, _ANY_PREFIX, 1))
        return made

    def say(self, status: int, text: str) -> Response:
        """A refusal of the request itself."""
        return refuse_request(status, text, self.faults)

    def refuse(self, refused: Refused) -> Response:
        """A refusal of the whole call."""
        fault = self.faults.of(refused.reason)
        return reply(error_body(fault.code, refused.text or fault.text), fault.status, refused.retry_after)

    def refuse_all(self, outcomes: Sequence[Outcome]) -> Response | None:
        """The answer to a caller who may do nothing of what was asked, or who comes when there is no time for it."""
        for reason in (Reason.NOT_ALLOWED, Reason.BUSY):
            if outcomes and all(isinstance(each, Refused) and each.reason is reason for each in outcomes):
                return self.refuse(Refused("", reason))
        return None

    def _signed_in(self, handler: Handler) -> Endpoint:
        async def asked(request: Request) -> Response:
            actor = await self._caller(request)
            if isinstance(actor, Response):
                return actor
            origin = origin_of(request)
            directory = self.gate.directory(actor, SERVED, DOOR, origin)
            administration = self.gate.administration(actor, DOOR, origin)
            return await handler(Asked(request, directory, administration, actor, self.gate))

        return replies.guarded(
            asked,
            say=self.say,
            refuse=self.refuse,
            unreadable=Unreadable,
            misread=lambda error: self.say(error.status, str(error)),
        )

    async def _caller(self, request: Request) -> Actor | Response:
        """Who asks, by a token or by name and password; nobody where the address names another tenant than theirs.

        Refusals of name and password are audited where those are looked at; all others here.
        """
        tenant = segment(request, "tenant") if request.path_params["tenant"] else ""
        origin, token, given = origin_of(request), bearer(request), basic(request)
        if token is not None:
            actor = await self.gate.actor(token)
            if actor is None:
                return await self._turn_away(None, "the access token is not good", origin)
            if tenant and (await self.gate.administration(actor, DOOR, origin).tenant()).name != tenant:
                return await self._turn_away(actor, "the tenant that is named is not the caller's", origin, tenant)
        elif given is not None:
            known = await self.gate.knock(given.name, given.password, tenant=tenant, door=DOOR, origin=origin)
            if isinstance(known, Refused):
                # Whoever took a lack of time for a wrong password would not come again.
                return self.refuse(known) if known.reason in RETRYABLE else self._unknown()
            actor = known
        else:
            return self._unknown()
        if actor.confined:
            return await self._turn_away(actor, "the password must be changed first", origin)
        return actor

    async def _turn_away(self, actor: Actor | None, text: str, origin: Origin, who: str = "") -> Response:
        refused = Refused(who, Reason.NOT_SIGNED_IN, text)
        await self.gate.refuse(refused, "session.use", actor=actor, door=DOOR, origin=origin)
        return self._unknown()

    def _unknown(self) -> Response:
        return self.refuse(Refused("", Reason.NOT_SIGNED_IN))

    def _wrong_method(self, request: Request) -> Response:
        return self.say(405, "this address does not take this method")


def refuse_request(status: int, text: str, faults: FaultTable = FAULTS) -> Response:
    """A refusal that no command made (unreadable, no such path, an error), in the shape of this door."""
    fault = faults.of(_CODES.get(status, Reason.OTHER))
    said = f"{fault.text} ({text})" if status == 400 else text
    return reply(error_body(fault.code, said), status)


def reply(value: object, status: int = 200, retry_after: float | None = None) -> Response:
    """A JSON answer, never to be stored.  A 401 says how to sign in."""
    return replies.reply(value, status, retry_after=retry_after, challenge=_CHALLENGE)
