"""Signed-in calls to a MAS: one token for all, one re-authentication when it has run out, none after that."""

import asyncio
import base64
import binascii
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from keyturn.core.errors import ConfigError
from keyturn.core.limits import Gate
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.secret import Secret
from keyturn.dialects.mas.wire import OPERATION_HEADER, TOKEN_HEADER
from keyturn.http.answers import Answer, Lost
from keyturn.http.call import Caller, Site
from keyturn.http.json import encode, read_answer

_JSON: Final = {"Accept": "application/json", "Content-Type": "application/json"}
_REFUSES: Final = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class MasSettings:
    """How to sign in to a MAS: an API key (id and token), else an access token, else a login and its password.

    sign_in_url: where `/logininitial` is, which MAS serves on its `admin` host; empty: at the same address.
    source: where the secret came from, which names the account where nothing better does.
    repeats: the server honours `Idempotency-Key`, as keyturn does and a real MAS does not.
    version: from 9.1 on users are made in Manage, at the site `manage` (None: the same one) with the API key
    `manage_key` of its own; without that key nobody can be made.
    waits: seconds to wait, one after the other, for a user made in Manage to be known to the Admin API.
    """

    site: Site
    key_id: str = ""
    token: Secret | None = None
    username: str = ""
    password: Secret | None = None
    sign_in_url: str = ""
    source: str = ""
    repeats: bool = False
    version: str = ""
    manage: Site | None = None
    manage_key: Secret | None = None
    waits: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)


