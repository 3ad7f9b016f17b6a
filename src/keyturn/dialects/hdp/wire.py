"""The words of Hybrid Data Pipeline's Administrators API for users and passwords: requests, answers, refusals.  Pure.

Sources: Progress documentation, Hybrid Data Pipeline 5.0, Administrators API, Users API: "Reset the password on a user
account", "Create a user account", "Update a user account", "Update status information", "Change password", "HTTP error
messages" (docs.progress.com, read 2026-11-21).  What no public source says is marked as invented.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import quote

from keyturn.core.capabilities import Capabilities, Usual
from keyturn.core.commands import (
    ChangePassword,
    Command,
    CreateUser,
    DeleteUser,
    ResetPassword,
    SetStatus,
    UpdateUser,
)
from keyturn.core.evidence import Sign
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused, Unchanged
from keyturn.core.secret import Secret
from keyturn.core.users import Handle, Profile, Right, Shown, Status, User
from keyturn.dialects.hdp.wire_rights import fits, permissions_body, read_rights, refuse_odd
from keyturn.dialects.hdp.wire_shapes import (
    USERS,
    Body,
    Unreadable,
    error_body,
    object_of,
    read_error,
    text_of,
    whole_of,
)
from keyturn.dialects.hdp.wire_user import (
    kept_permissions,
    password_body,
    profile_parts,
    read_profile,
    read_status,
    read_user,
    status_body,
    user_body,
)
from keyturn.http.faults import Fault, FaultTable

DOOR: Final = "hdp"
OPERATION_HEADER: Final = "idempotency-key"
OWN_PASSWORD: Final = ("api", "admin", "userdetails", "changePassword")
LONGEST: Final = 32
SHORTEST: Final = 8

CAPABILITIES: Final = Capabilities(
    carries=frozenset({CreateUser, UpdateUser, ResetPassword, SetStatus, DeleteUser}),
    handle=Handle.LOGIN,
    also=Handle.NUMBER,
    shortest=SHORTEST,
    longest=LONGEST,
    longest_id=128,
    usual=Usual(8, 12, 4),
    names=False,
    tells=(Sign.MUST_CHANGE,),
    trial=True,
    shows=frozenset({Shown.LOCAL, Shown.LOCKED, Shown.DISABLED, Shown.RIGHTS}),
)
"""What a run can do there.  A file holds sign-in names or numbers; the client half turns names into numbers.

tells: `passwordStatus` becomes 2 with a reset (the same page).  trial: every call carries name and password, and to
read oneself changes nothing.

