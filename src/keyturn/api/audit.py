"""The audit over our own API, for those who hold the right to read it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from starlette.responses import JSONResponse, Response

from keyturn.api.asking import DOOR, Asked, Handler
from keyturn.api.problems import refusal
from keyturn.api.shapes import entry_body
from keyturn.core.audit import Entry
from keyturn.http.query import whole
from keyturn.http.rights import refusal_of

Reader: TypeAlias = Callable[[int, int, int, str], Awaitable[Sequence[Entry]]]
"""Reads entries: above a sequence number, at most so many, of a tenant, with a verb (empty for all)."""

LONGEST_PAGE = 1000


def listing(read: Reader) -> Handler:
    """GET /audit?after=&count=&verb=: entries of the tenant in order; `next` is the `after` of the next page."""

    async def handler(asked: Asked) -> Response:
        refused = await refusal_of(asked.gate, asked.actor, "audit.read", door=DOOR, origin=asked.origin)
        if refused is not None:
            return refusal(refused)
        after = whole(asked.query, "after", 0, most=10**18)
        count = whole(asked.query, "count", 100, most=LONGEST_PAGE)
        entries = await read(after, count, asked.actor.tenant, asked.query.get("verb", ""))
        following = entries[-1].sequence if entries else after
        return JSONResponse({"entries": [entry_body(entry) for entry in entries], "next": following})

    return handler
