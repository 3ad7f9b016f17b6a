"""Calling out: what was sent, what came back, and what nobody knows."""

import asyncio
import gzip
import socket
import ssl
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.config.sources import Credentials
from keyturn.app.dialects import DIALECTS
from keyturn.core.errors import ConfigError, KeyturnError
from keyturn.core.limits import Allowance, Gated
from keyturn.core.secret import Secret
from keyturn.http.answers import Answer, Lost
from keyturn.http.call import Caller, Site
from keyturn.http.json import BATCH
from tests.support.certificate import make_certificate
from tests.support.player import CUT, Say, playing


async def called(say: Say, *, patience: float = 5.0) -> Answer | Lost:
    """One POST to a server that answers so."""
    async with playing(lambda heard: say) as player:
        caller = Caller(Site(player.url, timeout=patience))
        try:
            return await caller.call("POST", "/x", {}, b"{}")
        finally:
            await caller.close()


@pytest.mark.proves("RN-7", "V15.3.2")
async def test_an_answer_comes_back_as_it_is() -> None:
    """A redirect is an answer and is not followed."""
    async with playing(lambda heard: Say(307, {"a": 1}, {"location": "http://127.0.0.1:1/stolen"})) as player:
        caller = Caller(Site(player.url + "/base/"), {"x-always": "here"})
        answer = await caller.call("PUT", "/a%2541?b=a%2Bb", {"x-token": "t"}, b'{"c":2}')
        await caller.close()
    assert isinstance(answer, Answer)
    assert (answer.status, answer.value(), answer.headers.get("Location")) == (
        307,
        {"a": 1},
        "http://127.0.0.1:1/stolen",
    )
    [heard] = player.heard
    assert (heard.method, heard.target, heard.sent()) == ("PUT", "/base/a%2541?b=a%2Bb", {"c": 2})
    assert heard.headers["x-token"] == "t"
    assert heard.headers["x-always"] == "here"
    assert heard.headers["accept-encoding"] == "identity"


async def test_connections_are_kept_and_cookies_are_not() -> None:
    """One warm connection; nothing of one answer leaks into the next request."""
    async with playing(lambda heard: Say(200, {}, {"set-cookie": "a=b"})) as player:
        caller = Caller(Site(player.url))
        for _ in range(3):
            await caller.call("GET", "/x", {})
        await caller.close()
        await caller.close()
    assert all("cookie" not in heard.headers for heard in player.heard)


@pytest.mark.proves("RN-3")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_nothing_is_sent_twice_by_itself(method: str) -> None:
    """Also when a kept connection breaks under a request that others call idempotent."""
    said = iter([Say(), Say(CUT)])
    async with playing(lambda heard: next(said, Say())) as player:
        caller = Caller(Site(player.url))
        answers = [await caller.call(method, "/x", {}, b"{}") for _ in range(2)]
        await caller.close()
    assert isinstance(answers[1], Lost)
    assert answers[1].sent
    assert len(player.heard) == 2


