"""Signed calls to a Primavera Administration: every request carries name and password, or a token."""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from keyturn.core.errors import ConfigError
from keyturn.core.limits import Gate
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.secret import Secret
from keyturn.dialects.primavera.wire import API, WireRequest
from keyturn.http.answers import Answer, Lost
from keyturn.http.call import Caller, Site
from keyturn.http.json import BATCH, encode

LONGEST_LIST: Final = 64 * 1024 * 1024
"""Most bytes of a list of users: the vendor has no call for a part of it."""

_VERSION: Final = {"Version": "2"}


@dataclass(frozen=True, slots=True)
class PrimaveraSettings:
    """How to call: a login and its password (Basic), or an access token (Bearer, under `/v3`).

    site: the address of the host, with the tenant's segment where there is one; the rest of the path may stand there.
    organization: the company that new users belong to.  source: where the secret came from, which names the account
    where nothing better does.  patience: seconds that a job may take.  pause: seconds between two looks at it.
    """

    site: Site
    username: str = ""
    password: Secret | None = None
    token: Secret | None = None
    organization: str = ""
    source: str = ""
    patience: float = 900.0
    pause: float = 2.0


class Session:
    """Sends requests.  Raises ConfigError when there is nothing to sign in with."""

    def __init__(self, settings: PrimaveraSettings) -> None:
        self.account = settings.username or settings.source
        self._headers = {"Accept": "application/json", **_VERSION, **_credentials(settings)}
        self._root = _root(settings)
        self._caller = Caller(settings.site)
        self._first = asyncio.Lock()
        self._welcome = False
        self._dead: Refused | None = None

    def revive(self) -> None:
        """Forget that a sign-in was refused, so that the next call tries again."""
        self._dead = None

    async def send(self, request: WireRequest, most: int = BATCH) -> Answer | Lost | Refused:
        """Send a request.  Refused: we are not let in, and nothing was done.

        The first call goes alone, so that a wrong password is tried once and not by every worker: that locks accounts.
        """
        if self._welcome:
            return await self._once(request, most)
        async with self._first:
            return await self._once(request, most)

    def through(self, gate: Gate) -> None:
        """From now on every request passes this gate."""
        self._caller.through(gate)

    async def close(self) -> None:
        """Give back the connections."""
        await self._caller.close()

    async def _once(self, request: WireRequest, most: int) -> Answer | Lost | Refused:
        if self._dead is not None:
            return self._dead
        body = None if request.body is None else encode(request.body)
        headers: Mapping[str, str] = self._headers if body is None else {**self._headers, **_JSON}
        answer = await self._caller.call(request.method, self._root + request.target(), headers, body, most)
        if isinstance(answer, Answer) and answer.status == 401:
            self._welcome = False
            self._dead = Refused("", Reason.NOT_SIGNED_IN, "the sign-in is refused")
            return self._dead
        self._welcome = self._welcome or isinstance(answer, Answer)
        return answer


_JSON: Final = {"Content-Type": "application/json"}


def _credentials(settings: PrimaveraSettings) -> Mapping[str, str]:
    if settings.token is not None:
        return {"Authorization": f"Bearer {settings.token.reveal()}"}
    if settings.password is None:
        raise ConfigError("this target has no secret to sign in with", code="KT-CFG-009")
    packed = base64.b64encode(f"{settings.username}:{settings.password.reveal()}".encode()).decode("ascii")
    return {"Authorization": f"Basic {packed}"}


def _root(settings: PrimaveraSettings) -> str:
    """The path between the address and the call: tokens are for `/v3` alone."""
    if API in settings.site.url:
        return ""
    return f"{API}/v3" if settings.token is not None else API
