"""The deadlines of a connection: uvicorn lets a caller who trickles, or is silent, stay for ever, and counts nobody.

Written against uvicorn 0.54 and its httptools protocol; a test holds that version, so that a newer one is looked at.
"""

import asyncio
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from keyturn.http.front import Network, is_within

WRITTEN_FOR: Final = "0.54"
"""The version of uvicorn whose protocol is extended here."""

_GRACE: Final = 1.0
"""Seconds after the patience for a body in which the 408 that says so can still leave."""

MOST_OF_HEAD: Final = 32 * 1024
"""Most octets of a head: of its address, its headers and what follows a body in pieces, each header costing 32 more."""

_EACH: Final = 32

_HEADERS: Final = (
    b"cache-control: no-store\r\nx-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n"
    b"content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n"
    b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
)
_NOT_HTTP: Final = (
    b"HTTP/1.1 400 Bad Request\r\n" + _HEADERS + b"content-length: 31\r\n\r\nthis is no request of HTTP/1.1\n"
)
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    + _HEADERS
    + b"content-length: 22\r\n\r\nthe head is too large\n"
)
_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n"
    + _HEADERS
    + b"content-length: 21\r\n\r\ntoo many connections\n"
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how many callers are waited for.

    head, body: seconds for the head of a request and for its body to be whole; idle: between requests.  all: most
    connections; each: most of one address, which does not hold for `proxies`, who speak for many.
    """

    head: float = 10.0
    body: float = 30.0
    idle: float = 15.0
    all: int = 900
    each: int = 300
    proxies: Collection[Network] = ()


@dataclass(slots=True)
class Keeper:
    """Counts the connections that are open, together and by address."""

    patience: Patience
    open: Counter[str] = field(default_factory=Counter)

    def let_in(self, address: str) -> bool:
        """Count one more; False, and not counted, when there is no room for it."""
        full = self.open.total() >= self.patience.all
        if full or (self.open[address] >= self.patience.each and not is_within(address, self.patience.proxies)):
            return False
        self.open[address] += 1
        return True

    def let_out(self, address: str) -> None:
        """One is closed."""
        self.open[address] -= 1
        if not self.open[address]:
            del self.open[address]


class TooLarge(Exception):
    """A head has more octets than one may have."""


class TimedProtocol(HttpToolsProtocol):
    """A connection that ends when its caller takes too long, or sends a head without end."""

    keeper: Keeper
    _weight: int = 0
    _whole: bool = False
    _came: bool = False
    _silent: int = 0
    _deadline: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None
    _counted: str | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Count it; turn it away where there are too many."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if not self.keeper.let_in(address):
            transport.write(_FULL)
            transport.close()
            return
        self._counted = address
        self._wait(self.keeper.patience.head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room."""
        super().connection_lost(exc)
        self._wait(None)
        self.resume_writing()
        if self._counted is not None:
            self.keeper.let_out(self._counted)
            self._counted = None

    def data_received(self, data: bytes) -> None:
        """Bytes of a request; the first ones begin its deadline, and no later ones lengthen it."""
        if self._deadline is None and self._is_between():
            self._wait(self.keeper.patience.head)
        self._came = False
        super().data_received(data)
        # The parser keeps a header until it is whole, and tells nothing of it before.
        self._silent = 0 if self._came else self._silent + len(data)
        if self._silent > MOST_OF_HEAD and not self.transport.is_closing():
            self._weight = self._silent
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """A head begins."""
        self._weight, self._whole, self._came = 0, False, True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        self._weigh(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header.  What follows a body is none: it was not there when the request was judged (RFC 9110, 6.5.1)."""
        self._weigh(len(name) + len(value) + _EACH)
        if not self._whole:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: from here on its body is waited for."""
        self._whole = self._came = True
        self._wait(self.keeper.patience.body + _GRACE)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._came = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: now it is our turn, unless it was answered before that."""
        self._came = True
        self._wait(self.keeper.patience.idle if self._is_between() else None)
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The caller does not take our answer: it gets as long as we would wait for a body."""
        super().pause_writing()
        self._stuck = self.loop.call_later(self.keeper.patience.body, self.transport.abort)

    def resume_writing(self) -> None:
        """The caller takes it."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def send_400_response(self, msg: str) -> None:
        """What cannot be read as HTTP is answered with the headers that every answer has."""
        self.transport.write(_TOO_LARGE if self._weight > MOST_OF_HEAD else _NOT_HTTP)
        self.transport.close()

    def _weigh(self, octets: int) -> None:
        """Count octets of a head.  Raises TooLarge, which ends the parsing."""
        self._weight += octets
        if self._weight > MOST_OF_HEAD:
            raise TooLarge

    def _is_between(self) -> bool:
        """Whether no request is under way.  uvicorn says that a cycle is always there, and begins without one."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _wait(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        self.transport.abort()


def protocol_with(patience: Patience) -> type[Any]:
    """The protocol for the connections of one server, which counts its own."""

    class Kept(TimedProtocol):
        keeper = Keeper(patience)

    return Kept
