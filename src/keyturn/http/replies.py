"""How all doors answer: the headers of an answer, and what becomes of a request that cannot be understood."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from keyturn.core.errors import Busy
from keyturn.core.outcomes import Reason, Refused
from keyturn.http.json import BadRequest, encode

LONGEST_WAIT: Final = 3600
"""Most seconds of a `Retry-After`."""

_SHED: Final = frozenset({429, 503})

Endpoint = Callable[[Request], Awaitable[Response]]
E = TypeVar("E", bound=Exception)


def reply(
    value: object,
    status: int = 200,
    *,
    retry_after: float | None = None,
    challenge: str = "",
    kind: str = "application/json",
) -> Response:
    """An answer that is never to be stored; None is an empty body.

    retry_after: seconds, told whole, from 1 to 3600; a 429 and a 503 tell them always.  challenge: how to sign in, told
    with a 401.  kind: the media type.
    """
    headers = {"cache-control": "no-store"}
    if retry_after is not None or status in _SHED:
        headers["retry-after"] = whole_seconds(retry_after)
    if status == 401 and challenge:
        headers["www-authenticate"] = challenge
    if value is None:
        return Response(status_code=status, headers=headers)
    return Response(encode(value), status, headers, kind)


def whole_seconds(wait: float | None) -> str:
    """A wait as `Retry-After` takes it: whole seconds, from 1 to 3600."""
    return str(min(LONGEST_WAIT, max(1, round(wait or 1))))


def guarded(
    endpoint: Endpoint,
    *,
    say: Callable[[int, str], Response],
    refuse: Callable[[Refused], Response],
    unreadable: type[E] | tuple[type[E], ...],
    misread: Callable[[E], Response],
) -> Endpoint:
    """An endpoint whose door answers what it cannot understand, and what there is no time for, in its own shape.

    say: with a status and a sentence.  unreadable: what the door's own words raise; misread: the answer to that.
    """

    async def answering(request: Request) -> Response:
        try:
            return await endpoint(request)
        except BadRequest as error:
            return say(error.status, error.reason)
        except Busy as error:
            return refuse(Refused("", Reason.BUSY, error.what))
        except unreadable as error:
            return misread(error)

    return answering
