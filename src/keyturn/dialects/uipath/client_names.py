"""From the names in a file to the ids that UiPath's calls take: the list of users is read once, whole."""

import asyncio
from collections.abc import Mapping
from typing import Final

from keyturn.core.outcomes import Reason, Refused
from keyturn.core.users import User, Window
from keyturn.dialects.uipath.client_session import Session
from keyturn.dialects.uipath.wire_user import guid_of
from keyturn.http.answers import Answer, Lost
from keyturn.http.paths import quoted

MOST: Final = 1000
"""How many users one part of the list holds at most."""


def listing(partition: str, window: Window) -> str:
    """The address of a part of the list."""
    query = f"top={min(window.count, MOST)}&skip={window.start}"
    query += f"&searchTerm={quoted(window.search)}" if window.search else ""
    return f"/api/User/users/{quoted(partition)}?{query}"


class Names:
    """The ids by user name, exactly as written: no other spelling ever selects somebody."""

    def __init__(self, session: Session, partition: str) -> None:
        self._session = session
        self._partition = partition
        self._ids: dict[str, str] = {}
        self._whole = False
        self._lock = asyncio.Lock()

    def learn(self, user: User) -> None:
        """Remember somebody who was just made."""
        self._ids[user.login] = user.uid

    async def id_of(self, who: str) -> str | Refused:
        """The id of a user.  A GUID is one; so is a name that the list lacks, as the vendor's page writes one.

        Refused: the list could not be read; nothing was changed.
        """
        guid = guid_of(who)
        if guid is not None or not self._partition:
            return guid or who
        if who in self._ids:
            return self._ids[who]
        async with self._lock:
            fresh = not self._whole
            trouble = await self._read("") if fresh else None
            if trouble is not None:
                return trouble
            self._whole = True
        if who not in self._ids and not fresh:
            trouble = await self._read(who)
        return trouble or self._ids.get(who, who)

    async def _read(self, search: str) -> Refused | None:
        """Take in the list, page by page until a short one."""
        start = 0
        while True:
            target = listing(self._partition, Window(start, MOST, search))
            answer = await self._session.send("GET", target)
            results = _results(answer)
            if isinstance(results, Refused):
                return results
            for one in results:
                if isinstance(one, Mapping) and isinstance(one.get("userName"), str) and isinstance(one.get("id"), str):
                    self._ids[one["userName"]] = one["id"]
            start += MOST
            if len(results) < MOST:
                return None


def _results(answer: Answer | Lost | Refused) -> list[object] | Refused:
    if isinstance(answer, Refused):
        return answer
    if isinstance(answer, Lost):
        return Refused("", Reason.UNREACHABLE, f"reading the list of users: {answer.text}")
    if answer.status in (429, 503):
        reason = Reason.TOO_MANY if answer.status == 429 else Reason.BUSY
        return Refused("", reason, "reading the list of users: the target is busy", retry_after=answer.retry_after())
    if answer.status == 403:
        return Refused("", Reason.NOT_ALLOWED, "the client may not list users: give it PM.User.Read, or name GUIDs")
    value = answer.value() if answer.status == 200 else None
    results = value.get("results") if isinstance(value, Mapping) else None
    if not isinstance(results, list):
        return Refused("", Reason.UNREACHABLE, f"reading the list of users: answered {answer.status} without one")
    return results
