"""The words of UiPath Identity for users and their passwords: requests, answers, refusals.  Pure.

Sources: UiPath documentation, "[Preview] Update User Password"; Automation Suite API guide, "Update User", "Delete
Users"; the public code of UiPath's PowerShell module UiPathOrch and its TypeScript package.  All read 2026-11-21.
What no public source says is marked as invented.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import quote

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import (
    ChangePassword,
    Command,
    CreateUser,
    DeleteUser,
    ResetPassword,
    SetStatus,
    UpdateUser,
)
from keyturn.core.conditions import Field, Order
from keyturn.core.evidence import Sign
from keyturn.core.outcomes import Changed, Created, Outcome, Reason
from keyturn.core.secret import Secret
from keyturn.core.users import Handle, Profile, Shown, Status, User
from keyturn.dialects.uipath.wire_user import (
    NO_GUID,
    Body,
    Unreadable,
    flag_of,
    guid_of,
    guids_of,
    invited,
    list_of,
    needed,
    profile_body,
    read_profile,
    refuse_unserved,
    text_of,
    touches_profile,
    unkept,
)
from keyturn.http.faults import Fault, FaultTable

DOOR: Final = "uipath"
OPERATION_HEADER: Final = "idempotency-key"
MOST: Final = 1000
"""How many users one call may be about here: invented, none is published."""

CAPABILITIES: Final = Capabilities(
    carries=frozenset({CreateUser, UpdateUser, ResetPassword, ChangePassword, SetStatus, DeleteUser}),
    handle=Handle.LOGIN,
    also=Handle.UID,
    needs_old=True,
    temporary=None,
    unique_mail=True,
    groups=True,
    may_tell=(Sign.TOUCHED,),
    shows=frozenset({Shown.DISABLED, Shown.MAIL}),
)
"""`SetStatus` carries active and disabled; there is no call that locks, so `locked` is refused as unsupported.

