"""A small real HTTP server that takes password resets and remembers each one, with the faults of real servers."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bench.limits import Limiter
from tests.support.threads import served_in_a_thread

TOKEN = "a-token-for-tests"


@dataclass
class PasswordServer:
    """requests: how many came in to change something; reads: how many only looked; passwords: every value that was
    set, by user; lose: so many answers are dropped after the change; slow: so many requests are told to wait a
    second; signed_out: 401 to every password; greeting: the status of the answer to the first read.

    looks: how often a user was read; lie: users of whom it says 200 and changes nothing; chosen: users who have set a
    password of their own; closed: 403 to every reading of a user; shown: and to each after so many; known: what is
    shown otherwise of some of them.

    arrived: method and path of everything that came in; limiter: answers with its limits, and 429 beyond them."""

    url: str = ""
    requests: int = 0
    reads: int = 0
    passwords: dict[str, list[str]] = field(default_factory=dict)
    lose: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    slow: int = 0
    signed_out: bool = False
    greeting: int = 200
    known: dict[str, dict[str, object]] = field(default_factory=dict)
    arrived: list[tuple[str, str]] = field(default_factory=list)
    limiter: Limiter | None = None
    delay: float = 0.0
    looks: int = 0
    lie: set[str] = field(default_factory=set)
    chosen: set[str] = field(default_factory=set)
    closed: bool = False
    shown: int = 1_000_000
    seen: threading.Event = field(default_factory=threading.Event)

    async def probe(self, request: web.Request) -> web.Response:
        """What a client reads first."""
        self.reads += 1
        return web.json_response([] if self.greeting == 200 else {"message": "no"}, status=self.greeting)

    async def user(self, request: web.Request) -> web.Response:
        """Show somebody: a version that counts resets, and whether the password must be changed."""
        self.reads += 1
        self.looks += 1
        self.seen.set()
        who = unquote(request.rel_url.raw_parts[-1])
        await asyncio.sleep(self.delay)
        if self.closed or self.looks > self.shown:
            return web.json_response({"message": "no"}, status=403)
        if who in self.unknown:
            return web.json_response({"message": "no such user"}, status=404)
        resets = len(self.passwords.get(who, ()))
        must_change = resets > 0 and who not in self.chosen
        local = {"type": "local", "forceTokenChange": must_change}
        told = {"id": who, "username": who, "version": 1 + resets + (who in self.chosen)}
        return web.json_response({**told, "identities": {"_local": local}, **self.known.get(who, {})})

    async def reset(self, request: web.Request) -> web.Response:
        """Take a password."""
        self.requests += 1
        self.seen.set()
        who = unquote(request.rel_url.raw_parts[-2])
        given = json.loads(await request.read())
        await asyncio.sleep(self.delay)
        if self.signed_out or request.headers.get("x-access-token") != TOKEN:
            return web.json_response({"message": "no"}, status=401)
        if self.slow > 0:
            self.slow -= 1
            return web.json_response({}, status=429, headers={"Retry-After": "1"})
        if who in self.unknown:
            return web.json_response({"message": "no such user"}, status=404)
        if who not in self.lie:
            self.passwords.setdefault(who, []).append(given["token"])
        if who in self.lose:
            self.lose.discard(who)
            if request.transport is not None:
                request.transport.close()
        return web.json_response({})


@contextmanager
def password_server() -> Iterator[PasswordServer]:
    """The server on a free port of this machine, in a thread."""
    server = PasswordServer()

    @web.middleware
    async def note(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
        server.arrived.append((request.method, request.path))
        fine, limits = server.limiter.ask(time.monotonic()) if server.limiter is not None else (True, {})
        answer = await handler(request) if fine else web.json_response({}, status=429)
        answer.headers.update(limits)
        return answer

    app = web.Application(middlewares=[note])
    app.router.add_get("/workspaces", server.probe)
    app.router.add_get("/v3/users/{who}", server.user)
    app.router.add_post("/v3/users/{who}/password", server.reset)
    with served_in_a_thread(app) as server.url:
        yield server
