"""Any SCIM 2.0 server as a directory: each command is a call, and its answer is read, not assumed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from keyturn.core.capabilities import Capabilities, misfit
from keyturn.core.commands import Command, Commands, CreateUser, DeleteUser, SetStatus, UpdateUser, candidate
from keyturn.core.errors import BadAnswer, KeyturnError, Slowed, Unreachable
from keyturn.core.evidence import Evidence, Tried, nobody
from keyturn.core.limits import Gate
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused, Uncertain
from keyturn.core.ports import Probe
from keyturn.core.secret import Secret
from keyturn.core.users import Status, User, Users, Window
from keyturn.dialects.scim.client_people import Found, People
from keyturn.dialects.scim.client_session import ScimSettings, Session
from keyturn.dialects.scim.wire import CAPABILITIES, ERROR, WireRequest, read_refusal, unfit, write
from keyturn.dialects.scim.wire_user import Sent, Unreadable, read_evidence, read_user, version_of
from keyturn.http.answers import Answer, Lost, doubt, sentence, settled, withheld

_READS: Final = "a SCIM server answers GET /Users with a ListResponse"
_CERTAIN: Final = (501, 503)
_DOUBTFUL: Final = (425,)
_EXPECTED: Final = {"POST": (201,), "PUT": (200, 204), "PATCH": (200, 204), "DELETE": (204, 200)}
_NOTHING_TO_SEE: Final = frozenset({Reason.NO_SUCH_USER, Reason.NOT_ALLOWED})


class ScimDirectory:
    """Users of a SCIM server and their passwords."""

    def __init__(self, settings: ScimSettings) -> None:
        self._session = Session(settings)
        self._people = People(self._session)
        self._capabilities = replace(
            CAPABILITIES,
            repeats=settings.repeats,
            temporary=settings.repeats,
            imports=settings.repeats,
            ends_sessions=settings.repeats or None,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What SCIM can and cannot do."""
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
        if _unaskable(who):
            return None
        found = await self._people.find(who)
        if isinstance(found, Refused):
            _none_or_raise(found)
            return None
        return read_user(found.body)

    async def list(self, window: Window) -> Users:
        """A part of the users, in the server's order.  Raises Unreachable or BadAnswer."""
        listed = await self._people.part(window.start, window.count, window.search)
        if isinstance(listed, Refused):
            _none_or_raise(listed)
            return Users((), 0)
        try:
            return Users(tuple(read_user(body) for body in listed.bodies), listed.total)
        except Unreadable as error:
            raise BadAnswer(f"answered with no users: {error}", why=_READS) from None

    async def read_back(self, whos: Sequence[str]) -> Sequence[Evidence | Refused]:
        """What is shown now of these users, read side by side."""
        return await asyncio.gather(*map(self._evidence, whos))

    async def try_password(self, who: str, password: Secret) -> Tried | Refused:
        """Not offered: a server of this kind signs in programs, and nobody says that it signs in its users."""
        return Tried.NOT_TOLD

    async def probe(self) -> Probe:
        """Read one user, and what the server says of itself.  Raises Unreachable or BadAnswer."""
        self._session.revive()
        listed = await self._people.page(1, 1)
        if isinstance(listed, Refused):
            raise _trouble(listed)
        told = await self._session.read("/ServiceProviderConfig")
        value = told.value() if isinstance(told, Answer) and told.status == 200 else None
        changes = value.get("changePassword") if isinstance(value, Mapping) else None
        sets = isinstance(changes, Mapping) and changes.get("supported") is True
        return Probe(self.account, note="takes passwords" if sets else "does not say that it takes passwords")

    def through(self, gate: Gate) -> None:
        """From now on every request passes this gate."""
        self._session.through(gate)

    async def close(self) -> None:
        """Give back the connections."""
        await self._session.close()

    async def _evidence(self, who: str) -> Evidence | Refused:
        if _unaskable(who):
            return nobody(who)
        found = await self._people.find(who)
        if isinstance(found, Refused):
            return nobody(who) if found.reason is Reason.NO_SUCH_USER else replace(found, who=who)
        try:
            return replace(read_evidence(found.body), who=who, clock=found.clock)
        except Unreadable as error:
            return Refused(who, Reason.OTHER, f"reading the user: {error}")

    async def _do(self, command: Command) -> Outcome:
        text = misfit(command, self._capabilities) or unfit(command)
        if text:
            return Refused(command.who, Reason.UNSUPPORTED, text)
        if _unaskable(command.who):
            return Refused(command.who, Reason.INVALID, "this can be no userName")
        if isinstance(command, CreateUser):
            return await self._ask(command, write(command))
        found = await self._people.find(command.who)
        if isinstance(found, Refused):
            return replace(found, who=command.who)
        if isinstance(command, UpdateUser):
            return await self._update(command, found)
        return await self._ask(command, write(replace(command, who=found.id)))

    async def _update(self, command: UpdateUser, found: Found) -> Outcome:
        """A whole user is sent; when somebody was quicker, what we looked at is no longer so, and nothing is done."""
        meta = found.body.get("meta")
        stored = version_of(meta.get("version")) if isinstance(meta, Mapping) else None
        if command.version is not None and stored != command.version:
            return Refused(command.who, Reason.STALE_VERSION, "the user was changed meanwhile; read it again")
        outcome = await self._ask(command, write(replace(command, who=found.id), found.body))
        stale = isinstance(outcome, Refused) and outcome.reason is Reason.STALE_VERSION
        if stale and command.version is None:
            return Refused(command.who, Reason.BUSY, "somebody else changed the user just now", retry_after=1)
        return outcome

    async def _ask(self, command: Command, request: WireRequest) -> Outcome:
        answer = await self._session.send(request)
        return _judge(command, request, answer)


