"""One request is one request: what could be read as two, by us or by what stands in front, is refused."""

import socket
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.support.server import OpenDoor, served


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A served directory; nothing here changes it."""
    with served(tmp_path_factory.mktemp("smuggling")) as found:
        yield found


HEAD = b"POST /keyturn/v1/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
INNER = b"GET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n"
CHUNKED = b"0\r\n\r\n" + INNER

FRAMES: dict[str, bytes] = {
    "CL.TE": HEAD + b"content-length: %d\r\ntransfer-encoding: chunked\r\n\r\n" % len(CHUNKED) + CHUNKED,
    "TE.CL": HEAD + b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n" + b"2c\r\n" + INNER + b"\r\n0\r\n\r\n",
    "TE.CL short": HEAD + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n" + CHUNKED,
    "two lengths": HEAD + b"content-length: 0\r\ncontent-length: %d\r\n\r\n" % len(INNER) + INNER,
    "two equal lengths": HEAD + b"content-length: 2\r\ncontent-length: 2\r\n\r\n{}" + INNER,
    "a list of lengths": HEAD + b"content-length: 0, %d\r\n\r\n" % len(INNER) + INNER,
    "a signed length": HEAD + b"content-length: +2\r\n\r\n{}" + INNER,
    "a negative length": HEAD + b"content-length: -2\r\n\r\n{}" + INNER,
    "a length in hex": HEAD + b"content-length: 0x2\r\n\r\n{}" + INNER,
    "a length with a space": HEAD + b"content-length : 2\r\n\r\n{}" + INNER,
    "a length that ends in letters": HEAD + b"content-length: 2a\r\n\r\n{}" + INNER,
    "a huge length": HEAD + b"content-length: 18446744073709551618\r\n\r\n{}" + INNER,
    "TE.TE": HEAD + b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n" + CHUNKED,
    "xchunked": HEAD + b"transfer-encoding: xchunked\r\n\r\n" + CHUNKED,
    "chunked, identity": HEAD + b"transfer-encoding: chunked, identity\r\n\r\n" + CHUNKED,
    "quoted chunked": HEAD + b'transfer-encoding: "chunked"\r\n\r\n' + CHUNKED,
    "chunked after a tab": HEAD + b"transfer-encoding:\tchunked\r\ncontent-length: 5\r\n\r\n" + CHUNKED,
    "a name with a space": HEAD + b"transfer-encoding : chunked\r\ncontent-length: 5\r\n\r\n" + CHUNKED,
    "a folded line": HEAD + b"x: y\r\n transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n" + CHUNKED,
    "a folded encoding": HEAD + b"transfer-encoding:\r\n chunked\r\ncontent-length: 5\r\n\r\n" + CHUNKED,
    "a NUL in a name": HEAD + b"transfer\x00-encoding: chunked\r\ncontent-length: 2\r\n\r\n{}" + INNER,
    "a NUL in a value": HEAD + b"x: \x00\r\ncontent-length: 2\r\n\r\n{}" + INNER,
    "a bare CR": HEAD + b"x: y\rcontent-length: 0\r\ncontent-length: 2\r\n\r\n{}" + INNER,
    "a header without a colon": HEAD + b"nothing\r\ncontent-length: 2\r\n\r\n{}" + INNER,
    "a chunk size that is none": HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n\r\n" + INNER,
    "a chunk size too large": HEAD + b"transfer-encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n" + INNER,
    "a chunk that ends late": HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n{}xx\r\n0\r\n\r\n" + INNER,
    "a negative chunk": HEAD + b"transfer-encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n" + INNER,
    "two hosts": b"GET /livez HTTP/1.1\r\nhost: localhost\r\nhost: evil\r\nconnection: close\r\n\r\n",
    "a space in the address": b"GET /livez /smuggled HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    "a version that is none": b"GET /livez HTTP/9.9\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    "a method with a control": b"GE\x01T /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    "HTTP/0.9": b"GET /keyturn/v1/me\r\n\r\n",
    "CONNECT": b"CONNECT evil:443 HTTP/1.1\r\nhost: localhost\r\n\r\n" + INNER,
    "an upgrade": b"GET /v3/users HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n" + INNER,
}  # fmt: skip


@pytest.mark.proves("AP-11", "V4.2.1")
@pytest.mark.parametrize("frame", FRAMES)
def test_no_request_is_smuggled_in_another(frame: str, door: OpenDoor) -> None:
    """At most one answer, which is a refusal, and then the connection is over."""
    place = urlsplit(door.url)
    with closing(socket.create_connection((place.hostname, place.port), 10)) as connection:
        connection.sendall(FRAMES[frame])
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := _read(connection):
            answer += piece
    assert b"smuggled" not in answer
    assert answer.count(b"HTTP/1.1 ") <= 1, answer
    assert b"HTTP/1.1 2" not in answer, answer


def _read(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""
