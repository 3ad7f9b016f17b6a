"""Users of a MAS 9.1 or later, who are made in Manage: find, create, give a local sign-in."""

import asyncio
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass, replace
from typing import Final

from keyturn.core.commands import CreateUser, ResetPassword
from keyturn.core.errors import BadAnswer, Unreachable
from keyturn.core.limits import Gate
from keyturn.core.outcomes import Changed, Created, Delivery, Outcome, Reason, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.core.users import User
from keyturn.dialects.mas.client_judging import proven
from keyturn.dialects.mas.wire import OPERATION_HEADER
from keyturn.dialects.mas.wire_manage import (
    KEY_HEADER,
    MADE,
    MERGE,
    MERGED,
    Person,
    change,
    creation,
    creation_body,
    identity_body,
    question,
    read_made,
    read_person,
    read_refusal,
    resource_of,
)
from keyturn.dialects.mas.wire_user import Body, Unreadable
from keyturn.http.answers import Answer, Lost, sentence
from keyturn.http.call import Caller, Site
from keyturn.http.json import encode

Reset = Callable[[ResetPassword], Awaitable[Outcome]]
"""Sends a reset to the Admin API, where passwords are set in every version."""

_READS: Final = "a Manage answers reads of its users with 200 and JSON"
_SHOWN: Final = frozenset({200})


@dataclass(slots=True)
class _HalfMade:
    """A user who is in Manage and has no password yet.  resource: empty while nothing told it."""

    resource: str
    signs_in: bool = False


