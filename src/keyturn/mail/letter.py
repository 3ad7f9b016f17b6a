"""Writes the letter of a mail: the same mail gives the same bytes, however often it is written.

So a second copy, which no mail system can rule out, is the first one again: same Message-ID, same secret.
"""

import base64
import re
import unicodedata
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from pathlib import Path
from typing import Final

import jinja2

from keyturn.core.errors import ConfigError
from keyturn.core.languages import ENGLISH, Languages
from keyturn.core.outbox import Mail
from keyturn.core.secret import Secret

TEMPLATES: Final = Path(__file__).with_name("templates")
_ADDRESS: Final = re.compile(r"(?P<local>[\w.!#$%&'*+/=?^`{|}~-]+)@(?P<domain>[\w-]+(\.[\w-]+)*)", re.ASCII)
_LONGEST_ADDRESS: Final = 254
_FORBIDDEN: Final = ("Cc", "Cs", "Zl", "Zp")
_CRLF: Final = "\r\n"
_LONGEST_LINE: Final = 990


def wire_address(address: str) -> str:
    """The address as it goes over SMTP, its domain in ASCII; empty when it cannot be written to."""
    local, _, domain = address.rpartition("@")
    try:
        plain = f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return ""
    return plain if len(plain) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(plain) else ""


def flaw(mail: Mail) -> str:
    """Why no letter can be written for a mail; empty when one can.

    Anything that could end a header line or start another is refused here, so that one bad row never holds up others.
    """
    if any(unicodedata.category(char) in _FORBIDDEN for char in mail.recipient + mail.login + mail.name):
        return "a control character in the address or the name"
    if not wire_address(mail.recipient):
        return "not an address that mail can be sent to"
    return ""


class Stationery:
    """The templates and what every letter has in common.

    sender: the address that letters come from; base_url: where people reach the directory; languages: what they are
    written in.
    """

    def __init__(self, sender: str, base_url: str, languages: Languages) -> None:
        if not wire_address(sender):
            raise ConfigError(f"mail cannot come from {sender!r}", why="it is no address", fix="set mail_from")
        self._sender = wire_address(sender)
        self._domain = self._sender.rpartition("@")[2]
        self._base_url = base_url.rstrip("/")
        self._languages = languages
        self._pages = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=jinja2.select_autoescape(["html"]),
            undefined=jinja2.StrictUndefined,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        self._pages.policies["ext.i18n.trimmed"] = True

    def write(
        self,
        mail: Mail,
        content: Secret | None,
        *,
        page: str | None = None,
        system: str = "",
        since: datetime | None = None,
    ) -> bytes:
        """The letter, ready to be sent.  content: the one-time secret, the value, or the token of the link.

        page: where one signs in, when that is no page of ours; empty when nobody said where.
        system, since: of a notice, where somebody's password was reset, and when.
        """
        clear = content.reveal() if content is not None else ""
        tongue = self._languages.words(mail.language)
        path = f"claim/{clear}" if mail.template == "link" else ""
        # The page is then in the language of the letter; nobody may have asked for English, so there the browser says.
        asks = "" if tongue.tag == ENGLISH else f"?lang={tongue.tag}"
        words = {
            "gettext": tongue,
            "language": tongue.tag,
            "name": mail.name or mail.login,
            "login": mail.login,
            "clear": clear,
            "url": f"{self._base_url}/{path}{asks}" if page is None else page,
            "at": tongue.moment(mail.created),
            "system": system,
            "since": tongue.moment(since or mail.created),
            "until": tongue.moment(mail.expires),
        }
        pages = [
            self._pages.get_template(f"{mail.template}.{part}").render(words) for part in ("subject", "txt", "html")
        ]
        return self._bound(mail, *pages)

    def _bound(self, mail: Mail, subject: str, plain: str, html: str) -> bytes:
        """The pages with what stands around them."""
        boundary = f"=_{mail.id}"
        lines = [
            f"Subject: {Header(subject.strip()).encode(linesep=_CRLF)}",
            f"From: {self._sender}",
            f"To: {wire_address(mail.recipient)}",
            f"Date: {format_datetime(mail.created.astimezone(UTC))}",
            f"Message-ID: <{mail.id}@{self._domain}>",
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: All",
            "MIME-Version: 1.0",
            f'Content-Type: multipart/alternative; boundary="{boundary}"',
            "",
            f"--{boundary}",
            *_part("plain", plain),
            f"--{boundary}",
            *_part("html", html),
            f"--{boundary}--",
            "",
        ]
        return _CRLF.join(lines).encode("ascii")


def _part(kind: str, text: str) -> list[str]:
    """The lines of a part.  Written by hand: the standard library's message takes ten times as long, and a bulk run
    sends thousands of these."""
    lines = text.split("\n")
    if text.isascii() and max(map(len, lines)) < _LONGEST_LINE:
        encoding = "7bit"
    else:
        encoding, lines = "base64", base64.encodebytes(text.encode()).decode("ascii").split("\n")
    return [f"Content-Type: text/{kind}; charset=utf-8", f"Content-Transfer-Encoding: {encoding}", "", *lines]
