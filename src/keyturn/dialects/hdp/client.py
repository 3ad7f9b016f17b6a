"""A real Hybrid Data Pipeline as a `Directory`: an answer counts only when it proves what it says."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from keyturn.core.capabilities import Capabilities, Usual, lacks, misfit
from keyturn.core.commands import Command, Commands, CreateUser, SetStatus, UpdateUser, candidate
from keyturn.core.errors import BadAnswer, ConfigError, KeyturnError, Slowed, Unreachable
from keyturn.core.evidence import Evidence, Tried, nobody
from keyturn.core.limits import Gate
from keyturn.core.outcomes import Created, Outcome, Reason, Refused, Uncertain
from keyturn.core.ports import Probe
from keyturn.core.secret import Secret
from keyturn.core.users import User, Users, Window
from keyturn.dialects.hdp.client_people import HdpSettings, People, Session
from keyturn.dialects.hdp.wire import (
    CAPABILITIES,
    WireAnswer,
    expected,
    read_outcome,
    read_refusal,
    write,
)
from keyturn.dialects.hdp.wire_policy import read_policy
from keyturn.dialects.hdp.wire_rights import fits
from keyturn.dialects.hdp.wire_shapes import Unreadable, number_text, text_of
from keyturn.dialects.hdp.wire_user import MORE, read_password_info, read_user, status_body
from keyturn.http.answers import Answer, Lost, doubt, sentence, settled, withheld
from keyturn.http.readback import evident

_NO_TENANT: Final = "KT-CFG-008"
_CERTAIN: Final = (501, 503)


class HdpDirectory:
    """Users of a Hybrid Data Pipeline and their passwords, under the permissions of one administrator."""

    def __init__(self, settings: HdpSettings) -> None:
        self._session = Session(settings)
        self._people = People(self._session, settings.tenant)
        self._settings = settings
        self._account = settings.username
        self._tenant = settings.tenant
        self._capabilities = replace(CAPABILITIES, repeats=settings.repeats, ends_sessions=settings.repeats or None)

    @property
    def capabilities(self) -> Capabilities:
        """What can be done there; after a `probe` with the lengths that the server's own policy asks for."""
        return self._capabilities

    @property
    def account(self) -> str:
        """Who we are there."""
        return self._account

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """Send commands, side by side; outcome i belongs to command i."""
        return await asyncio.gather(*(self._do(command) for command in commands))

    async def find(self, who: str) -> User | None:
        """The user, or None when there is none that we may see.  Raises Unreachable or BadAnswer."""
        number = await self._people.number_of(who)
        if isinstance(number, Refused):
            return _none_or_raise(number)
        shown = await self._shown(number)
        return _none_or_raise(shown) if isinstance(shown, Refused) else _user(shown)

    async def list(self, window: Window) -> Users:
        """A part of the users; the whole list is read, for nobody documents pages.  Raises Unreachable or BadAnswer."""
        listed = await self._people.read()
        if isinstance(listed, Refused):
            if listed.reason is Reason.NOT_ALLOWED:
                return Users((), 0)
            raise _not_let_in(listed)
        wanted = [each for each in listed if window.search.casefold() in each.login.casefold()]
        ordered = sorted(wanted, key=lambda each: int(each.number))
        part = ordered[window.start : window.start + window.count]
        return Users(tuple(_user(each.body) for each in part), len(wanted))

    async def read_back(self, whos: Sequence[str]) -> Sequence[Evidence | Refused]:
        """What is shown now of these users' passwords, read side by side."""
        return await asyncio.gather(*map(self._evidence, whos))

    async def try_password(self, who: str, password: Secret) -> Tried | Refused:
        """Read who one is with this name and password.  A refusal to read says that they are right.

        No page says what is answered to who must change the password first, so a 401 means a wrong one only of a server
        of which we know.
        """
        login = await self._login_of(who)
        if isinstance(login, Refused):
            return replace(login, who=who)
        session = Session(replace(self._settings, username=login, password=password))
        try:
            answer = await session.read("/api/mgmt/user", "oneself")
        finally:
            await session.close()
        if isinstance(answer, Refused):
            wrong = Tried.WRONG if self._settings.repeats else Tried.NOT_TOLD
            known = {Reason.NOT_ALLOWED: Tried.RIGHT, Reason.NOT_SIGNED_IN: wrong}
            return known.get(answer.reason, replace(answer, who=who))
        return Tried.RIGHT if answer.status == 200 and not answer.is_html() else Tried.NOT_TOLD

    async def probe(self) -> Probe:
        """Read who we are, which everybody may, the tenants where one is set, and the password policy.

        Raises Unreachable or BadAnswer, ConfigError when there is no such tenant.
        """
        self._session.revive()
        self._people.forget()
        answer = await self._session.read("/api/mgmt/user", "who we are")
        if isinstance(answer, Refused):
            raise _not_let_in(answer)
        value = answer.value()
        if answer.status != 200 or not isinstance(value, Mapping) or "userId" not in value:
            raise _no_hdp(f"answered {answer.status} with no user")
        if await self._people.lacks_tenant():
            fix = "tenant = a name or number that the list of tenants has, in the settings of the target"
            raise ConfigError(f"there is no tenant {self._tenant!r} there, or more than one", code=_NO_TENANT, fix=fix)
        policy = await self._policy()
        if policy is None:
            return Probe(self._account)
        self._capabilities = replace(self._capabilities, usual=policy)
        classes = f" and {policy.classes} classes" if policy.classes else ""
        return Probe(self._account, note=f"passwords of {policy.shortest} to {policy.longest} characters{classes}")

    def through(self, gate: Gate) -> None:
        """From now on every request passes this gate."""
        self._session.through(gate)

    async def close(self) -> None:
        """Give back the connections."""
        await self._session.close()

    async def _policy(self) -> Usual | None:
        answer = await self._session.open_call("/api/public/passwordpolicy")
        return read_policy(answer.value()) if isinstance(answer, Answer) and answer.status == 200 else None

    async def _evidence(self, who: str) -> Evidence | Refused:
        number = await self._people.number_of(who)
        if isinstance(number, Refused):
            return nobody(who) if number.reason is Reason.NO_SUCH_USER else replace(number, who=who)
        answer = await self._session.read(f"/api/admin/users/{number}/passwordinfo", "how the password stands")
        return evident(who, answer, read_password_info)

    async def _login_of(self, who: str) -> str | Refused:
        """The sign-in name of somebody who may be named by number."""
        number = await self._people.number_of(who)
        shown = number if isinstance(number, Refused) else await self._shown(number)
        return shown if isinstance(shown, Refused) else text_of(shown, "userName")

    async def _do(self, command: Command) -> Outcome:
        refused = self._unfit(command)
        if refused is not None:
            return refused
        if isinstance(command, CreateUser):
            return await self._create(command)
        number = await self._people.number_of(command.who)
        if isinstance(number, Refused):
            return replace(number, who=command.who)
        if command.who != self._account and number == await self._people.number_of(self._account):
            # A run knows its own account by name; under its number it would lock itself out half-way.
            return Refused(command.who, Reason.INVALID, "this is the account that keyturn is signed in with")
        addressed = replace(command, who=number)
        stored: Mapping[str, object] | None = None
        if isinstance(addressed, UpdateUser):
            shown = await self._shown(number)
            if isinstance(shown, Refused):
                return replace(shown, who=command.who)
            stored = shown
        outcome = await self._ask(addressed, stored)
        if isinstance(command, UpdateUser) and command.login and not isinstance(outcome, Refused):
            self._people.add(command.login, number)
        return replace(outcome, who=command.who)

    async def _create(self, command: CreateUser) -> Outcome:
        """The list is read before, so that a refused password shows in one call and not in as many as are in flight."""
        known = await self._people.known()
        if isinstance(known, Refused) and known.reason is not Reason.NOT_ALLOWED:
            return replace(known, who=command.who)
        tenant = await self._people.tenant()
        if isinstance(tenant, Refused):
            return replace(tenant, who=command.who)
        outcome = await self._ask(command, None, tenant)
        if isinstance(outcome, Created):
            if outcome.user is None:
                self._people.forget()
            else:
                self._people.add(command.who, str(outcome.user.number))
        return outcome

    async def _ask(self, command: Command, stored: Mapping[str, object] | None, tenant: int | None = None) -> Outcome:
        request = write(command, stored, tenant)
        answer = await self._session.send(request.method, request.target(), request.body, request.operation)
        return _judge(command, answer)

    async def _shown(self, number: str) -> Mapping[str, object] | Refused:
        """The user of a number as the server shows it, or why there is none."""
        answer = await self._session.read(f"/api/admin/users/{number}", "the user")
        if isinstance(answer, Refused):
            return answer
        if answer.status == 404 and not answer.is_html():
            return Refused("", Reason.NO_SUCH_USER, "there is no such user any more")
        value = answer.value()
        if answer.status != 200 or not isinstance(value, Mapping) or number_text(value.get("id")) != number:
            return Refused("", Reason.OTHER, f"reading the user: answered {answer.status} with no such user")
        return value

    def _unfit(self, command: Command) -> Refused | None:
        """What cannot be sent as it is meant."""
        if not command.who.strip() or not command.who.isprintable():
            return Refused(command.who, Reason.INVALID, "this is no sign-in name and no number")
        text = lacks(command, self._capabilities) or _lost(command)
        too_long = misfit(command, self._capabilities) if not text else None
        if too_long:
            return Refused(command.who, Reason.TOO_LONG, too_long)
        return Refused(command.who, Reason.UNSUPPORTED, text) if text else None


