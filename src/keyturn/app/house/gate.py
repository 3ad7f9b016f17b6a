"""The way into our directory behind the asynchronous port `Gate`: who asks, and what they may hold."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from keyturn.app.house.bridge import BridgedAdministration, BridgedDirectory, Threads
from keyturn.app.house.floor import Floor
from keyturn.core.administration import LocalAdministration
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Origin
from keyturn.core.directory import LocalDirectory
from keyturn.core.errors import Busy
from keyturn.core.guard import Guard
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.signin import SignIn
from keyturn.core.steps import Caller, Parts

T = TypeVar("T", SignedIn, Actor)


@dataclass(frozen=True, slots=True)
class LocalGate:
    """The way into our directory.  floor: when answers to sign-ins leave; guard: how many may be wrong."""

    parts: Parts
    signing_in: SignIn
    threads: Threads
    floor: Floor
    guard: Guard

    async def sign_in(
        self, login: str, password: Secret, *, tenant: str = "", door: str, origin: Origin, restricted: bool = True
    ) -> SignedIn | Refused:
        """A session for a person."""
        sign_in = self.signing_in.with_password

        async def guess() -> SignedIn | Refused:
            async with self.floor.held():
                return await self.threads.work(
                    sign_in, login, password, tenant=tenant, door=door, origin=origin, restricted=restricted
                )

        return await self.guarded(guess, login, door, origin)

    async def sign_in_with_key(
        self, id: str, token: Secret, *, door: str, origin: Origin, scopes: tuple[str, ...] = ()
    ) -> SignedIn | Refused:
        """A session for an API key."""
        sign_in = self.signing_in.with_key

        async def guess() -> SignedIn | Refused:
            return await self.threads.read(sign_in, id, token, door=door, origin=origin, scopes=scopes)

        return await self.guarded(guess, id, door, origin)

    async def knock(
        self, login: str, password: Secret, *, tenant: str = "", door: str, origin: Origin
    ) -> Actor | Refused:
        """Who calls at a door without sessions, for this one call; at once for a key, or what was right just now."""
        again = await self.threads.read(self.signing_in.again, login, password, tenant=tenant)
        if again is not None:
            return again
        knock, by_own_key = self.signing_in.knock, self.signing_in.by_own_key

        async def guess() -> Actor | Refused:
            async with self.floor.held() as held:
                holder = await self.threads.read(by_own_key, login, password, tenant=tenant, door=door)
                if holder is not None:
                    held.free = True
                    return holder
                return await self.threads.work(knock, login, password, tenant=tenant, door=door, origin=origin)

        return await self.guarded(guess, login, door, origin)

    async def bearer(self, id: str, token: Secret, *, scope: str) -> Actor | None:
        """Who carries an API key itself, for this one call."""
        return await self.threads.read(self.signing_in.bearer, id, token, scope=scope)

    async def sign_out(self, token: Secret, *, door: str, origin: Origin) -> None:
        """End the session of this token."""
        await self.threads.read(self.signing_in.end, token, door=door, origin=origin)

    async def actor(self, token: Secret, *, scoped: bool = False) -> Actor | None:
        """Who holds this access token; a client's opens only doors that hold it to its scopes."""
        actor = await self.threads.holder(self.signing_in, token)
        return None if actor is not None and actor.scopes and not scoped else actor

    async def holder(self, link: Secret) -> Actor | None:
        """Whom a mailed link lets set a new password."""
        return await self.threads.read(self.signing_in.holder, link)

    async def refuse(
        self, refused: Refused, verb: str, *, actor: Actor | None = None, door: str, origin: Origin
    ) -> Refused:
        """Audit a refusal that no command makes."""
        return await self.threads.read(self.signing_in.refuse, refused, verb, actor, door=door, origin=origin)

    def directory(self, actor: Actor, via: Capabilities, door: str, origin: Origin) -> BridgedDirectory:
        """The directory as this actor may use it through this door."""
        return BridgedDirectory(LocalDirectory(self.parts, self._caller(actor, via, door, origin)), self.threads)

    def administration(self, actor: Actor, door: str, origin: Origin) -> BridgedAdministration:
        """The administration as this actor may use it."""
        caller = self._caller(actor, Capabilities(frozenset()), door, origin)
        return BridgedAdministration(LocalAdministration(self.parts, caller), self.threads)

    def _caller(self, actor: Actor, via: Capabilities, door: str, origin: Origin) -> Caller:
        return Caller(actor, via, door, origin, self.parts.rules(actor.tenant))

    async def guarded(
        self, guess: Callable[[], Awaitable[T | Refused]], name: str, door: str, origin: Origin
    ) -> T | Refused:
        """Make a guess, unless too many wrong ones came from its address: then nothing is looked at and no account is
        the worse for it."""
        wait = self.guard.take(origin.source)
        if wait:
            refused = Refused(name, Reason.TOO_MANY, "too many wrong passwords came from this address", "", wait)
            if self.guard.untold(origin.source):
                await self.refuse(refused, "session.start", door=door, origin=origin)
            return refused
        wrong = False
        try:
            came = await guess()
            wrong = isinstance(came, Refused)
            return came
        except Busy as busy:
            return Refused(name, Reason.BUSY, busy.what, retry_after=1)
        finally:
            if not wrong:
                self.guard.give_back(origin.source)