def _judge(command: Command, request: WireRequest, answer: Answer | Lost | Refused) -> Outcome:
    """What came of a command, as far as the answer proves it."""
    who = command.who
    judged = settled(who, answer, certain=_CERTAIN, doubtful=_DOUBTFUL)
    if not isinstance(judged, Answer):
        return judged
    if 200 <= judged.status < 300:
        return _believe(command, request, judged)
    refused = read_refusal(who, judged.status, judged.value(), judged.retry_after())
    return replace(refused, text=sentence(withheld(refused.text, candidate(command))))


def _believe(command: Command, request: WireRequest, answer: Answer) -> Outcome:
    """A success counts unless its body speaks against it; of a new user the body has to speak for it."""
    value = answer.value()
    body: Sent = value if isinstance(value, Mapping) else {}
    uid = request.path[-1]
    text = doubt(answer, _EXPECTED[request.method], str(body.get("id")) if isinstance(command, CreateUser) else uid)
    text = text or _contradiction(command, body)
    if isinstance(command, CreateUser):
        user = _user(body)
        if not text and (user is None or user.login != command.who):
            text = "answered success without the new user"
        return Uncertain(command.who, text) if text else Created(command.who, user)
    if text:
        return Uncertain(command.who, text)
    return Changed(command.who, None if isinstance(command, DeleteUser) else _user(body))


def _contradiction(command: Command, body: Sent) -> str:
    """What in a SCIM answer speaks against success."""
    schemas = body.get("schemas")
    if isinstance(schemas, list) and ERROR in schemas:
        return "answered success with an error inside"
    wanted = command.status if isinstance(command, SetStatus | UpdateUser) else None
    if wanted is not None and body.get("active") is (wanted is not Status.ACTIVE):
        return "answered success with the status that was to be changed"
    return ""


def _user(body: Sent) -> User | None:
    try:
        return read_user(body)
    except Unreadable:
        return None


def _unaskable(who: str) -> bool:
    """Whether a text can be no name; a filter for one with control characters is no filter."""
    return not who.strip() or any(ord(char) < 32 or "\ud800" <= char <= "\udfff" for char in who)


def _none_or_raise(refused: Refused) -> None:
    """Nothing to see is an answer; everything else is no answer."""
    if refused.reason not in _NOTHING_TO_SEE:
        raise _trouble(refused)


def _trouble(refused: Refused) -> KeyturnError:
    if refused.reason in (Reason.TOO_MANY, Reason.BUSY):
        return Slowed(refused.text, retry_after=refused.retry_after)
    if refused.reason is Reason.OTHER:
        return BadAnswer(refused.text, why=_READS)
    codes = {Reason.NOT_SIGNED_IN: "KT-AUTH-001", Reason.NOT_ALLOWED: "KT-AUTH-003"}
    return Unreachable(refused.text, code=codes.get(refused.reason, ""))