def _lost(command: Command) -> str:
    """What of a command would be lost there; empty when nothing would.

    A new user's names and addresses have no place and are left out; a command that only changes those would do nothing.
    """
    if isinstance(command, CreateUser) and command.login not in ("", command.who):
        return "a user has no id beside the sign-in name and the number"
    if isinstance(command, CreateUser | UpdateUser) and command.rights is not None and not fits(command.rights):
        return "rights there are those over users, one by one, or all; other single ones cannot be given"
    if isinstance(command, UpdateUser) and command.version is not None:
        return "users have no version there"
    if isinstance(command, UpdateUser) and command.profile is not None and MORE not in command.profile.more:
        return "names and addresses of people are not kept there"
    return ""


def _judge(command: Command, answer: Answer | Lost | Refused) -> Outcome:
    """What came of a command, as far as the answer proves it."""
    who = command.who
    judged = settled(who, answer, certain=_CERTAIN)
    if not isinstance(judged, Answer):
        return judged
    status = judged.status
    if 200 <= status < 300:
        text = doubt(judged, expected(command), who) or _contradicts(command, judged)
        return Uncertain(who, text) if text else read_outcome(command, WireAnswer(status, judged.value()))
    refused = read_refusal(command, WireAnswer(status, judged.value(), judged.retry_after()))
    return replace(refused, text=sentence(withheld(refused.text, candidate(command))))