longest: the vendor's page on resetting, 32.  shortest: the default policy of every version, 8.  usual: "Default
password policy" of 5.0, 8 to 12 characters with one of each class.
"""

AT_THE_DOOR: Final = replace(
    CAPABILITIES, carries=CAPABILITIES.carries | {ChangePassword}, handle=Handle.NUMBER, needs_old=True
)
"""What our own door lets through: users are named by number, and people change their own password."""

FAULTS: Final = FaultTable(
    (
        Fault(Reason.NO_SUCH_USER, 404, "222207916", "There is no User with that id: {0}."),
        Fault(Reason.NO_SUCH_GROUP, 404, "222299005", "There is no such group", invented=True),
        Fault(Reason.NO_SUCH_TENANT, 404, "222208573", "There is no Tenant with that id: {0}."),
        Fault(Reason.INVALID, 400, "222207007", "Invalid JSON Input: {0}"),
        Fault(Reason.NOT_SIGNED_IN, 401, "222299001", "The user name or password is not right.", invented=True),
        Fault(Reason.NOT_ALLOWED, 403, "222299002", "The user has no permission to do this.", invented=True),
        Fault(Reason.EXISTS, 400, "222299003", "There is a User with that name already.", invented=True),
        Fault(Reason.RESERVED, 400, "222299004", "The name belongs to a User who was deleted.", invented=True),
        Fault(Reason.TOO_SHORT, 400, "222299011", "The password is too short.", invented=True),
        Fault(Reason.TOO_LONG, 400, "222299012", "The password is too long.", invented=True),
        Fault(Reason.TOO_COMMON, 400, "222299013", "The password is too well known.", invented=True),
        Fault(Reason.UNUSABLE_CHARACTER, 400, "222299014", "The password holds an unusable character.", invented=True),
        Fault(Reason.POLICY, 400, "222299015", "The password breaks the policy.", invented=True),
        Fault(Reason.SAME_PASSWORD, 400, "222299016", "The password is the present one.", invented=True),
        Fault(Reason.WRONG_PASSWORD, 400, "222299017", "The current password is wrong.", invented=True),
        Fault(Reason.NO_PASSWORD, 400, "222299018", "The User has no password here.", invented=True),
        Fault(Reason.NOT_ACTIVE, 400, "222299021", "The User is not active.", invented=True),
        Fault(Reason.NO_MAIL_ADDRESS, 400, "222299022", "The User has no mail address.", invented=True),
        Fault(Reason.STALE_VERSION, 409, "222299023", "Somebody else changed the User first.", invented=True),
        Fault(Reason.OPERATION_REUSED, 409, "222299024", "The Idempotency-Key was used before.", invented=True),
        Fault(Reason.LAST_ADMINISTRATOR, 403, "222299025", "The last administrator must stay.", invented=True),
        Fault(Reason.UNSUPPORTED, 501, "222299031", "This cannot be done here.", invented=True),
        Fault(Reason.TOO_MANY, 429, "222299032", "Too many requests.", invented=True),
        Fault(Reason.BUSY, 503, "222299033", "The service is busy.", invented=True),
        Fault(Reason.OTHER, 400, "222299099", "The request was refused.", invented=True),
    ),
)
"""222207007 is documented for the data source API, whose series this one shares; which status carries 222207916 and
222208573 is not printed, and 404 fits the generic table of statuses."""


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request of the vendor's: path in decoded segments, JSON body.

    The body may hold a password and is never printed.  operation: the caller's `Idempotency-Key`; a real server
    ignores it.
    """

    method: str
    path: tuple[str, ...]
    body: Mapping[str, object] | None = field(default=None, repr=False)
    operation: str = ""

    def target(self) -> str:
        """Path as it goes out, each segment percent-encoded."""
        return "/" + "/".join(quote(part, safe="") for part in self.path)


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """An answer of the vendor's."""

    status: int
    value: object = field(default=None, repr=False)
    retry_after: float | None = None


def write(command: Command, stored: Mapping[str, object] | None = None, tenant: int | None = None) -> WireRequest:
    """The request that carries a command; `who` is the number, of a new user the sign-in name.

    stored: the user as the server shows it, needed for an update that does not say everything.
    tenant: that of a new user; None for the one of the account.
    Raises ValueError for a command that does not fit.
    """
    match command:
        case CreateUser():
            at = {} if tenant is None else {"tenantId": tenant}
            return WireRequest("POST", USERS, _creation_body(command) | at, command.operation)
        case ResetPassword(who, Secret() as new, notify=False, permanent=False):
            body: Body = {"newPassword": new.reveal()}
            return WireRequest("PUT", (*USERS, who, "resetpassword"), body, command.operation)
        case SetStatus(who, status):
            return WireRequest("PUT", (*USERS, who, "statusinfo"), status_body(status), command.operation)
        case UpdateUser(who, version=None):
            return WireRequest("PUT", (*USERS, who), _update_body(command, stored), command.operation)
        case DeleteUser(who):
            return WireRequest("DELETE", (*USERS, who), operation=command.operation)
        case ChangePassword(_, new, Secret() as old):
            body = {"currentPassword": old.reveal(), "newPassword": new.reveal()}
            return WireRequest("PUT", OWN_PASSWORD, body, command.operation)
        case _:
            raise ValueError("Hybrid Data Pipeline has no words for this command")


def _creation_body(command: CreateUser) -> Body:
    """Names and addresses of a person have no place there and are left out."""
    odd = command.generate or command.notify or command.validate_only or command.login not in ("", command.who)
    if odd or not fits(command.rights):
        raise ValueError("Hybrid Data Pipeline has no words for this new user")
    body = profile_parts(command.profile) | {
        "userName": command.who,
        "statusInfo": status_body(command.status),
        "permissions": permissions_body(command.rights, kept_permissions(command.profile)),
    }
    if command.password is not None:
        body["passwordInfo"] = {"password": command.password.reveal()}
    return body


