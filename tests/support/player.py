"""A tiny server on loopback that says what it is told to, and keeps what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CUT = -1
"""A status that stands for closing the connection without an answer."""


@dataclass(frozen=True)
class Heard:
    """A request as it came in; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def sent(self) -> object:
        """The JSON of the body, None for nothing."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True)
class Say:
    """What to answer.  raw: sent as it is in place of an answer.  wait: set before answering goes on."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    text: bytes | None = None
    raw: bytes | None = None
    wait: asyncio.Event | None = None

    def bytes(self) -> bytes:
        """The answer on the wire."""
        if self.raw is not None:
            return self.raw
        body = self.text if self.text is not None else b"" if self.status == 204 else json.dumps(self.body).encode()
        headers = {"content-type": "application/json", "content-length": str(len(body)), **self.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} -\r\n{lines}\r\n".encode() + body


Part = Callable[[Heard], Say]


@dataclass
class Player:
    """The server while it runs."""

    url: str
    heard: list[Heard] = field(default_factory=list)


@asynccontextmanager
async def playing(part: Part) -> AsyncIterator[Player]:
    """Answer every request as `part` says."""
    player = Player("")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (heard := await _hear(reader)) is not None:
                player.heard.append(heard)
                said = part(heard)
                if said.wait is not None:
                    await said.wait.wait()
                if said.status == CUT:
                    break
                writer.write(said.bytes())
                await writer.drain()
                if said.raw is not None:
                    break
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    player.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield player
    finally:
        server.close()


async def _hear(reader: asyncio.StreamReader) -> Heard | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Heard(method, target, headers, body)
