"""How we call out: one warm session a target, verified TLS, bounded answers, and the truth about what was sent."""

import ssl
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from keyturn.core.errors import ConfigError
from keyturn.core.hosts import is_loopback
from keyturn.core.limits import Gate
from keyturn.core.secret import Secret
from keyturn.http.allowances import read_allowances
from keyturn.http.answers import Answer, Lost
from keyturn.http.json import BATCH

_READS: Final = frozenset({"GET", "HEAD"})
_CONNECT: Final = 10.0
_IDLE: Final = 4.0
"""Seconds that an unused connection is kept: less than servers do (uvicorn: 5), so that none dies under a request."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where and how to call.

    url: the base address without a trailing slash.  ca_bundle: a file of certificates to trust in place of the
    system's.  in_flight: connections at most.  allow_plain_http: let passwords cross a network in clear.
    certificate: a file with the certificate that we show, and its key unless that is in the file `certificate_key`.
    passphrase: of that key.
    """

    url: str
    ca_bundle: str = ""
    timeout: float = 30.0
    in_flight: int = 32
    allow_plain_http: bool = False
    certificate: str = ""
    certificate_key: str = ""
    passphrase: Secret | None = field(default=None, repr=False)


_EAR: Final[ContextVar[Counter[str] | None]] = ContextVar("ear", default=None)


@contextmanager
def overheard() -> Iterator[Counter[str]]:
    """Counts the requests that leave in this context while the block lasts: reads by method, others with their path.

    It counts what is handed to the network, whoever hands it: so that who says that nothing was written can show it.
    """
    heard: Counter[str] = Counter()
    before = _EAR.set(heard)
    try:
        yield heard
    finally:
        _EAR.reset(before)


def _say(method: str, path: str) -> None:
    ear = _EAR.get()
    if ear is not None:
        ear[method if method in _READS else f"{method} {path.partition('?')[0]}"] += 1


class Caller:
    """Calls one target.  Follows no redirect, keeps no cookie, reads no environment, repeats nothing.

    Raises ConfigError for an address that cannot be used or would send passwords in clear over a network.
    """

    def __init__(self, site: Site, headers: Mapping[str, str] | None = None) -> None:
        self._base = _base(site)
        self._site = site
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "keyturn", **(headers or {})}
        self._session: aiohttp.ClientSession | None = None
        self._gate: Gate | None = None

    def check(self) -> None:
        """Look at the certificates before a request needs them.  Raises ConfigError for those that cannot be used."""
        _trust(self._site)

    def through(self, gate: Gate) -> None:
        """From now on every request passes this gate."""
        self._gate = gate

    async def call(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None, most: int = BATCH
    ) -> Answer | Lost:
        """Send one request and wait for its answer.  path: already encoded, with its query.

        most: bytes of the answer; a larger one proves nothing.
        """
        if self._gate is None:
            return await self._call(method, path, headers, body, most)
        await self._gate.leave()
        answer = await self._call(method, path, headers, body, most)
        self._gate.heard(read_allowances(answer.headers) if isinstance(answer, Answer) else ())
        return answer

    async def _call(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, most: int
    ) -> Answer | Lost:
        session = self._session or self._open()
        _say(method, path)
        try:
            async with session.request(
                method, URL(self._base + path, encoded=True), data=body, headers=headers, allow_redirects=False
            ) as response:
                return await _read(response, most)
        except aiohttp.ClientConnectorError as error:
            return Lost(sent=False, text=_why_unreachable(error))
        except aiohttp.ConnectionTimeoutError:
            return Lost(sent=False, text="no connection in time")
        except aiohttp.ServerDisconnectedError:
            return Lost(sent=True, text="closed the connection without an answer")
        except TimeoutError:
            return Lost(sent=True, text=f"no answer within {self._site.timeout:g} s")
        except (aiohttp.ClientError, OSError) as error:
            return Lost(sent=True, text=f"the answer broke off ({type(error).__name__})")

    async def close(self) -> None:
        """Give back the connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        timeout = aiohttp.ClientTimeout(total=self._site.timeout, sock_connect=min(_CONNECT, self._site.timeout / 2))
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._site.in_flight, keepalive_timeout=_IDLE, ssl=_trust(self._site)),
            timeout=timeout,
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )
        # aiohttp would send a PUT or DELETE again by itself when a kept connection breaks: a second generated password
        # that nobody journalled.  It has no public switch (3.14.5); its own test client sets the same attribute.
        self._session._retry_connection = False
        return self._session


async def _read(response: aiohttp.ClientResponse, most: int) -> Answer | Lost:
    length = response.content_length
    body = await response.read() if length is not None and length <= most else await _read_some(response, most)
    packing = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in ("identity", "") and len(body) <= most:
        try:
            body = _unpacked(body, packing, most)
        except zlib.error:
            return Lost(sent=True, text="the answer is packed in a way that cannot be read")
    if len(body) > most:
        return Lost(sent=True, text="answered with more than can be read")
    return Answer(response.status, response.headers, body)


def _unpacked(body: bytes, packing: str, most: int) -> bytes:
    """What a server has packed that was not asked to, and no more of it than shows that it is too much: a few bytes
    can unpack to gigabytes."""
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise zlib.error(packing)
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)
    plain = unpacking.decompress(body, most + 1)
    if len(plain) <= most and not unpacking.eof:
        raise zlib.error("it is not whole")
    return plain


async def _read_some(response: aiohttp.ClientResponse, most: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(65536):
        body += chunk
        if len(body) > most:
            response.close()
            break
    return bytes(body)


def _base(site: Site) -> str:
    try:
        parts = urlsplit(site.url)
        host = parts.hostname or ""
        host.encode("idna")
    except ValueError:
        raise ConfigError("the address of the target cannot be read", where=site.url) from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username:
        raise ConfigError("the address of the target must be https://host[/path]", where=host)
    if parts.scheme == "http" and not site.allow_plain_http and not is_loopback(host):
        raise ConfigError(
            "passwords would cross the network in clear",
            where=site.url,
            fix="use https, or say allow_plain_http for this target",
        )
    return site.url.rstrip("/")


def _trust(site: Site) -> ssl.SSLContext | bool:
    if not site.ca_bundle and not site.certificate:
        return True
    try:
        context = ssl.create_default_context(cafile=site.ca_bundle or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError("the certificates to trust cannot be read", where=site.ca_bundle) from error
    if site.certificate:
        # Without a pass phrase OpenSSL would ask for one on the terminal, in the middle of a run.
        phrase = site.passphrase.reveal() if site.passphrase is not None else ""
        try:
            context.load_cert_chain(site.certificate, site.certificate_key or None, password=phrase)
        except (OSError, ssl.SSLError) as error:
            sealed = "the pass phrase must be that of the key" if phrase else "the key must not be under a pass phrase"
            why = f"it must be PEM, fit its key, and {sealed}"
            raise ConfigError("the certificate to show cannot be used", where=site.certificate, why=why) from error
    return context


_WHY: Final = (
    (aiohttp.ClientConnectorDNSError, "the host name is not known"),
    (aiohttp.ClientConnectorCertificateError, "its certificate is not trusted"),
    (aiohttp.ClientConnectorSSLError, "no TLS connection could be made"),
    (aiohttp.ClientConnectorError, "the connection was refused"),
)


def _why_unreachable(error: aiohttp.ClientConnectorError) -> str:
    return next(text for kind, text in _WHY if isinstance(error, kind))
