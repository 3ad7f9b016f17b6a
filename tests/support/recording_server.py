"""A small real HTTP server that writes down every request as it came, for comparing what two clients send."""

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.support.threads import served_in_a_thread

MATTER = ("authorization", "content-type", "x-access-token")
"""Headers that decide what a request means."""


@dataclass(frozen=True)
class Arrived:
    """A request as it came in: the path with its query exactly as on the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> tuple[str, str, tuple[tuple[str, str], ...], object]:
        """All of it that matters; a JSON body as its value, for blanks in it mean nothing."""
        kind = self.headers.get("content-type", "")
        value: object = json.loads(self.body) if "json" in kind and self.body else self.body
        shown = tuple((name, self.headers[name]) for name in MATTER if name in self.headers and name != "content-type")
        return self.method, self.target, (*shown, ("kind", kind.partition(";")[0])), repr(value)


@dataclass
class Recorder:
    """changes: what came in that is no read.  answer: the status and JSON for a request."""

    url: str = ""
    changes: list[Arrived] = field(default_factory=list)
    reads: list[Arrived] = field(default_factory=list)
    answer: Callable[[Arrived], tuple[int, object]] = lambda _: (200, {})

    def take(self) -> list[Arrived]:
        """The changes so far; from here on it begins anew."""
        found, self.changes = self.changes, []
        return found

    async def handle(self, request: web.Request) -> web.Response:
        """Write it down and answer."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        arrived = Arrived(request.method, request.raw_path, headers, await request.read())
        (self.reads if request.method == "GET" else self.changes).append(arrived)
        status, value = self.answer(arrived) if request.method != "GET" else (200, [])
        if status == 204:
            return web.Response(status=204)
        return web.json_response(value, status=status)


@contextmanager
def recorder(tls: ssl.SSLContext | None = None) -> Iterator[Recorder]:
    """The server on a free port of this machine, in a thread."""
    server = Recorder()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", server.handle)
    with served_in_a_thread(app, tls) as server.url:
        yield server
