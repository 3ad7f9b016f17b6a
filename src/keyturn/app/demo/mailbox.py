"""A mailbox of the demo: takes every mail over real SMTP and keeps it as a file; nothing leaves the machine."""

import asyncio
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """An SMTP server that keeps what it gets.  `wait` may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counted = threading.Condition()
        self._count = 0
        self._addresses: Counter[str] = Counter()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen on a free port of this machine; answers the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, hostname="demo", loop=loop), "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Take no more mail."""
        if self._server is not None:
            self._server.close()

    def wait(self, count: int, seconds: float) -> int:
        """Wait until so many mails have come, or the time is up; answers how many there are."""
        with self._counted:
            self._counted.wait_for(lambda: self._count >= count, seconds)
            return self._count

    def addresses(self) -> Mapping[str, int]:
        """How many mails came for each address."""
        with self._counted:
            return dict(self._addresses)

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802  # its name
        """Keep a mail."""
        content = envelope.content
        data = content.encode() if isinstance(content, str) else content or b""
        with self._counted:
            self._count += 1
            self._addresses.update(envelope.rcpt_tos)
            (self._folder / f"{self._count:04}.eml").write_bytes(data)
            self._counted.notify_all()
        return "250 kept"
