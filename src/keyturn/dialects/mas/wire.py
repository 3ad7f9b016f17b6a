"""The words of the IBM MAS Admin API 9.0 for users and their passwords: requests, answers, refusals.  Pure.

Sources: IBM API Hub, "Maximo Application Suite Admin APIs 9.0.x, Add new user"; IBM Support, "How to bulk update user
password using MAS API" (https://www.ibm.com/support/pages/node/7253783); IBM's client mas-devops 12.11.1, users.py.
All read 2026-11-21.  What no public source says is marked as invented.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from keyturn.core.capabilities import Capabilities, Usual
from keyturn.core.commands import Command, CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser, candidate
from keyturn.core.evidence import Sign
from keyturn.core.outcomes import Changed, Created, Delivery, Outcome, Reason, Refused, Unchanged
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, Right, Shown, Status, User
from keyturn.dialects.mas.wire_user import (
    Body,
    Unreadable,
    object_of,
    permissions_body,
    profile_body,
    read_active,
    read_profile,
    read_rights,
    read_user,
    text_of,
    touches_profile,
    user_body,
)
from keyturn.http.faults import Fault, FaultTable

DOOR: Final = "mas"
TOKEN_HEADER: Final = "x-access-token"
OPERATION_HEADER: Final = "idempotency-key"
TOTAL_HEADER: Final = "x-total-count"
"""How many users the whole list has: invented, for want of a published way to page."""

CAPABILITIES: Final = Capabilities(
    carries=frozenset({CreateUser, UpdateUser, ResetPassword, SetStatus, DeleteUser}),
    generates=True,
    mails=True,
    longest_id=100,
    usual=Usual(6, 35),
    hands_back=True,
    validates=True,
    unique_mail=True,
    tells=(Sign.MUST_CHANGE,),
    may_tell=(Sign.TOUCHED, Sign.VERSION),
    shows=frozenset(Shown),
)
"""`SetStatus` carries active and disabled; MAS publishes no call that locks, so `locked` is refused as unsupported.

tells: a reset sets `forceTokenChange` (the how-to).  may_tell: `version` and `updated` are in the page's sample, and no
page says that a reset moves them.

usual: IBM documents that the length of a password can be set within 6 to 35 and that classes are the site's choice.
"""

FAULTS: Final = FaultTable(
    (
        Fault(Reason.NOT_ALLOWED, 403, "AIUCO1003E", "Not authorized to perform this action"),
        Fault(Reason.EXISTS, 409, "AIUCO1005E", "Unable to create it.  It already exists"),
        Fault(Reason.RESERVED, 409, "AIUCO1026E", "It is held by a user who was deleted"),
        Fault(Reason.NOT_SIGNED_IN, 401, "KTMAS1001E", "Authentication token is empty or invalid", invented=True),
        Fault(Reason.NO_SUCH_USER, 404, "KTMAS1002E", "Resource not found", invented=True),
        Fault(Reason.NO_SUCH_GROUP, 404, "KTMAS1004E", "There is no such group", invented=True),
        Fault(Reason.NO_SUCH_TENANT, 404, "KTMAS1006E", "There is no such tenant", invented=True),
        Fault(Reason.TOO_SHORT, 400, "KTMAS2001E", "The password is too short", invented=True),
        Fault(Reason.TOO_LONG, 400, "KTMAS2002E", "The password is too long", invented=True),
        Fault(Reason.TOO_COMMON, 400, "KTMAS2003E", "The password is too well known", invented=True),
        Fault(Reason.UNUSABLE_CHARACTER, 400, "KTMAS2004E", "The password holds an unusable character", invented=True),
        Fault(Reason.POLICY, 400, "KTMAS2005E", "The password breaks the policy", invented=True),
        Fault(Reason.SAME_PASSWORD, 400, "KTMAS2006E", "The password is the present one", invented=True),
        Fault(Reason.WRONG_PASSWORD, 400, "KTMAS2007E", "The present password is wrong", invented=True),
        Fault(Reason.NO_PASSWORD, 400, "KTMAS2008E", "The user has no local identity", invented=True),
        Fault(Reason.NOT_ACTIVE, 400, "KTMAS3001E", "The user is not active", invented=True),
        Fault(Reason.NO_MAIL_ADDRESS, 400, "KTMAS3002E", "The user has no e-mail address", invented=True),
        Fault(Reason.INVALID, 400, "KTMAS3003E", "Bad Request", invented=True),
        Fault(Reason.UNSUPPORTED, 400, "KTMAS3004E", "This cannot be done here", invented=True),
        Fault(Reason.STALE_VERSION, 409, "KTMAS3005E", "Somebody else changed the user first", invented=True),
        Fault(Reason.OPERATION_REUSED, 409, "KTMAS3006E", "The Idempotency-Key was used before", invented=True),
        Fault(Reason.LAST_ADMINISTRATOR, 403, "KTMAS3007E", "The last administrator must stay", invented=True),
        Fault(Reason.TOO_MANY, 429, "KTMAS4001E", "Too many requests", invented=True),
        Fault(Reason.BUSY, 503, "KTMAS4002E", "The service is busy", invented=True),
        Fault(Reason.OTHER, 400, "KTMAS9999E", "Bad Request", invented=True),
    ),
    # The sibling internal API, seen in a logged answer of the Manage user synchronisation.
    also_read=(Fault(Reason.EXISTS, 409, "AIUI1002E"),),
)


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request of the vendor's: path in decoded segments, boolean query parameters, JSON body.

    The body may hold a password and is never printed.  operation: the caller's `Idempotency-Key`; real MAS ignores it.
    """

    method: str
    path: tuple[str, ...]
    flags: Mapping[str, bool] = field(default_factory=dict)
    body: Mapping[str, object] | None = field(default=None, repr=False)
    operation: str = ""

    def target(self) -> str:
        """Path and query as they go out, each segment percent-encoded."""
        path = "/" + "/".join(part if part.isalnum() and part.isascii() else quote(part, safe="") for part in self.path)
        query = "&".join(f"{name}={'true' if value else 'false'}" for name, value in self.flags.items())
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """An answer of the vendor's.  The value may hold a generated password and is never printed."""

    status: int
    value: object = field(default=None, repr=False)
    retry_after: float | None = None


