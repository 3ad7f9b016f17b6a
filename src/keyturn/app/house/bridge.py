"""The one bridge: puts the synchronous core behind the asynchronous ports.

Reads run on a few threads of their own, so that they never wait behind a slow hash; what every request needs, who asks
and whether they may, is read for all that wait at once.  Slow hashes run on one thread a core.  Everything that is to
be written goes to one committing thread, which takes all that waits and writes it in one transaction: many small
requests share one flush to the disk, and no answer leaves before the commit.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, ParamSpec, TypeVar

from keyturn.app.house.together import Together
from keyturn.core.administration import LocalAdministration
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Commands
from keyturn.core.directory import LocalDirectory, Prepared, commit, look_together, slow
from keyturn.core.errors import Busy
from keyturn.core.evidence import Evidence, Tried
from keyturn.core.membership import GroupChange
from keyturn.core.outbox import Mail
from keyturn.core.outcomes import Changed, Created, Delivery, Outcome, Reason, Refused, Unchanged
from keyturn.core.permissions import Actor
from keyturn.core.policy import ProfileName, Verdict
from keyturn.core.ports import KeyChange, NewKey, Probe
from keyturn.core.secret import Secret
from keyturn.core.sessions import Session
from keyturn.core.signin import SignIn
from keyturn.core.steps import Parts
from keyturn.core.storage import Application, Key, Tenant
from keyturn.core.users import Group, Groups, Handle, Right, User, Users, Window

READERS: Final = 4
MOST_WAITING: Final = 256
"""Requests that may wait for a thread before the next one is turned away."""

MOST_HASHING: Final = 64
"""Passwords that may wait to be hashed before the next one is turned away: no read ever waits behind one."""

MOST_TOGETHER: Final = 1000
"""Steps that one transaction takes at most."""

P = ParamSpec("P")
T = TypeVar("T")


class Places:
    """How many may wait."""

    def __init__(self, most: int) -> None:
        self._most, self._taken = most, 0

    @contextmanager
    def of(self, size: int = 1) -> Iterator[None]:
        """A place among those who wait, or so many for a batch.  Raises Busy when all are taken."""
        if self._taken >= self._most:
            raise Busy("the directory has too much to do just now")
        self._taken += size
        try:
            yield
        finally:
            self._taken -= size


class Threads:
    """The bounded pools that the core runs on.  on_mail: called after a commit that put mail into the outbox.

    address: where people reach the server, as far as it was told.
    """

    def __init__(self, parts: Parts, *, most_waiting: int = MOST_WAITING) -> None:
        cores = os.cpu_count() or 1
        self._parts = parts
        self._waiting, self._hashing = Places(most_waiting), Places(min(most_waiting, MOST_HASHING))
        self._readers = ThreadPoolExecutor(READERS, "keyturn-read")
        self._workers = ThreadPoolExecutor(cores, "keyturn-work")
        self.on_mail: Callable[[], None] = lambda: None
        self.address = ""
        self._committer = ThreadPoolExecutor(1, "keyturn-commit")
        self._looks = Together(self._readers, _look, size=lambda asked: len(asked[1]), most=MOST_TOGETHER)
        self._holders = Together(self._readers, _holders, most=MOST_TOGETHER)
        self._commits = Together(self._committer, self._commit, size=len, most=MOST_TOGETHER)

    async def read(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something short."""
        with self._waiting.of():
            return await asyncio.wrap_future(self._readers.submit(job, *args, **kwargs))

    async def look(self, local: LocalDirectory, commands: Commands) -> tuple[Prepared, bool]:
        """Judge commands, by a read that others share; True when their hashes are slow and still to be made."""
        with self._waiting.of():
            return await self._looks.ask((local, commands))

    async def holder(self, signing_in: SignIn, token: Secret) -> Actor | None:
        """Who holds an access token, by a read that others share."""
        with self._waiting.of():
            return await self._holders.ask((signing_in, token))

    async def work(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that hashes one password."""
        with self._hashing.of():
            return await asyncio.wrap_future(self._workers.submit(job, *args, **kwargs))

    async def harden(self, local: LocalDirectory, steps: Prepared) -> Prepared:
        """Hash the passwords of a batch, each of which takes a place."""
        with self._hashing.of(len(steps)):
            return await asyncio.wrap_future(self._workers.submit(local.harden, steps))

    async def write(self, steps: Prepared) -> Sequence[Outcome]:
        """Have steps committed, in one transaction with all that waits; answers when that is on disk."""
        return await self._commits.ask(steps)

    def close(self) -> None:
        """Finish what runs, then end the threads."""
        self._readers.shutdown()
        self._workers.shutdown()
        self._committer.shutdown()

    def _commit(self, waiting: Sequence[Prepared]) -> list[Sequence[Outcome]]:
        outcomes = commit(self._parts, [step for steps in waiting for step in steps])
        if any(isinstance(one, Created | Changed) and one.delivery is Delivery.MAILED for one in outcomes):
            self.on_mail()
        ends = list(accumulate(len(steps) for steps in waiting))
        return [outcomes[end - len(steps) : end] for end, steps in zip(ends, waiting, strict=True)]


def _look(asked: Sequence[tuple[LocalDirectory, Commands]]) -> list[tuple[Prepared, bool]]:
    looked = zip(asked, look_together(asked), strict=True)
    return [(steps, True) if slow(steps) else (local.harden(steps), False) for (local, _), steps in looked]


def _holders(asked: Sequence[tuple[SignIn, Secret]]) -> list[Actor | None]:
    signing_in, _ = asked[0]
    return signing_in.actors([token for _, token in asked])


@dataclass(frozen=True, slots=True)
class BridgedDirectory:
    """A `LocalDirectory` behind the asynchronous port."""

    local: LocalDirectory
    threads: Threads

    @property
    def capabilities(self) -> Capabilities:
        """What the caller's door lets through."""
        return self.local.capabilities

    @property
    def account(self) -> str:
        """Who is acting."""
        return self.local.account

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """Judge on a reading thread, hash on a working one where that is slow, commit together with others."""
        try:
            steps, waits = await self.threads.look(self.local, commands)
            if waits:
                steps = await self.threads.harden(self.local, steps)
        except Busy as busy:
            return [Refused(command.who, Reason.BUSY, busy.what, retry_after=1) for command in commands]
        return await self.threads.write(steps)

    async def find(self, who: str) -> User | None:
        """The user, or None when there is none that the caller may see."""
        return await self.threads.read(self.local.find, who)

    async def read_back(self, whos: Sequence[str]) -> Sequence[Evidence | Refused]:
        """What is shown of these users' credentials."""
        try:
            return await self.threads.read(self.local.read_back, whos)
        except Busy as busy:
            return [Refused(who, Reason.BUSY, busy.what, retry_after=1) for who in whos]

    async def try_password(self, who: str, password: Secret) -> Tried | Refused:
        """Not offered here: who signs in does so at a door."""
        return Tried.NOT_TOLD

    async def probe(self) -> Probe:
        """That the store answers, and who is acting."""
        return await self.threads.read(self.local.probe)

    async def close(self) -> None:
        """Nothing is held for one caller."""

    async def list(self, window: Window) -> Users:
        """A part of the users."""
        return await self.threads.read(self.local.list, window)


@dataclass(frozen=True, slots=True)
class BridgedAdministration:
    """A `LocalAdministration` behind the asynchronous port."""

    local: LocalAdministration
    threads: Threads

    async def keys(self) -> Sequence[Key] | Refused:
        """The API keys of the tenant."""
        return await self.threads.read(self.local.keys)

    async def create_key(
        self, kind: str, description: str, rights: frozenset[Right], scopes: tuple[str, ...] = ()
    ) -> NewKey | Refused:
        """A new API key."""
        return await self.threads.read(self.local.create_key, kind, description, rights, scopes)

    async def update_key(self, id: str, change: KeyChange) -> Key | Refused:
        """Change a key."""
        return await self.threads.read(self.local.update_key, id, change)

    async def refresh_key(self, id: str) -> NewKey | Refused:
        """A new token for a key."""
        return await self.threads.read(self.local.refresh_key, id)

    async def revoke_key(self, id: str) -> Key | Refused:
        """Delete a key."""
        return await self.threads.read(self.local.revoke_key, id)

    async def applications(self) -> Sequence[Application]:
        """The applications of all workspaces."""
        return await self.threads.read(self.local.applications)

    async def grant(self, who: str, by: Handle, workspace: str, application: str, role: str) -> Changed | Refused:
        """Give a role."""
        return await self.threads.read(self.local.grant, who, by, workspace, application, role)

    async def profile(self) -> ProfileName:
        """The password policy of the tenant."""
        return self.local.profile()

    async def judge(self, candidate: Secret, via: Capabilities) -> Verdict:
        """What the policy says of a candidate."""
        return await self.threads.read(self.local.judge, candidate, via)

    async def tenant(self) -> Tenant:
        """The caller's own tenant."""
        return await self.threads.read(self.local.tenant)

    async def groups(self, window: Window) -> Groups:
        """A part of the groups."""
        return await self.threads.read(self.local.groups.page, window)

    async def group(self, uid: str) -> Group | None:
        """The group."""
        return await self.threads.read(self.local.groups.find, uid)

    async def create_group(
        self,
        name: str,
        rights: frozenset[Right] = frozenset(),
        members: Sequence[str] = (),
        external_id: str = "",
    ) -> Group | Refused:
        """A new group."""
        return await self.threads.read(self.local.groups.create, name, rights, members, external_id)

    async def update_group(self, uid: str, change: GroupChange) -> Group | Refused:
        """Change a group or who is in it."""
        return await self.threads.read(self.local.groups.update, uid, change)

    async def delete_group(self, uid: str) -> Group | Refused:
        """Delete a group."""
        return await self.threads.read(self.local.groups.delete, uid)

    async def tenants(self) -> Sequence[Tenant]:
        """The tenants that the caller reaches."""
        return await self.threads.read(self.local.tenants.all)

    async def create_tenant(self, name: str, settings: Mapping[str, str]) -> Tenant | Refused:
        """A new tenant."""
        return await self.threads.read(self.local.tenants.create, name, settings)

    async def update_tenant(
        self, number: int, name: str | None = None, settings: Mapping[str, str] | None = None
    ) -> Tenant | Refused:
        """Another name, or other settings."""
        return await self.threads.read(self.local.tenants.update, number, name, settings)

    async def home_of(self, who: str, by: Handle) -> int | None:
        """The tenant of a user."""
        return await self.threads.read(self.local.tenants.home, who, by)

    async def sessions(self, who: str, by: Handle) -> Sequence[Session] | Refused:
        """The sessions of a user, or the caller's own."""
        return await self.threads.read(self.local.sessions.of, who, by)

    async def end_sessions(self, who: str, by: Handle, id: str = "") -> Changed | Unchanged | Refused:
        """End one session, or all but the caller's."""
        return await self.threads.read(self.local.sessions.end, who, by, id)

    async def mails(self, who: str, state: str, count: int) -> Sequence[Mail] | Refused:
        """Mails of the tenant, newest first."""
        return await self.threads.read(self.local.mails.list, who, state, count)

    async def keep_job(self, result: str) -> int:
        """Keep what came of a call, for the caller alone."""
        return await self.threads.read(self.local.keep_job, result)

    async def job(self, number: int) -> str | None:
        """What the caller kept."""
        return await self.threads.read(self.local.job, number)

    async def appoint(self, uid: str, tenants: frozenset[int]) -> Changed | Refused:
        """Have a user administer these tenants."""
        return await self.threads.read(self.local.tenants.appoint, uid, tenants)
