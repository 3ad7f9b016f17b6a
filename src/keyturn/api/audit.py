"""The audit over our own API, for those who hold the right to read it."""

from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from starlette.responses import JSONResponse, Response

from keyturn.api.asking import DOOR, Asked, Handler
from keyturn.api.problems import refusal
from keyturn.api.shapes import entry_body
from keyturn.core.audit import Entry
from keyturn.http.json import BadRequest
from keyturn.http.query import whole
from keyturn.http.rights import refusal_of


class Reader(Protocol):
    """Reads entries above a sequence number, at most so many, of a tenant; empty and None do not narrow."""

    def __call__(
        self, after: int, count: int, tenant: int, /, *, verb: str, who: str, since: datetime | None
    ) -> Awaitable[Sequence[Entry]]: ...


LONGEST_PAGE = 1000


def listing(read: Reader) -> Handler:
    """GET /audit?after=&count=&since=&verb=&who=: entries of the tenant in order.

    `next` is the `after` of the next page.
    """

    async def handler(asked: Asked) -> Response:
        refused = await refusal_of(asked.gate, asked.actor, "audit.read", door=DOOR, origin=asked.origin)
        if refused is not None:
            return refusal(refused)
        after = whole(asked.query, "after", 0, most=10**18)
        count = whole(asked.query, "count", 100, most=LONGEST_PAGE)
        verb, who = asked.query.get("verb", ""), asked.query.get("who", "")
        since = _moment(asked.query.get("since", ""))
        entries = await read(after, count, asked.actor.tenant, verb=verb, who=who, since=since)
        following = entries[-1].sequence if entries else after
        return JSONResponse({"entries": [entry_body(entry) for entry in entries], "next": following})

    return handler


def _moment(text: str) -> datetime | None:
    """A time as ISO 8601 writes it, in UTC where it names no zone.  Raises BadRequest for anything else."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest("since is no time such as 2026-11-01T00:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
