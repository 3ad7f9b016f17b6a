"""What servers of tests live in: a loop and a thread of their own, until the test is done with them."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from typing import TypeVar

from aiohttp import web

PATIENCE = 60
T = TypeVar("T")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextmanager
def in_a_thread(serving: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Enter `serving` on a loop of its own, leave it when the block ends, and cut off what is then still under way.

    What goes wrong before it is entered is raised here.
    """
    begun: Future[tuple[T, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def live() -> None:
        ended = asyncio.Event()
        try:
            async with serving as found:
                begun.set_result((found, asyncio.get_running_loop(), ended))
                await ended.wait()
        except Exception as error:
            if begun.done():
                raise
            begun.set_exception(error)

    thread = threading.Thread(target=asyncio.run, args=(live(),))
    thread.start()
    found, loop, ended = begun.result(PATIENCE)
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(PATIENCE)
        assert not thread.is_alive()


@contextmanager
def served_in_a_thread(app: web.Application, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """An application on a free port of this machine; its address."""

    @asynccontextmanager
    async def serving() -> AsyncIterator[str]:
        # Whatever is still being answered at the end is of no interest; by default it is waited for a minute.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    with in_a_thread(serving()) as url:
        yield url


@contextmanager
def talking_in_a_thread(*talks: Talk) -> Iterator[list[str]]:
    """A server for each of these, which is handed its connections as they are; their addresses."""

    @asynccontextmanager
    async def serving() -> AsyncIterator[list[str]]:
        async with AsyncExitStack() as open_ones:
            servers = [await asyncio.start_server(talk, "127.0.0.1", 0) for talk in talks]
            for server in servers:
                open_ones.callback(server.close)
            yield [f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}" for server in servers]

    with in_a_thread(serving()) as urls:
        yield urls