def _update_body(command: UpdateUser, stored: Mapping[str, object] | None) -> Body:
    """A whole user: what the command does not say is sent as the server showed it."""
    if command.rights is not None and not fits(command.rights):
        raise ValueError("Hybrid Data Pipeline has no words for these rights")
    if stored is None and None in (command.login, command.status, command.rights, command.profile):
        raise ValueError("Hybrid Data Pipeline has no words for a part of a user")
    body: Body = dict(stored or {})
    if command.profile is not None:
        body |= profile_parts(command.profile)
    if command.login is not None:
        body["userName"] = command.login
    if command.status is not None:
        body["statusInfo"] = status_body(command.status)
    if command.rights is not None:
        kept = kept_permissions(command.profile) if command.profile is not None else object_of(body, "permissions")
        body["permissions"] = permissions_body(command.rights, kept)
    return body


def read(request: WireRequest, stored: User | None = None) -> Command:
    """The command that a request means.  stored: the user it is about, for requests that replace a part.

    Raises Unreadable for a body that does not say what it should.
    """
    body = request.body or {}
    match request.method, request.path:
        case "POST", ("api", "admin", "users"):
            return _read_creation(body, request)
        case "PUT", ("api", "admin", "users", who, "resetpassword"):
            return ResetPassword(who, _secret(body, "newPassword"), operation=request.operation)
        case "PUT", ("api", "admin", "users", who, "statusinfo"):
            base = stored.status if stored is not None else Status.ACTIVE
            return SetStatus(who, read_status(body, base), request.operation)
        case "PUT", ("api", "admin", "users", who, "permissions"):
            return _read_update(who, {"permissions": body}, request, stored)
        case "PUT", ("api", "admin", "users", who, "authinfo"):
            return _read_update(who, {"authenticationInfo": body}, request, stored)
        case "PUT", ("api", "admin", "users", who):
            return _read_update(who, _whole(body), request, stored)
        case "DELETE", ("api", "admin", "users", who):
            return DeleteUser(who, request.operation)
        case "PUT", ("api", "admin", "userdetails", "changePassword"):
            old, new = _secret(body, "currentPassword"), _secret(body, "newPassword")
            return ChangePassword("", new, old, request.operation)
        case _:
            raise Unreadable("there is no such call")


def _whole(body: Mapping[str, object]) -> Mapping[str, object]:
    """The same body.  Raises Unreadable when it lacks what the vendor demands of a whole user."""
    if "statusInfo" not in body:
        raise Unreadable("statusInfo is missing")
    return body


def _read_creation(body: Mapping[str, object], request: WireRequest) -> CreateUser:
    _whole(body)
    password, permissions = object_of(body, "passwordInfo"), object_of(body, "permissions")
    refuse_odd(permissions)
    return CreateUser(
        text_of(body, "userName"),
        read_profile(body, Profile()),
        password=_secret(password, "password") if password.get("password") is not None else None,
        status=read_status(object_of(body, "statusInfo")),
        rights=read_rights(permissions, frozenset()),
        operation=request.operation,
    )


def _read_update(who: str, body: Mapping[str, object], request: WireRequest, stored: User | None) -> UpdateUser:
    if "id" in body and str(body["id"]) != who:
        raise Unreadable("the id cannot be changed")
    if "password" in object_of(body, "passwordInfo"):
        raise Unreadable("the password is not changed here; PUT it to .../resetpassword")
    refuse_odd(object_of(body, "permissions"))
    before = stored.rights if stored is not None else frozenset()
    profile = read_profile(body, stored.profile if stored is not None else Profile())
    status: Status | None = None
    if "statusInfo" in body:
        status = read_status(object_of(body, "statusInfo"), stored.status if stored is not None else Status.ACTIVE)
    rights: frozenset[Right] | None = None
    if "permissions" in body:
        rights = read_rights(object_of(body, "permissions"), before)
    if stored is not None and rights == stored.rights:
        # Rights sent back as they were read are no change, and sign nobody out.
        rights = None
    return UpdateUser(who, profile, text_of(body, "userName") or None, status, rights, operation=request.operation)