@pytest.mark.parametrize(
    "say",
    [
        Say(CUT),
        Say(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"),
        Say(raw=b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"),
        Say(raw=b"rubbish\r\n\r\n"),
        Say(text=b"x" * (BATCH + 1)),
        Say(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (BATCH + 1)),
        Say(200, {}, {"content-encoding": "gzip"}, text=gzip.compress(b"x" * (BATCH + 1))),
        Say(200, {}, {"content-encoding": "gzip"}, text=b"no gzip"),
        Say(200, {}, {"content-encoding": "gzip"}, text=gzip.compress(b'{"a":1}')[:-9]),
        Say(200, {}, {"content-encoding": "br"}, text=b"whatever"),
    ],
    ids=["cut", "short", "half a piece", "rubbish", "too large", "endless", "bomb", "no gzip", "half a gzip", "other"],
)
async def test_an_answer_that_cannot_be_read_leaves_the_outcome_unknown(say: Say) -> None:
    """Sent, and nobody knows."""
    answer = await called(say)
    assert isinstance(answer, Lost)
    assert answer.sent


async def test_an_answer_that_does_not_come_in_time_leaves_the_outcome_unknown() -> None:
    """The timeout is of the whole exchange."""
    never = asyncio.Event()
    answer = await called(Say(wait=never), patience=0.1)
    never.set()
    assert isinstance(answer, Lost)
    assert answer.sent
    assert "0.1 s" in answer.text


@pytest.mark.parametrize(("packing", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("", bytes)])
async def test_a_small_packed_answer_is_read(packing: str, pack: Callable[[bytes], bytes]) -> None:
    """Although we do not ask for one."""
    answer = await called(Say(200, {}, {"content-encoding": packing}, text=pack(b'{"a":1}')))
    assert isinstance(answer, Answer)
    assert answer.value() == {"a": 1}


async def test_nobody_listening_means_that_nothing_was_sent() -> None:
    """Certain, and so it may be tried again."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        caller = Caller(Site(f"http://127.0.0.1:{taken.getsockname()[1]}"))
        answer = await caller.call("POST", "/x", {}, b"{}")
        await caller.close()
    assert answer == Lost(sent=False, text="the connection was refused")


async def test_a_connection_that_does_not_come_about_means_that_nothing_was_sent() -> None:
    """TLS is waited for until half of the timeout; the silent side here never says a word of it."""
    silent = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    caller = Caller(Site(f"https://127.0.0.1:{port}", timeout=0.2))
    answer = await caller.call("POST", "/x", {}, b"{}")
    await caller.close()
    silent.set()
    server.close()
    assert isinstance(answer, Lost)
    assert not answer.sent


@pytest.mark.proves("RN-7", "V12.3.2")
async def test_a_certificate_must_be_trusted_and_can_be(tmp_path: Path) -> None:
    """By its file; otherwise nothing was sent."""
    made = make_certificate(tmp_path / "tls")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(Say(200, {"over": "tls"}).bytes())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    stranger, friend = Caller(Site(url)), Caller(Site(url, ca_bundle=str(made.certificate)))
    refused, answer = await stranger.call("GET", "/x", {}), await friend.call("GET", "/x", {})
    await stranger.close()
    await friend.close()
    server.close()
    assert refused == Lost(sent=False, text="its certificate is not trusted")
    assert isinstance(answer, Answer)
    assert answer.value() == {"over": "tls"}


async def test_who_speaks_no_tls_was_sent_nothing() -> None:
    """An https address of something else."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    caller = Caller(Site(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    answer = await caller.call("POST", "/x", {}, b"{}")
    await caller.close()
    server.close()
    assert answer == Lost(sent=False, text="no TLS connection could be made")


UNUSABLE = ["", "ftp://x", "http://", "https://x?y=1", "https://x#y", "https://u:p@x", "http://example.com", "http://[",
            "x", f"https://{'x' * 64}.com"]  # fmt: skip


@pytest.mark.parametrize("url", UNUSABLE)
def test_an_address_that_cannot_be_used_is_refused_at_once(url: str) -> None:
    """And plain http only to this machine."""
    with pytest.raises(ConfigError):
        Caller(Site(url))


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.0.0.9", "http://[::1]:80", "https://example.com/a"])
def test_this_machine_may_be_called_in_clear(url: str) -> None:
    """Another one only when somebody said so."""
    Caller(Site(url))
    Caller(Site("http://example.com", allow_plain_http=True))


async def test_certificates_that_cannot_be_read_are_a_mistake_of_the_settings(tmp_path: Path) -> None:
    """Said when the first call is made."""
    caller = Caller(Site("https://127.0.0.1", ca_bundle=str(tmp_path / "missing.pem")))
    with pytest.raises(ConfigError):
        await caller.call("GET", "/x", {})


async def test_a_caller_may_ask_for_a_larger_answer() -> None:
    """Where a target has no parts of a list, only all of it."""
    async with playing(lambda heard: Say(text=b"[" + b" " * BATCH + b"]")) as player:
        caller = Caller(Site(player.url))
        small = await caller.call("GET", "/x", {})
        large = await caller.call("GET", "/x", {}, most=2 * BATCH)
        await caller.close()
    assert isinstance(small, Lost)
    assert isinstance(large, Answer)
    assert large.value() == []


@dataclass
class Counting:
    """A gate that counts, and keeps what it heard."""

    left: int = 0
    heard_of: list[Sequence[Allowance]] = field(default_factory=list)

    async def leave(self) -> None:
        """One more."""
        self.left += 1

    def heard(self, told: Sequence[Allowance]) -> None:
        """Keep it."""
        self.heard_of.append(told)


async def test_every_request_passes_the_gate_and_every_end_of_one_is_heard() -> None:
    """Whatever the answer says of limits, and that there was none."""
    says = [
        Say(200, {}, {"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "599", "X-RateLimit-Reset": "60"}),
        Say(200),
        Say(status=CUT),
    ]
    gate = Counting()
    async with playing(lambda heard: says[gate.left - 1]) as player:
        caller = Caller(Site(player.url))
        caller.through(gate)
        for _ in says:
            await caller.call("GET", "/x", {})
        await caller.close()
    assert gate.left == 3
    assert gate.heard_of == [[Allowance("", 600, None, 599, 60.0)], [], ()]


@pytest.mark.parametrize("kind", sorted(DIALECTS))
async def test_every_directory_behind_a_network_lets_its_requests_pass_a_gate(kind: str) -> None:
    """Of whatever kind; also a user who is only looked up."""
    gate = Counting()
    async with playing(lambda heard: Say(503)) as player:
        settings = TargetSettings(kind=kind, url=player.url, tenant="acme")
        directory = DIALECTS[kind].connect(settings, Credentials("a-key", Secret("t"), "admin", Secret("p")))
        assert isinstance(directory, Gated)
        directory.through(gate)
        with suppress(KeyturnError):
            await directory.find("amal")
        await directory.close()
    assert gate.left == len(player.heard) == len(gate.heard_of) >= 1
