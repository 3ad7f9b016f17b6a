"""A real Primavera Administration as a `Directory`: sets go out, and each user's own verdict comes back."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Command, Commands, CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.errors import BadAnswer, Unreachable
from keyturn.core.evidence import Evidence, Tried, nobody
from keyturn.core.limits import Gate
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused, Uncertain
from keyturn.core.ports import Probe
from keyturn.core.secret import Secret
from keyturn.core.users import Json, Status, User, Users, Window
from keyturn.dialects.primavera.client_orders import (
    Numbered,
    amends,
    may_halve,
    named,
    sets_of,
    settled,
    unfit,
    unless_ours,
    wants_password,
)
from keyturn.dialects.primavera.client_session import LONGEST_LIST, PrimaveraSettings, Session
from keyturn.dialects.primavera.client_verdicts import judge, told_apart
from keyturn.dialects.primavera.wire import CAPABILITIES, WireRequest, write, write_unlock
from keyturn.dialects.primavera.wire_answer import job_of
from keyturn.dialects.primavera.wire_changes import whole
from keyturn.dialects.primavera.wire_user import MORE, Unreadable, flag_of, read_evidence, read_user
from keyturn.http.answers import Answer, Lost, expect_read
from keyturn.http.readback import readable

_WITHOUT_COMPANY: Final = replace(
    CAPABILITIES, creation="a new user needs a company: set `tenant` of the target to its name"
)
_LIST: Final = WireRequest("GET", ("user",))
_READS: Final = "a Primavera Administration answers reads of its API with 200 and JSON"
_MAY_NOT_READ: Final = "KT-AUTH-003"
_Writer: TypeAlias = Callable[[Sequence[Command]], WireRequest]


@dataclass(frozen=True, slots=True)
class _Listed:
    """A user of the vendor's list.  locked: also of who is disabled, which says more."""

    user: User
    locked: bool


