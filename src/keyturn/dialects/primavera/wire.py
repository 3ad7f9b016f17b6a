"""The words of the Primavera Administration API for users and their passwords: what is asked.  Pure.

Sources: Oracle, "Reset Users passwords (Known Value)" (PUT /cloudapi/restapi/user/manual-reset-pwd/{isEmailPasswd}),
and the other operations of "REST API for User Administration in Oracle Primavera Administration Application".  All read
2026-11-21.  What no public source says is marked as invented.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import quote

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Command, CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.evidence import Sign
from keyturn.core.outcomes import Reason
from keyturn.core.secret import Secret
from keyturn.core.users import Handle, Shown, Status, User
from keyturn.dialects.primavera.wire_changes import (
    changed_body,
    created_body,
    read_changed,
    read_created,
    wordless_creation,
    wordless_update,
)
from keyturn.dialects.primavera.wire_user import NO_GROUPS, Body, Unreadable, login_of, read_status, status_body
from keyturn.http.faults import Fault, FaultTable

DOOR: Final = "primavera"
API: Final = "/cloudapi/restapi"
MOST: Final = 1000
"""How many users one call may be about here: invented, none is published."""

CAPABILITIES: Final = Capabilities(
    carries=frozenset({CreateUser, UpdateUser, ResetPassword, SetStatus, DeleteUser}),
    handle=Handle.LOGIN,
    generates=True,
    mails=True,
    mail_shows=False,
    temporary=False,
    permanent=True,
    batch=50,
    tells=(Sign.PASSWORD_CHANGED,),
    may_tell=(Sign.TOUCHED,),
    reads=1000,
    trial=True,
    shows=frozenset({Shown.LOCKED, Shown.DISABLED, Shown.RIGHTS, Shown.MAIL}),
    one_list=True,
)
"""A known value is for good: `changePwdAtNextLogin` is always false after a manual reset.  What the vendor makes up is
always mailed and never shown; whether the mail about a known value holds it is not said.  batch: our choice; the vendor
names no limit.  tells: `lastPasswordResetDate`, from release 25 on.  may_tell: `updatedDate`.  reads: the list is read
in one piece, whoever is asked for.  trial: every call carries name and password, and the list of roles changes nothing.
"""

SERVED: Final = replace(CAPABILITIES, batch=MOST, groups=True)
"""What our own door lets through: roles may name groups."""

BAD_BODY: Final = "Invalid input, Please check."
FAULTS: Final = FaultTable(
    (
        Fault(Reason.NOT_SIGNED_IN, 401, "KTPRM1001E", "Not signed in", invented=True),
        Fault(Reason.NOT_ALLOWED, 403, "KTPRM1002E", "Not authorized", invented=True),
        Fault(Reason.NO_SUCH_USER, 404, "KTPRM1003E", "There is no such user", invented=True),
        Fault(Reason.NO_SUCH_GROUP, 404, "KTPRM1006E", "There is no such group", invented=True),
        Fault(Reason.NO_SUCH_TENANT, 404, "KTPRM1007E", "There is no such tenant", invented=True),
        Fault(Reason.EXISTS, 409, "KTPRM1004E", "The loginId is taken", invented=True),
        Fault(Reason.RESERVED, 409, "KTPRM1005E", "The loginId belongs to a user who was deleted", invented=True),
        Fault(Reason.TOO_SHORT, 400, "KTPRM2001E", "The password is too short", invented=True),
        Fault(Reason.TOO_LONG, 400, "KTPRM2002E", "The password is too long", invented=True),
        Fault(Reason.TOO_COMMON, 400, "KTPRM2003E", "The password is too well known", invented=True),
        Fault(Reason.UNUSABLE_CHARACTER, 400, "KTPRM2004E", "The password holds an unusable character", invented=True),
        Fault(Reason.POLICY, 400, "KTPRM2005E", "The password breaks the policy", invented=True),
        Fault(Reason.SAME_PASSWORD, 400, "KTPRM2006E", "The password is the present one", invented=True),
        Fault(Reason.NOT_ACTIVE, 400, "KTPRM3001E", "The user is not active", invented=True),
        Fault(Reason.NO_MAIL_ADDRESS, 400, "KTPRM3002E", "The user has no e-mail address", invented=True),
        Fault(Reason.INVALID, 400, "KTPRM3003E", BAD_BODY, invented=True),
        Fault(Reason.UNSUPPORTED, 400, "KTPRM3004E", "This cannot be done here", invented=True),
        Fault(Reason.STALE_VERSION, 409, "KTPRM3005E", "Somebody else changed the user first", invented=True),
        Fault(Reason.LAST_ADMINISTRATOR, 403, "KTPRM3006E", "The last administrator must stay", invented=True),
        Fault(Reason.TOO_MANY, 429, "KTPRM4001E", "Too many requests", invented=True),
        Fault(Reason.BUSY, 503, "KTPRM4002E", "The service is busy", invented=True),
        Fault(Reason.OTHER, 400, "KTPRM9999E", BAD_BODY, invented=True),
    )
)
"""The vendor publishes no error codes: all of these are ours.  Most are told per user in `statusInfo`, under 200."""


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request: the path below the root of the API in decoded segments, and the JSON body.

    The body may hold passwords and is never printed.
    """

    method: str
    path: tuple[str, ...]
    body: object = field(default=None, repr=False)

    def target(self) -> str:
        """The path as it goes out, each segment percent-encoded."""
        return "".join("/" + quote(part, safe="") for part in self.path)


