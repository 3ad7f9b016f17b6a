"""One request as bytes, right or wrong, and what came back for it."""

import http.client
import select
import socket
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PATIENCE = 10.0
"""Seconds after which no answer is waited for any more: long past what is allowed."""


@dataclass
class Sent:
    """What is sent.

    address: path and query.  about: what is wrong with it.  elsewhere: the address may no longer be the door's.
    whole: it is a whole request of HTTP, so that an answer must come; else the server may just hang up.
    """

    method: str
    address: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    about: list[str] = field(default_factory=list)
    elsewhere: bool = False
    whole: bool = True

    def put(self, name: bytes, value: bytes) -> None:
        """Give a header this value, and no other."""
        self.drop(name)
        self.headers.append((name, value))

    def drop(self, name: bytes) -> None:
        """Take a header away."""
        self.headers = [header for header in self.headers if header[0].lower() != name]

    def raw(self) -> bytes:
        """The bytes on the wire, with a length unless there is one already, or something in its place."""
        headers = list(self.headers)
        named = {name.lower() for name, _ in headers}
        if not named & {b"content-length", b"transfer-encoding"} and (self.body or self.method != "GET"):
            headers.append((b"content-length", str(len(self.body)).encode()))
        lines = [self.method.encode() + b" " + self.address + b" HTTP/1.1", b"host: localhost", b"connection: close"]
        return b"\r\n".join([*lines, *(name + b": " + value for name, value in headers), b"", self.body])


@dataclass(frozen=True)
class Got:
    """What came back.  status 0: nothing, the connection was ended."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


def exchange(url: str, sent: Sent) -> Got:
    """Send it over a connection of its own and read all that comes."""
    place = urlsplit(url)
    raw, begun = sent.raw(), time.monotonic()
    with closing(socket.create_connection((place.hostname, place.port), PATIENCE)) as connection:
        try:
            connection.sendall(raw)
            if not sent.whole and not select.select([connection], [], [], 0.2)[0]:
                connection.shutdown(socket.SHUT_WR)  # it waits for more, which does not come
        except OSError:
            pass  # refused before all was sent: the answer is there already
        response = http.client.HTTPResponse(connection, method=sent.method)
        try:
            response.begin()
            body = response.read()
        except TimeoutError:
            return Got(-1, {}, b"", time.monotonic() - begun)
        except (http.client.HTTPException, OSError):
            return Got(0, {}, b"", time.monotonic() - begun)
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Got(response.status, headers, body, time.monotonic() - begun)
