"""A directory in memory: an honest implementation of the port, with switches for what goes wrong with real ones."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from keyturn.core.capabilities import Capabilities, misfit
from keyturn.core.commands import ChangePassword, Command, Commands, CreateUser, ResetPassword
from keyturn.core.errors import StoreError, Unreachable
from keyturn.core.evidence import Evidence, Sign, Tried, evidence_of, nobody
from keyturn.core.outcomes import Changed, Created, Delivery, Outcome, Reason, Refused, Uncertain
from keyturn.core.ports import Probe
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, Stamp, User, Users, Window

ABLE = Capabilities(carries=frozenset({CreateUser, ResetPassword}), generates=True, mails=True, hands_back=True)
HERE = "memory-key"
LONG_SINCE = timedelta(days=30)


@dataclass(slots=True)
class Switches:
    """What goes wrong.  lose: so many answers of a user are dropped after the change is done, miss: before it.

    refuse: by user.  half: users who are made without the password that was wanted with them.

    lie: users of whom it says that they are changed, and changes nothing; late: how far its clock is behind;
    floating: its times come without a zone; wary: what it answers in place of so many readings.

    blind: looking up fails; broken, crash: the user at whom the directory breaks, as it may or as it never should;
    slow_down: so many commands are told to wait `retry_after` seconds; busy: likewise, without a time.
    """

    signed_out: bool = False
    not_allowed: bool = False
    dead: bool = False
    lose: dict[str, int] = field(default_factory=dict)
    miss: dict[str, int] = field(default_factory=dict)
    refuse: dict[str, Reason] = field(default_factory=dict)
    half: frozenset[str] = frozenset()
    slow_down: int = 0
    busy: int = 0
    retry_after: float = 0.01
    delay: float = 0.0
    history: bool = False
    crash: str = ""
    blind: bool = False
    broken: str = ""
    lie: frozenset[str] = frozenset()
    late: timedelta = timedelta(0)
    floating: bool = False
    wary: list[Refused] = field(default_factory=list)


class MemoryDirectory:
    """Users with their passwords.

    log: every command that reached it, in order; effects: how often each user was changed; most: the largest number
    of commands that were under way at once.
    """

    def __init__(
        self, whos: Sequence[str] = (), capabilities: Capabilities = ABLE, switches: Switches | None = None
    ) -> None:
        self.able = capabilities
        self.switches = switches or Switches()
        self.users = {who: _user(who, Profile(), "before", LONG_SINCE) for who in whos}
        self.passwords: dict[str, Secret] = {}
        self.log: list[Command] = []
        self.effects: Counter[str] = Counter()
        self.under_way = 0
        self.most = 0
        self.closed = False
        self.readings: list[list[str]] = []
        self.tried: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._arrived = asyncio.Event()

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        return self.able

    @property
    def account(self) -> str:
        """Who we are here."""
        return HERE

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """Do them one by one."""
        if self.switches.dead:
            return [Refused(command.who, Reason.UNREACHABLE, "nobody answers") for command in commands]
        self.under_way += len(commands)
        self.most = max(self.most, self.under_way)
        self._arrived.set()
        try:
            await asyncio.sleep(self.switches.delay)
            await self.gate.wait()
            return [self._one(command) for command in commands]
        finally:
            self.under_way -= len(commands)

    async def reached(self, count: int) -> None:
        """Wait until so many commands are under way."""
        while self.under_way < count:
            self._arrived.clear()
            await self._arrived.wait()

    async def find(self, who: str) -> User | None:
        """The user."""
        if self.switches.dead or self.switches.blind:
            raise Unreachable("nobody answers")
        return self.users.get(who)

    async def list(self, window: Window) -> Users:
        """A part of the users."""
        users = tuple(self.users.values())
        return Users(users[window.start : window.start + window.count], len(users))

    async def read_back(self, whos: Sequence[str]) -> Sequence[Evidence | Refused]:
        """What `tells` and `may_tell` say that it shows."""
        self.readings.append(list(whos))
        if self.switches.wary:
            refused = self.switches.wary.pop(0)
            return [replace(refused, who=who) for who in whos]
        return [self._evidence(who) for who in whos]

    async def try_password(self, who: str, password: Secret) -> Tried | Refused:
        """Whether it is the present one."""
        self.tried.append(who)
        return Tried.RIGHT if self.passwords.get(who) == password else Tried.WRONG

    def choose(self, who: str, password: str) -> None:
        """The person sets a password of their own."""
        self._set(who, Secret(password), must_change=False, by=who)

    async def probe(self) -> Probe:
        """Who we are."""
        if self.switches.dead:
            raise Unreachable("nobody answers")
        return Probe(HERE, "1")

    async def close(self) -> None:
        """Nothing to give back."""
        self.closed = True

    def _one(self, command: Command) -> Outcome:
        self.log.append(command)
        if command.who == self.switches.crash:
            raise RuntimeError("a fault of the directory's own")
        if command.who == self.switches.broken:
            raise StoreError("the database is full")
        refused = self._switched_off(command)
        if refused is not None:
            return refused
        if self.switches.miss.get(command.who, 0) > 0:
            self.switches.miss[command.who] -= 1
            return Uncertain(command.who, "the connection broke before the answer came")
        outcome = self._do(command)
        self.effects[command.who] += not isinstance(outcome, Refused)
        if not isinstance(outcome, Refused) and self.switches.lose.get(command.who, 0) > 0:
            self.switches.lose[command.who] -= 1
            return Uncertain(command.who, "the connection broke before the answer came")
        return outcome

    def _evidence(self, who: str) -> Evidence:
        user, now = self.users.get(who), datetime.now(UTC) - self.switches.late
        if user is None:
            return nobody(who, now)
        shown = {*self.able.tells, *self.able.may_tell}
        seen = evidence_of(who, user, now)
        return replace(
            seen,
            password_changed=seen.password_changed if Sign.PASSWORD_CHANGED in shown else None,
            must_change=seen.must_change if Sign.MUST_CHANGE in shown else None,
            touched=seen.touched if Sign.TOUCHED in shown else None,
            added=seen.added if Sign.TOUCHED in shown else None,
            version=seen.version if Sign.VERSION in shown else "",
            floating=self.switches.floating,
        )

    def _set(self, who: str, password: Secret, *, must_change: bool, by: str) -> None:
        """A password and all that shows that it was set."""
        self.passwords[who] = password
        user, now = self.users[who], datetime.now(UTC) - self.switches.late
        changed = replace(user, version=user.version + 1, updated=Stamp(by, now), password_changed=now)
        self.users[who] = replace(changed, has_password=True, must_change=must_change)

    def _switched_off(self, command: Command) -> Refused | None:
        switches = self.switches
        if switches.signed_out:
            return Refused(command.who, Reason.NOT_SIGNED_IN, "the token is not good")
        if switches.not_allowed:
            return Refused(command.who, Reason.NOT_ALLOWED, "the key lacks the right")
        if switches.slow_down > 0:
            switches.slow_down -= 1
            return Refused(command.who, Reason.TOO_MANY, "slower", retry_after=switches.retry_after)
        if switches.busy > 0:
            switches.busy -= 1
            return Refused(command.who, Reason.BUSY, "too much to do")
        if command.who in switches.refuse:
            return Refused(command.who, switches.refuse[command.who], "no", code="E1")
        return None

    def _do(self, command: Command) -> Outcome:
        unfit = misfit(command, self.able)
        if unfit is not None:
            return Refused(command.who, Reason.UNSUPPORTED, unfit)
        match command:
            case CreateUser():
                return self._create(command)
            case ResetPassword():
                return self._reset(command)
            case ChangePassword():
                return self._change(command)
            case _:
                return Refused(command.who, Reason.UNSUPPORTED)

    def _create(self, command: CreateUser) -> Outcome:
        if command.who in self.users:
            return Refused(command.who, Reason.EXISTS, "there is such a user")
        self.users[command.who] = _user(command.who, command.profile, HERE)
        made = Secret(f"made-for-{command.who}") if command.generate else None
        password = made or command.password
        if password is not None and command.who not in self.switches.half:
            self._set(command.who, password, must_change=self.able.temporary is True, by=HERE)
        mailed = command.notify and bool(command.profile.mail())
        return Created(command.who, secret=None if mailed else made, delivery=_delivery(mailed))

    def _reset(self, command: ResetPassword) -> Outcome:
        if command.who not in self.users:
            return Refused(command.who, Reason.NO_SUCH_USER, "no such user", code="404")
        if self.switches.history and command.new and self.passwords.get(command.who) == command.new:
            return Refused(command.who, Reason.SAME_PASSWORD, "that is the present one")
        made = Secret(f"made-for-{command.who}-{len(self.log)}") if command.new is None else None
        if command.who not in self.switches.lie:
            new = made or command.new or Secret("")
            self._set(command.who, new, must_change=self.able.temporary is True, by=HERE)
        return Changed(command.who, secret=None if command.notify else made, delivery=_delivery(command.notify))

    def _change(self, command: ChangePassword) -> Outcome:
        """As the contract says of a change that is asked again: find out which of the two is valid."""
        present = self.passwords.get(command.who)
        if present is not None and present == command.old:
            self._set(command.who, command.new, must_change=False, by=HERE)
            return Changed(command.who)
        if command.again and present == command.new:
            return Changed(command.who)
        text = "neither the present password nor the new one is valid" if command.again else "it is not the present one"
        return Refused(command.who, Reason.WRONG_PASSWORD, text)


def able(**changes: object) -> Capabilities:
    """The abilities of the directory with some of them other."""
    return replace(ABLE, **changes)  # type: ignore[arg-type]  # the test names a field and gives its type


def _delivery(mailed: bool) -> Delivery:
    return Delivery.MAILED if mailed else Delivery.NONE


def _user(who: str, profile: Profile, by: str, age: timedelta = timedelta(0)) -> User:
    stamp = Stamp(by, datetime.now(UTC).replace(microsecond=0) - age)
    return User(who, 1, 1, who, who, profile, stamp, stamp, password_changed=stamp.at if age else None)