def write(commands: Sequence[Command]) -> WireRequest:
    """The one request that carries these commands, all of one kind.  Raises ValueError where there are no words."""
    match commands[0]:
        case ResetPassword(new=Secret()):
            return _write_manual(commands)
        case ResetPassword():
            return WireRequest("PUT", ("user", "auto-reset-pwd"), [_made_up(each) for each in commands])
        case SetStatus():
            return WireRequest("PUT", ("user", "change-status"), [_switched(each) for each in commands])
        case CreateUser():
            return WireRequest("POST", ("user",), {"added": [_created(each) for each in commands]})
        case UpdateUser():
            return WireRequest("POST", ("user",), {"modified": [_changed(each) for each in commands]})
        case DeleteUser():
            return WireRequest("POST", ("user",), {"deleted": [_deleted(each) for each in commands]})
        case _:
            raise _no_words()


def _no_words() -> ValueError:
    return ValueError("the vendor has no words for these commands in one call")


def _write_manual(commands: Sequence[Command]) -> WireRequest:
    """The password as single characters, as the page prints it."""
    body: list[Body] = []
    mailed = set()
    for command in commands:
        if not isinstance(command, ResetPassword) or command.new is None or not command.permanent:
            raise _no_words()
        body.append({"loginId": command.who, "password": _characters(command.new.reveal())})
        mailed.add(command.notify)
    if len(mailed) > 1:
        raise _no_words()
    return WireRequest("PUT", ("user", "manual-reset-pwd", "true" if mailed == {True} else "false"), body)


def _characters(clear: str) -> list[str] | str:
    """The array is a char[] of Java, which holds no character above U+FFFF: then the text as a whole is sent."""
    return clear if any(char > "\uffff" for char in clear) else [*clear]


def _made_up(command: Command) -> str:
    if not isinstance(command, ResetPassword) or command.new is not None or not command.notify or command.permanent:
        raise _no_words()
    return command.who


def _switched(command: Command) -> Body:
    if not isinstance(command, SetStatus) or command.status is Status.LOCKED:
        raise _no_words()
    return {"loginId": command.who, **status_body(command.status)}


def _deleted(command: Command) -> str:
    if not isinstance(command, DeleteUser):
        raise _no_words()
    return command.who


def _created(command: Command) -> Body:
    if not isinstance(command, CreateUser) or wordless_creation(command) or command.password is not None:
        raise _no_words()
    if command.generate or command.notify:
        raise _no_words()
    return created_body(command)


