"""A small HTTP proxy of the demo that breaks chosen exchanges on purpose, each of them once."""

import asyncio
import re
import time
from collections.abc import Mapping
from enum import Enum, unique
from typing import Final

_LENGTH: Final = re.compile(rb"^content-length:\s*(\d+)\s*$", re.IGNORECASE | re.MULTILINE)


@unique
class Fault(Enum):
    """What goes wrong.  The values of the first two are the whole answer; nothing reaches the server then."""

    BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    SLOW_DOWN = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
    LOST_ANSWER = b""


class FaultyProxy:
    """Stands between a runner and a server.  faults: by the path of the request, each used once."""

    def __init__(self, host: str, port: int, faults: Mapping[bytes, Fault]) -> None:
        self._upstream = (host, port)
        self._faults = dict(faults)
        self._server: asyncio.Server | None = None
        self._carrying: set[asyncio.Task[None]] = set()
        self._first = self._last = 0.0

    async def start(self) -> int:
        """Listen on a free port of this machine; answers the port."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Take no more connections and end those that there are."""
        if self._server is not None:
            self._server.close()
        carrying = [*self._carrying]
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    @property
    def unused(self) -> list[Fault]:
        """The faults that no request has met."""
        return list(self._faults.values())

    @property
    def seconds(self) -> float:
        """How long it took from the first request to the last answer."""
        return self._last - self._first

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry the exchanges of one connection until one of the two sides ends it."""
        there, back = await asyncio.open_connection(*self._upstream)
        try:
            while await self._exchange(reader, writer, there, back):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for side in (writer, back):
                side.close()
            await asyncio.gather(writer.wait_closed(), back.wait_closed(), return_exceptions=True)

    async def _exchange(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> bool:
        """One request and its answer; False when the answer got lost and the connection with it."""
        request = await _message(reader)
        self._first = self._first or time.monotonic()
        path = request.split(b" ", 2)[1].partition(b"?")[0]
        fault = self._faults.pop(path, None)
        if fault in (Fault.BUSY, Fault.SLOW_DOWN):
            writer.write(fault.value)
            await writer.drain()
            return True
        back.write(request)
        answer = await _message(there)
        if fault is Fault.LOST_ANSWER:
            return False
        writer.write(answer)
        await writer.drain()
        self._last = time.monotonic()
        return True


async def _message(reader: asyncio.StreamReader) -> bytes:
    """A request or an answer as it came: head, and a body as long as the head says."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head.replace(b"\r\n", b"\n"))
    return head + (await reader.readexactly(int(length[1])) if length else b"")
