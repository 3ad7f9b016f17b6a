"""Slow and many callers: everybody who takes too long is let go, and the others do not notice."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from statistics import median
from time import monotonic

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router

from keyturn.app.serving.connections import MOST_OF_HEAD, WRITTEN_FOR, Keeper, Patience
from keyturn.app.serving.serve import bind, serve

SLOW = int(os.environ.get("KEYTURN_SLOW_CLIENTS", "50"))
"""Trickling and silent callers, so many of each; `make campaign` has more."""

SHORT = Patience(head=0.3, body=0.3, idle=0.3)
LONG = 30.0
"""Seconds after which a test gives up: far more than anything here may take."""

MANY = 16_000_000
"""More octets than fit into all buffers on the way."""

ASK = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
CLOSING = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


async def hello(request: Request) -> Response:
    """A short answer; the body is not read."""
    return PlainTextResponse("hello")


async def told(request: Request) -> Response:
    """The headers that came, but for the first two, and so many octets of a body."""
    return PlainTextResponse(f"{sorted(request.headers)[2:]} {len(await request.body())}")


async def large(request: Request) -> Response:
    """So many octets."""
    return PlainTextResponse("x" * MANY)


@asynccontextmanager
async def serving(patience: Patience) -> AsyncIterator[int]:
    """A small application; the port."""
    listener, ready, stop = bind("127.0.0.1", 0), asyncio.Event(), asyncio.Event()
    routes = [Route("/", hello, methods=["GET", "POST"]), Route("/large", large)]
    routes.append(Route("/told", told, methods=["POST"]))
    task = asyncio.create_task(serve(Router(routes), listener, announce=ready.set, stop=stop, patience=patience))
    await ready.wait()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        await task


async def ended(port: int, sent: bytes, *, trickle: bytes = b"", source: str = "127.0.0.1") -> bytes:
    """Send, then go on trickling until the server closes; what came back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    writer.write(sent)

    async def dripping() -> None:
        while True:
            writer.write(trickle)
            await asyncio.sleep(0.05)

    drops = asyncio.create_task(dripping()) if trickle else None
    try:
        async with asyncio.timeout(LONG):
            return await _all_of(reader)
    finally:
        if drops is not None:
            drops.cancel()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    found = b""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            found += piece
    return found