class PrimaveraDirectory:
    """Users of a Primavera Administration and their passwords, under the rights of one of them."""

    def __init__(self, settings: PrimaveraSettings) -> None:
        self._session = Session(settings)
        self._settings = settings
        self._half: set[str] = set()
        """Whom we made, and whose password is not known to be set."""

    @property
    def capabilities(self) -> Capabilities:
        """What Primavera Administration can and cannot do."""
        return CAPABILITIES if self._settings.organization else _WITHOUT_COMPANY

    @property
    def account(self) -> str:
        """Who we are there."""
        return self._session.account

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """Send commands in sets, one call a set; outcome i belongs to command i."""
        outcomes: dict[int, Outcome] = {}
        left: Numbered = {}
        for number, command in enumerate(commands):
            refused = unfit(command)
            if refused is not None:
                outcomes[number] = refused
            else:
                left[number] = command
        creations = {number: command for number, command in left.items() if isinstance(command, CreateUser)}
        amended = {number: command for number, command in left.items() if amends(command)}
        others = {number: left[number] for number in left if number not in creations and number not in amended}
        outcomes |= await self._create(creations)
        for group in sets_of(amended):
            outcomes |= await self._amend(group)
        outcomes |= await self._carry(others)
        return [outcomes[number] for number in range(len(commands))]

    async def find(self, who: str) -> User | None:
        """The user, or None when there is none that we may see.  Raises Unreachable or BadAnswer.

        Reads the whole list: no call for one user is published.
        """
        return next((user for user in await self._all() if user.login == who), None)

    async def list(self, window: Window) -> Users:
        """A part of the users, cut here from the whole list.  Raises Unreachable or BadAnswer."""
        wanted = window.search.casefold()
        users = [user for user in await self._all() if wanted in _searched(user)]
        return Users(tuple(users[window.start : window.start + window.count]), len(users))

    async def read_back(self, whos: Sequence[str]) -> Sequence[Evidence | Refused]:
        """What the list shows of these users' passwords: it is read once for all of them."""
        told = readable(await self._session.send(_LIST, LONGEST_LIST), "the users")
        if isinstance(told, Refused):
            return [replace(told, who=who) for who in whos]
        members = told.value()
        if told.status != 200 or told.is_html() or not isinstance(members, list):
            text = f"reading the users: answered {told.status} with no list of them"
            return [Refused(who, Reason.OTHER, text) for who in whos]
        entries = {entry.get("loginId"): entry for entry in members if isinstance(entry, Mapping)}
        return [_evidence(who, entries.get(who), told) for who in whos]

    async def try_password(self, who: str, password: Secret) -> Tried | Refused:
        """Read the list of roles with this name and password.  A refusal to read says that they are right.

        In older texts a 401 may also mean that somebody has no rights, so that it tells nothing.
        """
        session = Session(replace(self._settings, username=who, password=password, token=None))
        try:
            answer = readable(await session.send(WireRequest("GET", ("roles",))), "the roles")
        finally:
            await session.close()
        if isinstance(answer, Refused):
            known = {Reason.NOT_ALLOWED: Tried.RIGHT, Reason.NOT_SIGNED_IN: Tried.NOT_TOLD}
            return known.get(answer.reason, replace(answer, who=who))
        return Tried.RIGHT if answer.status == 200 and not answer.is_html() else Tried.NOT_TOLD

    async def probe(self) -> Probe:
        """Read the roles, which is a short list.  Raises Unreachable or BadAnswer."""
        self._session.revive()
        answer = _read(await self._session.send(WireRequest("GET", ("roles",))))
        if not isinstance(answer.value(), list):
            raise _no_primavera("answered with no list of roles")
        return Probe(self.account)

    def through(self, gate: Gate) -> None:
        """From now on every request passes this gate."""
        self._session.through(gate)

    async def close(self) -> None:
        """Give back the connections."""
        await self._session.close()

    async def _all(self) -> Sequence[User]:
        """All users that we may see: none where we may not read the list."""
        try:
            return [each.user for each in await self._listed()]
        except Unreachable as error:
            if error.code != _MAY_NOT_READ:
                raise
            return []

    async def _listed(self) -> Sequence[_Listed]:
        answer = _read(await self._session.send(_LIST, LONGEST_LIST))
        members = answer.value()
        if not isinstance(members, list):
            raise _no_primavera("answered with no list of users")
        entries: Sequence[Mapping[str, object]] = [each if isinstance(each, dict) else {} for each in members]
        try:
            return [_Listed(read_user(each), flag_of(each, "locked") is True) for each in entries]
        except Unreadable as error:
            raise _no_primavera(f"answered with no user: {error}") from None

    async def _create(self, commands: dict[int, CreateUser]) -> dict[int, Outcome]:
        """Create, then set the passwords: the vendor's creation cannot carry one."""
        made: dict[int, Outcome] = {n: Created(c.who) for n, c in commands.items() if c.who in self._half}
        bare: Numbered = {n: self._bare(c) for n, c in commands.items() if n not in made}
        made |= await self._carry(bare)
        resets: Numbered = {
            number: ResetPassword(command.who, command.password, command.notify)
            for number, command in commands.items()
            if isinstance(made[number], Created) and wants_password(command)
        }
        self._half |= {command.who for command in resets.values()}
        done = await self._carry({number: settled(command) for number, command in resets.items()})
        for number, reset in done.items():
            created = made[number]
            if isinstance(reset, Changed) and isinstance(created, Created):
                self._half.discard(reset.who)
                made[number] = replace(created, delivery=reset.delivery)
            else:
                text = reset.text if isinstance(reset, Refused | Uncertain) else ""
                made[number] = Uncertain(reset.who, f"created, but its password is not set for certain: {text}")
        return made

    def _bare(self, command: CreateUser) -> CreateUser:
        """The creation as the vendor knows it: with names, with a company, without anything of a password."""
        profile = named(command.profile, command.who)
        if self._settings.organization and not profile.more.get(MORE):
            own: Json = {"organization": {"name": self._settings.organization}}
            profile = replace(profile, more={**profile.more, MORE: own})
        return replace(command, profile=profile, password=None, generate=False, notify=False)

    async def _amend(self, commands: Numbered) -> dict[int, Outcome]:
        """Send users as they shall be, beside how they are by the list; whoever shall be active is unlocked as well."""
        try:
            known = {each.user.login: each for each in await self._listed()}
        except (Unreachable, BadAnswer) as error:
            return {number: _unlisted(command, error) for number, command in commands.items()}
        outcomes: dict[int, Outcome] = {}
        sent: Numbered = {}
        unlocked: Numbered = {}
        for number, command in commands.items():
            found = known.get(command.who)
            if isinstance(command, UpdateUser) and found is None:
                outcomes[number] = Refused(command.who, Reason.NO_SUCH_USER, "there is no such user in the list")
                continue
            if found is not None and found.locked and _activates(command):
                unlocked[number] = command
            if found is None or isinstance(command, UpdateUser) or found.user.status is not Status.LOCKED:
                sent[number] = _entire(command, found)
        outcomes |= await self._carry(sent)
        able = {n: c for n, c in unlocked.items() if isinstance(outcomes.get(n, Changed(c.who)), Changed)}
        done = await self._carry(able, lambda each: write_unlock([known[one.who].user for one in each]))
        return outcomes | {number: _both(outcomes.get(number), outcome) for number, outcome in done.items()}

    async def _carry(self, commands: Numbered, writer: _Writer = write) -> dict[int, Outcome]:
        """Send commands of one kind in as few calls as can be told apart; calls go one after the other."""
        outcomes: dict[int, Outcome] = {}
        for group in sets_of(commands):
            answers = await self._call(list(group.values()), writer)
            outcomes |= dict(zip(group, answers, strict=True))
        return outcomes

    async def _call(self, commands: Sequence[Command], writer: _Writer, *, again: bool = False) -> Sequence[Outcome]:
        """One call for a set.  Where all of it is refused, halves are asked for, until each has its own answer.

        After a 500 only for passwords of ours: then the same value is set again at worst.  again: this was part of a
        larger call.
        """
        answer = await self._session.send(writer(commands))
        apart = isinstance(answer, Answer) and told_apart(commands, answer) is not None
        if isinstance(answer, Answer) and len(commands) > 1 and may_halve(commands, answer.status) and not apart:
            middle = len(commands) // 2
            first = await self._call(commands[:middle], writer, again=True)
            return [*first, *await self._call(commands[middle:], writer, again=True)]
        if isinstance(answer, Answer) and isinstance(commands[0], CreateUser | UpdateUser | DeleteUser):
            answer = await self._finished(answer)
        outcomes = judge(commands, answer)
        if not again:
            return outcomes
        return [unless_ours(each, outcome) for each, outcome in zip(commands, outcomes, strict=True)]

    async def _finished(self, answer: Answer) -> Answer | Lost | Refused:
        """The result of the job that a change of users is; the answer itself where it holds the result."""
        job = job_of(answer.body, answer.headers.get("location", "")) if answer.status in (200, 201, 202) else ""
        if not job:
            return answer
        look = WireRequest("GET", ("user", "status", job))
        loop = asyncio.get_running_loop()
        end = loop.time() + self._settings.patience
        while loop.time() < end:
            result = await self._session.send(look)
            running = isinstance(result, Answer) and result.status in (202, 429, 503)
            if not running and not isinstance(result, Lost):
                # Whatever this says is about the look: the job itself was accepted.
                known = isinstance(result, Answer) and result.status == 200
                return result if known else Lost(sent=True, text=f"the result of job {job} cannot be read")
            await asyncio.sleep(self._settings.pause)
        return Lost(sent=True, text=f"job {job} had not ended after {self._settings.patience:g} s")


