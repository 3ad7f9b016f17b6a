"""Signed-in calls to a SCIM server: a token or a name with its password in every call, and nothing to renew."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from keyturn.core.errors import ConfigError
from keyturn.core.limits import Gate
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.secret import Secret
from keyturn.dialects.scim.wire import BASE, KIND, OPERATION_HEADER, WireRequest
from keyturn.http.answers import Answer, Lost
from keyturn.http.call import Caller, Site
from keyturn.http.json import encode
from keyturn.http.readback import readable

_KEY: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.[^.]+")
"""A token of a keyturn: the id of its key, then what is secret."""

_ACCEPT: Final = f"{KIND}, application/json"


@dataclass(frozen=True, slots=True)
class ScimSettings:
    """How to call a SCIM server: with a token, or with a name and its password.

    site: its address with the path below which `/Users` is; without a path, `/scim/v2` is meant.
    source: where the token came from.  repeats: the server is a keyturn: it honours `Idempotency-Key`, and has a
    password changed that an administrator chose.
    """

    site: Site
    token: Secret | None = None
    username: str = ""
    password: Secret | None = None
    source: str = ""
    repeats: bool = False


class Session:
    """Sends requests.  Raises ConfigError when there is nothing to sign in with.

    What was refused once is not shown again: some servers count, and lock.
    """

    def __init__(self, settings: ScimSettings) -> None:
        self._headers = {"Accept": _ACCEPT, "Authorization": _authorization(settings)}
        self._account = settings.username or _named(settings)
        self._caller = Caller(_based(settings.site))
        self._dead: Refused | None = None

    @property
    def account(self) -> str:
        """The name, else the id of the key that the token holds, else where the token is."""
        return self._account

    def revive(self) -> None:
        """Forget that a sign-in was refused, so that the next call tries again."""
        self._dead = None

    async def send(self, request: WireRequest) -> Answer | Lost | Refused:
        """Send a request that changes something.  Refused: not sent, or not let in."""
        headers = {}
        if request.operation:
            headers[OPERATION_HEADER] = request.operation
        if request.version:
            headers["If-Match"] = request.version
        return await self._call(request.method, request.target(), headers, request.body)

    async def read(self, target: str) -> Answer | Refused:
        """Read something.  Refused: why there is no answer that could hold it."""
        return readable(await self._call("GET", target, {}, None), "users")

    def through(self, gate: Gate) -> None:
        """From now on every request passes this gate."""
        self._caller.through(gate)

    async def close(self) -> None:
        """Give back the connections."""
        await self._caller.close()

    async def _call(
        self, method: str, target: str, more: Mapping[str, str], body: Mapping[str, object] | None
    ) -> Answer | Lost | Refused:
        if self._dead is not None:
            return self._dead
        headers = {**self._headers, **more}
        if body is not None:
            headers["Content-Type"] = KIND
        answer = await self._caller.call(method, target, headers, None if body is None else encode(body))
        if isinstance(answer, Answer) and answer.status == 401:
            self._dead = Refused("", Reason.NOT_SIGNED_IN, "the token or the password is refused")
            return self._dead
        return answer


def _authorization(settings: ScimSettings) -> str:
    if settings.token is not None:
        return f"Bearer {settings.token.reveal()}"
    if settings.password is not None and settings.username:
        pair = f"{settings.username}:{settings.password.reveal()}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"
    fix = "say where the token is, or --username and where the password is"
    raise ConfigError("this target needs a token, or a name and its password", code="KT-CFG-009", fix=fix)


def _named(settings: ScimSettings) -> str:
    """The id before the dot of a keyturn's token.  Of other tokens no part is shown: it might be the secret one."""
    token = settings.token.reveal() if settings.token is not None else ""
    found = _KEY.fullmatch(token)
    return found[1] if found else f"the token from {settings.source}"


def _based(site: Site) -> Site:
    """The address with the path that servers have by default, where it names none."""
    bare = urlsplit(site.url).path.strip("/") == ""
    return replace(site, url=site.url.rstrip("/") + BASE) if bare else site
