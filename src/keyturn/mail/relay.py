"""Hands one letter to the mail relay over SMTP, and says what came of it.

Off this machine the connection is encrypted or there is none: a relay that offers no TLS is an error, not a reason to
go on in clear.
"""

import ssl
from dataclasses import dataclass, field
from enum import StrEnum, unique
from pathlib import Path
from types import TracebackType
from typing import Final

import aiosmtplib

from keyturn.core.errors import ConfigError
from keyturn.core.hosts import is_loopback
from keyturn.core.secret import Secret

IMPLICIT_TLS_PORT: Final = 465


@unique
class Tls(StrEnum):
    """How a connection is encrypted.  auto: from the first byte on port 465; not at all to this machine; STARTTLS
    everywhere else."""

    AUTO = "auto"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class Relay:
    """The mail server that takes our letters.

    sender: the address they come from.  ca_bundle: certificates to trust in place of the system's.  timeout: seconds
    for each step.
    """

    host: str
    port: int = 25
    sender: str = "keyturn@localhost"
    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    tls: Tls = Tls.AUTO
    ca_bundle: Path | None = None
    timeout: float = 30.0

    @classmethod
    def at(cls, address: str, sender: str = "") -> "Relay":
        """The relay at `HOST`, `HOST:PORT` or `[IPV6]:PORT`.  Raises ConfigError for anything else."""
        host, port = address, "25"
        if address.startswith("[") or address.count(":") == 1:
            host, _, port = address.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ConfigError(
                f"{address!r} is no mail relay", why="it is written HOST:PORT", fix="such as localhost:25"
            )
        return cls(
            host, int(port), sender or f"keyturn@{host if '.' in host and not _is_number(host) else 'localhost'}"
        )

    def encryption(self) -> Tls:
        """What `auto` means for this relay: `auto` itself where plain text stays on this machine."""
        if self.tls is Tls.AUTO and self.port == IMPLICIT_TLS_PORT:
            return Tls.IMPLICIT
        if self.tls is Tls.AUTO and not is_loopback(self.host):
            return Tls.STARTTLS
        return self.tls


@unique
class Fate(StrEnum):
    """What came of a try: accepted; refused for good; or to be tried again, with the relay up or down."""

    SENT = "sent"
    REFUSED = "refused"
    AGAIN = "again"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The fate of a letter and the reason in a few words, without any part of the letter."""

    fate: Fate
    text: str = ""


class Connection:
    """One connection to a relay, opened at the first letter and again after it broke.

    usable: False once it could not be opened; trouble: why then.
    """

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._smtp: aiosmtplib.SMTP | None = None
        self.trouble = ""

    @property
    def usable(self) -> bool:
        """Whether it is worth handing over a letter."""
        return not self.trouble

    async def __aenter__(self) -> "Connection":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._smtp is not None and self._smtp.is_connected:
            try:
                await self._smtp.quit()
            except aiosmtplib.SMTPException:
                self._smtp.close()

    async def send(self, recipient: str, letter: bytes) -> Receipt:
        """Hand over one letter for one recipient."""
        try:
            smtp = await self._connected()
        except (aiosmtplib.SMTPException, OSError) as error:
            self.trouble = _why_down(error)
            return Receipt(Fate.DOWN, self.trouble)
        try:
            await smtp.sendmail(self._relay.sender, [recipient], letter)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            [one] = refused.recipients
            return _judged(one.code, f"recipient refused: {one.message}")
        except aiosmtplib.SMTPSenderRefused as refused:
            # Our own address or a missing sign-in: a fault of the settings, which may be mended before time is up.
            return Receipt(Fate.AGAIN, f"{refused.code} sender refused: {_one_line(refused.message)}")
        except aiosmtplib.SMTPResponseException as refused:
            # The relay's words are left out: it has seen the letter and might repeat it.
            return _judged(refused.code, "letter refused")
        except (aiosmtplib.SMTPException, OSError) as error:
            smtp.close()
            return Receipt(Fate.AGAIN, f"the connection broke ({type(error).__name__})")
        return Receipt(Fate.SENT, "accepted")

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._smtp is None or not self._smtp.is_connected:
            relay, how = self._relay, self._relay.encryption()
            self._smtp = aiosmtplib.SMTP(
                hostname=relay.host,
                port=relay.port,
                username=relay.username or None,
                password=relay.password.reveal() or None,
                timeout=relay.timeout,
                use_tls=how is Tls.IMPLICIT,
                start_tls=how is Tls.STARTTLS,
                tls_context=None if how is Tls.AUTO else ssl.create_default_context(cafile=relay.ca_bundle),
            )
            await self._smtp.connect()
        return self._smtp


def _is_number(host: str) -> bool:
    return host.replace(".", "").isdecimal()


def _judged(code: int, text: str) -> Receipt:
    return Receipt(Fate.REFUSED if code >= 500 else Fate.AGAIN, f"{code} {_one_line(text)}")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def _why_down(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return f"the relay refused our sign-in ({error.code})"
    if isinstance(error.__cause__ or error, ssl.SSLError):
        return f"the relay's certificate is not trusted ({_one_line(str(error))})"
    if "STARTTLS" in str(error):
        return "the relay offers no STARTTLS, and nothing is sent to another machine in clear"
    return f"the relay cannot be reached ({_one_line(str(error))})"