class Manage:
    """The users of one Manage, under the rights of one API key and, where it asks for one, of a certificate.

    waits: seconds to wait, one after the other, for a new user to be known to the Admin API.
    """

    def __init__(self, site: Site, key: Secret, waits: tuple[float, ...]) -> None:
        self._caller = Caller(site)
        self._headers = {"Accept": "application/json", KEY_HEADER: key.reveal()}
        self._waits = waits
        self._half_made: dict[tuple[str, str], _HalfMade] = {}

    async def find(self, who: str) -> User | None:
        """The user, or None when there is none that we may see.  Raises Unreachable or BadAnswer."""
        found = await self._look(who)
        if isinstance(found, Refused):
            if found.reason is Reason.OTHER:
                raise BadAnswer(found.text, why=_READS)
            code = {Reason.NOT_SIGNED_IN: "KT-AUTH-001", Reason.NOT_ALLOWED: "KT-AUTH-003"}.get(found.reason, "")
            raise Unreachable(found.text, code=code)
        return found.user() if found is not None else None

    async def create(self, command: CreateUser, reset: Reset) -> Outcome:
        """Look, make, give a local sign-in, set the password; what fails after the second leaves the row uncertain.

        Looking first, as IBM's client does: no page says how Manage refuses somebody who is there.  Asked again with
        the same operation, it goes on where it failed.
        """
        who, wanted = command.who, (command.who, command.operation)
        made = self._half_made.pop(wanted, None) or await self._make(command)
        if not isinstance(made, _HalfMade):
            return made
        if command.password is None and not command.generate:
            return Created(who)
        outcome = await self._finish(command, made, reset)
        if isinstance(outcome, Uncertain) and command.operation:
            self._half_made[wanted] = made
        return outcome

    def through(self, gate: Gate) -> None:
        """From now on every request passes this gate."""
        self._caller.through(gate)

    async def close(self) -> None:
        """Give back the connections."""
        await self._caller.close()

    async def _look(self, who: str) -> Person | Refused | None:
        """Who is there; why that cannot be told is a refusal, because nothing was changed."""
        return _seen(who, await self._caller.call("GET", question(who), self._headers))

    async def _make(self, command: CreateUser) -> _HalfMade | Refused | Uncertain:
        who = command.who
        found = await self._look(who)
        if isinstance(found, Refused):
            return found
        if found is not None:
            return Refused(who, Reason.EXISTS, "there is a user with this id in Manage")
        made = await self._post(creation(), creation_body(command), command.operation)
        answer = _judged(who, made, MADE)
        if not isinstance(answer, Answer):
            return answer
        return _HalfMade(resource_of(answer.headers.get("location")) or read_made(answer.value()))

    async def _finish(self, command: CreateUser, made: _HalfMade, reset: Reset) -> Outcome:
        who = command.who
        if not made.signs_in:
            trouble = await self._give_sign_in(command, made)
            if trouble:
                return Uncertain(who, f"created, but without a local sign-in: {trouble}")
            made.signs_in = True
        if command.generate and command.notify:
            return Created(who, delivery=Delivery.MAILED)
        return await self._set_password(command, reset)

    async def _give_sign_in(self, command: CreateUser, made: _HalfMade) -> str:
        """Have MAS make a password up for a new user; what went wrong, empty when nothing did."""
        who = command.who
        if not made.resource:
            found = await self._look(who)
            if isinstance(found, Refused):
                return found.text
            made.resource = found.resource if found is not None else ""
        if not made.resource:
            return "Manage does not tell where the new user is"
        body = identity_body(who, command.login or who, mail=command.notify and command.generate)
        step = command.operation and f"{command.operation}-sign-in"  # setting the password is another reset of the row
        linked = await self._post(change(made.resource), body, step, MERGE)
        judged = _judged(who, linked, MERGED)
        return "" if isinstance(judged, Answer) else judged.text

    async def _post(
        self, target: str, body: Body, operation: str, more: Mapping[str, str] | None = None
    ) -> Answer | Lost:
        headers = {**self._headers, "Content-Type": "application/json", **(more or {})}
        if operation:
            headers[OPERATION_HEADER] = operation
        return await self._caller.call("POST", target, headers, encode(body))

    async def _set_password(self, command: CreateUser, reset: Reset) -> Outcome:
        """The password that was given, or one that is handed back: Manage tells none.

        Manage tells the Admin API of a new user in its own time, so that `no such user` is asked again for a while.
        """
        who = command.who
        asked = ResetPassword(who, command.password, command.notify, operation=command.operation)
        outcome = await reset(asked)
        for wait in self._waits:
            if not isinstance(outcome, Refused) or outcome.reason is not Reason.NO_SUCH_USER:
                break
            await asyncio.sleep(wait)
            outcome = await reset(asked)
        if isinstance(outcome, Changed):
            return Created(who, secret=outcome.secret, delivery=outcome.delivery)
        text = outcome.text if isinstance(outcome, Refused | Uncertain) else ""
        return Uncertain(who, f"created, but without a password: {text}")


def _seen(who: str, answer: Answer | Lost) -> Person | Refused | None:
    """What an answer to a question says; 404 is nobody, as IBM's client takes it."""
    if isinstance(answer, Lost):
        return Refused(who, Reason.UNREACHABLE, f"Manage cannot be reached: {answer.text}")
    if answer.status == 404 and not answer.is_html():
        return None
    judged = _judged(who, answer, _SHOWN)
    if isinstance(judged, Answer):
        try:
            return read_person(judged.value(), who)
        except Unreadable as error:
            judged = Uncertain(who, str(error))
    if isinstance(judged, Refused):
        return judged
    reason = Reason.BUSY if answer.status >= 500 else Reason.OTHER
    return Refused(who, reason, f"looking the user up in Manage: {judged.text}")


def _judged(who: str, answer: Answer | Lost, expected: Container[int]) -> Answer | Refused | Uncertain:
    """The answer when it proves what was asked for, else what came of it."""
    judged = proven(who, answer, expected)
    if not isinstance(judged, Answer) or judged.status in expected:
        return judged
    refused = read_refusal(who, judged.status, judged.value(), judged.retry_after())
    return replace(refused, text=f"Manage: {sentence(refused.text)}")
