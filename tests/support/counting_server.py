"""A quick HTTP server that takes password resets as a MAS does, counts what each did, and tells of its steps."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.support.threads import talking_in_a_thread

_LENGTH = re.compile(rb"^content-length:\s*(\d+)\s*$", re.IGNORECASE | re.MULTILINE)
_KEY = re.compile(rb"^idempotency-key:\s*(\S+)\s*$", re.IGNORECASE | re.MULTILINE)
_PASSWORD = re.compile(r"/v3/users/([^/]+)/password")


def silence(step: str) -> None:
    """Tell nobody."""


@dataclass
class CountingServer:
    """effects: every password that was set, by user; given: the last one, as the user would sign in with.

    honours: a repeat with the same `Idempotency-Key` gets the first answer and has no effect.  delay: of each answer.
    told: called at each step, with `asked`, `done` or `answered`.
    """

    url: str = ""
    honours: bool = False
    delay: float = 0.0
    told: Callable[[str], None] = silence
    requests: int = 0
    effects: dict[str, list[str]] = field(default_factory=dict)
    answers: dict[bytes, bytes] = field(default_factory=dict)

    @property
    def given(self) -> dict[str, str]:
        """With what each user can sign in."""
        return {who: values[-1] for who, values in self.effects.items()}

    def begin(self, *, honours: bool) -> None:
        """Forget everything."""
        self.honours = honours
        self.requests = 0
        self.effects.clear()
        self.answers.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The exchanges of one connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head.replace(b"\r\n", b"\n"))
                body = await reader.readexactly(int(length[1])) if length else b""
                answer = await self._answer(head, body)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(answer), answer))
                await writer.drain()
                self.told("answered")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: bytes, body: bytes) -> bytes:
        path = head.split(b" ", 2)[1].decode().partition("?")[0]
        found = _PASSWORD.fullmatch(path)
        if found is None:
            return b"[]"
        self.requests += 1
        self.told("asked")
        await asyncio.sleep(self.delay)
        key = _KEY.search(head.replace(b"\r\n", b"\n"))
        if self.honours and key is not None and key[1] in self.answers:
            return self.answers[key[1]]
        answer = self._reset(unquote(found[1]), json.loads(body))
        if key is not None:
            self.answers[key[1]] = answer
        self.told("done")
        return answer

    def _reset(self, who: str, given: dict[str, str]) -> bytes:
        made = {} if "token" in given else {"token": f"Made-{len(self.effects)}-{self.requests}"}
        self.effects.setdefault(who, []).append(given.get("token") or made["token"])
        return json.dumps({"id": who, **made}).encode()


@contextmanager
def counting_server() -> Iterator[CountingServer]:
    """The server on a free port of this machine, in a thread."""
    server = CountingServer()
    with talking_in_a_thread(server.serve) as [server.url]:
        yield server
