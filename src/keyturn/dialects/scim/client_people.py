"""From the names in a file to the ids that SCIM's calls take: asked for one by one, and compared letter by letter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from keyturn.core.outcomes import Reason, Refused
from keyturn.dialects.scim.client_session import Session
from keyturn.dialects.scim.wire import by_name, by_piece
from keyturn.dialects.scim.wire_user import Sent, Unreadable, read_user
from keyturn.http.answers import Answer
from keyturn.http.paths import quoted

PAGE: Final = 1000
"""How many users one answer is asked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """A user as the server shows it.  clock: what time it was there."""

    id: str
    body: Sent
    clock: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A part of a list.  total: None where the server does not tell."""

    bodies: Sequence[Sent]
    total: int | None
    clock: datetime | None = None


class People:
    """Finds users at a server."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find(self, who: str) -> Found | Refused:
        """The one user of this userName, exactly as written, or of this id when it is a GUID that is no userName.

        Refused: there is none, or nobody can know.
        """
        listed = await self.page(1, 100, f"filter={quoted(by_name(who))}")
        if isinstance(listed, Refused):
            return listed
        # Servers compare names without regard to case; we do not, for two people may differ in nothing else.
        exact = [body for body in listed.bodies if body.get("userName") == who]
        if len(exact) > 1:
            return Refused(who, Reason.INVALID, "several users have this userName; give the id")
        if exact:
            return _found(exact[0], who, clock=listed.clock)
        if _is_guid(who):
            return await self._by_id(who)
        near = " of this spelling; there is one that differs in case" if listed.bodies else " of this userName"
        return Refused(who, Reason.NO_SUCH_USER, f"there is no user{near}")

    async def page(self, start: int, count: int, query: str = "") -> Listed | Refused:
        """A part of the users, from `start` (1 is the first)."""
        query = f"?startIndex={start}&count={count}{'&' if query else ''}{query}"
        answer = await self._session.read(f"/Users{query}")
        return answer if isinstance(answer, Refused) else _listed(answer)

    async def part(self, start: int, count: int, search: str) -> Listed | Refused:
        """As many users as are asked for, from `start` (0 is the first), in as many answers as the server takes."""
        query = f"filter={quoted(by_piece(search))}" if search else ""
        bodies: list[Sent] = []
        total: int | None = None
        while len(bodies) < count:
            listed = await self.page(start + len(bodies) + 1, min(count - len(bodies), PAGE), query)
            if isinstance(listed, Refused):
                return listed
            total = total if bodies else listed.total
            bodies += listed.bodies
            if not listed.bodies or (total is not None and start + len(bodies) >= total):
                break
        return Listed(bodies[:count], total)

    async def _by_id(self, id: str) -> Found | Refused:
        answer = await self._session.read(f"/Users/{quoted(id)}")
        if isinstance(answer, Refused):
            return answer
        value = answer.value()
        if answer.status == 404 and not answer.is_html():
            return Refused(id, Reason.NO_SUCH_USER, "there is no user of this userName or id")
        if answer.status != 200 or not isinstance(value, Mapping):
            return Refused(id, Reason.OTHER, f"reading the user: answered {answer.status}")
        return _found(value, id, id, answer.clock())


def _found(body: Sent, who: str, id: str = "", clock: datetime | None = None) -> Found | Refused:
    try:
        uid = read_user(body).uid
    except Unreadable as error:
        return Refused(who, Reason.OTHER, f"reading the user: {error}")
    if id and uid.casefold() != id.casefold():
        return Refused(who, Reason.OTHER, "reading the user: answered with another one")
    return Found(uid, body, clock)


def _listed(answer: Answer) -> Listed | Refused:
    """The users of an answer; none may be written as no list at all (RFC 7644, section 3.4.2)."""
    value = answer.value()
    if answer.status != 200 or not isinstance(value, Mapping) or "totalResults" not in value:
        return Refused("", Reason.OTHER, f"reading users: answered {answer.status} without a list")
    bodies, total = value.get("Resources") or [], value["totalResults"]
    if not isinstance(bodies, list) or not all(isinstance(body, Mapping) for body in bodies):
        return Refused("", Reason.OTHER, "reading users: answered with a list of something else")
    known = total if isinstance(total, int) and not isinstance(total, bool) else None
    return Listed(bodies, known, answer.clock())


def _is_guid(text: str) -> bool:
    try:
        return len(text) == 36 and str(UUID(text)) == text.casefold()
    except ValueError:
        return False
