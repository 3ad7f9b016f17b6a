"""A real MAS as a `Directory`: commands go out, and an answer counts only when it proves what it says."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from keyturn.core.capabilities import Capabilities, misfit, telling
from keyturn.core.commands import Command, Commands, CreateUser, ResetPassword, SetStatus, UpdateUser, candidate
from keyturn.core.errors import BadAnswer, KeyturnError, Unreachable
from keyturn.core.evidence import Evidence, Tried
from keyturn.core.limits import Gate
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused, Uncertain
from keyturn.core.ports import Probe
from keyturn.core.secret import Secret
from keyturn.core.users import Status, User, Users, Window
from keyturn.dialects.mas.client_judging import proven
from keyturn.dialects.mas.client_manage import Manage
from keyturn.dialects.mas.client_session import MasSettings, Session
from keyturn.dialects.mas.wire import (
    CAPABILITIES,
    TOTAL_HEADER,
    WireAnswer,
    WireRequest,
    expected,
    read_outcome,
    write,
)
from keyturn.dialects.mas.wire_manage import guessed, in_manage, lost
from keyturn.dialects.mas.wire_user import Unreadable, read_evidence, read_user
from keyturn.http.answers import Answer, Lost, expect_read, sentence, withheld
from keyturn.http.paths import quoted
from keyturn.http.readback import evident

_NO_MANAGE: Final = "from 9.1 on users are made in Manage: set `manage_key` of the target (--manage-key-file)"
_READS: Final = "a MAS answers reads of its Admin API with 200 and JSON"


class MasDirectory:
    """Users of a MAS and their passwords, under the rights of one API key or administrator."""

    def __init__(self, settings: MasSettings) -> None:
        self._session = Session(settings)
        self._manage = _manage_of(settings)
        self._version_set = settings.version
        self._half_made: set[tuple[str, str]] = set()
        moved = in_manage(settings.version)
        able = replace(CAPABILITIES, validates=False) if moved else CAPABILITIES
        carries = able.carries - {CreateUser} if moved and self._manage is None else able.carries
        creation = "" if CreateUser in carries else _NO_MANAGE
        ours = settings.repeats  # a keyturn, which ends the sessions of whom it resets; of MAS no page says so
        able = telling(able) if ours else able
        self._capabilities = replace(able, carries=carries, creation=creation, repeats=ours, ends_sessions=ours or None)

    @property
    def capabilities(self) -> Capabilities:
        """What MAS can and cannot do."""
        return self._capabilities

    @property
    def account(self) -> str:
        """Who we are there."""
        return self._session.account

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """Send commands, side by side; outcome i belongs to command i."""
        if len(commands) == 1:
            return [await self._do(commands[0])]
        return await asyncio.gather(*(self._do(command) for command in commands))

    async def find(self, who: str) -> User | None:
        """The user, or None when there is none that we may see.  Raises Unreachable or BadAnswer."""
        if self._manage is not None:
            return await self._find_in_manage(self._manage, who)
        answer = _let_in(await self._session.send("GET", f"/v3/users/{quoted(who)}"))
        if answer.status == 404 and not answer.is_html():
            return None
        expect_read(answer, _READS)
        return _user(answer.value())

    async def list(self, window: Window) -> Users:
        """A part of the users.  Raises Unreachable or BadAnswer.

        No public source tells how MAS lists and pages; the parameters and `x-total-count` are invented.
        """
        query = f"limit={window.count}&offset={window.start}"
        query += f"&search={quoted(window.search)}" if window.search else ""
        answer = _let_in(await self._session.send("GET", f"/v3/users?{query}"))
        expect_read(answer, _READS)
        members, total = answer.value(), answer.headers.get(TOTAL_HEADER, "")
        if not isinstance(members, list):
            raise _no_mas("answered with no list of users")
        return Users(tuple(_user(member) for member in members), int(total) if total.isdecimal() else None)

    async def read_back(self, whos: Sequence[str]) -> Sequence[Evidence | Refused]:
        """What is shown now of these users' credentials, read side by side."""
        return await asyncio.gather(*map(self._evidence, whos))

    async def try_password(self, who: str, password: Secret) -> Tried | Refused:
        """Not offered: no page says how anybody but a superuser signs in without a browser."""
        return Tried.NOT_TOLD

    async def probe(self) -> Probe:
        """Sign in, read the workspaces, which every administrator may, and look into Manage where we use it.

        The version is a guess: no page says what `/about` tells.  Raises Unreachable or BadAnswer.
        """
        self._session.revive()
        expect_read(_let_in(await self._session.send("GET", "/workspaces")), _READS)
        if self._manage is not None:
            await self._manage.find(self.account)
        version = await self._version()
        return Probe(self.account, version=version, expires_in=self._session.expires_in, note=self._note(version))

    def through(self, gate: Gate) -> None:
        """From now on every request passes this gate."""
        self._session.through(gate)
        if self._manage is not None:
            self._manage.through(gate)

    async def close(self) -> None:
        """Give back the connections."""
        await self._session.close()
        if self._manage is not None:
            await self._manage.close()

    async def _evidence(self, who: str) -> Evidence | Refused:
        """As the Admin API shows the user; whom it does not know, Manage may, which tells that there is such a user."""
        seen = evident(who, await self._session.send("GET", f"/v3/users/{quoted(who)}"), read_evidence)
        if self._manage is None or isinstance(seen, Refused) or seen.exists:
            return seen
        try:
            return seen if await self._manage.find(who) is None else replace(seen, exists=True)
        except KeyturnError as error:
            return Refused(who, Reason.UNREACHABLE, error.what)

    async def _find_in_manage(self, manage: Manage, who: str) -> User | None:
        """Whom Manage knows; the Admin API, where it knows the user too, tells more: status, rights, names.

        That 9.1 still answers this read is not published, so that nothing hangs on it.  Who made the user is left out:
        a creation takes several calls here, and that we made the first says nothing of the password.
        """
        found = await manage.find(who)
        if found is None:
            return None
        answer = await self._session.send("GET", f"/v3/users/{quoted(who)}")
        try:
            told = _user(answer.value()) if isinstance(answer, Answer) and answer.status == 200 else found
        except BadAnswer:
            return found
        same = told.key.casefold() == found.key.casefold()
        return replace(told, added=replace(told.added, by="")) if same else found

    async def _version(self) -> str:
        answer = await self._session.glance("/about")
        return guessed(answer.value()) if isinstance(answer, Answer) and answer.status == 200 else ""

    def _note(self, guess: str) -> str:
        notes = ["the version is a guess, from what /about says"] if guess else []
        if in_manage(self._version_set) and self._manage is None:
            notes.append("users cannot be made: the settings have no manage_key")
        if in_manage(guess) and not self._version_set:
            notes.append(f'to make users there, say version = "{guess}" in the settings')
        return "; ".join(notes)

    async def _do(self, command: Command) -> Outcome:
        refused = self._unfit(command)
        if refused is not None:
            return refused
        if not isinstance(command, CreateUser):
            return await self._ask(command, write(command))
        command = _named(command)
        if self._manage is not None:
            return await self._manage.create(command, self._reset)
        if command.generate and not command.validate_only:
            return await self._create_with_password(command)
        return await self._ask(command, write(replace(command, generate=False)))

    async def _ask(self, command: Command, request: WireRequest) -> Outcome:
        answer = await self._session.send(request.method, request.target(), request.body, request.operation)
        return _judge(command, answer)

    async def _reset(self, command: ResetPassword) -> Outcome:
        return await self._ask(command, write(command))

    async def _create_with_password(self, command: CreateUser) -> Outcome:
        """Create, then ask for a local identity: the call in which MAS makes a password up (mas-devops 12.11.1).

        Asked again with the same operation after the second failed, it sends the second alone.
        """
        half = (command.who, command.operation)
        created: Outcome = Created(command.who)
        if half not in self._half_made:
            created = await self._ask(command, write(replace(command, generate=False, notify=False)))
        if not isinstance(created, Created):
            return created
        path = ("v3", "users", command.who, "idps", "local")
        flags, body = {"emailPassword": command.notify}, {"idpUserId": command.login or command.who}
        reset = ResetPassword(command.who, notify=command.notify)
        identity = await self._ask(reset, WireRequest("PUT", path, flags, body, command.operation))
        self._half_made.discard(half)
        if isinstance(identity, Changed):
            return replace(created, secret=identity.secret, delivery=identity.delivery)
        if command.operation:
            self._half_made.add(half)
        text = identity.text if isinstance(identity, Refused | Uncertain) else ""
        return Uncertain(command.who, f"created, but without a password: {text}")

    def _unfit(self, command: Command) -> Refused | None:
        """What cannot be sent as it is meant: an id that is no segment of a path, or more than MAS has words for."""
        if command.who.strip() in ("", ".", "..") or not command.who.isprintable():
            return Refused(command.who, Reason.INVALID, "the id cannot be part of an address")
        text = misfit(command, self._capabilities)
        if isinstance(command, _WITH_STATUS) and command.status is Status.LOCKED:
            text = "MAS has no call that locks a user"
        if self._manage is not None and isinstance(command, CreateUser) and lost(command):
            text = f"Manage has no published word for this: {lost(command)}"
        return Refused(command.who, Reason.UNSUPPORTED, text) if text else None


