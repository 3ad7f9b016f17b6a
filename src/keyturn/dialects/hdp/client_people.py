"""Signed-in calls to a Hybrid Data Pipeline, and the one list that turns sign-in names into numbers."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from keyturn.core.errors import ConfigError
from keyturn.core.limits import Gate
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.secret import Secret
from keyturn.dialects.hdp.wire import OPERATION_HEADER
from keyturn.dialects.hdp.wire_policy import Listed, read_list
from keyturn.dialects.hdp.wire_shapes import Unreadable, is_number
from keyturn.dialects.hdp.wire_tenants import read_tenants
from keyturn.http.answers import Answer, Lost
from keyturn.http.call import Caller, Site
from keyturn.http.json import BATCH, encode
from keyturn.http.readback import readable

LIST: Final = "/api/admin/users"
TENANTS: Final = "/api/admin/tenants"
LARGEST_LIST: Final = 64 * 1024 * 1024
"""Most bytes of a list of users, which comes in one piece: the vendor documents no way to page."""


@dataclass(frozen=True, slots=True)
class HdpSettings:
    """How to sign in: a login and its password, with every call.

    tenant: name or number of the tenant whose users are meant and in which new ones are made, where the account sees
    several.
    repeats: the server honours `Idempotency-Key`, as keyturn does and a real one does not.
    """

    site: Site
    username: str
    password: Secret | None
    tenant: str = ""
    repeats: bool = False


class Session:
    """Sends requests with name and password.  Raises ConfigError when there is nothing to sign in with.

    A password that was refused is not sent again: the vendor locks an account after three failures.
    """

    def __init__(self, settings: HdpSettings) -> None:
        if settings.password is None or not settings.username:
            fix = "say --username, and where the password is"
            raise ConfigError("this target needs a login and its password", code="KT-CFG-009", fix=fix)
        packed = base64.b64encode(f"{settings.username}:{settings.password.reveal()}".encode()).decode("ascii")
        self._headers: Mapping[str, str] = {"Accept": "application/json", "Authorization": f"Basic {packed}"}
        self._caller = Caller(settings.site)
        self._dead: Refused | None = None

    def revive(self) -> None:
        """Forget that a sign-in was refused, so that the next call tries again."""
        self._dead = None

    async def send(
        self, method: str, target: str, body: Mapping[str, object] | None = None, operation: str = ""
    ) -> Answer | Lost | Refused:
        """Send a request.  Refused: not sent, or not let in."""
        if self._dead is not None:
            return self._dead
        headers = dict(self._headers)
        if operation:
            headers[OPERATION_HEADER] = operation
        if body is not None:
            headers["Content-Type"] = "application/json"
        most = LARGEST_LIST if target.startswith(LIST) and method == "GET" else BATCH
        answer = await self._caller.call(method, target, headers, None if body is None else encode(body), most=most)
        if isinstance(answer, Answer) and answer.status == 401:
            self._dead = Refused("", Reason.NOT_SIGNED_IN, "the login or its password is refused")
            return self._dead
        return answer

    async def read(self, target: str, what: str) -> Answer | Refused:
        """Read something.  Refused: why there is no answer that could hold it; what: named in the sentence."""
        return readable(await self.send("GET", target), what)

    async def open_call(self, target: str) -> Answer | Lost:
        """Read what is for everybody, without name and password."""
        return await self._caller.call("GET", target, {"Accept": "application/json"})

    def through(self, gate: Gate) -> None:
        """From now on every request passes this gate."""
        self._caller.through(gate)

    async def close(self) -> None:
        """Give back the connections."""
        await self._caller.close()


@dataclass(frozen=True, slots=True)
class Known:
    """Who is there: each number, and the numbers of each sign-in name (several where tenants share a name)."""

    numbers: frozenset[str]
    logins: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, listed: Sequence[Listed]) -> "Known":
        """Those of a list."""
        logins: dict[str, list[str]] = {}
        for each in listed:
            logins.setdefault(each.login, []).append(each.number)
        return cls(frozenset(each.number for each in listed), logins)

    def number_of(self, who: str) -> str | Refused:
        """The number of the one user that is meant: by the very sign-in name, else by the number as it is written.

        Never a guess: a name is compared letter by letter, and a number counts only when it is in the list.
        """
        numbers = self.logins.get(who, ())
        if len(numbers) > 1:
            text = "several users have this sign-in name; give the number, or the tenant in the target's settings"
            return Refused(who, Reason.INVALID, text)
        if numbers:
            return numbers[0]
        if is_number(who) and who in self.numbers:
            return who
        return Refused(who, Reason.NO_SUCH_USER, "the list of users has neither this sign-in name nor this number")


class People:
    """The list of users, read once and kept; made and renamed users are added."""

    def __init__(self, session: Session, tenant: str) -> None:
        self._session, self._tenant = session, tenant
        self._lock = asyncio.Lock()
        self._known: Known | None = None
        self._added: dict[str, str] = {}
        self._refused: Refused | None = None
        self._numbered: Mapping[str, int] | None = None

    async def tenant(self) -> int | Refused | None:
        """The number of the tenant that new users are to be in; None where the settings name none.  Read once."""
        if not self._tenant or is_number(self._tenant):
            return int(self._tenant) if self._tenant else None
        numbered = await self._tenants()
        if isinstance(numbered, Refused):
            more = "; give the number of the tenant" if numbered.reason is Reason.NOT_ALLOWED else ""
            return replace(numbered, text=numbered.text + more)
        text = "the list of tenants does not have the one of the settings once; give its number"
        return numbered.get(self._tenant) or Refused("", Reason.NO_SUCH_TENANT, text)

    async def lacks_tenant(self) -> bool:
        """Whether the settings name a tenant that the list of tenants has not; False where nobody lets us read it."""
        if not self._tenant:
            return False
        numbered = await self._tenants()
        return not isinstance(numbered, Refused) and self._tenant not in numbered

    async def _tenants(self) -> Mapping[str, int] | Refused:
        async with self._lock:
            if self._numbered is None:
                answer = await self._session.read(TENANTS, "the tenants")
                if isinstance(answer, Refused):
                    return answer
                try:
                    self._numbered = read_tenants(answer.value() if answer.status == 200 else None)
                except Unreadable as error:
                    return Refused("", Reason.OTHER, f"reading the tenants: answered {answer.status}, {error}")
            return self._numbered

    def forget(self) -> None:
        """Read the lists again before they are next used."""
        self._known = self._refused = self._numbered = None
        self._added = {}

    def add(self, login: str, number: str) -> None:
        """Somebody got this sign-in name."""
        self._added[login] = number

    async def number_of(self, who: str) -> str | Refused:
        """The number of a user; Refused when there is none, or when nobody can know."""
        known = await self.known()
        if isinstance(known, Refused):
            return known
        if who in self._added:
            return self._added[who]
        return who if who in self._added.values() else known.number_of(who)

    async def known(self) -> Known | Refused:
        """Who is there, read once however many ask; an account that may not read it is told so once."""
        async with self._lock:
            if self._refused is not None:
                return self._refused
            if self._known is None:
                listed = await self.read()
                if isinstance(listed, Refused):
                    self._refused = listed if listed.reason is Reason.NOT_ALLOWED else None
                    return listed
                self._known = Known.of(listed)
            return self._known

    async def read(self) -> Sequence[Listed] | Refused:
        """The users as they are now, those of the wanted tenant."""
        target = LIST + ("?details=true" if self._tenant else "")
        answer = await self._session.read(target, "the users")
        if isinstance(answer, Refused):
            return answer
        try:
            listed = read_list(answer.value() if answer.status == 200 else None)
        except Unreadable as error:
            return Refused("", Reason.OTHER, f"reading the users: answered {answer.status}, {error}")
        return [each for each in listed if not self._tenant or self._tenant in each.tenants]
