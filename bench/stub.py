"""A server that speaks just enough MAS to be driven, and does nothing: it shows what the client can do.

A raw protocol, many times faster than any client measured here.  It answers every password and every user with
success, after a delay that a real server would take, and counts: `GET /_stats` tells how many came, over how many
connections, how many at once, and when each thousandth was answered.  With `--limited` it enforces the limits of
`bench.limits` and tells them; then the moment of each write that it took is counted too, and those that it refused.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import uvloop

from bench.limits import Limiter

TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhLWJlbmNoLXN0dWIifQ.c3R1Yg"
"""Has the form of an access token (its subject is `a-bench-stub`); nobody signed it."""

STEP = 1000
"""After how many answered writes the time is noted."""


def answer(status: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """An HTTP/1.1 response that keeps the connection."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return b"HTTP/1.1 %s\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n%s" % (
        status.encode(),
        more.encode(),
        len(body),
        body,
    )


DONE = answer("200 OK", b"{}")
MADE = answer("201 Created", b"{}")
SIGNED_IN = answer("200 OK", json.dumps({"token": TOKEN}).encode())
NOBODY = answer("404 Not Found", b'{"message":"no such user"}')


@dataclass
class Counts:
    """What happened since the counts were last asked for."""

    writes: int = 0
    connections: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    first: float = 0.0
    last: float = 0.0
    marks: list[float] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    refused: int = 0

    def came(self) -> None:
        """A write has arrived."""
        self.first = self.first or time.monotonic()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def answered(self) -> None:
        """A write is being answered."""
        self.in_flight -= 1
        self.writes += 1
        self.last = time.monotonic()
        if self.writes % STEP == 0:
            self.marks.append(self.last)

    def told(self) -> bytes:
        """The counts as JSON; counting starts anew."""
        text = json.dumps(vars(self)).encode()
        self.__init__()  # type: ignore[misc]  # the same object is in the hands of every connection
        return text


class Connection(asyncio.Protocol):
    """One client: reads requests, one after the other or pipelined, and answers each."""

    def __init__(self, counts: Counts, delay: float, limiter: Limiter | None) -> None:
        self._counts = counts
        self._limiter = limiter
        self._delay = delay
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        self._transport = cast(asyncio.Transport, transport)
        self._counts.connections += 1

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        unread = self._unread + data
        while (end := unread.find(b"\r\n\r\n")) >= 0:
            full = end + 4 + length_of(unread[:end].lower())
            if len(unread) < full:
                break
            request, unread = unread[:end], unread[full:]
            self._take(request)
        self._unread = unread

    def _take(self, head: bytes) -> None:
        method, target, _ = head.split(b" ", 2)
        if method == b"GET":
            self._transport.write(self._read(target.partition(b"?")[0]))
            return
        self._counts.came()
        response = MADE if target.partition(b"?")[0].endswith(b"/users") else DONE
        if self._limiter is not None:
            response = self._limited(self._limiter)
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._finish, response)
        else:
            self._finish(response)

    def _limited(self, limiter: Limiter) -> bytes:
        now = time.monotonic()
        fine, headers = limiter.ask(now)
        if not fine:
            self._counts.refused += 1
            return answer("429 Too Many Requests", b"{}", headers)
        self._counts.moments.append(now)
        return answer("200 OK", b"{}", headers)

    def _finish(self, response: bytes) -> None:
        self._counts.answered()
        if not self._transport.is_closing():
            self._transport.write(response)

    def _read(self, path: bytes) -> bytes:
        if path == b"/_stats":
            return answer("200 OK", self._counts.told())
        if path in (b"/v1/authenticate", b"/v1/authentication"):
            return SIGNED_IN
        return NOBODY if path.startswith(b"/v3/users/") else answer("200 OK", b"[]")


def length_of(head: bytes) -> int:
    """The length of the body that a request announces, 0 when it has none.  head: in small letters."""
    _, found, rest = head.partition(b"\r\ncontent-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


async def main(delay: float, limiter: Limiter | None) -> None:
    """Serve on a free port of this machine, which is printed, until killed."""
    counts = Counts()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(counts, delay, limiter), "127.0.0.1", 0, backlog=4096)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that a write takes")
    parser.add_argument("--limited", action="store_true", help="enforce limits, and tell them")
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(main(given.delay, Limiter() if given.limited else None))
        except KeyboardInterrupt:
            sys.exit(0)
