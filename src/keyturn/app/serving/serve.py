"""Serving: binds, says once where, works until told to stop, and then finishes what it began."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from keyturn.app.serving.connections import Patience, protocol_with
from keyturn.core.errors import ConfigError
from keyturn.core.hosts import is_loopback

Chore = Callable[[asyncio.Event], Awaitable[None]]
"""Work beside the requests (mail, checkpoints): goes on until the event is set, then finishes and returns."""

PATIENCE: Final = 10
"""Seconds that a request begun before the stop may still take."""


PATIENT: Final = Patience()


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling and greeting, telling us when it takes requests."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to `until_stopped`: uvicorn would raise them again and the exit code would not be 0."""
        yield


def bind(host: str, port: int, *, behind_tls: bool = False) -> socket.socket:
    """A socket bound to the address; port 0 takes a free one.

    Raises ConfigError when the address is taken, or when it would offer plain http to other machines and nobody said
    that a TLS proxy stands in front.
    """
    if not (behind_tls or is_loopback(host)):
        raise ConfigError(
            f"plain http would be open to other machines on {host}",
            code="KT-CFG-020",
            why="passwords and tokens would cross the network in clear",
            fix="listen on 127.0.0.1, or put a TLS proxy in front and say --i-am-behind-tls",
        )
    try:
        [family, kind, protocol, _, address] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        why = error.strerror or "the address cannot be used"
        fix = "choose another --host or --port; --port 0 takes a free one"
        raise ConfigError(f"cannot listen on {host}:{port}", code="KT-CFG-021", why=why, fix=fix) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """The URL that a browser on this machine would use."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # the address that reaches "all"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    *,
    chores: Sequence[Chore] = (),
    announce: Callable[[], None],
    stop: asyncio.Event,
    patience: Patience = PATIENT,
) -> None:
    """Answer requests until `stop` is set, then finish those begun, then let the chores finish.

    announce: called once, when requests are taken.  patience: with slow and many callers.
    A chore that breaks stops the server and its error is raised.
    """
    config = uvicorn.Config(
        app,
        http=protocol_with(patience),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=patience.idle,  # type: ignore[arg-type]  # it says int and takes any number of seconds
        timeout_graceful_shutdown=PATIENCE,
    )
    server, closing = _Server(config, announce), asyncio.Event()
    web = asyncio.create_task(server.serve(sockets=[listener]))
    working = [asyncio.ensure_future(chore(closing)) for chore in chores]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([web, stopping, *working], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.should_exit = True
    try:
        await web
    finally:
        closing.set()
        results = await asyncio.gather(*working, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


def stop_on_signals(stop: asyncio.Event) -> None:
    """Let SIGTERM and SIGINT set the event; call it in the main thread's running loop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