def write(command: Command) -> WireRequest:
    """The request that carries a command.  Raises ValueError for one that does not fit."""
    match command:
        case CreateUser():
            return WireRequest("POST", ("v3", "users"), _creation_flags(command), _creation_body(command),
                               command.operation)  # fmt: skip
        case ResetPassword(who, new, notify, operation=operation):
            body: Body = {} if new is None else {"token": new.reveal()}
            return WireRequest("POST", ("v3", "users", who, "password"), {"emailPassword": notify}, body, operation)
        case SetStatus(who, status, operation) if status is not Status.LOCKED:
            body = {"status": {"active": status is Status.ACTIVE}}
            return WireRequest("PATCH", ("v3", "users", who), body=body, operation=operation)
        case UpdateUser() if command.status is not Status.LOCKED:
            return _write_update(command)
        case DeleteUser(who, operation):
            return WireRequest("DELETE", ("v3", "users", who), operation=operation)
        case _:
            raise ValueError("MAS has no words for this command")


def _creation_flags(command: CreateUser) -> Mapping[str, bool]:
    validate = {"validate": True} if command.validate_only else {}
    return {"emailPassword": command.notify, **validate}


def _creation_body(command: CreateUser) -> Body:
    if command.status is Status.LOCKED or command.generate:
        raise ValueError("MAS has no words for a locked new user, nor for making up a password while creating")
    body = profile_body(command.profile, whole=False)
    if command.password is not None:
        body["token"] = command.password.reveal()
    return body | {
        "id": command.who,
        "username": command.login or command.who,
        "status": {**object_of(body, "status"), "active": command.status is Status.ACTIVE},
        "permissions": permissions_body(command.rights),
    }


def _write_update(command: UpdateUser) -> WireRequest:
    """PUT replaces everything and is only sent when everything is known; else PATCH."""
    body = profile_body(command.profile, whole=True) if command.profile is not None else {}
    if command.login is not None:
        body["username"] = command.login
    if command.status is not None:
        body["status"] = {**object_of(body, "status"), "active": command.status is Status.ACTIVE}
    if command.rights is not None:
        body["permissions"] = permissions_body(command.rights)
    if command.version is not None:
        body["version"] = command.version
    whole = None not in (command.profile, command.login, command.status, command.rights)
    if whole or set(body) == {"status"}:
        # A PATCH of the status alone would read as SetStatus; the id tells the two apart.
        body["id"] = command.who
    return WireRequest("PUT" if whole else "PATCH", ("v3", "users", command.who), body=body,
                       operation=command.operation)  # fmt: skip


