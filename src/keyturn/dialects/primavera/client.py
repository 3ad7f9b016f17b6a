"""A real Primavera Administration as a `Directory`: sets go out, and each user's own verdict comes back."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from keyturn.core.capabilities import Capabilities, misfit
from keyturn.core.commands import Command, Commands, CreateUser, DeleteUser, ResetPassword, SetStatus, candidate
from keyturn.core.errors import BadAnswer, Unreachable
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused, Uncertain
from keyturn.core.ports import Probe
from keyturn.core.users import Json, Profile, Status, User, Users, Window
from keyturn.dialects.primavera.client_session import LONGEST_LIST, PrimaveraSettings, Session
from keyturn.dialects.primavera.wire import CAPABILITIES, WireRequest, wordless_creation, write
from keyturn.dialects.primavera.wire_answer import entries_of, job_of, pick, read_outcome, read_refusal
from keyturn.dialects.primavera.wire_user import MORE, Unreadable, read_user
from keyturn.http.answers import Answer, Lost, expect_read, harmless, sentence, withheld

_UNKNOWN_FATE: Final = frozenset({202, 204, 408, 500, 502, 504})
_LIST: Final = WireRequest("GET", ("user",))
Numbered: TypeAlias = dict[int, Command]


_READS: Final = "a Primavera Administration answers reads of its API with 200 and JSON"


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
        return CAPABILITIES

    @property
    def account(self) -> str:
        """Who we are there."""
        return self._session.account

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """Send commands in sets, one call a set; outcome i belongs to command i."""
        outcomes: dict[int, Outcome] = {}
        left: Numbered = {}
        for number, command in enumerate(commands):
            refused = _unfit(command)
            if refused is not None:
                outcomes[number] = refused
            else:
                left[number] = command
        creations = {number: command for number, command in left.items() if isinstance(command, CreateUser)}
        outcomes |= await self._create(creations)
        outcomes |= await self._carry({number: left[number] for number in left if number not in creations})
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

    async def probe(self) -> Probe:
        """Read the roles, which is a short list.  Raises Unreachable or BadAnswer."""
        self._session.revive()
        answer = _read(await self._session.send(WireRequest("GET", ("roles",))))
        if not isinstance(answer.value(), list):
            raise _no_primavera("answered with no list of roles")
        return Probe(self.account)

    async def close(self) -> None:
        """Give back the connections."""
        await self._session.close()

    async def _all(self) -> Sequence[User]:
        answer = _read(await self._session.send(_LIST, LONGEST_LIST))
        members = answer.value()
        if not isinstance(members, list):
            raise _no_primavera("answered with no list of users")
        try:
            return [read_user(member if isinstance(member, dict) else {}) for member in members]
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
            if isinstance(made[number], Created) and _wants_password(command)
        }
        self._half |= {command.who for command in resets.values()}
        done = await self._carry({number: _settled(command) for number, command in resets.items()})
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
        profile = _named(command.profile, command.who)
        if self._settings.organization and not profile.more.get(MORE):
            own: Json = {"organization": {"name": self._settings.organization}}
            profile = replace(profile, more={**profile.more, MORE: own})
        return replace(command, profile=profile, password=None, generate=False, notify=False)

    async def _carry(self, commands: Numbered) -> dict[int, Outcome]:
        """Send commands of one kind in as few calls as can be told apart; calls go one after the other."""
        outcomes: dict[int, Outcome] = {}
        for group in _groups(commands):
            answers = await self._call(list(group.values()))
            outcomes |= dict(zip(group, answers, strict=True))
        return outcomes

    async def _call(self, commands: Sequence[Command], *, again: bool = False) -> Sequence[Outcome]:
        """One call for a set.  Where all of it is refused, halves are asked for, until each has its own answer.

        After a 500 only for passwords of ours: then the same value is set again at worst.  again: this was part of a
        larger call.
        """
        answer = await self._session.send(write(commands))
        if isinstance(answer, Answer) and len(commands) > 1 and _may_halve(commands, answer.status):
            middle = len(commands) // 2
            first = await self._call(commands[:middle], again=True)
            return [*first, *await self._call(commands[middle:], again=True)]
        if isinstance(answer, Answer) and isinstance(commands[0], CreateUser | DeleteUser):
            answer = await self._finished(answer)
        outcomes = _judge(commands, answer)
        if not again:
            return outcomes
        return [_unless_ours(each, outcome) for each, outcome in zip(commands, outcomes, strict=True)]

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


def _unfit(command: Command) -> Refused | None:
    """What cannot be sent as it is meant."""
    if not command.who.strip() or not command.who.isprintable():
        return Refused(command.who, Reason.INVALID, "the id cannot be sent")
    text = misfit(command, CAPABILITIES)
    if isinstance(command, SetStatus) and command.status is Status.LOCKED:
        text = "there is no call that locks a user"
    if isinstance(command, CreateUser) and text is None:
        text = wordless_creation(command)
    match command:
        case ResetPassword(new=None, notify=False) | CreateUser(generate=True, notify=False):
            text = "the password that it makes up is always mailed; say that you want that"
    return Refused(command.who, Reason.UNSUPPORTED, text) if text else None


def _settled(command: Command) -> Command:
    """A reset as the vendor does it whatever is asked: a known value is for good, a made-up one is not."""
    if not isinstance(command, ResetPassword):
        return command
    return replace(command, permanent=command.new is not None)


def _wants_password(command: CreateUser) -> bool:
    return command.password is not None or command.generate or command.notify


def _named(profile: Profile, who: str) -> Profile:
    """The profile with the names that the vendor requires: of the display name, else of the id."""
    if profile.given_name or profile.family_name:
        return profile
    given, _, family = (profile.display_name or who).rpartition(" ")
    return replace(profile, given_name=given, family_name=family)


def _groups(commands: Numbered) -> Sequence[Numbered]:
    """Sets for one call each: mailed or not, nobody twice, and a password that the target makes up alone.

    Alone, because such a call must never be sent again for the sake of somebody else in it.
    """
    groups: list[tuple[object, set[str], Numbered]] = []
    for number, asked in commands.items():
        command = _settled(asked)
        alone = number if isinstance(command, ResetPassword) and command.new is None else None
        key = (type(command), alone, isinstance(command, ResetPassword) and command.notify)
        for known, names, group in groups:
            if known == key and command.who.casefold() not in names:
                names.add(command.who.casefold())
                group[number] = command
                break
        else:
            groups.append((key, {command.who.casefold()}, {number: command}))
    return [group for _, _, group in groups]


def _may_halve(commands: Sequence[Command], status: int) -> bool:
    known = isinstance(commands[0], ResetPassword) and commands[0].new is not None
    return status in (400, 413) or (known and status == 500)


def _unless_ours(command: Command, outcome: Outcome) -> Outcome:
    """After a larger call that was refused, what is already so may be its doing: no vendor page says that it is not."""
    already = {CreateUser: (Reason.EXISTS, Reason.RESERVED), DeleteUser: (Reason.NO_SUCH_USER,)}.get(type(command), ())
    if isinstance(outcome, Refused) and outcome.reason in already:
        return Uncertain(command.who, f"{outcome.text}; the larger call that was refused before may have done that")
    return outcome


def _judge(commands: Sequence[Command], answer: Answer | Lost | Refused) -> Sequence[Outcome]:
    """What came of each command, as far as the answer proves it."""
    if isinstance(answer, Refused):
        return [replace(answer, who=each.who) for each in commands]
    if isinstance(answer, Lost):
        return [
            Uncertain(each.who, answer.text) if answer.sent else Refused(each.who, Reason.UNREACHABLE, answer.text)
            for each in commands
        ]
    status = answer.status
    if status == 200:
        entries = None if answer.is_html() else entries_of(answer.body)
        if entries is None:
            return [Uncertain(each.who, "answered 200 with something that tells of no user") for each in commands]
        return [_printable(each, read_outcome(each, pick(entries, each.who))) for each in commands]
    unknown = (
        status in _UNKNOWN_FATE or (status >= 500 and status != 503) or (300 <= status < 400 and not harmless(status))
    )
    if unknown or 200 <= status < 300:
        return [Uncertain(each.who, f"answered {status}") for each in commands]
    if answer.is_html() and status == 404:
        text = "answered with a web page: is this the address of the API?"
        return [Refused(each.who, Reason.OTHER, text) for each in commands]
    return [_printable(each, read_refusal(each, status, answer.body, answer.retry_after())) for each in commands]


def _printable(command: Command, outcome: Outcome) -> Outcome:
    """The target's own words as one harmless line, without a part of the password."""
    if not isinstance(outcome, Refused | Uncertain):
        return outcome
    return replace(outcome, text=sentence(withheld(outcome.text, candidate(command))))


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
