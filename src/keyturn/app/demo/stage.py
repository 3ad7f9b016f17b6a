"""The stage of the demo: a throw-away directory with 1,000 users behind a real server, a mailbox and a bad network."""

import asyncio
import json
import queue
import secrets
import subprocess
import sys
import threading
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import urlsplit

from keyturn.app.config.settings import HOME, environment
from keyturn.app.demo import file as demo_file
from keyturn.app.demo.mailbox import Mailbox
from keyturn.app.demo.proxy import Fault, FaultyProxy
from keyturn.app.house.build import Place, open_house
from keyturn.app.keeping.init import FOUNDER, Made, make_directory
from keyturn.app.trail.trail import Proof, verify
from keyturn.core.commands import CreateUser
from keyturn.core.errors import KeyturnError
from keyturn.core.outcomes import Created
from keyturn.core.secret import Secret

TARGET: Final = "demo-mas"
KEYTURN: Final = (sys.executable, "-m", "keyturn.cli.main")
PATIENCE: Final = 30.0
"""Seconds that the server may take to start."""

_BATCH: Final = 500

T = TypeVar("T")


class LoopThread:
    """An event loop in a thread of its own, for what must go on while this thread waits."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="keyturn-demo", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[None, None, T]) -> T:
        """Do something there and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def close(self) -> None:
        """End what still goes on there, then the thread."""
        self.call(_cancel_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the demo keeps things.  home and data are thrown away; mail is for the person to look at."""

    home: Path
    data: Path
    mail: Path


class Stage:
    """Sets everything up on entering, takes it down on leaving; nothing stays running."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._held = ExitStack()
        self.mailbox = Mailbox(folders.mail)
        self.proxy: FaultyProxy | None = None
        self.address = ""
        self.made: Made

    def __enter__(self) -> Self:
        try:
            self._set_up()
        except BaseException:
            self._held.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    @property
    def environment(self) -> Mapping[str, str]:
        """What a keyturn of the demo sees: the throw-away home, and none of the person's own settings."""
        outside = {name: value for name, value in environment().items() if not name.startswith("KEYTURN_")}
        return outside | {HOME: str(self._folders.home)}

    @property
    def unused(self) -> list[Fault]:
        """The faults of the network that the run has not met."""
        return self.proxy.unused if self.proxy is not None else []

    @property
    def seconds(self) -> float:
        """How long the run was on the network, from its first request to the last answer."""
        return self.proxy.seconds if self.proxy is not None else 0.0

    def proof(self) -> Proof:
        """The verification of the audit, as `keyturn audit verify` does it."""
        with closing(open_house(Place(self._folders.data))) as house:
            return verify(house.store, house.signer.verify)

    def write_credentials(self, path: Path) -> Path:
        """Write administrator and API key of the throw-away server where only its owner can read them."""
        key = self.made.key
        told = {
            "address": self.address,
            "admin": {"id": self.made.admin, "password": self.made.password.reveal()},
            "api_key": {"id": key.key.id, "token": key.token.reveal()},
        }
        _write_private(path, json.dumps(told, indent=2) + "\n")
        return path

    def _set_up(self) -> None:
        # Whoever keeps the demo tries doors without sessions, where a one-time password opens nothing.
        self.made = make_directory(Place(self._folders.data), password=Secret(secrets.token_urlsafe(18)))
        self._make_users()
        thread = self._held.enter_context(closing(LoopThread()))
        smtp = thread.call(self.mailbox.start())
        self._held.callback(lambda: thread.call(self.mailbox.close()))
        self.address = self._start_server(smtp)
        parts = urlsplit(self.address)
        self.proxy = FaultyProxy(str(parts.hostname), int(parts.port or 0), _faults())
        port = thread.call(self.proxy.start())
        self._held.callback(lambda: thread.call(self.proxy.close()) if self.proxy else None)
        self._write_config(port)

    def _make_users(self) -> None:
        """Through the one door, like everybody's; without passwords, so that nobody can sign in yet."""
        users = [CreateUser(who, demo_file.profile(number, who)) for number, who in enumerate(demo_file.ids())]
        with closing(open_house(Place(self._folders.data))) as house:
            directory = house.directory(FOUNDER, "demo")
            for start in range(0, len(users), _BATCH):
                for outcome in directory.execute(users[start : start + _BATCH]):
                    if not isinstance(outcome, Created):
                        raise KeyturnError(f"the demo's user {outcome.who} could not be made", code="KT-SRV-001")

    def _start_server(self, smtp: int) -> str:
        command = [*KEYTURN, "serve", "--data", str(self._folders.data), "--port", "0", "--smtp", f"127.0.0.1:{smtp}"]
        log = self._held.enter_context((self._folders.home / "server.log").open("wb"))
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=self.environment)  # noqa: S603  # ourselves
        self._held.callback(_stop, server)
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        reader = threading.Thread(target=lambda: lines.put(server.stdout.readline() if server.stdout else ""))
        reader.start()
        try:
            _, _, address = lines.get(timeout=PATIENCE).strip().rpartition(" ")
        except queue.Empty:
            address = ""
        if not address.startswith("http://"):
            raise KeyturnError("the server of the demo did not start", code="KT-SRV-002", where=self._last_words())
        return address

    def _last_words(self) -> str:
        lines = (self._folders.home / "server.log").read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else ""

    def _write_config(self, port: int) -> None:
        _write_private(self._folders.home / "token", self.made.key.token.reveal())
        lines = (
            f"[targets.{TARGET}]",
            'kind = "mas"',
            f'url = "http://127.0.0.1:{port}"',
            f"key_id = {json.dumps(self.made.key.key.id)}",
            'token = { file = "token" }',
            "repeats = true",
        )
        (self._folders.home / "config.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _faults() -> Mapping[bytes, Fault]:
    by_user = {
        demo_file.BUSY: Fault.BUSY,
        demo_file.SLOW_DOWN: Fault.SLOW_DOWN,
        demo_file.LOST: Fault.LOST_ANSWER,
    }
    return {f"/v3/users/{who}/password".encode(): fault for who, fault in by_user.items()}


def _stop(server: subprocess.Popen[str]) -> None:
    """End the server and wait for it, so that nothing is left running."""
    server.terminate()
    try:
        server.wait(PATIENCE / 2)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    if server.stdout is not None:
        server.stdout.close()