_WITH_STATUS: Final = (SetStatus, CreateUser, UpdateUser)


def _manage_of(settings: MasSettings) -> Manage | None:
    if settings.manage_key is None or not in_manage(settings.version):
        return None
    return Manage(settings.manage or settings.site, settings.manage_key, settings.waits)


def _named(command: CreateUser) -> CreateUser:
    """The same creation with a display name, which MAS requires: the names there are, else the id."""
    profile = command.profile
    if profile.display_name:
        return command
    names = " ".join(name for name in (profile.given_name, profile.family_name) if name)
    return replace(command, profile=replace(profile, display_name=names or command.who))


def _judge(command: Command, answer: Answer | Lost | Refused) -> Outcome:
    """What came of a command, as far as the answer proves it."""
    judged = proven(command.who, answer, expected(command))
    if not isinstance(judged, Answer):
        return judged
    outcome = read_outcome(command, WireAnswer(judged.status, judged.value(), judged.retry_after()))
    if isinstance(outcome, Changed) and _kept_back(command, outcome):
        return Uncertain(command.who, "answered success without the password that it was to make up and hand back")
    if not isinstance(outcome, Refused):
        return outcome
    return replace(outcome, text=sentence(withheld(outcome.text, candidate(command))))


def _kept_back(command: Command, outcome: Changed) -> bool:
    """Whether nobody could know the new password: it was made up there, not mailed, and is not in the answer."""
    return isinstance(command, ResetPassword) and not command.new and not command.notify and outcome.secret is None


def _let_in(answer: Answer | Lost | Refused) -> Answer:
    """The answer to a read; why there is none is raised, because a read cannot be refused as a value."""
    if isinstance(answer, Lost):
        raise Unreachable(f"the target cannot be reached: {answer.text}")
    if isinstance(answer, Refused):
        code = "KT-AUTH-001" if answer.reason is Reason.NOT_SIGNED_IN else ""
        raise Unreachable(answer.text, code=code)
    return answer


def _user(value: object) -> User:
    try:
        return read_user(value if isinstance(value, Mapping) else {})
    except Unreadable as error:
        raise _no_mas(f"answered with no user: {error}") from None


def _no_mas(what: str) -> KeyturnError:
    return BadAnswer(what, why=_READS)