def _changed(command: Command) -> Body:
    if not isinstance(command, UpdateUser) or wordless_update(command):
        raise _no_words()
    return changed_body(command)


def write_unlock(users: Sequence[User]) -> WireRequest:
    """The one request that unlocks these users; it says what they are, as the vendor prints it, and enables nobody."""
    body = [{"loginId": each.login, "locked": True, "id": str(each.number)} for each in users]
    return WireRequest("PUT", ("user", "change-lock"), body)


def read(
    request: WireRequest, stored: Mapping[str, User] | None = None, groups: Mapping[str, str] = NO_GROUPS
) -> list[Command]:
    """The commands that a request means.

    stored: the users that `modified` is about, where they are.  groups: uids of groups by what roles call them.

    Raises Unreadable for a path or a body that does not say what it should.
    """
    match request.method, request.path:
        case "PUT", ("user", "manual-reset-pwd", mail):
            notify = _switch(mail)
            return [ResetPassword(login_of(each), _secret(each), notify, True) for each in users_of(request.body)]
        case "PUT", ("user", "auto-reset-pwd"):
            return [ResetPassword(who, None, True) for who in logins_of(request.body)]
        case "PUT", ("user", who, "auto-reset-pwd"):
            return [ResetPassword(who, None, True)]
        case "PUT", ("user", "change-status"):
            return [SetStatus(login_of(each), _wanted(each)) for each in users_of(request.body)]
        case "PUT", ("user", "change-lock"):
            return [SetStatus(login_of(each), Status.ACTIVE) for each in users_of(request.body)]
        case "POST", ("user",):
            return _read_changes(request.body, stored or {}, groups)
        case _:
            raise Unreadable("there is no such call")


def _switch(word: str) -> bool:
    if word.casefold() not in ("true", "false"):
        raise Unreadable("isEmailPasswd must be true or false")
    return word.casefold() == "true"


def users_of(body: object) -> list[Mapping[str, object]]:
    """A list of users, as most calls take it.  Raises Unreadable."""
    if not isinstance(body, list) or not all(isinstance(each, Mapping) for each in body):
        raise Unreadable("send a list of users")
    return _few(body)


def users_in(body: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """A list of users in a body; absent and null are empty.  Raises Unreadable."""
    return users_of(_part(body, name))


def _part(body: Mapping[str, object], name: str) -> object:
    value = body.get(name)
    return [] if value is None else value


def logins_of(body: object) -> list[str]:
    """A list of loginIds.  Raises Unreadable."""
    if not isinstance(body, list) or not all(isinstance(each, str) and each for each in body):
        raise Unreadable("send a list of loginIds")
    return _few(body)


def _few(members: list[Body] | list[str]) -> list:  # type: ignore[type-arg]  # of what came in
    if len(members) > MOST:
        raise Unreadable(f"send at most {MOST} users in one call", 413)
    return members


def _secret(entry: Mapping[str, object]) -> Secret:
    """The password, as single characters or as one text."""
    value = entry.get("password")
    if isinstance(value, str):
        return Secret(value)
    if not isinstance(value, list) or not all(isinstance(part, str) and len(part) == 1 for part in value):
        raise Unreadable("password must be a list of single characters")
    return Secret("".join(value))


def _wanted(entry: Mapping[str, object]) -> Status:
    status = read_status(entry)
    if status is None:
        raise Unreadable("each user needs disabled or status")
    return status


def _read_changes(body: object, stored: Mapping[str, User], groups: Mapping[str, str]) -> list[Command]:
    if not isinstance(body, Mapping):
        raise Unreadable("send added, modified and deleted users")
    added = [read_created(each, groups) for each in users_in(body, "added")]
    modified = [read_changed(each, stored.get(login_of(each)), groups) for each in users_in(body, "modified")]
    deleted = [DeleteUser(who) for who in logins_of(_part(body, "deleted"))]
    return [*added, *modified, *deleted]