def read(request: WireRequest, stored: User | None = None) -> Command:
    """The command that a request means.  stored: the user that a PUT or PATCH is about, where there is one.

    Raises Unreadable for a body that does not say what it should.
    """
    body = request.body or {}
    match request.method, request.path:
        case "POST", ("v3", "users"):
            return _read_creation(body, request)
        case "POST", ("v3", "users", who, "password"):
            return _read_reset(who, body, request)
        case "PUT", ("v3", "users", who, "idps", "local"):
            text_of(body, "idpUserId")
            return ResetPassword(who, None, request.flags.get("emailPassword", False), operation=request.operation)
        case "DELETE", ("v3", "users", who):
            return DeleteUser(who, request.operation)
        case "PATCH", ("v3", "users", who) if set(body) == {"status"} and set(object_of(body, "status")) == {"active"}:
            return SetStatus(who, read_active(body) or Status.ACTIVE, request.operation)
        case (("PUT" | "PATCH"), ("v3", "users", who)):
            return _read_update(who, body, request, stored)
        case _:
            raise Unreadable("MAS has no such call")


def _read_creation(body: Mapping[str, object], request: WireRequest) -> CreateUser:
    who, login = text_of(body, "id"), text_of(body, "username")
    return CreateUser(
        who,
        read_profile(body, Profile(), partial=False),
        login="" if login == who else login,
        password=_secret(body),
        notify=request.flags.get("emailPassword", False),
        validate_only=request.flags.get("validate", False),
        status=read_active(body) or Status.ACTIVE,
        rights=read_rights(object_of(body, "permissions"), frozenset()),
        operation=request.operation,
    )


def _read_reset(who: str, body: Mapping[str, object], request: WireRequest) -> ResetPassword:
    if set(body) - {"token"}:
        # `{"tokn": ...}` must not be taken for `{}`, which makes a password up.
        raise Unreadable("the body is either empty or holds token and nothing else")
    return ResetPassword(who, _secret(body), request.flags.get("emailPassword", False), operation=request.operation)


def _read_update(who: str, body: Mapping[str, object], request: WireRequest, stored: User | None) -> UpdateUser:
    if text_of(body, "id", who) != who:
        raise Unreadable("the id cannot be changed")
    if "token" in body:
        raise Unreadable("the password is not changed here; POST it to .../password")
    partial = request.method == "PATCH"
    base = stored.profile if stored is not None else Profile()
    profile = read_profile(body, base, partial=partial) if not partial or touches_profile(body) else None
    status = read_active(body)
    if status is Status.ACTIVE and stored is not None and stored.status is Status.LOCKED:
        # Whoever sends back what was read does not mean to unlock: a locked user shows as active, too.
        status = None
    rights: frozenset[Right] | None = None
    if "permissions" in body:
        rights = read_rights(object_of(body, "permissions"), stored.rights if stored is not None else frozenset())
    version = body.get("version")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise Unreadable("version must be a whole number")
    return UpdateUser(who, profile, text_of(body, "username") or None, status, rights, version, request.operation)


def _secret(body: Mapping[str, object]) -> Secret | None:
    if "token" not in body:
        return None
    value = body["token"]
    if not isinstance(value, str):
        raise Unreadable("token must be a text")
    return Secret(value)


def expected(command: Command) -> frozenset[int]:
    """The statuses that say that a command took effect.

    The vendor's page prints 201 for a creation and 200 for a password; IBM's clients expect 200 for PUT and PATCH and
    204 for DELETE.  Of `validate=true` nothing is public: 200 and 201 are both believed, 200 is what we answer.
    """
    match command:
        case CreateUser(validate_only=True):
            return frozenset({200, 201})
        case CreateUser():
            return frozenset({201})
        case DeleteUser():
            return frozenset({204})
        case _:
            return frozenset({200})


