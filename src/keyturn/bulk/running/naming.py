"""Asks a target, before a run, for the other names of users where they matter.  Reads alone, and few.

Where users are there already: a new user has one name.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from keyturn.bulk.intake.cells import read_id
from keyturn.bulk.intake.columns import ID
from keyturn.bulk.job import Operation
from keyturn.bulk.planning.names import MOST, Names, other_id
from keyturn.bulk.planning.plan import Destination, Plan
from keyturn.bulk.planning.screening import target_of
from keyturn.bulk.running.pacing import Pace
from keyturn.core.errors import KeyturnError
from keyturn.core.ports import Directory
from keyturn.core.users import Handle, User

_PATTERN: Final = frozenset("*?[")

_Answers: TypeAlias = Mapping[str, User | KeyturnError | None]


@dataclass(slots=True)
class Doubt:
    """What the rows of one target leave open.  ids: cells that are the other name, one more than are looked up at
    most; logins: there are sign-in names, too."""

    where: Destination
    also: Handle
    ids: set[str] = field(default_factory=set)
    logins: bool = False

    @property
    def open(self) -> bool:
        """Whether the target has to be asked anything."""
        return bool(self.ids) or bool(self.exact)

    @property
    def exact(self) -> Sequence[str]:
        """The protected users, without patterns, who can stand in the file under another name."""
        exact = [name for name in self.where.protect if not _PATTERN & set(name)]
        return [name for name in exact if (self.logins if other_id(name, self.also) else self.ids)]

    @property
    def own(self) -> Sequence[str]:
        """The names of our own account of which the other one matters."""
        return [name for name in dict.fromkeys((self.where.account, self.where.login)) if name and self.ids]

    @property
    def patterned(self) -> bool:
        """Whether users are protected whom only their sign-in name tells."""
        return any(_PATTERN & set(name) for name in self.where.protect)


def doubts(plan: Plan) -> Mapping[str, Doubt]:
    """The targets of a plan that have to be asked for other names, with what is open there."""
    if plan.job.operation is Operation.CREATE:
        return {}
    found = {
        name: Doubt(part.destination, part.destination.capabilities.also)
        for name, part in plan.parts.items()
        if part.destination.capabilities.also is not None
    }
    for row in plan.source.rows() if found else ():
        doubt = found.get(target_of(row, plan.default))
        who = read_id(row.cells.get(ID, ""))
        if doubt is None or who.reason:
            continue
        other = other_id(who.who, doubt.also)
        if not other:
            doubt.logins = True
        elif len(doubt.ids) <= MOST:
            doubt.ids.add(other)
    return {name: doubt for name, doubt in found.items() if doubt.open}


def unasked(doubt: Doubt, why: str) -> Names:
    """What is known where the target cannot be asked: nothing, so that no row is sent that it would matter for."""
    blind = why if any(other_id(name, doubt.also) for name in doubt.exact) else ""
    return Names(doubt.also, unknown=dict.fromkeys(doubt.ids, why), blind=blind, over=len(doubt.ids) > MOST)


async def ask_names(directory: Directory, doubt: Doubt, jobs: int, pace: Pace) -> Names:
    """Ask for what is open.  jobs: how many at once.  Never raises: what is not answered blocks rows."""
    asking = _Asking(directory, asyncio.Semaphore(jobs), pace)
    guarded, own = await asking.all(doubt.exact), await asking.all(doubt.own)
    protected = {key: name for name, user in _users(guarded) for key in _both(user, doubt.also)}
    ours = {key for _, user in _users(own) for key in _both(user, doubt.also)}
    wanted = _wants_ids(doubt, guarded, own)
    over = wanted and len(doubt.ids) > MOST
    looked = await asking.all(sorted(doubt.ids)) if wanted and not over else {}
    logins = {who: user.login for who, user in _users(looked)}
    failed = {who: answer.what for who, answer in looked.items() if isinstance(answer, KeyturnError)}
    lost = [a.what for name, a in guarded.items() if isinstance(a, KeyturnError) and other_id(name, doubt.also)]
    blind = lost[0] if lost else ""
    return Names(doubt.also, protected, ours, logins, _ids(looked, doubt.also), failed, blind, over)


def _wants_ids(doubt: Doubt, guarded: _Answers, own: _Answers) -> bool:
    """Whether each id has to be looked up: beside sign-in names, and where the other name of somebody is not known."""
    if not doubt.ids:
        return False
    unresolved = any(not isinstance(answer, User) for answer in guarded.values())
    # What an account is called that signs in with a key is often the name of no user; a sign-in name is that of one.
    login = doubt.where.login
    lost = any(isinstance(answer, KeyturnError) or (name == login and answer is None) for name, answer in own.items())
    return doubt.logins or doubt.patterned or unresolved or lost


def _users(answers: _Answers) -> Iterable[tuple[str, User]]:
    return [(who, answer) for who, answer in answers.items() if isinstance(answer, User)]


def _both(user: User, also: Handle) -> Set[str]:
    return {user.login.casefold(), _id(user, also)}


def _id(user: User, also: Handle) -> str:
    return str(user.number) if also is Handle.NUMBER else user.uid.casefold()


def _ids(looked: _Answers, also: Handle) -> Mapping[str, str]:
    """The id by sign-in name; a name that several have (in several tenants) tells nobody apart and is left out."""
    found: dict[str, set[str]] = {}
    for _, user in _users(looked):
        found.setdefault(user.login, set()).add(_id(user, also))
    return {login: min(ids) for login, ids in found.items() if len(ids) == 1}


@dataclass(frozen=True, slots=True)
class _Asking:
    directory: Directory
    gate: asyncio.Semaphore
    pace: Pace

    async def all(self, whos: Sequence[str]) -> _Answers:
        return dict(zip(whos, await asyncio.gather(*map(self._one, whos)), strict=True))

    async def _one(self, who: str) -> User | KeyturnError | None:
        async with self.gate:
            await self.pace.take()
            try:
                return await self.directory.find(who)
            except KeyturnError as error:
                return error
            finally:
                self.pace.landed()
