"""A real UiPath Identity as a `Directory`: commands go out, and an answer counts only when it proves what it says."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from keyturn.core.capabilities import Capabilities, misfit, telling
from keyturn.core.commands import (
    ChangePassword,
    Command,
    Commands,
    CreateUser,
    DeleteUser,
    ResetPassword,
    SetStatus,
    UpdateUser,
    candidate,
)
from keyturn.core.errors import BadAnswer, ConfigError, KeyturnError, Slowed, Unreachable
from keyturn.core.evidence import Evidence, Tried, nobody
from keyturn.core.limits import Gate
from keyturn.core.outcomes import RETRYABLE, Changed, Created, Outcome, Reason, Refused, Uncertain
from keyturn.core.ports import Probe
from keyturn.core.secret import Secret
from keyturn.core.users import User, Users, Window
from keyturn.dialects.uipath.client_names import Names, listing
from keyturn.dialects.uipath.client_session import Session, UipathSettings
from keyturn.dialects.uipath.wire import CAPABILITIES, WireAnswer, WireRequest, expected, read_success, unfit, write
from keyturn.dialects.uipath.wire_answers import made_user, read_refusal, verdict_of
from keyturn.dialects.uipath.wire_user import Unreadable, guid_of, read_evidence, read_user
from keyturn.http.answers import Answer, Lost, doubt, expect_read, sentence, settled, withheld
from keyturn.http.paths import quoted
from keyturn.http.readback import evident

_NO_USE_ASKING: Final = RETRYABLE | {Reason.NOT_SIGNED_IN, Reason.NOT_ALLOWED, Reason.NO_SUCH_USER}
"""Refusals of a second try after which no further question would be answered better."""

_NAMELESS: Final = "names cannot be looked up without the organization (tenant): name users by their GUIDs, or set it"
_READS: Final = "UiPath Identity answers reads with 200 and JSON"


class UipathDirectory:
    """Users of one organization and their passwords, under the scopes of one client."""

    def __init__(self, settings: UipathSettings) -> None:
        self._session = Session(settings)
        self._organization = settings.organization
        self._names = Names(self._session, settings.organization)
        ours = settings.repeats
        able = telling(CAPABILITIES) if ours else CAPABILITIES
        self._capabilities = replace(able, repeats=ours, temporary=ours or None, ends_sessions=ours or None)

    @property
    def capabilities(self) -> Capabilities:
        """What UiPath can and cannot do."""
        return self._capabilities

    @property
    def account(self) -> str:
        """Who we are there."""
        return self._session.account

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """Send commands, side by side; outcome i belongs to command i."""
        return await asyncio.gather(*(self._do(command) for command in commands))

    async def find(self, who: str) -> User | None:
        """The user, or None when there is none that we may see.  Raises Unreachable or BadAnswer."""
        if _unaddressable(who):
            return None
        uid = await self._names.id_of(who)
        if isinstance(uid, Refused):
            raise _unreachable(uid)
        answer = _let_in(await self._session.send("GET", f"/api/User/{quoted(uid)}"))
        # Of an id that is no GUID a server may as well say that it cannot be read.
        if answer.status in (404, *(() if guid_of(uid) else (400,))) and not answer.is_html():
            return None
        expect_read(answer, _READS)
        return _user(answer.value())

    async def list(self, window: Window) -> Users:
        """A part of the users.  Raises Unreachable or BadAnswer, ConfigError without an organization."""
        if not self._organization:
            raise ConfigError("lists need the organization", code="KT-CFG-003", fix="tenant = its name or GUID")
        answer = _let_in(await self._session.send("GET", listing(self._organization, window)))
        if answer.status == 404:
            what = f"answered 404: probably there is no organization {self._organization!r} there"
            raise BadAnswer(what, why=_READS, fix="tenant = its name or GUID, in the settings of the target")
        expect_read(answer, _READS)
        value = answer.value()
        results = value.get("results") if isinstance(value, Mapping) else None
        total = value.get("totalCount") if isinstance(value, Mapping) else None
        if not isinstance(results, list):
            raise _no_uipath("answered with no list of users")
        known = total if isinstance(total, int) and not isinstance(total, bool) else None
        return Users(tuple(_user(member) for member in results), known)

    async def read_back(self, whos: Sequence[str]) -> Sequence[Evidence | Refused]:
        """What is shown now of these users, read side by side."""
        return await asyncio.gather(*map(self._evidence, whos))

    async def try_password(self, who: str, password: Secret) -> Tried | Refused:
        """Not offered: people sign in in a browser."""
        return Tried.NOT_TOLD

    async def probe(self) -> Probe:
        """Sign in and, where we know the organization, read one user.  Raises Unreachable or BadAnswer."""
        self._session.revive()
        refused = await self._session.sign_in()
        if refused is not None:
            raise _unreachable(refused)
        if self._organization:
            await self.list(Window(0, 1))
        note = "" if self._organization else _NAMELESS
        return Probe(self.account, expires_in=self._session.expires_in, note=note)

    def through(self, gate: Gate) -> None:
        """From now on every request passes this gate."""
        self._session.through(gate)

    async def close(self) -> None:
        """Give back the connections."""
        await self._session.close()

    async def _evidence(self, who: str) -> Evidence | Refused:
        if _unaddressable(who):
            return nobody(who)
        uid = await self._names.id_of(who)
        if isinstance(uid, Refused):
            return replace(uid, who=who)
        answer = await self._session.send("GET", f"/api/User/{quoted(uid)}")
        if guid_of(uid) is None and isinstance(answer, Answer) and answer.status == 400 and not answer.is_html():
            return nobody(who, answer.clock())
        return evident(who, answer, read_evidence)

    async def _do(self, command: Command) -> Outcome:
        text = misfit(command, self._capabilities) or unfit(command)
        if text:
            return Refused(command.who, Reason.UNSUPPORTED, text)
        if isinstance(command, CreateUser):
            return await self._create(command)
        if _unaddressable(command.who):
            return Refused(command.who, Reason.INVALID, "the id cannot be part of an address")
        uid = await self._names.id_of(command.who)
        if isinstance(uid, Refused):
            return replace(uid, who=command.who)
        if isinstance(command, UpdateUser) and not (command.profile or command.join or command.leave):
            if command.status is None:
                return Refused(command.who, Reason.UNSUPPORTED, "there is nothing to change")
            command = SetStatus(command.who, command.status, command.operation)
        outcome = await self._ask(command, write(replace(command, who=uid)))
        if isinstance(command, ChangePassword) and command.again and isinstance(outcome, Refused):
            return await self._find_out(command, uid, outcome)
        return outcome

    async def _find_out(self, command: ChangePassword, uid: str, refused: Refused) -> Outcome:
        """Whether an earlier try took effect, now that the same change is refused: is the new password the present one?

        The old one was tried first, so that an earlier try cannot take effect between the two questions.
        """
        if refused.reason in _NO_USE_ASKING:
            return refused
        question = replace(command, old=command.new, operation="")
        outcome = await self._ask(question, write(replace(question, who=uid)))
        if isinstance(outcome, Refused) and outcome.reason is Reason.WRONG_PASSWORD:
            if refused.reason is not Reason.WRONG_PASSWORD:
                return refused
            return replace(refused, text="neither the present password nor the new one is valid")
        if isinstance(outcome, Refused | Uncertain):
            return Uncertain(command.who, f"whether the new password is valid was not to be found out: {outcome.text}")
        return outcome

    async def _create(self, command: CreateUser) -> Outcome:
        """Make the user, then set the password: the creation that is known of takes none (UiPathOrch, 2026-11-21)."""
        request = write(replace(command, password=None), self._organization)
        created = await self._ask(command, request)
        if not isinstance(created, Created) or created.user is None:
            return created
        self._names.learn(created.user)
        if command.password is None:
            return created
        reset = ResetPassword(created.user.uid, command.password, operation=command.operation)
        outcome = await self._ask(reset, write(reset))
        if isinstance(outcome, Changed):
            return created
        told = outcome.text if isinstance(outcome, Refused | Uncertain) else ""
        return Uncertain(command.who, f"created, but without a password: {told}")

    async def _ask(self, command: Command, request: WireRequest) -> Outcome:
        answer = await self._session.send(request.method, request.target(), request.body, request.operation)
        return _judge(command, answer)


def _judge(command: Command, answer: Answer | Lost | Refused) -> Outcome:
    """What came of a command, as far as the answer proves it."""
    judged = settled(command.who, answer)
    if not isinstance(judged, Answer):
        return judged
    if 200 <= judged.status < 300:
        return _believe(command, judged)
    return _refusal(command, WireAnswer(judged.status, judged.value(), judged.retry_after()))


def _believe(command: Command, answer: Answer) -> Outcome:
    """A success counts with its verdict; a verdict that says no is a refusal; without one it proves nothing."""
    value = answer.value()
    verdict = None if answer.is_html() else verdict_of(value)
    if verdict is False and answer.status in expected(command):
        return _refusal(command, WireAnswer(answer.status, value))
    text = doubt(answer, expected(command), command.who)
    if not text and verdict is None and not isinstance(command, DeleteUser):
        text = "answered without saying whether it succeeded"
    if not isinstance(command, CreateUser):
        return Uncertain(command.who, text) if text else read_success(command)
    user = made_user(command, value)
    if not text and user is None:
        text = "answered success without the new user"
    return Uncertain(command.who, text) if text else read_success(command, user)


def _refusal(command: Command, answer: WireAnswer) -> Refused:
    refused = read_refusal(command, answer)
    text = withheld(refused.text, candidate(command))
    text = withheld(text, command.old) if isinstance(command, ChangePassword) else text
    return replace(refused, text=sentence(text))


def _unaddressable(who: str) -> bool:
    """Whether a name can be no segment of a path; `..` would mean another resource."""
    return who.strip() in ("", ".", "..") or not who.isprintable()


def _let_in(answer: Answer | Lost | Refused) -> Answer:
    """The answer to a read; why there is none is raised, because a read cannot be refused as a value."""
    if isinstance(answer, Lost):
        raise Unreachable(f"the target cannot be reached: {answer.text}")
    if isinstance(answer, Refused):
        raise _unreachable(answer)
    return answer


def _unreachable(refused: Refused) -> KeyturnError:
    if refused.reason in (Reason.TOO_MANY, Reason.BUSY):
        return Slowed(refused.text, retry_after=refused.retry_after)
    codes = {Reason.NOT_SIGNED_IN: "KT-AUTH-001", Reason.NOT_ALLOWED: "KT-AUTH-003"}
    return Unreachable(refused.text, code=codes.get(refused.reason, ""))


def _user(value: object) -> User:
    try:
        return read_user(value if isinstance(value, Mapping) else {})
    except Unreadable as error:
        raise _no_uipath(f"answered with no user: {error}") from None


def _no_uipath(what: str) -> KeyturnError:
    return BadAnswer(what, why=_READS)
