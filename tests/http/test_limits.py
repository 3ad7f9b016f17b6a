"""The outermost layer: bounds, marks, and an answer for everything."""

import json
from collections.abc import Iterator

import pytest
from starlette.types import Message, Receive, Scope, Send

from keyturn.http.json import BATCH, SINGLE
from keyturn.http.limits import Limits
from tests.http.serving import Served, say, serving


def post(path: str, body: bytes, *headers: str, kind: str = "application/json") -> bytes:
    """A request that asks for the connection to be closed."""
    lines = [f"POST {path} HTTP/1.1", "host: x", "connection: close", f"content-type: {kind}", *headers]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def announced(path: str, length: int) -> bytes:
    """The head of a request whose body does not come."""
    return post(path, b"").replace(b"content-length: 0", b"content-length: %d" % length)


def parts(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split(" ")[1]), dict(line.lower().split(": ", 1) for line in lines), body


async def asked(served: Served, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """One request."""
    return parts(await served.raw(request))


async def test_every_answer_is_marked_and_a_door_may_bring_its_own() -> None:
    """Not to be stored, not to be sniffed, not to be framed; and with the id of the request."""
    async with serving() as served:
        status, headers, body = await asked(served, post("//echo/", b'{"a":1}'))
        assert status == 200
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert "strict-transport-security" not in headers
        told = json.loads(body)
        assert told == {"body": {"a": 1}, "request": headers["x-request-id"], "source": "127.0.0.1"}
        _, headers, _ = await asked(served, b"GET /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert headers["cache-control"] == "max-age=5"
        assert headers["content-security-policy"] == "default-src 'self'"


@pytest.mark.parametrize(("given", "kept"), [("run-7_row.8", True), ("short", False), ("a b c d e f g", False)])
async def test_a_harmless_request_id_of_the_caller_is_kept(given: str, kept: bool) -> None:
    """So that two logs can be laid side by side; anything else gets one of ours."""
    async with serving() as served:
        _, headers, _ = await asked(served, post("/echo", b"{}", f"x-request-id: {given}"))
        assert (headers["x-request-id"] == given) is kept


async def test_a_body_that_is_too_large_is_refused_unread_or_while_it_comes() -> None:
    """By its announced length, or in pieces without one; a batch may be larger."""
    async with serving() as served:
        assert (await asked(served, announced("/echo", SINGLE + 1)))[0] == 413
        large = b'{"a":"' + b"x" * SINGLE + b'"}'
        head = b"POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n"
        pieces = head + b"transfer-encoding: chunked\r\n\r\n%x\r\n" % len(large) + large + b"\r\n0\r\n\r\n"
        assert (await asked(served, pieces))[0] == 413
        assert (await asked(served, post("/batch", b'{"a":"' + b"x" * (SINGLE - 100) + b'"}')))[0] == 200
        assert (await asked(served, announced("/batch", BATCH + 1)))[0] == 413


async def test_a_body_that_never_comes_is_given_up() -> None:
    """408 after the patience of the server."""
    async with serving(patience=0.05) as served:
        head = b"POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n"
        status, _, body = await asked(served, head + b'content-length: 9\r\n\r\n{"a"')
        assert (status, json.loads(body)) == (408, {"said": "the body took too long"})


async def test_an_unexpected_error_is_told_once_and_answered_without_details() -> None:
    """The log gets the error, the caller the id of the request."""
    async with serving() as served:
        status, headers, body = await asked(served, b"GET /breaks HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert status == 500
        assert b"canary" not in body
        assert headers["x-request-id"]
        assert [str(error) for error in served.broken] == ["a canary in an error"]


@pytest.mark.parametrize("how", ["broken", "unread"])
async def test_an_error_after_the_answer_began_ends_the_connection(how: str) -> None:
    """Half an answer is never made to look whole."""
    async with serving() as served:
        request = f"GET /late?how={how} HTTP/1.1\r\nhost: x\r\n\r\n".encode()
        answer = await served.raw(request)
        assert b"\r\n0\r\n\r\n" not in answer
        assert len(served.broken) == 1


async def test_what_a_door_does_not_understand_is_answered_in_its_shape() -> None:
    """Also a path that is no text."""
    async with serving() as served:
        for path in ("/refuses", "/a%00b", "/%ff"):
            request = f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode()
            status, _, body = await asked(served, request)
            assert status == 400
            assert "said" in json.loads(body)


async def test_a_wrong_method_is_told_which_are_right() -> None:
    """405 with Allow; HEAD goes where GET goes."""
    async with serving() as served:
        request = b"DELETE /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        status, headers, body = await asked(served, request)
        assert (status, headers["allow"], json.loads(body)) == (405, "get, post, head", {"wrong": "DELETE"})
        status, _, body = await asked(served, b"HEAD /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert (status, body) == (200, b"")


@pytest.mark.proves("AP-3", "TK-2")
@pytest.mark.parametrize(
    "header",
    [
        "authorization: Bearer x", "content-type: application/json", "content-type: text/plain", "host: y", "host: x",
        "idempotency-key: a", "if-match: *", "content-encoding: identity",
    ],
)  # fmt: skip
async def test_a_header_that_decides_something_is_not_taken_twice(header: str) -> None:
    """Two readers would take different ones; and a body that is packed is not unpacked."""
    async with serving() as served:
        twice = post("/echo", b"{}", header, header, kind="application/json")
        status, _, body = await asked(served, twice)
        assert (status, json.loads(body)["said"]) == (400, header.partition(":")[0] + " is given twice")


@pytest.mark.proves("AP-2")
@pytest.mark.parametrize(
    ("packing", "status"), [("gzip", 415), ("br", 415), ("gzip, identity", 415), ("identity", 200)]
)
async def test_a_packed_body_is_not_unpacked(packing: str, status: int) -> None:
    """Small bytes that become large ones are no body here."""
    async with serving() as served:
        assert (await asked(served, post("/echo", b"{}", f"content-encoding: {packing}")))[0] == status


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_that_says_it_is_no_json_is_refused(kind: str) -> None:
    """415; `+json` and parameters are fine."""
    async with serving() as served:
        assert (await asked(served, post("/echo", b"{}", kind=kind)))[0] == 415
        assert (await asked(served, post("/echo", b"{}", kind="application/scim+json; charset=utf-8")))[0] == 200


async def test_over_tls_browsers_are_told_to_stay_there() -> None:
    """HSTS only where it means something; what is no HTTP passes through."""
    seen: list[str] = []

    async def app(scope: object, receive: object, send: object) -> None:
        seen.append("called")
        if scope["type"] == "http":  # type: ignore[index]  # an ASGI scope
            await say({}, 200, "ok")(scope, receive, send)  # type: ignore[arg-type]  # ASGI

    sent: list[dict[str, object]] = []

    async def send(message: object) -> None:
        sent.append(message)  # type: ignore[arg-type]  # an ASGI message

    limits = Limits(app, say, lambda scope, error: None)
    scope = {"type": "http", "scheme": "https", "path": "/ü", "headers": [(b"content-length", b"x")]}
    await limits(scope, None, send)  # type: ignore[arg-type]  # nothing is received
    hsts = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
    assert hsts in sent[0]["headers"]  # type: ignore[operator]  # list
    await limits({"type": "lifespan"}, None, send)  # type: ignore[arg-type]  # nothing is received
    assert seen == ["called", "called"]


async def test_after_the_body_the_caller_s_going_away_is_heard_without_a_deadline() -> None:
    """A long answer may take longer than a body."""
    heard: list[str] = []
    coming: Iterator[Message] = iter(
        [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]
    )

    async def receive() -> Message:
        return next(coming)

    async def app(scope: object, receive: Receive, send: object) -> None:
        heard.extend([(await receive())["type"], (await receive())["type"]])

    async def send(message: object) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "path": "/", "headers": []}
    await Limits(app, say, lambda scope, error: None, patience=0.0001)(scope, receive, send)
    assert heard == ["http.request", "http.disconnect"]


async def test_a_caller_who_hangs_up_within_the_body_is_no_error_of_the_server() -> None:
    """Nobody hears the answer, and nobody is called to look at a log for it."""
    begun: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    said: list[int] = []
    broken: list[Exception] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] == "http.request":
            pass

    async def receive() -> Message:
        return begun.pop(0)

    async def send(message: Message) -> None:
        said.extend([message["status"]] if "status" in message else [])

    scope = {"type": "http", "path": "/echo", "raw_path": b"/echo", "headers": []}
    await Limits(app, say, lambda scope, error: broken.append(error))(scope, receive, send)
    assert (said, broken) == ([400], [])
