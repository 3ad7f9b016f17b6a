"""A real SMTP server on a free port of this machine that keeps what it is given, and can misbehave on demand."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, AnyStr

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.support.certificate import Certificate
from tests.support.threads import in_a_thread


@dataclass(frozen=True)
class Received:
    """One letter with its envelope."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes

    @property
    def message(self) -> EmailMessage:
        """The letter, parsed."""
        message = message_from_bytes(self.data, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    def body(self, kind: str) -> str:
        """Its text: `plain` or `html`."""
        part = self.message.get_body((kind,))
        assert part is not None
        text = part.get_content()
        assert isinstance(text, str)
        return text


@dataclass
class Faults:
    """What goes wrong; change it while the sink runs.

    greeting, mail, rcpt, data: an answer instead of the good one, such as `550 no such mailbox`.  drop: hang up
    `before` or `after` the final dot.  silent: never answer at this point: `greeting`, `mail`, `rcpt`, `data` or `dot`
    (after the letter was taken).  only: the faults concern these recipients; empty: all.  times: how often at most.
    """

    greeting: str = ""
    rcpt: str = ""
    mail: str = ""
    data: str = ""
    drop: str = ""
    silent: str = ""
    only: frozenset[str] = frozenset()
    times: int = 1_000_000

    def concerns(self, recipient: str) -> bool:
        """Whether it is to go wrong for this recipient now; counts down."""
        if self.times <= 0 or (self.only and recipient and recipient not in self.only):
            return False
        self.times -= 1
        return True


class _Handler:
    def __init__(self, sink: "MailSink") -> None:
        self.sink = sink

    async def handle_MAIL(  # noqa: N802  aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sink.told("mail")
        faults = self.sink.faults
        if (faults.mail or faults.silent == "mail") and faults.concerns(""):
            await _say_nothing(faults.silent == "mail")
            return faults.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sink.told("rcpt")
        faults = self.sink.faults
        if (faults.rcpt or faults.silent == "rcpt") and faults.concerns(address):
            await _say_nothing(faults.silent == "rcpt")
            return faults.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  as above
        assert envelope.mail_from is not None
        assert isinstance(envelope.content, bytes)
        recipients, faults = tuple(envelope.rcpt_tos), self.sink.faults
        if faults.data and faults.concerns(recipients[0]):
            return faults.data
        self.sink.take(Received(envelope.mail_from, recipients, envelope.content))
        self.sink.told("taken")
        if faults.drop == "after" and faults.concerns(recipients[0]):
            _hang_up(server)
        if faults.silent == "dot" and faults.concerns(recipients[0]):
            await _say_nothing(True)
        return "250 taken"


class _Server(SMTP):
    """Counts what arrives and can hang up in the middle of a letter."""

    def __init__(self, sink: "MailSink", **options: Any) -> None:
        super().__init__(_Handler(sink), hostname="mailsink", enable_SMTPUTF8=True, **options)
        self._sink = sink
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sink.connections += 1
        self._sink.told("connection")
        assert isinstance(transport, asyncio.Transport)
        self._sink.open.append(transport)
        super().connection_made(transport)

    async def push(self, status: AnyStr) -> None:
        """Say something; the first thing that is said is the greeting."""
        faults = self._sink.faults
        if not self._greeted and (faults.greeting or faults.silent == "greeting") and faults.concerns(""):
            await _say_nothing(faults.silent == "greeting")
            self._greeted = True
            await super().push(faults.greeting)
            return
        self._greeted = True
        await super().push(status)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  aiosmtpd's own name
        self._sink.letters_begun += 1
        self._sink.told("data")
        assert self.envelope is not None
        faults, recipient = self._sink.faults, self.envelope.rcpt_tos[0]
        if faults.drop == "before" and faults.concerns(recipient):
            _hang_up(self)
            return
        if faults.silent == "data" and faults.concerns(recipient):
            await _say_nothing(True)
        await super().smtp_DATA(arg)


async def _say_nothing(silent: bool) -> None:
    if silent:
        await asyncio.Event().wait()


def _hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


@dataclass
class MailSink:
    """The server; use it with `with`.

    certificate: offer STARTTLS with it (implicit: TLS from the first byte).  login: require this name and password.
    letters_begun counts DATA commands: 0 means that no byte of a letter was sent.  told: hears of each step of each
    conversation before it is answered: `connection`, `mail`, `rcpt`, `data`, `taken`.
    """

    certificate: Certificate | None = None
    implicit: bool = False
    login: tuple[str, str] | None = None
    faults: Faults = field(default_factory=Faults)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    letters_begun: int = 0
    port: int = 0
    open: list[asyncio.Transport] = field(default_factory=list)
    told: Callable[[str], object] = field(default=str)

    def __enter__(self) -> "MailSink":
        self._arrived = threading.Condition()
        self._life = in_a_thread(self._serving())
        self._life.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._life.__exit__(kind, error, trace)

    def take(self, received: Received) -> None:
        """Keep a letter and wake whoever waits for it."""
        with self._arrived:
            self.received.append(received)
            self._arrived.notify_all()

    def wait_for(self, count: int, *, seconds: float = 20) -> list[Received]:
        """The letters as soon as there are this many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.received) >= count, seconds), f"{len(self.received)} letters"
            return list(self.received)

    def to(self, recipient: str) -> list[Received]:
        """The letters for a recipient, oldest first."""
        return [letter for letter in self.received if recipient in letter.recipients]

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        context = self._context()
        start_tls = None if self.implicit else context
        server = await asyncio.get_running_loop().create_server(
            self._session(start_tls), "127.0.0.1", 0, ssl=context if self.implicit else None
        )
        self.port = server.sockets[0].getsockname()[1]
        yield
        server.close()
        for transport in self.open:
            transport.abort()

    def _session(self, start_tls: ssl.SSLContext | None) -> Callable[[], SMTP]:
        options: dict[str, Any] = {"tls_context": start_tls, "require_starttls": start_tls is not None}
        if self.login is not None:
            options |= {"authenticator": self._sign_in, "auth_required": True}
        return lambda: _Server(self, **options)

    def _sign_in(self, server: SMTP, session: Session, envelope: Envelope, kind: str, given: Any) -> AuthResult:
        assert self.login is not None
        name, password = self.login
        right = given.login == name.encode() and given.password == password.encode()
        return AuthResult(success=right, handled=False)

    def _context(self) -> ssl.SSLContext | None:
        if self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate.certificate, self.certificate.key)
        return context