def write_outcome(command: Command, outcome: Outcome, faults: FaultTable = FAULTS) -> WireAnswer:
    """The answer that tells an outcome.  The one place where a one-time secret leaves in an answer."""
    if isinstance(outcome, Refused):
        return write_refusal(outcome, faults)
    match command, outcome:
        case DeleteUser(), _:
            return WireAnswer(204)
        case CreateUser(validate_only=True), _:
            return WireAnswer(200, {**profile_body(command.profile, whole=False), "id": command.who})
        case CreateUser(), Created(user=User() as user):
            return WireAnswer(201, user_body(user))
        case CreateUser(), _:
            return WireAnswer(201, {"id": command.who})
        case ResetPassword(), Changed(secret=secret, delivery=delivery):
            told: Body = {"id": command.who, "emailed": delivery is Delivery.MAILED}
            return WireAnswer(200, told if secret is None else {**told, "token": secret.reveal()})
        case _, (Changed(user=User() as user) | Unchanged(user=User() as user)):
            return WireAnswer(200, user_body(user))
        case _:
            return WireAnswer(200, {"id": command.who})


def write_refusal(refused: Refused, faults: FaultTable = FAULTS, *, kind: str = "user") -> WireAnswer:
    """A refusal in the vendor's shape."""
    fault = faults.of(refused.reason)
    retry_after = (refused.retry_after or 1.0) if fault.status in (429, 503) else None
    about = (kind, refused.who) if refused.who else ()
    return WireAnswer(fault.status, error_body(fault.code, refused.text or fault.text, *about), retry_after)


def error_body(code: str, text: str, *properties: str) -> Body:
    """The shape of a logged 409 of the sibling internal API: the code stands in `id` and begins the message."""
    return {"exception": {"id": code, "properties": [*properties]}, "message": f"{code}: {text}"}


def read_outcome(command: Command, answer: WireAnswer) -> Outcome:
    """What an answer says of a command.  Whether a success may be believed is the client half's to judge before."""
    if answer.status not in expected(command):
        return read_refusal(command, answer)
    value = answer.value if isinstance(answer.value, Mapping) else {}
    match command:
        case CreateUser(validate_only=True):
            return Unchanged(command.who)
        case CreateUser():
            mailed = Delivery.MAILED if command.notify else Delivery.NONE
            return Created(command.who, user=_user(value), delivery=mailed)
        case ResetPassword():
            return Changed(command.who, secret=_handed_back(command, value), delivery=_delivery(command, value))
        case _:
            return Changed(command.who, user=_user(value))


def _user(value: Mapping[str, object]) -> User | None:
    try:
        return read_user(value)
    except Unreadable:
        return None


def _handed_back(command: ResetPassword, value: Mapping[str, object]) -> Secret | None:
    token = value.get("token")
    return Secret(token) if command.new is None and isinstance(token, str) and token else None


def _delivery(command: ResetPassword, value: Mapping[str, object]) -> Delivery:
    """`emailed` is our own server's word; a real MAS mails everybody who has an address and does not tell."""
    return Delivery.MAILED if command.notify and value.get("emailed") is not False else Delivery.NONE


def read_refusal(command: Command, answer: WireAnswer) -> Refused:
    """The refusal that an answer means."""
    value = answer.value if isinstance(answer.value, Mapping) else {}
    exception = value.get("exception")
    code = exception.get("id", "") if isinstance(exception, Mapping) else ""
    code = code if isinstance(code, str) else ""
    message = value.get("message")
    said = message.removeprefix(f"{code}: ") if isinstance(message, str) else f"answered {answer.status}"
    return Refused(command.who, _reason(command, answer.status, code), said, code, answer.retry_after)


_BY_STATUS: Final = {
    401: Reason.NOT_SIGNED_IN,
    403: Reason.NOT_ALLOWED,
    404: Reason.NO_SUCH_USER,
    429: Reason.TOO_MANY,
    503: Reason.BUSY,
}


def _reason(command: Command, status: int, code: str) -> Reason:
    known = FAULTS.read(status, code)
    if known is not Reason.OTHER:
        return known
    if status == 400 and candidate(command) is not None:
        return Reason.POLICY
    if status == 409 and isinstance(command, CreateUser) and not code:
        return Reason.EXISTS
    return _BY_STATUS.get(status, Reason.OTHER)
