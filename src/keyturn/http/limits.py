"""The outermost layer of the server: bounds what comes in, marks what goes out, and lets nothing escape unanswered."""

import asyncio
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from keyturn.http.front import Front
from keyturn.http.json import BATCH, SINGLE, BadRequest
from keyturn.http.paths import canonical

Say = Callable[[Scope, int, str], Response]
"""Answers with a status and a sentence in the shape of the door that the request came to."""

Broken = Callable[[Scope, Exception], None]
"""Told of every error that nobody expected, once; writes it to the log."""

_OWN_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_ALWAYS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_ONCE: Final = frozenset({
    b"authorization", b"content-encoding", b"content-length", b"content-type", b"host", b"idempotency-key", b"if-match",
})  # fmt: skip
"""Headers that decide something: where two of them differ, two readers would decide differently."""


ANYBODY: Final = Front(hosts=None)
"""Asked by any name, and no proxy is believed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Wraps the web application.

    say: gives refusals a shape.  broken: hears of errors.  batched: whether a path takes a body of a batch's size.
    patience: seconds in which a request's body must have arrived.  front: what is believed of who calls.
    """

    app: ASGIApp
    say: Say
    broken: Broken
    batched: Callable[[str], bool] = lambda path: False
    patience: float = 30.0
    front: Front = ANYBODY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        out = _Out(scope, send, request_id)
        try:
            await self._bounded(scope, receive, out)
        except Exception as error:  # the web application's boundary, one of the three
            self.broken(scope, error)
            if out.started:
                raise
            await self.say(scope, 500, "an unexpected error; the log names this request")(scope, receive, out)

    async def _bounded(self, scope: Scope, receive: Receive, out: "_Out") -> None:
        try:
            scope["path"] = canonical(scope.get("raw_path") or scope["path"].encode())
            self.front.admit(scope)
            _refuse_odd_headers(scope)
            most = BATCH if self.batched(scope["path"]) else SINGLE
            await self.app(scope, _Body(scope, receive, most, self.patience), out)
        except BadRequest as error:
            if out.started:
                raise
            await self.say(scope, error.status, error.reason)(scope, receive, out)


class _Body:
    """Receives a body that may not be too large or take too long.  Raises BadRequest when it does."""

    __slots__ = ("_deadline", "_left", "_open", "_patience", "_receive")

    def __init__(self, scope: Scope, receive: Receive, most: int, patience: float) -> None:
        if _announced(scope) > most:
            raise BadRequest("the body is too large", 413)
        self._receive, self._left, self._patience = receive, most, patience
        self._deadline = 0.0
        self._open = True

    async def __call__(self) -> Message:
        if not self._open:
            return await self._receive()
        if not self._deadline:
            self._deadline = asyncio.get_running_loop().time() + self._patience
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise BadRequest("the body took too long", 408) from None
        if message["type"] == "http.disconnect":
            raise BadRequest("the caller hung up before the body was whole")
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise BadRequest("the body is too large", 413)
        self._open = bool(message.get("more_body", False))
        return message


class _Out:
    """Sends an answer with the headers that every answer has, unless it brings its own."""

    __slots__ = ("_request_id", "_scope", "_send", "started")

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._scope, self._send, self._request_id = scope, send, request_id
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = list(message.get("headers", ()))
            present = {name for name, _ in headers}
            headers += [header for header in _ALWAYS if header[0] not in present]
            headers.append((b"x-request-id", self._request_id.encode()))
            if self._scope.get("scheme") == "https":
                headers.append(_HSTS)
            message = {**message, "headers": headers}
        await self._send(message)


def _request_id(scope: Scope) -> str:
    """The caller's own id of the request where it is harmless, so that two logs can be laid side by side."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _OWN_ID.fullmatch(value):
            return str(value.decode("ascii"))
    return secrets.token_hex(8)


def _refuse_odd_headers(scope: Scope) -> None:
    """No header twice that decides something, and no body that would have to be unpacked first.  Raises BadRequest."""
    seen = set()
    for name, value in scope["headers"]:
        if name in _ONCE:
            if name in seen:
                raise BadRequest(f"{name.decode()} is given twice")
            seen.add(name)
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise BadRequest("send the body as it is, not packed", 415)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:18])
    return 0
