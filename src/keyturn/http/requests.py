"""What every door reads of a request besides who asks: its origin, its JSON body, its route."""

from collections.abc import Awaitable, Callable, Collection
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from keyturn.core.commands import Origin
from keyturn.http.json import SINGLE, BadRequest, read_json, read_object

Endpoint = Callable[[Request], Awaitable[Response]]
OPERATION_HEADER: Final = "idempotency-key"
"""Where a caller names an operation, so that a repeat is answered with the first outcome."""

LONGEST_OPERATION: Final = 255
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def origin_of(request: Request) -> Origin:
    """Where a request comes from: the id that `Limits` gave it, the caller's address, and the caller's name for it.

    Raises BadRequest.
    """
    client = request.scope.get("client")
    known = str(request.scope.get("state", {}).get("request_id", ""))
    return Origin(known, client[0] if client else "", operation=operation_of(request))


def operation_of(request: Request) -> str:
    """What the caller calls this operation; empty when it has no name.  Raises BadRequest."""
    values = request.headers.getlist(OPERATION_HEADER)
    if len(values) > 1 or any(len(value) > LONGEST_OPERATION or not value.isprintable() for value in values):
        raise BadRequest(f"Idempotency-Key must be one text of at most {LONGEST_OPERATION} characters")
    return values[0].strip() if values else ""


async def json_object(request: Request, most: int = SINGLE) -> dict[str, object]:
    """The members of a JSON body.  Raises BadRequest, also when the body is said to be something else."""
    expect_json(request)
    return read_object(await request.body(), most)


async def json_value(request: Request, most: int = SINGLE) -> object:
    """Whatever the JSON body is, a list for one.  Raises BadRequest as `json_object` does."""
    expect_json(request)
    return read_json(await request.body(), most)


def expect_json(request: Request) -> None:
    """Raises BadRequest for a body that is said to be something else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise BadRequest("send the body as content-type: application/json", 415)


class Answered(Route):
    """A route that knows its methods.  Starlette's own list stays empty: every method comes here, so that the answer
    to a wrong one is ours to shape."""

    def __init__(self, path: str, endpoint: Endpoint, answers: Collection[str]) -> None:
        super().__init__(path, endpoint)
        self.methods = None
        self.answers = frozenset(answers)


def route(path: str, methods: dict[str, Endpoint], wrong_method: Callable[[Request], Response]) -> Route:
    """One route for all methods of a path; a method without an endpoint is answered 405 with `Allow`.

    wrong_method: that answer in the door's own shape; `Allow` is added here.
    """
    allowed = ", ".join(method for method in (*_METHODS, "HEAD") if method in methods or _heads(method, methods))

    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        chosen = methods.get(method)
        if chosen is None:
            answer = wrong_method(request)
            answer.headers["allow"] = allowed
            return answer
        return await chosen(request)

    return Answered(path, endpoint, methods)


def _heads(method: str, methods: dict[str, Endpoint]) -> bool:
    return method == "HEAD" and "GET" in methods
