"""A server that answers each user in another shape, as sick servers and portals do, and knows what it really did."""

import asyncio
import gzip
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.support.threads import talking_in_a_thread

_LENGTH = re.compile(rb"^content-length:\s*(\d+)\s*$", re.IGNORECASE | re.MULTILINE)
_PATHS = (re.compile(r"/v3/users/([^/]+)/password"), re.compile(r"/identity_/api/User/([^/]+)"))

JSON = "Content-Type: application/json"
HTML = "Content-Type: text/html"
PAGE = b"<!doctype html><title>Sign in</title>"
GIGABYTE = 1 << 30
CHUNK = 1 << 16
BOMB = gzip.compress(bytes(64 << 20))
NAMESPACE = uuid.UUID("6f1c9a52-1111-4222-8333-944455566677")


@dataclass
class Exchange:
    """One request under way.  good: the body of a success at this door."""

    writer: asyncio.StreamWriter
    who: str
    good: bytes
    elsewhere: str
    streamed: int = 0

    async def send(self, *pieces: bytes) -> None:
        """Bytes as they are."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def answer(self, status: str, body: bytes = b"", *headers: str) -> None:
        """An answer with a length."""
        head = "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""])
        await self.send(head.encode() + body)


Act = Callable[[Exchange], Awaitable[bool]]
"""Answers; False: the connection ends with it."""


def say(status: str, body: bytes = b"", *headers: str) -> Act:
    """An ordinary answer."""

    async def act(exchange: Exchange) -> bool:
        await exchange.answer(status, body, *(headers or (JSON,)))
        return True

    return act


def raw(*pieces: bytes) -> Act:
    """Bytes, and the end of the connection."""

    async def act(exchange: Exchange) -> bool:
        await exchange.send(*pieces)
        return False

    return act


async def well(exchange: Exchange) -> bool:
    """As it should be."""
    await exchange.answer("200 OK", exchange.good, JSON)
    return True


async def reset(exchange: Exchange) -> bool:
    """The connection breaks hard."""
    exchange.writer.transport.abort()
    return False


async def gigabyte(exchange: Exchange) -> bool:
    """A body without end, as far as it is taken."""
    await exchange.send(f"HTTP/1.1 200 OK\r\n{JSON}\r\nContent-Length: {GIGABYTE}\r\n\r\n".encode())
    while exchange.streamed < GIGABYTE:
        await exchange.send(b" " * CHUNK)
        exchange.streamed += CHUNK
    return False


async def trickle(exchange: Exchange) -> bool:
    """A byte now and then, for longer than anybody waits."""
    await exchange.send(f"HTTP/1.1 200 OK\r\n{JSON}\r\nContent-Length: 2\r\n\r\n{{".encode())
    await asyncio.sleep(5)
    return False


async def informed(exchange: Exchange) -> bool:
    """Two words in between, then as it should be."""
    await exchange.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
    return await well(exchange)


async def in_pieces(exchange: Exchange) -> bool:
    """Chunks, well ended."""
    head = f"HTTP/1.1 200 OK\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    await exchange.send(head, b"%x\r\n%s\r\n0\r\n\r\n" % (len(exchange.good), exchange.good))
    return True


async def until_closed(exchange: Exchange) -> bool:
    """As servers of 1996 do."""
    await exchange.send(f"HTTP/1.0 200 OK\r\n{JSON}\r\n\r\n".encode() + exchange.good)
    return False


def moved(status: str, *, away: bool) -> Act:
    """A redirect to another path here, or to another server."""

    async def act(exchange: Exchange) -> bool:
        there = f"{exchange.elsewhere}/stolen" if away else "/elsewhere"
        await exchange.answer(status, b"", f"Location: {there}")
        return True

    return act


def later(status: str, *headers: str) -> Act:
    """Not now."""
    return say(status, b"", *headers)


@dataclass(frozen=True)
class Shape:
    """effect: the password is set before the answer.  once: only the first request gets it, the next ones are well."""

    name: str
    act: Act
    effect: bool = False
    once: bool = False


CUT = f"HTTP/1.1 200 OK\r\n{JSON}\r\nContent-Length: 900\r\n\r\n{{".encode()
CUT_CHUNK = f"HTTP/1.1 200 OK\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{{".encode()
ZIPPED = f"HTTP/1.1 200 OK\r\n{JSON}\r\nContent-Encoding: gzip\r\nContent-Length: {len(BOMB)}\r\n\r\n".encode() + BOMB
TWO_LENGTHS = f"HTTP/1.1 200 OK\r\n{JSON}\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{{}}".encode()
FLOOD = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(50_000)) + b"Content-Length: 0\r\n\r\n"
LONG = b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\nContent-Length: 0\r\n\r\n"

SHAPES = (
    Shape("well", well, effect=True),
    Shape("well-in-pieces", in_pieces, effect=True),
    Shape("well-until-closed", until_closed, effect=True),
    Shape("well-after-1xx", informed, effect=True),
    Shape("empty", say("200 OK"), effect=True),
    Shape("empty-without-effect", say("200 OK")),
    Shape("login-page", say("200 OK", PAGE, HTML)),
    Shape("login-page-that-says-json", say("200 OK", PAGE)),
    Shape("succeeded-false", say("200 OK", b'{"succeeded": false, "errors": [{"code": "X", "description": "no"}]}')),
    Shape("error-inside", say("200 OK", b'{"error": "no"}')),
    Shape("wrong-user", say("200 OK", b'{"id": "somebody-else", "succeeded": true}')),
    Shape("a-list", say("200 OK", b"[1]")),
    Shape("a-number-too-long", say("200 OK", b"1" * 5000)),
    Shape("deep", say("200 OK", b"[" * 100_000)),
    Shape("twice-the-same-key", say("200 OK", b'{"succeeded": true, "succeeded": false}')),
    Shape("plain-text", say("200 OK", b"OK", "Content-Type: text/plain")),
    Shape("a-picture", say("200 OK", b"\x89PNG\r\n", "Content-Type: image/png")),
    Shape("half-a-body", raw(CUT), effect=True),
    Shape("half-a-chunk", raw(CUT_CHUNK), effect=True),
    Shape("half-a-head", raw(b"HTTP/1.1 200 OK\r\nContent-"), effect=True),
    Shape("gigabyte", gigabyte, effect=True),
    Shape("bomb", raw(ZIPPED), effect=True),
    Shape("trickle", trickle, effect=True),
    Shape("two-lengths", raw(TWO_LENGTHS), effect=True),
    Shape("many-headers", raw(FLOOD), effect=True),
    Shape("long-header", raw(LONG), effect=True),
    Shape("no-http", raw(b"220 smtp.example.org ESMTP\r\n"), effect=True),
    Shape("101", raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"), effect=True),
    Shape("202", say("202 Accepted", b"{}"), effect=True),
    Shape("204-with-a-body", raw(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}"), effect=True),
    Shape("206", say("206 Partial Content", b"{}")),
    Shape("302-here", moved("302 Found", away=False)),
    Shape("302-away", moved("302 Found", away=True)),
    Shape("303-here-after-the-effect", moved("303 See Other", away=False), effect=True),
    Shape("307-here", moved("307 Temporary Redirect", away=False)),
    Shape("307-away", moved("307 Temporary Redirect", away=True)),
    Shape("308-away", moved("308 Permanent Redirect", away=True)),
    Shape("400", say("400 Bad Request", b'{"message": "no"}')),
    Shape("400-nonsense", say("400 Bad Request", b"\x00\xff")),
    Shape("404", say("404 Not Found", b"{}")),
    Shape("404-page", say("404 Not Found", PAGE, HTML)),
    Shape("408-after-the-effect", say("408 Request Timeout", b""), effect=True),
    Shape("500-after-the-effect", say("500 Internal Server Error", PAGE, HTML), effect=True),
    Shape("502-after-the-effect", say("502 Bad Gateway", PAGE, HTML), effect=True),
    Shape("504", say("504 Gateway Timeout", b"")),
    Shape("drop-before", raw(), once=True),
    Shape("drop-after", raw(), effect=True, once=True),
    Shape("drop-always-after", raw(), effect=True),
    Shape("reset-before", reset, once=True),
    Shape("reset-after", reset, effect=True, once=True),
    Shape("429-seconds", later("429 Too Many Requests", "Retry-After: 0"), once=True),
    Shape("429-date", later("429 Too Many Requests", "Retry-After: Sat, 21 Nov 2026 12:00:00 GMT"), once=True),
    Shape("429-silent", later("429 Too Many Requests", "X: y"), once=True),
    Shape("429-nonsense", later("429 Too Many Requests", "Retry-After: soon"), once=True),
    Shape("429-negative", later("429 Too Many Requests", "Retry-After: -5"), once=True),
    Shape("429-fraction", later("429 Too Many Requests", "Retry-After: 0.1"), once=True),
    Shape("429-twice", later("429 Too Many Requests", "Retry-After: 0", "Retry-After: 0"), once=True),
    Shape("503-seconds", later("503 Service Unavailable", "Retry-After: 0"), once=True),
    Shape("503-silent", later("503 Service Unavailable", "X: y"), once=True),
)


async def _user(exchange: Exchange, who: str) -> bool:
    """What a plan asks beforehand, and gets an honest answer to."""
    shape = _BY_NAME.get(who)
    if shape is None:
        return await say("404 Not Found", b"{}")(exchange)
    return await say("200 OK", json.dumps({"id": guid(shape.name), "userName": shape.name}).encode())(exchange)


def guid(name: str) -> str:
    """A shape as the id of a user at a door that knows GUIDs."""
    return str(uuid.uuid5(NAMESPACE, name))


@dataclass
class ShapesServer:
    """effects: each password that was set, by shape; asked: how often each shape was asked for; streamed: most bytes
    of one body that were taken; stolen: requests that came to the other server; astray: here, to a path of no API.

    Users of one shape are told apart by what stands behind a `~` (`drop-after~17`), and are then kept by that name.
    arrived: when each request to set a password came, by the steady clock.
    """

    url: str = ""
    elsewhere: str = ""
    effects: dict[str, list[str]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    streamed: int = 0
    stolen: list[bytes] = field(default_factory=list)
    astray: list[str] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The exchanges of one connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head.replace(b"\r\n", b"\n"))
                body = await reader.readexactly(int(length[1])) if length else b""
                if not await self._answer(head, body, writer):
                    return
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the client went away, or the test is over
        finally:
            writer.close()

    async def steal(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The other server."""
        self.stolen.append(await reader.read(CHUNK))
        writer.close()

    async def _answer(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> bool:
        path = head.split(b" ", 2)[1].decode().partition("?")[0]
        found = next((match for pattern in _PATHS if (match := pattern.fullmatch(path))), None)
        exchange = Exchange(writer, "", b"[]", self.elsewhere)
        if found is None:
            self.astray += [path] if path not in ("/workspaces", "/about") else []
            return await well(exchange)
        if head.startswith(b"GET "):
            return await _user(exchange, unquote(found[1]))
        self.arrived.append(time.monotonic())
        kind, apart, _ = unquote(found[1]).partition("~")
        shape = _BY_NAME[kind]
        who = unquote(found[1]) if apart else shape.name
        given = json.loads(body)
        mas = path.startswith("/v3/")
        made = f"Made-{who}-{len(self.effects.get(who, ()))}"
        password = given.get("token" if mas else "password") or made
        exchange.good = b'{"succeeded": true, "errors": []}'
        if mas:
            exchange.good = json.dumps({"id": who, **({} if given else {"token": made})}).encode()
        self.asked[who] = self.asked.get(who, 0) + 1
        again = shape.once and self.asked[who] > 1
        if shape.effect or again:
            self.effects.setdefault(who, []).append(password)
        try:
            return await (well if again else shape.act)(exchange)
        finally:
            self.streamed = max(self.streamed, exchange.streamed)


_BY_NAME = {name: shape for shape in SHAPES for name in (shape.name, guid(shape.name))}


@contextmanager
def shapes_server() -> Iterator[ShapesServer]:
    """The server, and the one that its redirects lead to, on free ports of this machine, in a thread."""
    server = ShapesServer()
    with talking_in_a_thread(server.serve, server.steal) as (server.url, server.elsewhere):
        yield server
