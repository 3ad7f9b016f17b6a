"""Serving on a free port, stopping without losing a request, refusing to be open by mistake."""

import asyncio
import socket

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from keyturn.app.serving.serve import address_of, bind, serve
from keyturn.core.errors import ConfigError


async def ask(address: str, path: str) -> bytes:
    """One request over a connection of its own; everything that came back."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_request_that_began_before_the_stop_is_answered() -> None:
    stop, begun, go_on, announced = asyncio.Event(), asyncio.Event(), asyncio.Event(), asyncio.Event()
    order: list[str] = []

    async def slow(request: Request) -> Response:
        begun.set()
        await go_on.wait()
        order.append("request")
        return PlainTextResponse("done")

    async def chore(closing: asyncio.Event) -> None:
        await closing.wait()
        order.append("chore")

    listener = bind("127.0.0.1", 0)
    app = Starlette(routes=[Route("/", slow)])
    serving = asyncio.create_task(serve(app, listener, chores=[chore], announce=announced.set, stop=stop))
    await announced.wait()
    asking = asyncio.create_task(ask(address_of(listener), "/"))
    await begun.wait()
    stop.set()
    go_on.set()
    assert (await asking).endswith(b"done")
    await serving
    assert order == ["request", "chore"]


async def test_a_chore_that_breaks_stops_the_server_and_is_not_hidden() -> None:
    async def broken(closing: asyncio.Event) -> None:
        raise ValueError("the chore broke")

    with pytest.raises(ValueError, match="the chore broke"):
        await serve(Starlette(), bind("127.0.0.1", 0), chores=[broken], announce=lambda: None, stop=asyncio.Event())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "directory.example.com"])
def test_plain_http_for_other_machines_is_refused(host: str) -> None:
    with pytest.raises(ConfigError) as refused:
        bind(host, 0)
    assert refused.value.code == "KT-CFG-020"


def test_behind_a_tls_proxy_all_addresses_may_be_bound() -> None:
    listener = bind("0.0.0.0", 0, behind_tls=True)
    assert address_of(listener).startswith("http://127.0.0.1:")
    listener.close()


def test_localhost_is_this_machine() -> None:
    bind("localhost", 0).close()


def test_an_address_of_the_newer_kind_is_written_in_brackets() -> None:
    listener = socket.socket(socket.AF_INET6)
    listener.bind(("::1", 0))
    assert address_of(listener).startswith("http://[::1]:")
    listener.close()


def test_a_taken_port_is_named() -> None:
    first = bind("127.0.0.1", 0)
    first.listen()
    with pytest.raises(ConfigError, match="cannot listen on") as refused:
        bind("127.0.0.1", first.getsockname()[1])
    assert refused.value.code == "KT-CFG-021"
    first.close()
