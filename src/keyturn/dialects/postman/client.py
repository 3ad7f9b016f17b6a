"""A recorded request as a `Directory`: what came of each row is read from the status of its answer."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, cast
from urllib.parse import urlencode, urlsplit

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Commands
from keyturn.core.evidence import Evidence, Tried
from keyturn.core.outcomes import Changed, Outcome, Reason, Refused, Uncertain
from keyturn.core.ports import Probe
from keyturn.core.secret import Secret
from keyturn.core.users import User, Users, Window
from keyturn.dialects.postman.wire_request import IDEMPOTENT, Grant, Prepared, Sending
from keyturn.http.answers import Answer, Lost, contradiction, settled
from keyturn.http.call import Caller, Site

_FORM: Final = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
_REASONS: Final = {
    401: Reason.NOT_SIGNED_IN,
    403: Reason.NOT_ALLOWED,
    404: Reason.NO_SUCH_USER,
    429: Reason.TOO_MANY,
    503: Reason.BUSY,
}


class RecordedDirectory:
    """Sends one request for each row, exactly as it was recorded.  It knows no users and lists none.

    again: a row whose answer was lost may be sent again although its method is not made for that.
    Raises ConfigError for an address or certificates that cannot be used.
    """

    def __init__(self, prepared: Prepared, site: Site, account: str = "", *, again: bool = False) -> None:
        self._prepared = prepared
        self._caller = Caller(site)
        self._caller.check()  # nothing is asked beforehand that would find out
        self._account = account
        self._tokens = None if prepared.grant is None else Tokens(prepared.grant, site)
        repeats = again or prepared.method in IDEMPOTENT
        self._capabilities = Capabilities(frozenset({Sending}), temporary=None, repeats=repeats, names=False)

    @property
    def capabilities(self) -> Capabilities:
        """That it carries the recorded request and nothing else."""
        return self._capabilities

    @property
    def account(self) -> str:
        """How the request signs in, in a few words."""
        return self._account

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """Send each request; outcome i belongs to command i."""
        asked = cast("Sequence[Sending]", commands)  # the runner hands through what it had from `RowRequest`
        return await asyncio.gather(*map(self._do, asked))

    async def find(self, who: str) -> User | None:
        """Nobody: a recorded request says nothing of users."""
        return None

    async def list(self, window: Window) -> Users:
        """Nobody."""
        return Users((), 0)

    async def read_back(self, whos: Sequence[str]) -> Sequence[Evidence | Refused]:
        """Nothing: no request of somebody else's is known to be a harmless read."""
        return [Refused(who, Reason.UNSUPPORTED, "a recorded request says nothing of users") for who in whos]

    async def try_password(self, who: str, password: Secret) -> Tried | Refused:
        """Not offered: a recorded request signs nobody in."""
        return Tried.NOT_TOLD

    async def probe(self) -> Probe:
        """Nothing is sent: no request of somebody else's is known to be harmless."""
        return Probe(self._account, note="nothing was asked: the request is not one that keyturn knows")

    async def close(self) -> None:
        """Give back the connections."""
        await self._caller.close()

    async def _do(self, asked: Sending) -> Outcome:
        answer = await self._call(asked, {}) if self._tokens is None else await self._signed_in(asked, self._tokens)
        if isinstance(answer, Refused):
            return replace(answer, who=asked.who)
        return judge(asked, answer, self._prepared.statuses)

    async def _signed_in(self, asked: Sending, tokens: "Tokens") -> Answer | Lost | Refused:
        token = await tokens.header()
        if isinstance(token, Refused):
            return token
        answer = await self._call(asked, {"authorization": token})
        if not isinstance(answer, Answer) or answer.status != 401:
            return answer
        tokens.forget(token)
        token = await tokens.header()
        if isinstance(token, Refused):
            return token
        return await self._call(asked, {"authorization": token})  # once more, for a 401 says that nothing was done

    async def _call(self, asked: Sending, more: Mapping[str, str]) -> Answer | Lost:
        return await self._caller.call(asked.method, asked.target, {**asked.headers, **more}, asked.body)


def judge(asked: Sending, answer: Answer | Lost, statuses: frozenset[int] | None) -> Outcome:
    """What came of a request: a success counts unless its body speaks against it, or a test wants another status."""
    judged = settled(asked.who, answer)
    if not isinstance(judged, Answer):
        return judged
    status = judged.status
    if status >= 300:
        text = f"answered {status}"
        text += " and sent us elsewhere, where nothing of ours is sent on" if status < 400 else ""
        return Refused(asked.who, _REASONS.get(status, Reason.OTHER), text, retry_after=judged.retry_after())
    if statuses is not None and status not in statuses:
        return Uncertain(asked.who, f"answered {status}, which is not what the test of the request asks for")
    text = "answered with a web page" if judged.is_html() else contradiction(judged.value(), "", id_of="")
    return Uncertain(asked.who, text) if text else Changed(asked.who)


class Tokens:
    """The token of a client, asked for at first need and again when it was refused.

    Raises ConfigError for an address of tokens that cannot be used.
    """

    def __init__(self, grant: Grant, site: Site) -> None:
        parts = urlsplit(grant.url)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._grant = grant
        base = f"{parts.scheme}://{parts.netloc}"
        self._caller = Caller(Site(base, site.ca_bundle, site.timeout, 1, site.allow_plain_http))
        self._lock = asyncio.Lock()
        self._header = ""

    async def header(self) -> str | Refused:
        """What stands in `Authorization`; Refused where no token is given."""
        async with self._lock:
            if not self._header:
                fresh = await self._ask()
                if isinstance(fresh, Refused):
                    return fresh
                self._header = fresh
            return self._header

    def forget(self, refused: str) -> None:
        """This header was refused: the next call asks for another one, unless another row has done so meanwhile."""
        if self._header == refused:
            self._header = ""

    async def _ask(self) -> str | Refused:
        grant = self._grant
        form, headers = {"grant_type": "client_credentials", **grant.asks}, dict(_FORM)
        client = (grant.id, grant.secret.reveal())
        if grant.in_body:
            form |= dict(zip(("client_id", "client_secret"), client, strict=True))
        else:
            headers["Authorization"] = f"Basic {base64.b64encode(':'.join(client).encode()).decode()}"
        try:
            answer = await self._caller.call("POST", self._path, headers, urlencode(form).encode())
        finally:
            await self._caller.close()
        if isinstance(answer, Lost):
            return Refused("", Reason.UNREACHABLE, f"signing in: {answer.text}")
        if answer.status in (429, 503):
            return Refused("", Reason.BUSY, "signing in: the server is busy", retry_after=answer.retry_after())
        value = answer.value()
        token = value.get("access_token") if isinstance(value, Mapping) and answer.status == 200 else None
        if not isinstance(token, str) or not token.isprintable() or not token:
            return Refused("", Reason.NOT_SIGNED_IN, f"signing in: answered {answer.status} without a token")
        return f"{grant.prefix} {token}".lstrip()