def _activates(command: Command) -> bool:
    return isinstance(command, SetStatus | UpdateUser) and command.status is Status.ACTIVE


def _entire(command: Command, found: _Listed | None) -> Command:
    """The command as it is sent: an update with all that stays, so that no role is lost."""
    if not isinstance(command, UpdateUser) or found is None:
        return command
    profile = None if command.profile is None else named(command.profile, command.who)
    return whole(replace(command, profile=profile), found.user)


def _both(first: Outcome | None, second: Outcome) -> Outcome:
    """What came of a change and of the unlocking after it."""
    if first is None or isinstance(second, Changed):
        return second
    text = second.text if isinstance(second, Refused | Uncertain) else ""
    return Uncertain(second.who, f"changed, but not unlocked for certain: {text}")


def _unlisted(command: Command, error: Unreachable | BadAnswer) -> Refused:
    """Without the list nothing was sent, which is certain."""
    reasons = {"KT-AUTH-001": Reason.NOT_SIGNED_IN, _MAY_NOT_READ: Reason.NOT_ALLOWED}
    other = Reason.UNREACHABLE if isinstance(error, Unreachable) else Reason.OTHER
    return Refused(command.who, reasons.get(error.code, other), f"the list of users cannot be read: {error.what}")


def _evidence(who: str, entry: Mapping[str, object] | None, answer: Answer) -> Evidence | Refused:
    if entry is None:
        return nobody(who, answer.clock())
    try:
        return replace(read_evidence(entry), clock=answer.clock())
    except Unreadable as error:
        return Refused(who, Reason.OTHER, f"reading the users: {error}")


def _searched(user: User) -> str:
    profile = user.profile
    return "\n".join((user.login, profile.display_name, profile.mail())).casefold()


def _read(answer: Answer | Lost | Refused) -> Answer:
    """The answer to a read; why there is none is raised, because a read cannot be refused as a value."""
    if isinstance(answer, Lost):
        raise Unreachable(f"the target cannot be reached: {answer.text}")
    if isinstance(answer, Refused):
        raise Unreachable(answer.text, code="KT-AUTH-001")
    expect_read(answer, _READS)
    return answer


def _no_primavera(what: str) -> BadAnswer:
    return BadAnswer(what, why=_READS)