@pytest.mark.proves("AP-8", "V15.2.2")
@pytest.mark.parametrize(
    ("sent", "trickle", "answered"),
    [
        (b"", b"", False),
        (b"", b"\r\n", False),
        (b"GET / HTTP/1.1\r\n", b"x-slow: 1\r\n", False),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 90000\r\n\r\n", b"x", True),
        (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n", True),
        (ASK, b"", True),
        (ASK, b"\r\n", True),
        (ASK + b"GET /", b"x", True),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nx", b"xxx", True),
    ],
    ids=[
        "silent",
        "blank lines",
        "head",
        "body",
        "pieces",
        "idle",
        "idle with blank lines",
        "second head",
        "late body",
    ],
)
async def test_a_caller_who_takes_too_long_is_let_go(sent: bytes, trickle: bytes, answered: bool) -> None:
    async with serving(SHORT) as port:
        assert (await ended(port, sent, trickle=trickle)).startswith(b"HTTP/1.1 200") is answered


@pytest.mark.proves("AP-8")
async def test_a_caller_who_does_not_take_the_answer_is_let_go() -> None:
    async with serving(SHORT) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        await asyncio.sleep(1.0)
        assert len(await _all_of(reader)) < MANY
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        assert (await ended(port, ASK)).endswith(b"hello")


async def test_a_caller_who_takes_a_large_answer_gets_all_of_it() -> None:
    async with serving(Patience(body=LONG)) as port:
        answer = await ended(port, b"GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert len(answer.partition(b"\r\n\r\n")[2]) == MANY


@pytest.mark.proves("AP-8", "R-11", "V15.2.2")
async def test_among_many_slow_callers_a_normal_one_is_served_as_before() -> None:
    """Slow ones come from another address, so that one source cannot use up the room of all."""
    patience = Patience(head=1.0, body=1.0, idle=1.0, each=2 * SLOW, all=2 * SLOW + 20)
    async with serving(patience) as port:
        before = [await _time_of(port) for _ in range(20)]
        slow = [ended(port, b"GET / HTTP/1.1\r\n", trickle=b"x: y\r\n", source="127.0.0.2") for _ in range(SLOW)]
        silent = [ended(port, b"", source="127.0.0.2") for _ in range(SLOW)]
        waiting = asyncio.gather(*slow, *silent)
        during = [await _time_of(port) for _ in range(20)]
        assert await waiting == [b""] * (2 * SLOW)
        assert max(during) < 1.0 + 20 * median(before)


async def _time_of(port: int) -> float:
    begun = monotonic()
    assert (await ended(port, CLOSING)).endswith(b"hello")
    return monotonic() - begun


@pytest.mark.proves("AP-5", "AP-8", "V15.2.2")
async def test_more_connections_of_one_address_than_there_is_room_for_are_turned_away() -> None:
    async with serving(Patience(head=LONG, each=2)) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        refused = await ended(port, b"")
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1\r\n" in refused
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        while not (await ended(port, CLOSING)).endswith(b"hello"):
            pass


def test_proxies_speak_for_many_and_all_together_have_a_limit() -> None:
    keeper = Keeper(Patience(each=1, all=3, proxies=(ip_network("10.0.0.0/24"),)))
    assert [keeper.let_in(one) for one in ("1.1.1.1", "1.1.1.1", "10.0.0.7", "10.0.0.7", "2.2.2.2")] == [
        True, False, True, True, False,
    ]  # fmt: skip
    keeper.let_out("10.0.0.7")
    keeper.let_out("10.0.0.7")
    assert keeper.let_in("2.2.2.2")
    assert set(keeper.open) == {"1.1.1.1", "2.2.2.2"}


@pytest.mark.proves("AP-12")
async def test_what_is_no_http_is_answered_with_the_headers_of_every_answer() -> None:
    async with serving(SHORT) as port:
        answer = await ended(port, b"nothing of the kind\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
        for header in (b"cache-control: no-store", b"x-content-type-options: nosniff", b"frame-ancestors 'none'"):
            assert header in answer
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"content-length: %d" % len(body) in head


def test_the_protocol_was_read_in_this_version_of_the_server() -> None:
    """When it is red: read uvicorn's httptools_impl.py again, then write the new version down."""
    assert uvicorn.__version__.startswith(WRITTEN_FOR + ".")


PIECES = b"POST /told HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.proves("AP-1", "V15.2.2")
@pytest.mark.parametrize(
    ("sent", "more"),
    [
        (b"GET /", b"x"),
        (b"GET / HTTP/1.1\r\nhost: x\r\nx: ", b"x"),
        (b"GET / HTTP/1.1\r\nhost: x\r\n", b"x: 1\r\n"),
        (PIECES + b"1\r\nx\r\n0\r\n", b"x: 1\r\n"),
        (PIECES + b"1\r\nx\r\n0\r\nx: ", b"x"),
        (PIECES + b"1;", b"x"),
    ],
    ids=["address", "header", "headers", "trailers", "trailer", "extension of a piece"],
)
async def test_a_head_without_end_is_not_kept(sent: bytes, more: bytes) -> None:
    async with serving(Patience()) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        taken = 0
        with contextlib.suppress(ConnectionError):
            while taken < 2 * MANY:
                writer.write(more * (65536 // len(more)))
                taken += 65536
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    assert taken < MANY


@pytest.mark.proves("AP-1", "V15.2.2")
async def test_a_head_that_is_too_large_is_told_so() -> None:
    async with serving(Patience()) as port:
        fits = b"x: " + b"y" * (MOST_OF_HEAD - 500) + b"\r\n"
        assert (await ended(port, CLOSING.replace(b"\r\n", b"\r\n" + fits, 1))).startswith(b"HTTP/1.1 200 ")
        assert (await ended(port, CLOSING.replace(b"\r\n", b"\r\n" + fits * 2, 1))).startswith(b"HTTP/1.1 431 ")


@pytest.mark.proves("AP-3", "AP-11")
async def test_what_follows_a_body_is_no_header() -> None:
    async with serving(Patience()) as port:
        sent = PIECES + b"1\r\nx\r\n0\r\nauthorization: Bearer of-a-stranger\r\n\r\n"
        assert (await ended(port, sent)).endswith(b"\r\n['transfer-encoding'] 1")