def claimed_tenant(request: WireRequest) -> int | None:
    """The tenant that a sent user is said to be in; None when it does not say.  Raises Unreadable."""
    return whole_of(request.body or {}, "tenantId", 0) or None


def asks_for_change(body: Mapping[str, object], user: User) -> bool:
    """Whether a sent `passwordInfo` wants how the password stands to be otherwise than it is, which nobody can do here.

    Raises Unreadable.
    """
    now = password_body(user)
    whole_of(body, "passwordStatus", 1)
    text_of(body, "passwordExpiration")
    return any(name in body and body[name] != told for name, told in now.items())


def _secret(body: Mapping[str, object], name: str) -> Secret:
    value = body.get(name)
    if not isinstance(value, str):
        raise Unreadable(f"{name} must be a text")
    return Secret(value)


def expected(command: Command) -> frozenset[int]:
    """The statuses that say that a command took effect.

    The pages print 204 for a reset and 200 for the rest; for creations "HTTP error messages" knows 201 without a body,
    too.  204 for a deletion is a guess.
    """
    match command:
        case CreateUser():
            return frozenset({200, 201})
        case ResetPassword():
            return frozenset({204})
        case DeleteUser():
            return frozenset({200, 204})
        case _:
            return frozenset({200})


def write_outcome(command: Command, outcome: Outcome, faults: FaultTable = FAULTS) -> WireAnswer:
    """The answer that tells an outcome."""
    if isinstance(outcome, Refused):
        return write_refusal(outcome, faults)
    match command, outcome:
        case (ResetPassword() | DeleteUser(), _):
            return WireAnswer(204)
        case ChangePassword(), _:
            return WireAnswer(200, {"passwordStatus": 1, "passwordExpiration": None})
        case SetStatus(status=status), _:
            return WireAnswer(200, status_body(status))
        case _, (Created(user=User() as user) | Changed(user=User() as user) | Unchanged(user=User() as user)):
            return WireAnswer(200, user_body(user))
        case CreateUser(), _:
            return WireAnswer(201)
        case _:
            return WireAnswer(200, {})


def write_refusal(refused: Refused, faults: FaultTable = FAULTS) -> WireAnswer:
    """A refusal in the vendor's envelope, in the vendor's words where it prints them."""
    fault = faults.of(refused.reason)
    text = fault.text
    if refused.reason in (Reason.NO_SUCH_USER, Reason.NO_SUCH_TENANT):
        text = text.replace("{0}", refused.who)
    elif refused.text:
        text = text.replace("{0}", refused.text) if "{0}" in text else refused.text
    retry_after = (refused.retry_after or 1.0) if fault.status in (429, 503) else None
    return WireAnswer(fault.status, error_body(fault.code, text), retry_after)


def read_outcome(command: Command, answer: WireAnswer) -> Outcome:
    """What an answer says of a command.  Whether a success may be believed is the client half's to judge before."""
    if answer.status not in expected(command):
        return read_refusal(command, answer)
    try:
        user = read_user(answer.value) if isinstance(answer.value, Mapping) else None
    except Unreadable:
        user = None
    return Created(command.who, user=user) if isinstance(command, CreateUser) else Changed(command.who, user=user)


def read_refusal(command: Command, answer: WireAnswer) -> Refused:
    """The refusal that an answer means."""
    code, said = read_error(answer.value)
    text = said or f"answered {answer.status}"
    return Refused(command.who, _reason(command, answer.status, code), text, code, answer.retry_after)


_BY_STATUS: Final = {
    401: Reason.NOT_SIGNED_IN,
    403: Reason.NOT_ALLOWED,
    404: Reason.NO_SUCH_USER,
    429: Reason.TOO_MANY,
    501: Reason.UNSUPPORTED,
    503: Reason.BUSY,
}


def _reason(command: Command, status: int, code: str) -> Reason:
    known = FAULTS.read(status, code)
    if known is not Reason.OTHER:
        return known
    if status == 400 and isinstance(command, ResetPassword | ChangePassword):
        return Reason.POLICY
    return _BY_STATUS.get(status, Reason.OTHER)