class Session:
    """Sends requests with the token in force.  Raises ConfigError when there is nothing to sign in with."""

    def __init__(self, settings: MasSettings) -> None:
        if settings.token is None and settings.password is None:
            raise ConfigError("this target has no secret to sign in with", code="KT-CFG-009")
        self._settings = settings
        self._caller = Caller(settings.site)
        self._lock = asyncio.Lock()
        self._headers: Mapping[str, str] | None = None
        self._token: Secret | None = None
        self._dead: Refused | None = None
        if settings.token is not None and not settings.key_id:
            self._use(settings.token)

    @property
    def account(self) -> str:
        """The key's id, else what the token says of whom it is, else where the secret is."""
        settings = self._settings
        return settings.key_id or _claim(self._token, "sub") or settings.username or settings.source

    @property
    def expires_in(self) -> float | None:
        """Seconds that the token lasts, where it says so."""
        end = _claim(self._token, "exp")
        return max(0.0, float(end) - time.time()) if end.isdigit() else None

    def revive(self) -> None:
        """Forget that a sign-in was refused, so that the next call tries again."""
        self._dead = None

    async def send(
        self, method: str, target: str, body: Mapping[str, object] | None = None, operation: str = ""
    ) -> Answer | Lost | Refused:
        """Send a request; a 401 is answered by signing in once more and sending it once more.

        A 401 says that nothing was done, so that sending again is safe.  Refused: not sent, or not let in again.
        """
        headers = self._headers
        if headers is None or self._dead is not None:
            opened = await self._open()
            if not isinstance(opened, Mapping):
                return opened
            headers = opened
        answer = await self._call(method, target, headers, body, operation)
        if isinstance(answer, Answer) and answer.status == 401:
            return await self._again(method, target, headers, body, operation)
        return answer

    async def glance(self, target: str) -> Answer | Lost:
        """Read something that may be refused or missing: nothing follows from it, not even a new sign-in."""
        return await self._caller.call("GET", target, self._headers or _JSON)

    def through(self, gate: Gate) -> None:
        """From now on every request passes this gate."""
        self._caller.through(gate)

    async def close(self) -> None:
        """Give back the connections."""
        await self._caller.close()

    async def _call(
        self, method: str, target: str, headers: Mapping[str, str], body: Mapping[str, object] | None, operation: str
    ) -> Answer | Lost:
        if operation:
            headers = {**headers, OPERATION_HEADER: operation}
        return await self._caller.call(method, target, headers, None if body is None else encode(body))

    async def _open(self) -> Mapping[str, str] | Refused:
        async with self._lock:
            if self._dead is not None:
                return self._dead
            return self._headers if self._headers is not None else await self._sign_in()

    async def _again(
        self,
        method: str,
        target: str,
        stale: Mapping[str, str],
        body: Mapping[str, object] | None,
        operation: str,
    ) -> Answer | Lost | Refused:
        """Sign in again and send again.  The first to be refused with a fresh token speaks for all that wait."""
        async with self._lock:
            if self._dead is not None:
                return self._dead
            if self._headers is stale or self._headers is None:
                fresh = await self._sign_in()
                if isinstance(fresh, Refused):
                    return fresh
                answer = await self._call(method, target, fresh, body, operation)
                return self._unless_refused(answer)
            headers = self._headers
        return self._unless_refused(await self._call(method, target, headers, body, operation))

    def _unless_refused(self, answer: Answer | Lost) -> Answer | Lost | Refused:
        if isinstance(answer, Answer) and answer.status == 401:
            return self._die("a fresh token is refused")
        return answer

    def _die(self, text: str) -> Refused:
        self._dead = Refused("", Reason.NOT_SIGNED_IN, text)
        return self._dead

    async def _sign_in(self) -> Mapping[str, str] | Refused:
        settings = self._settings
        if settings.key_id and settings.token is not None:
            answer = await self._caller.call("GET", "/v1/authenticate", _basic(settings.key_id, settings.token))
        elif settings.password is not None:
            answer = await self._log_in(settings.username, settings.password)
        else:
            return self._die("the access token is refused; it may have run out")
        return self._admitted(answer)

    async def _log_in(self, username: str, password: Secret) -> Answer | Lost:
        body = encode({"username": username, "password": password.reveal()})
        if not self._settings.sign_in_url:
            return await self._caller.call("POST", "/logininitial", _JSON, body)
        site = self._settings.site
        elsewhere = Caller(Site(self._settings.sign_in_url, site.ca_bundle, site.timeout, 1, site.allow_plain_http))
        try:
            return await elsewhere.call("POST", "/logininitial", _JSON, body)
        finally:
            await elsewhere.close()

    def _admitted(self, answer: Answer | Lost) -> Mapping[str, str] | Refused:
        """The headers to go on with.  What was lost here changed nothing: the request proper was never sent."""
        if isinstance(answer, Lost):
            return Refused("", Reason.UNREACHABLE, f"signing in: {answer.text}")
        if answer.status in (429, 503):
            reason = Reason.TOO_MANY if answer.status == 429 else Reason.BUSY
            return Refused("", reason, "signing in: the target is busy", retry_after=answer.retry_after())
        if answer.status in _REFUSES:
            return self._die("the sign-in is refused")
        value = answer.value() if answer.status == 200 else None
        token = value.get("token") if isinstance(value, Mapping) else None
        if not isinstance(token, str) or not token:
            return Refused("", Reason.UNREACHABLE, f"signing in: answered {answer.status} without a token")
        return self._use(Secret(token))

    def _use(self, token: Secret) -> Mapping[str, str]:
        self._token = token
        self._headers = {**_JSON, TOKEN_HEADER: token.reveal()}
        return self._headers


def _basic(name: str, token: Secret) -> Mapping[str, str]:
    packed = base64.b64encode(f"{name}:{token.reveal()}".encode()).decode("ascii")
    return {"Accept": "application/json", "Authorization": f"Basic {packed}"}


def _claim(token: Secret | None, name: str) -> str:
    """A claim of a JWT as text, taken at its word: only names and times for people hang on it."""
    parts = token.reveal().split(".") if token is not None else []
    if len(parts) != 3:
        return ""
    try:
        claims = read_answer(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return ""
    value = claims.get(name) if isinstance(claims, Mapping) else None
    return str(value) if isinstance(value, str | int) else ""
