"""The world around a directory: a mailbox that catches everything, and a person who signs in with what was mailed."""

import asyncio
import json
import re
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.keyturn import Made, make, served

SECRET = re.compile(r"\b[0-9A-Z]{5}(?:-[0-9A-Z]{4}){4}-[0-9A-Z]{5}\b")
LINK = re.compile(r"https?://\S+/claim/[\w.~-]+")


class Mailbox:
    """Takes every mail and lets a check wait for one."""

    def __init__(self) -> None:
        self._mails: list[tuple[str, str]] = []
        self._came = threading.Condition()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        """Keep the plain text for each recipient."""
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        part = message.get_body(("plain",))
        with self._came:
            self._mails += [(to, part.get_content() if part else "") for to in envelope.rcpt_tos]
            self._came.notify_all()
        return "250 taken"

    def mail(self, to: str, wanted: re.Pattern[str]) -> str:
        """What a mail to this address says that looks as wanted; the newest counts."""

        def found() -> list[str]:
            return [hit[0] for whom, text in self._mails if whom == to and (hit := wanted.search(text))]

        with self._came:
            assert self._came.wait_for(found, timeout=30), f"no mail to {to} with {wanted.pattern}"
            return found()[-1]

    def empty(self) -> None:
        """Throw everything away."""
        with self._came:
            self._mails.clear()


@dataclass(frozen=True)
class World:
    """A served directory and its mailbox."""

    made: Made
    address: str
    mailbox: Mailbox

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """One request; status and, where there is one, the JSON of the answer."""
        url = path if path.startswith("http") else self.address + path
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            url, data, {"Content-Type": "application/json", **(headers or {})}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, _json(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _json(error.read())

    def token(self) -> str:
        """An access token as IBM's "Getting started" tells to get one: the API key as Basic."""
        key = b64encode(f"{self.made.key.id}:{self.made.key.token}".encode()).decode()
        status, told = self.call("GET", "/v1/authenticate", headers={"Authorization": f"Basic {key}"})
        assert status == 200
        return str(told["token"])

    def add(self, id: str, mail: str) -> None:
        """A user without a password."""
        user = {
            "id": id,
            "username": id,
            "displayName": id,
            "owner": "local",
            "emails": [{"value": mail, "type": "Work", "primary": True}],
            "status": {"active": True},
        }
        status, told = self.call("POST", "/v3/users", user, {"x-access-token": self.token()})
        assert status == 201, told

    def sign_in(self, login: str, password: str) -> tuple[int, Any]:
        """One try at the directory's own door."""
        return self.call("POST", "/keyturn/v1/sessions", {"login": login, "password": password})


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode(errors="replace")


@contextmanager
def world(data: Path, *, policy: str, hosts: Sequence[str] = ()) -> Iterator[World]:
    """A new directory behind `keyturn serve`, with a relay that delivers into the mailbox.  hosts: its names."""
    mailbox = Mailbox()
    made = make(data, policy=policy)
    with relay(mailbox) as port, served(made, "--smtp", f"127.0.0.1:{port}", hosts=hosts) as address:
        yield World(made, address, mailbox)


@contextmanager
def relay(mailbox: Mailbox) -> Iterator[int]:
    """An SMTP server on a free port of this machine, which it answers; it runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    listening = loop.create_server(lambda: SMTP(mailbox, hostname="relay", loop=loop), "127.0.0.1", 0)
    server = loop.run_until_complete(listening)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