def _contradicts(command: Command, answer: Answer) -> str:
    """Whether a success speaks of somebody else: of another number, of a new user under another name."""
    value = answer.value()
    if not isinstance(value, Mapping):
        return ""
    if isinstance(command, CreateUser):
        return "answered about another user" if value.get("userName", command.who) != command.who else ""
    if "id" in value and number_text(value["id"]) != command.who:
        return "answered about another user"
    if isinstance(command, SetStatus):
        meant = status_body(command.status)
        odd = [name for name, told in meant.items() if value.get(name, told) != told]
        return f"answered that {odd[0]} is otherwise" if odd else ""
    return ""


def _none_or_raise(refused: Refused) -> User | None:
    """What a refused reading means for who looks somebody up.  Raises Unreachable or BadAnswer."""
    if refused.reason not in (Reason.NO_SUCH_USER, Reason.INVALID, Reason.NOT_ALLOWED):
        raise _not_let_in(refused)
    return None


def _not_let_in(refused: Refused) -> KeyturnError:
    if refused.reason in (Reason.TOO_MANY, Reason.BUSY):
        return Slowed(refused.text, retry_after=refused.retry_after)
    if refused.reason is Reason.OTHER:
        return _no_hdp(refused.text)
    return Unreachable(refused.text, code="KT-AUTH-001" if refused.reason is Reason.NOT_SIGNED_IN else "")


def _user(body: Mapping[str, object]) -> User:
    try:
        return read_user(body)
    except Unreadable as error:
        raise _no_hdp(f"answered with no user: {error}") from None


def _no_hdp(what: str) -> KeyturnError:
    return BadAnswer(what, why="Hybrid Data Pipeline answers reads of its API with 200 and JSON")
