"""Signed-in calls to UiPath Identity: one token for all, renewed before it runs out and once after a 401."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from keyturn.core.errors import ConfigError
from keyturn.core.limits import Gate
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.secret import Secret
from keyturn.dialects.uipath.wire import OPERATION_HEADER
from keyturn.http.answers import Answer, Lost, sentence
from keyturn.http.call import Caller, Site
from keyturn.http.json import encode
from keyturn.http.paths import quoted

_FORM: Final = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
_JSON: Final = {"Accept": "application/json", "Content-Type": "application/json"}
_REFUSES: Final = frozenset({400, 401, 403})
_EARLY: Final = 60.0
"""Seconds before its end in which a token is no longer used."""


@dataclass(frozen=True, slots=True)
class UipathSettings:
    """How to sign in to UiPath Identity: a client's id and secret, or an access token when there is no id.

    organization: its name or GUID; lists need it.  sign_in_url: where `/connect/token` is, where that is elsewhere.
    source: where the secret came from.  repeats: the server honours `Idempotency-Key`, as keyturn does.  clock: seconds
    that never run backwards.
    """

    site: Site
    client_id: str = ""
    secret: Secret | None = None
    organization: str = ""
    sign_in_url: str = ""
    source: str = ""
    repeats: bool = False
    clock: Callable[[], float] = time.monotonic

    @property
    def complete(self) -> bool:
        """Whether the address is already that of the identity server, as on an MSI installation."""
        return self.site.url.rstrip("/").endswith(("/identity", "/identity_"))

    @property
    def api(self) -> str:
        """What stands between the address and `/api`."""
        if self.complete:
            return ""
        return f"/{quoted(self.organization)}/identity_" if self.organization else "/identity_"

    @property
    def entrance(self) -> str:
        """The path of the token endpoint: on Automation Cloud at host level, whatever the organization."""
        return "/connect/token" if self.complete or self.sign_in_url else "/identity_/connect/token"


class Session:
    """Sends requests with the token in force.  Raises ConfigError when there is nothing to sign in with."""

    def __init__(self, settings: UipathSettings) -> None:
        if settings.secret is None:
            raise ConfigError("this target has no secret to sign in with", code="KT-CFG-009")
        self._settings = settings
        self._secret = settings.secret
        self._caller = Caller(settings.site)
        self._lock = asyncio.Lock()
        self._headers: Mapping[str, str] | None = None
        self._ends: float | None = None
        self._dead: Refused | None = None
        if not settings.client_id:
            self._use(settings.secret, None)

    @property
    def account(self) -> str:
        """The client's id, else where the secret is."""
        return self._settings.client_id or self._settings.source

    @property
    def expires_in(self) -> float | None:
        """Seconds that the token lasts, where the answer to the sign-in said so."""
        return None if self._ends is None else max(0.0, self._ends - self._settings.clock())

    def revive(self) -> None:
        """Forget that a sign-in was refused, so that the next call tries again."""
        self._dead = None

    async def send(
        self, method: str, target: str, body: Mapping[str, object] | None = None, operation: str = ""
    ) -> Answer | Lost | Refused:
        """Send a request; a 401 is answered by signing in once more and sending it once more.

        target: path below the identity server.  A 401 says that nothing was done, so that sending again is safe.
        Refused: not sent, or not let in again.
        """
        opened = await self._open()
        if isinstance(opened, Refused):
            return opened
        answer = await self._call(method, target, opened, body, operation)
        if not isinstance(answer, Answer) or answer.status != 401:
            return answer
        fresh = await self._renew(opened)
        if isinstance(fresh, Refused):
            return fresh
        again = await self._call(method, target, fresh, body, operation)
        if isinstance(again, Answer) and again.status == 401:
            return self._die("a fresh token is refused")
        return again

    async def sign_in(self) -> Refused | None:
        """Have a token, if only to see that we can; None when we have one."""
        opened = await self._open()
        return opened if isinstance(opened, Refused) else None

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
        path = self._settings.api + target
        return await self._caller.call(method, path, headers, None if body is None else encode(body))

    async def _open(self) -> Mapping[str, str] | Refused:
        """The headers in force; signs in where there are none yet, or where they are about to run out."""
        left = self.expires_in
        if self._headers is not None and self._dead is None and (left is None or left > _EARLY):
            return self._headers
        return await self._renew(self._headers)

    async def _renew(self, stale: Mapping[str, str] | None) -> Mapping[str, str] | Refused:
        """Other headers than the stale ones: whoever comes second takes what the first one got, good or bad."""
        async with self._lock:
            if self._dead is not None:
                return self._dead
            if self._headers is not None and self._headers is not stale:
                return self._headers
            return await self._sign_in()

    def _die(self, text: str) -> Refused:
        self._dead = Refused("", Reason.NOT_SIGNED_IN, text)
        return self._dead

    async def _sign_in(self) -> Mapping[str, str] | Refused:
        settings = self._settings
        if not settings.client_id:
            return self._die("the access token is refused; it may have run out")
        # No scope is asked for, which by RFC 6749 means all that the client may have.
        form = {"grant_type": "client_credentials", "client_id": settings.client_id}
        body = urlencode({**form, "client_secret": self._secret.reveal()}).encode()
        if not settings.sign_in_url:
            return self._admitted(await self._caller.call("POST", settings.entrance, _FORM, body))
        site = settings.site
        elsewhere = Caller(Site(settings.sign_in_url, site.ca_bundle, site.timeout, 1, site.allow_plain_http))
        try:
            return self._admitted(await elsewhere.call("POST", settings.entrance, _FORM, body))
        finally:
            await elsewhere.close()

    def _admitted(self, answer: Answer | Lost) -> Mapping[str, str] | Refused:
        """The headers to go on with.  What was lost here changed nothing: the request proper was never sent."""
        if isinstance(answer, Lost):
            return Refused("", Reason.UNREACHABLE, f"signing in: {answer.text}")
        if answer.status in (429, 503):
            reason = Reason.TOO_MANY if answer.status == 429 else Reason.BUSY
            return Refused("", reason, "signing in: the target is busy", retry_after=answer.retry_after())
        value = answer.value()
        told = value if isinstance(value, Mapping) else {}
        if answer.status in _REFUSES:
            error = told.get("error")
            return self._die(f"the sign-in is refused: {sentence(error)}" if isinstance(error, str) else
                             "the sign-in is refused")  # fmt: skip
        token = told.get("access_token") if answer.status == 200 else None
        if not isinstance(token, str) or not token:
            return Refused("", Reason.UNREACHABLE, f"signing in: answered {answer.status} without a token")
        return self._use(Secret(token), _seconds(told.get("expires_in")))

    def _use(self, token: Secret, lasts: float | None) -> Mapping[str, str]:
        self._ends = None if lasts is None else self._settings.clock() + lasts
        self._headers = {**_JSON, "Authorization": f"Bearer {token.reveal()}"}
        return self._headers


def _seconds(value: object) -> float | None:
    """How long a token lasts; the vendor's own client understands a quoted number, too (UiPathOrch, 2026-11-21).

    One that lasts no longer than we stop using it early is used until it is refused.
    """
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    lasts = float(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0.0
    return lasts if lasts > _EARLY else None
