"""A small web application behind the outermost layer, on a real server on loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import Scope

from keyturn.app.serving.serve import bind, serve
from keyturn.http.json import BadRequest
from keyturn.http.limits import Limits
from keyturn.http.requests import json_object, origin_of, route


@dataclass
class Served:
    """A running server: its address, and the errors it told of."""

    host: str
    port: int
    broken: list[Exception] = field(default_factory=list)

    async def raw(self, request: bytes, *, after: Callable[[], None] = lambda: None) -> bytes:
        """Send bytes, read until the server closes."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(request)
        await writer.drain()
        after()
        try:
            return await reader.read()
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def echo(request: Request) -> Response:
    """The body back, with where it came from."""
    origin = origin_of(request)
    return JSONResponse({"body": await json_object(request), "request": origin.request, "source": origin.source})


async def breaks(request: Request) -> Response:
    """An error that nobody expected."""
    raise RuntimeError("a canary in an error")


async def refuses(request: Request) -> Response:
    """A request that a door does not understand."""
    raise BadRequest("not understood")


async def breaks_late(request: Request) -> Response:
    """An error after the answer has begun."""

    class Late(Response):
        async def __call__(self, scope: Scope, receive: object, send: object) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]  # ASGI
            raise (RuntimeError if request.query_params.get("how") == "broken" else BadRequest)("late")

    return Late()


async def own_headers(request: Request) -> Response:
    """An answer that brings its own policy."""
    return Response("x", headers={"cache-control": "max-age=5", "content-security-policy": "default-src 'self'"})


def wrong_method(request: Request) -> Response:
    """The shape of a 405 here."""
    return JSONResponse({"wrong": request.method}, 405)


def say(scope: Scope, status: int, text: str) -> Response:
    """The shape of a refusal here."""
    return JSONResponse({"said": text}, status)


@asynccontextmanager
async def serving(*, patience: float = 30.0) -> AsyncIterator[Served]:
    """The application on a free port."""
    served = Served("127.0.0.1", 0)
    routes = [
        route("/echo", {"POST": echo, "GET": own_headers}, wrong_method),
        Route("/breaks", breaks),
        Route("/late", breaks_late),
        Route("/refuses", refuses),
        Route("/batch", echo, methods=["POST"]),
    ]
    app = Limits(
        Router(routes, redirect_slashes=False),
        say,
        lambda scope, error: served.broken.append(error),
        batched=lambda path: path == "/batch",
        patience=patience,
    )
    listener, ready, stop = bind("127.0.0.1", 0), asyncio.Event(), asyncio.Event()
    served.port = listener.getsockname()[1]
    task = asyncio.create_task(serve(app, listener, announce=ready.set, stop=stop))
    await ready.wait()
    try:
        yield served
    finally:
        stop.set()
        await task
