"""What an answer from outside says, and whether it may be believed: success is read, not assumed."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Final

from keyturn.core.errors import BadAnswer, Slowed, Unreachable
from keyturn.core.outcomes import Reason, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.http.allowances import served_at
from keyturn.http.json import read_answer

LONGEST_WAIT: Final = 3600.0
"""Most seconds of a `Retry-After` that are believed."""

_SHOWN: Final = 300
_MAKES_NO_EFFECT: Final = frozenset({301, 307, 308})


@dataclass(frozen=True)
class Answer:
    """What came back.  headers: asked for in lower case.  The body may hold a secret and is never printed.

    Without slots, so that the body is parsed once: who doubts an answer and who reads it ask for the same value.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)

    def value(self) -> object:
        """The JSON value of the body; None when it is empty or no JSON."""
        return self._value

    @cached_property
    def _value(self) -> object:
        return read_answer(self.body) if self.body.strip() else None

    def is_html(self) -> bool:
        """Whether this is a page for people: a proxy's, a portal's, a sign-in's."""
        kind = self.headers.get("content-type", "").lower()
        return kind.startswith(("text/html", "application/xhtml")) or self.body[:64].lstrip().startswith(b"<")

    def retry_after(self, now: datetime | None = None) -> float | None:
        """The seconds that the target asks us to wait, in either form of the header; None when it does not.

        A date is compared with the target's own clock, where the answer tells it: ours may be wrong, or jump.
        """
        return read_retry_after(self.headers.get("retry-after", ""), now or served_at(self.headers))

    def clock(self) -> datetime | None:
        """What time it is there, as the answer says (RFC 9110, section 6.6.1); None when it does not."""
        return _moment(self.headers.get("date", ""))


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer.  sent: the request may have arrived, so that nobody knows what came of it."""

    sent: bool
    text: str


def read_retry_after(text: str, now: datetime | None = None) -> float | None:
    """Seconds of a `Retry-After` header, given as seconds or as a date, between 0 and an hour."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    at = _moment(text)
    if at is None:
        return None
    return min(max((at - (now or datetime.now(UTC))).total_seconds(), 0.0), LONGEST_WAIT)


def _moment(text: str) -> datetime | None:
    """A time as headers write it."""
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def doubt(answer: Answer, expected: Container[int], who: str, id_of: str = "id") -> str:
    """Why an answer does not prove that the command on `who` took effect; empty when it does.

    An empty or JSON body passes unless it holds an error or another user's id.
    """
    if answer.status not in expected:
        return f"answered {answer.status}, which is not what success looks like"
    if not answer.body.strip():
        return ""
    if answer.is_html():
        return "answered with a web page"
    value = answer.value()
    if value is None and answer.body.strip() != b"null":
        return "answered with something that is not JSON"
    return contradiction(value, who, id_of)


def contradiction(value: object, who: str, id_of: str = "id") -> str:
    """What in a JSON answer speaks against success; empty when nothing does."""
    if not isinstance(value, Mapping):
        return ""
    if value.get("succeeded") is False or any(value.get(name) for name in ("exception", "error", "Error", "errors")):
        return "answered success with an error inside"
    other = value.get(id_of)
    if isinstance(other, str) and other != who:
        return "answered about another user"
    return ""


def settled(
    who: str, answer: Answer | Lost | Refused, *, certain: Container[int] = (503,), doubtful: Container[int] = ()
) -> Answer | Refused | Uncertain:
    """What came of a command, where no word of the target's can change it; else the answer, for its words to be read.

    A status of 2xx is left to who knows what success looks like there.  certain: statuses from 500 that say that
    nothing was done.  doubtful: further ones after which nobody knows.
    """
    if isinstance(answer, Refused):
        return replace(answer, who=who)
    if isinstance(answer, Lost):
        return Uncertain(who, answer.text) if answer.sent else Refused(who, Reason.UNREACHABLE, answer.text)
    status = answer.status
    broke = status < 200 or status == 408 or (status >= 500 and status not in certain)
    if broke or status in doubtful or (300 <= status < 400 and not harmless(status)):
        return Uncertain(who, f"answered {status}")
    if answer.is_html() and status == 404:
        return Refused(who, Reason.OTHER, "answered with a web page: is this the address of the API?")
    return answer


def harmless(redirect: int) -> bool:
    """Whether a redirect says that nothing was done: 302 and 303 may follow an effect."""
    return redirect in _MAKES_NO_EFFECT


def sentence(text: str) -> str:
    """A stranger's text as one line that is safe to print and not too long."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def withheld(text: str, secret: Secret | None) -> str:
    """A stranger's sentence, unless it quotes a part of the password: four characters in a row are enough."""
    clear = secret.reveal().casefold() if secret is not None else ""
    spoken = text.casefold()
    parts = (clear[start : start + 4] for start in range(max(len(clear) - 3, 1)))
    if clear and any(part in spoken for part in parts):
        return "the target's own words are withheld: they quote a part of the password"
    return text


def expect_read(answer: Answer, why: str) -> None:
    """Accept the answer to a read that has no other way to say no.  why: what a real server answers reads with.

    Raises Unreachable where it may not be read or not just now, BadAnswer where no such server can have answered.
    """
    if answer.status == 403:
        raise Unreachable("the account may not read there", code="KT-AUTH-003")
    if answer.status in (429, 503):
        raise Slowed("the target is busy", retry_after=answer.retry_after())
    if answer.status != 200 or answer.is_html():
        page = " with a web page" if answer.is_html() else ""
        raise BadAnswer(f"answered {answer.status}{page}", why=why)
