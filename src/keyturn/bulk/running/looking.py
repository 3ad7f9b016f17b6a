"""Asks targets for the user of every row that would be sent, before a run: at their pace, and changing nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from keyturn.bulk.planning.lookup import WORDS, Finding, Lookup, judged, unshown
from keyturn.bulk.planning.plan import Part, Plan
from keyturn.bulk.planning.screening import Fate, Screened
from keyturn.bulk.running.orders import OrderBook
from keyturn.bulk.running.pacing import Pace, back_off
from keyturn.bulk.running.shares import Speed
from keyturn.core.commands import CreateUser
from keyturn.core.errors import KeyturnError, Slowed, Unreachable
from keyturn.core.journal import Row, RowState
from keyturn.core.outcomes import RETRYABLE, Outcome, Reason, Refused, Uncertain
from keyturn.core.ports import Directory
from keyturn.core.users import User, Window

T = TypeVar("T")

MOST_SLOWED: Final = 200
"""How often one question may be told that we are too fast before the target counts as out of reach."""

EVERYBODY: Final = Window(0, 10_000_000)


@dataclass(frozen=True, slots=True)
class Asking:
    """One target to be asked.  orders: what would be sent, where the target is to judge each creation as well.

    wait: sleeps; tests put their own time here.
    """

    part: Part
    directory: Directory
    speed: Speed
    pace: Pace
    orders: OrderBook | None = None
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep


async def look_up(plan: Plan, asking: Sequence[Asking], since: datetime | None, tell: Callable[[int], None]) -> Lookup:
    """What the targets say of the rows that would be sent.  tell: hears how many are through.

    Raises the error of a target that stops answering: half a lookup would look like a whole one.
    """
    lookup = Lookup(since)
    targets = (_Target(each, lookup, tell).look_up(_rows(plan, each)) for each in asking)
    for end in await asyncio.gather(*targets, return_exceptions=True):
        if isinstance(end, BaseException):
            raise end
    return lookup


def _rows(plan: Plan, asking: Asking) -> Iterator[Screened]:
    name = asking.part.destination.name
    return (row for row in plan.screened() if row.fate is Fate.CHANGE and row.target == name)


class _Target:
    """One target while it is asked.  The first error that ends the lookup is kept and raised once nobody asks."""

    def __init__(self, asking: Asking, lookup: Lookup, tell: Callable[[int], None]) -> None:
        self._asking = asking
        self._lookup = lookup
        self._tell = tell
        self._pace = asking.pace
        self._name = asking.part.destination.name
        self._failed: list[KeyturnError] = []

    async def look_up(self, rows: Iterator[Screened]) -> None:
        """Ask for every row."""
        able = self._asking.directory.capabilities
        self._lookup.found.setdefault(self._name, {})
        self._lookup.untold[self._name] = unshown(able)
        find = await self._listed() if able.one_list else self._find
        crew = 1 if able.one_list else self._asking.speed.jobs
        await asyncio.gather(*(self._work(rows, find) for _ in range(crew)))
        if self._failed:
            raise self._failed[0]

    async def _work(self, rows: Iterator[Screened], find: Callable[[str], Awaitable[User | None]]) -> None:
        for row in rows:
            if self._failed:
                return
            creation = self._creation(row)
            try:
                finding = self._judged(await find(row.who))
                if creation is not None and not finding:
                    finding = await self._checked(row.number, creation)
            except Unreachable as error:
                self._failed.append(self._named(error))
                return
            except KeyturnError:
                finding = Finding.UNTOLD
            self._lookup.note(self._name, row.number, row.who, finding)
            self._tell(self._lookup.asked)

    def _creation(self, row: Screened) -> CreateUser | None:
        """What would be sent for a row, as a question; rows come in the order of the file."""
        if self._asking.orders is None:
            return None
        command = self._asking.orders.order(Row(row.number, row.who, RowState.NOT_TRIED, target=row.target)).command
        return replace(command, validate_only=True) if isinstance(command, CreateUser) else None

    async def _checked(self, number: int, creation: CreateUser) -> Finding:
        """What the target says of a creation that it is not to carry out."""
        outcome = await self._patiently(lambda: self._asked_for(creation))
        self._lookup.checked += 1
        if isinstance(outcome, Refused) and outcome.reason is Reason.EXISTS:
            return Finding.EXISTS
        if isinstance(outcome, Refused):
            self._lookup.refused[number] = (str(outcome.reason), outcome.text or WORDS[Finding.REFUSED])
            return Finding.REFUSED
        return Finding.UNTOLD if isinstance(outcome, Uncertain) else Finding(0)

    async def _asked_for(self, creation: CreateUser) -> Outcome:
        """The answer; what says nothing of the creation is an error, as it is where a user is looked for."""
        [outcome] = await self._asking.directory.execute([creation])
        if isinstance(outcome, Refused) and outcome.reason in RETRYABLE:
            slow = outcome.reason is Reason.TOO_MANY
            raise Slowed(outcome.text, retry_after=outcome.retry_after) if slow else Unreachable(outcome.text)
        if isinstance(outcome, Refused) and outcome.reason in (Reason.NOT_SIGNED_IN, Reason.NOT_ALLOWED):
            raise Unreachable(outcome.text, code="KT-AUTH-002")
        return outcome

    def _judged(self, user: User | None) -> Finding:
        part = self._asking.part
        if user is not None and user.password_changed is not None:
            self._lookup.dated[self._name] = self._lookup.dated.get(self._name, 0) + 1
        return judged(user, part.job.operation, part.destination.capabilities.shows, self._lookup.since)

    async def _listed(self) -> Callable[[str], Awaitable[User | None]]:
        """Where looking one user up reads the list of all, that is read once."""
        listed = await self._patiently(lambda: self._asking.directory.list(EVERYBODY))
        by_name = {user.login: user for user in listed.users}

        async def find(who: str) -> User | None:
            return by_name.get(who)

        return find

    async def _find(self, who: str) -> User | None:
        return await self._patiently(lambda: self._asking.directory.find(who))

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask at the pace of the target, and again where it is busy or does not answer.  Raises Unreachable."""
        tries = slowed = 0
        while True:
            await self._pace.take()
            try:
                return await self._landed(ask)
            except Slowed as error:
                slowed += 1
                if slowed > MOST_SLOWED:
                    raise
                self._pace.pause(error.retry_after or back_off(min(slowed, 4)))
            except Unreachable as error:
                tries += 1
                if error.code.startswith("KT-AUTH") or tries > self._asking.speed.retries:
                    raise
                await self._asking.wait(back_off(tries))

    async def _landed(self, ask: Callable[[], Awaitable[T]]) -> T:
        try:
            return await ask()
        finally:
            self._pace.landed()

    def _named(self, error: KeyturnError) -> KeyturnError:
        error.where = error.where or f"target {self._name}, after {self._lookup.asked:,} rows were looked up"
        return error