handle: a file names people by `userName` or by their GUID.  temporary: keyturn's own server
asks for a new password; of a real UiPath nothing is documented that does.  may_tell: `lastModificationTime` is shown,
and no page says that a new password moves it.
"""

FAULTS: Final = FaultTable(
    (
        Fault(Reason.EXISTS, 400, "DuplicateUserName", "The user name or e-mail is already taken."),
        Fault(Reason.WRONG_PASSWORD, 400, "PasswordMismatch", "Incorrect password."),
        Fault(Reason.INVALID, 400, "InvalidUserName", "The user name is invalid."),
        Fault(Reason.TOO_SHORT, 400, "PasswordTooShort", "The password is too short."),
        Fault(Reason.STALE_VERSION, 400, "ConcurrencyFailure", "Optimistic concurrency failure."),
        Fault(Reason.OTHER, 400, "DefaultError", "An unknown failure has occurred."),
        Fault(Reason.NO_SUCH_USER, 404, "UserNotFound", "There is no such user.", invented=True),
        Fault(Reason.NO_SUCH_GROUP, 404, "GroupNotFound", "There is no such group", invented=True),
        Fault(Reason.NO_SUCH_TENANT, 404, "OrganizationNotFound", "There is no such tenant", invented=True),
        Fault(Reason.RESERVED, 400, "ReservedUserName", "A deleted user holds the name.", invented=True),
        Fault(Reason.NOT_SIGNED_IN, 401, "InvalidToken", "The token is not good.", invented=True),
        Fault(Reason.NOT_ALLOWED, 403, "NotAllowed", "You are not authorized!", invented=True),
        Fault(Reason.TOO_LONG, 400, "PasswordTooLong", "The password is too long.", invented=True),
        Fault(Reason.TOO_COMMON, 400, "PasswordTooCommon", "The password is too well known.", invented=True),
        Fault(Reason.UNUSABLE_CHARACTER, 400, "PasswordCharacter", "The password cannot be used.", invented=True),
        Fault(Reason.POLICY, 400, "PasswordPolicy", "The password breaks the policy.", invented=True),
        Fault(Reason.SAME_PASSWORD, 400, "PasswordUnchanged", "The password is the present one.", invented=True),
        Fault(Reason.NO_PASSWORD, 400, "UserHasNoPassword", "The user has no password here.", invented=True),
        Fault(Reason.NOT_ACTIVE, 400, "UserNotActive", "The user is not active.", invented=True),
        Fault(Reason.UNSUPPORTED, 400, "NotSupported", "This cannot be done here.", invented=True),
        Fault(Reason.OPERATION_REUSED, 409, "OperationReused", "The Idempotency-Key was used before.", invented=True),
        Fault(Reason.LAST_ADMINISTRATOR, 400, "LastAdministrator", "The last administrator stays.", invented=True),
        Fault(Reason.TOO_MANY, 429, "TooManyRequests", "Too many requests.", invented=True),
        Fault(Reason.BUSY, 503, "Busy", "The service is busy.", invented=True),
    ),
    # The rest of the stock ASP.NET Core Identity describer, as far as these calls can meet it; DuplicateEmail was
    # observed on a real server (UiPathOrch, captured answers).
    also_read=(
        Fault(Reason.EXISTS, 400, "DuplicateEmail"),
        Fault(Reason.NO_SUCH_GROUP, 400, "GroupNotFound"),  # of a call that carries several
        Fault(Reason.INVALID, 400, "InvalidEmail"),
        Fault(Reason.POLICY, 400, "PasswordRequiresUniqueChars"),
        Fault(Reason.POLICY, 400, "PasswordRequiresNonAlphanumeric"),
        Fault(Reason.POLICY, 400, "PasswordRequiresDigit"),
        Fault(Reason.POLICY, 400, "PasswordRequiresLower"),
        Fault(Reason.POLICY, 400, "PasswordRequiresUpper"),
    ),
)


_ORDERS: Final = {
    "id": Field.UID,
    "username": Field.LOGIN,
    "email": Field.MAIL,
    "name": Field.GIVEN_NAME,
    "surname": Field.FAMILY_NAME,
    "displayname": Field.DISPLAY_NAME,
    "creationtime": Field.ADDED,
    "lastmodificationtime": Field.UPDATED,
}
"""What `sortBy` may name, in small letters (UiPath's TypeScript package, 2026-11-21)."""

_ALIKE: Final = frozenset({"", "lastlogintime", "type", "category"})
"""What has one value for everybody here."""


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request of the vendor's: path below `/api` in decoded segments, and a JSON body.

    The body may hold a password and is never printed.  operation: the caller's `Idempotency-Key`; UiPath ignores it.
    """

    method: str
    path: tuple[str, ...]
    body: Mapping[str, object] | None = field(default=None, repr=False)
    operation: str = ""

    def target(self) -> str:
        """The path as it goes out, each segment percent-encoded."""
        return "/api/" + "/".join(quote(part, safe="") for part in self.path)


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """An answer of the vendor's."""

    status: int
    value: object = None
    retry_after: float | None = None


def unfit(command: Command) -> str:
    """Why UiPath has no words for a command although it knows its kind; empty when it has."""
    status = command.status if isinstance(command, CreateUser | UpdateUser | SetStatus) else None
    if status is Status.LOCKED:
        return "UiPath has no call that locks a user"
    if isinstance(command, CreateUser):
        if status is Status.DISABLED:
            return "UiPath makes only active users"
        if command.login not in ("", command.who):
            return "UiPath knows people by one name: id and sign-in name cannot differ"
    if isinstance(command, UpdateUser) and (command.login is not None or command.version is not None):
        return "UiPath changes no user name and counts no versions"
    if isinstance(command, CreateUser | UpdateUser):
        lost = unkept(command.profile) if command.profile is not None else ""
        return f"UiPath has no field for the {lost}" if lost else "UiPath has no rights here" if command.rights else ""
    return ""


def write(command: Command, partition: str = "") -> WireRequest:
    """The request that carries a command.  Raises ValueError for one that does not fit.

    A new user is made by BulkCreate, the one creation of which body and answer are known; it takes no password.
    """
    if unfit(command):
        raise ValueError(unfit(command))
    match command:
        case CreateUser(who, profile, password=None, operation=operation):
            user = {"userName": who, **profile_body(profile, whole=False), "type": 0}
            user |= {"id": command.uid} if command.uid else {}
            body: Body = {"users": [user], "partitionGlobalId": partition, "groupIDs": [*command.groups]}
            return WireRequest("POST", ("User", "BulkCreate"), body, operation)
        case ResetPassword(who, Secret() as new, operation=operation):
            return WireRequest("PUT", ("User", who), {"password": new.reveal()}, operation)
        case ChangePassword(who, new, Secret() as old, operation):
            body = {"oldPassword": old.reveal(), "newPassword": new.reveal()}
            return WireRequest("POST", ("User", who, "changepassword"), body, operation)
        case SetStatus(who, status, operation):
            return WireRequest("PUT", ("User", who), {"isActive": status is Status.ACTIVE}, operation)
        case UpdateUser(who, operation=operation) if command.profile or command.join or command.leave:
            return WireRequest("PUT", ("User", who), _changes_body(command), operation)
        case DeleteUser(who, operation):
            return WireRequest("DELETE", ("User", who), operation=operation)
        case _:
            raise ValueError("UiPath has no words for this command")


def _changes_body(command: UpdateUser) -> Body:
    body = profile_body(command.profile, whole=True) if command.profile is not None else {}
    if command.status is not None:
        body["isActive"] = command.status is Status.ACTIVE
    moves = {"groupIDsToAdd": command.join, "groupIDsToRemove": command.leave}
    return body | {name: [*groups] for name, groups in moves.items() if groups}


def read(request: WireRequest, stored: User | None = None) -> Sequence[Command]:
    """The commands that a request means, in order.  stored: the user that a PUT is about, where there is one.

    Raises Unreadable for a request that is none of these.
    """
    body = request.body or {}
    match request.method, request.path:
        case "POST", ("User",):
            return [_read_creation(body, request.operation)]
        case "POST", ("User", "BulkCreate"):
            return _read_creations(body, request.operation)
        case "POST", ("User", "InviteUsers"):
            return [_invited(command) for command in _read_creations(body, request.operation)]
        case "POST", ("User", who, "changepassword"):
            old, new = Secret(needed(body, "oldPassword")), Secret(needed(body, "newPassword"))
            return [ChangePassword(who, new, old, request.operation)]
        case "PUT", ("User", who):
            return _read_changes(who, body, request.operation, stored)
        case "DELETE", ("User", who):
            return [DeleteUser(who, request.operation)]
        case "DELETE", ("User",):
            ids = list_of(body, "userIds")
            return [DeleteUser(who) for who in ids if isinstance(who, str)] if _all_texts(ids) else []
        case _:
            raise Unreadable("request", "is none that UiPath knows")


def _few(name: str, many: Sequence[object]) -> None:
    if len(many) > MOST:
        raise Unreadable(name, f"must name at most {MOST} users in one call", 413)


def _all_texts(ids: Sequence[object]) -> bool:
    _few("userIds", ids)
    if not ids or not all(isinstance(who, str) for who in ids):
        raise Unreadable("userIds", "must be a list of ids")
    return True


def _read_creation(body: Mapping[str, object], operation: str, groups: tuple[str, ...] = ()) -> CreateUser:
    """A new user.  An `id` of zeros is what clients send that have none to wish for."""
    refuse_unserved(body, "type", "extensionUserAttributes")
    password, active = text_of(body, "password"), flag_of(body, "isActive")
    wished = text_of(body, "id") or NO_GUID
    if guid_of(wished) is None:
        raise Unreadable("id", "must be a GUID")
    return CreateUser(
        needed(body, "userName"),
        read_profile(body, Profile()),
        password=None if password is None else Secret(password),
        status=Status.DISABLED if active is False else Status.ACTIVE,
        uid=(guid_of(wished) or "") if wished != NO_GUID else "",
        groups=groups or guids_of(body, "groupIDs"),
        operation=operation,
    )


def _read_creations(body: Mapping[str, object], operation: str) -> Sequence[CreateUser]:
    """New users, who all join the same groups."""
    users, groups = list_of(body, "users"), guids_of(body, "groupIDs")
    if not users:
        raise Unreadable("users", "must name somebody")
    _few("users", users)
    operation = operation if len(users) == 1 else ""
    return [_read_creation(_object(user), operation, groups) for user in users]


def _invited(command: CreateUser) -> CreateUser:
    """Somebody who gets a mail in place of a password."""
    if command.password is not None or not command.profile.mail():
        raise Unreadable("users", "must have an e-mail and no password to be invited")
    return replace(command, profile=invited(command.profile), notify=True)


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise Unreadable("users", "must be a list of objects")
    return value


def _read_changes(who: str, body: Mapping[str, object], operation: str, stored: User | None) -> Sequence[Command]:
    """A PUT: `password` is the administrator's reset and comes first; then the rest; `isActive` alone is a status."""
    refuse_unserved(body, "extensionUserAttributesToAddOrUpdate", "extensionUserAttributesToRemove")
    join, leave = guids_of(body, "groupIDsToAdd"), guids_of(body, "groupIDsToRemove")
    password, active = text_of(body, "password"), flag_of(body, "isActive")
    resets: list[Command] = []
    if password is not None:
        resets = [ResetPassword(who, Secret(password), operation=operation)]
    status = None if active is None else Status.ACTIVE if active else Status.DISABLED
    operation = "" if resets else operation
    if touches_profile(body) or join or leave:
        if status is Status.ACTIVE and stored is not None and stored.status is Status.LOCKED:
            # Whoever sends back what was read does not mean to unlock: a locked user shows as active, too.
            status = None
        base = stored.profile if stored is not None else Profile()
        profile = read_profile(body, base) if touches_profile(body) else None
        return [*resets, UpdateUser(who, profile, status=status, join=join, leave=leave, operation=operation)]
    if status is not None:
        return [*resets, SetStatus(who, status, operation)]
    return resets or [UpdateUser(who, operation=operation)]


def read_order(by: str, way: str) -> tuple[Order, ...]:
    """The order that `sortBy` and `sortOrder` ask for; none for what is alike with all users here.

    Raises Unreadable for what is no order of UiPath's, and for what no list here is put in order by.
    """
    if way.casefold() not in ("", "asc", "desc"):
        raise Unreadable("sortOrder", "must be asc or desc")
    if by.casefold() in _ALIKE:
        return ()
    field = _ORDERS.get(by.casefold())
    if field is None:
        raise Unreadable("sortBy", "is nothing that users are sorted by here")
    return (Order(field, way.casefold() == "desc"),)


def expected(command: Command) -> frozenset[int]:
    """The statuses that say that a command took effect; of DELETE nothing is public: 200 and 204 are both believed."""
    return frozenset({200, 204}) if isinstance(command, DeleteUser) else frozenset({200})


def read_success(command: Command, user: User | None = None) -> Outcome:
    """What a success that may be believed says of a command."""
    return Created(command.who, user) if isinstance(command, CreateUser) else Changed(command.who)
