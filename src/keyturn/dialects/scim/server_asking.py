"""Who asks through the SCIM door, and the shape of what is answered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from scim2_server.responses import ScimResponse
from starlette.requests import Request
from starlette.responses import Response

from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor
from keyturn.core.ports import Administration, Directory, Gate
from keyturn.core.secret import Secret
from keyturn.core.users import Handle
from keyturn.dialects.scim.wire import AT_THE_DOOR, DOOR, ERROR, FAULTS, KIND, SCOPE, error_body
from keyturn.http import replies
from keyturn.http.authn import basic, bearer
from keyturn.http.faults import FaultTable
from keyturn.http.requests import operation_of, origin_of

_CHALLENGE: Final = 'Bearer realm="SCIM", Basic realm="SCIM", charset="UTF-8"'


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of somebody known.  operation: the caller's id of it.  old: the password that a person showed."""

    request: Request
    actor: Actor
    gate: Gate
    operation: str = ""
    old: Secret | None = None

    @property
    def directory(self) -> Directory:
        """The directory as the one who asks may use it."""
        return self.gate.directory(self.actor, AT_THE_DOOR, DOOR, origin_of(self.request))

    @property
    def by_name(self) -> Directory:
        """The same, asked by userName."""
        via = replace(AT_THE_DOOR, handle=Handle.LOGIN)
        return self.gate.directory(self.actor, via, DOOR, origin_of(self.request))

    @property
    def administration(self) -> Administration:
        """The administration as the one who asks may use it."""
        return self.administration_for(self.operation)

    def administration_for(self, operation: str) -> Administration:
        """The same, for one step of a bulk request."""
        return self.gate.administration(self.actor, DOOR, replace(origin_of(self.request), operation=operation))

    async def refuse(self, verb: str, refused: Refused) -> Refused:
        """Have a refusal audited that no command makes."""
        return await self.gate.refuse(refused, verb, actor=self.actor, door=DOOR, origin=origin_of(self.request))


@dataclass(frozen=True, slots=True)
class Door:
    """What all SCIM endpoints share.  faults: the codes to answer with."""

    gate: Gate
    faults: FaultTable = FAULTS

    async def caller(self, request: Request) -> Asked | Refused:
        """Who asks: a key that is carried itself, or a person with name and password.

        What is shown and not good is audited; without anything nobody has asked for anything.
        """
        given = basic(request)
        if given is not None:
            actor = await self.gate.knock(given.name, given.password, door=DOOR, origin=origin_of(request))
            if isinstance(actor, Refused):
                return Refused("", actor.reason, retry_after=actor.retry_after)
            return Asked(request, actor, self.gate, operation_of(request), given.password)
        token = bearer(request)
        refused = Refused("", Reason.NOT_SIGNED_IN)
        if token is None:
            return refused
        key, _, secret = token.reveal().rpartition(".")
        known = await self.gate.bearer(key, Secret(secret), scope=SCOPE)
        if known is None:
            return await self.gate.refuse(refused, "session.use", door=DOOR, origin=origin_of(request))
        return Asked(request, known, self.gate, operation_of(request))

    def refuse(self, refused: Refused) -> Response:
        """A refusal."""
        status, scim_type, text = error_body(refused, self.faults)
        return reply(shape(status, text, scim_type), status, retry_after=refused.retry_after)


def shape(status: int, text: str, scim_type: str = "") -> Mapping[str, object]:
    """The body of an error: the status is a text."""
    body: dict[str, object] = {"schemas": [ERROR], "status": str(status)}
    if scim_type:
        body["scimType"] = scim_type
    return {**body, "detail": text}


def say(status: int, text: str) -> Response:
    """A refusal that no command made (unreadable, no such path, an error), in the shape of this door."""
    scim_type = "invalidSyntax" if status == 400 else ""
    return reply(shape(status, text, scim_type), status)


def reply(value: object, status: int, *, retry_after: float | None = None) -> Response:
    """An answer in SCIM's media type, never to be stored; None is an empty body."""
    return replies.reply(value, status, retry_after=retry_after, challenge=_CHALLENGE, kind=KIND)


def passed_on(response: ScimResponse) -> Response:
    """What the library answers, as it goes out."""
    answer = reply(response.body, int(response.status))
    for name, value in response.headers.items():
        if name != "Content-Type" and _HARMLESS.fullmatch(value):
            answer.headers[name] = value
    return answer


_HARMLESS: Final = re.compile(r"[\x20-\x7e]*")
"""A location may hold what a client put into the path; a header takes only this much of it."""
