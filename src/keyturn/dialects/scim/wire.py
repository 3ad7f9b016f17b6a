"""The words of SCIM 2.0 for users and passwords: requests, answers, refusals.  Pure.

Sources: RFC 7643 and RFC 7644 (read 2026-11-21).  What no RFC says is marked as invented.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast
from urllib.parse import quote

from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import ChangePassword, Command, CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.evidence import Sign
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.secret import Secret
from keyturn.core.users import Address, Contact, Handle, Profile, Shown, Status, User
from keyturn.dialects.scim.wire_user import (
    HASH,
    IMPORT,
    Body,
    Sent,
    Unreadable,
    is_hidden,
    object_of,
    profile_body,
    read_profile,
    text_of,
)
from keyturn.http.faults import Fault, FaultTable

DOOR: Final = "scim"
SCOPE: Final = "scim"
"""What keys of this door are for; a key with a scope opens no door but its own."""

BASE: Final = "/scim/v2"
KIND: Final = "application/scim+json"
OPERATION_HEADER: Final = "idempotency-key"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
PATCH_OP: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH: Final = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
BULK: Final = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
MOST_OPERATIONS: Final = 1000
"""How many operations one `/Bulk` takes, and one PATCH."""

MOST_OF_ONE: Final = 200
"""How many values an attribute of a user has: paths with filters are held against all of them."""

MOST_VALUES: Final = 30_000
"""How many values one body holds: a group of as many members as fit into 1 MiB, and not hundreds of thousands of `1`,
each of which the model library refuses at length."""

MOST_LISTED: Final = 1000
"""How many resources one answer to a search holds."""

LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

CAPABILITIES: Final = Capabilities(
    carries=frozenset({CreateUser, UpdateUser, ResetPassword, SetStatus, DeleteUser}),
    handle=Handle.LOGIN,
    also=Handle.UID,
    temporary=False,
    tells=(Sign.TOUCHED, Sign.VERSION),
    shows=frozenset({Shown.DISABLED, Shown.MAIL}),
)
"""What a run can do there.  A file holds sign-in names (userName) or ids; the client half turns names into ids.

tells: the password is an attribute of the user, and `meta` says when these were last updated and in which version they
are (RFC 7643, section 3.1); a server may leave either out.

temporary: the RFC has a password set, and nothing by which its owner would be made to change it.
"""

AT_THE_DOOR: Final = replace(
    CAPABILITIES, carries=CAPABILITIES.carries | {ChangePassword}, handle=Handle.UID, imports=True
)
"""What our own door lets through: users are named by id, people change their own password at `/Me`, and new users may
come with the hash of a password (an extension of ours)."""

FAULTS: Final = FaultTable(
    (
        Fault(Reason.NO_SUCH_USER, 404, "#no-such-user", "There is no such resource.", invented=True),
        Fault(Reason.NO_SUCH_GROUP, 404, "#no-such-group", "There is no such group.", invented=True),
        Fault(Reason.EXISTS, 409, "uniqueness", "The userName or id is taken."),
        Fault(Reason.RESERVED, 409, "uniqueness#reserved", "The userName is reserved.", invented=True),
        Fault(Reason.NOT_SIGNED_IN, 401, "#not-signed-in", "The token is not good.", invented=True),
        Fault(Reason.NOT_ALLOWED, 403, "#not-allowed", "The token does not permit this.", invented=True),
        Fault(Reason.TOO_SHORT, 400, "invalidValue#too-short", "The password is too short.", invented=True),
        Fault(Reason.TOO_LONG, 400, "invalidValue#too-long", "The password is too long.", invented=True),
        Fault(Reason.TOO_COMMON, 400, "invalidValue#too-common", "The password is too well known.", invented=True),
        Fault(
            Reason.UNUSABLE_CHARACTER,
            400,
            "invalidValue#unusable-character",
            "The password holds an unusable character.",
            invented=True,
        ),
        Fault(Reason.POLICY, 400, "invalidValue#policy", "The password breaks the policy.", invented=True),
        Fault(Reason.SAME_PASSWORD, 400, "invalidValue#same-password", "The password is the same.", invented=True),
        Fault(Reason.WRONG_PASSWORD, 400, "invalidValue#wrong-password", "The password is wrong.", invented=True),
        Fault(Reason.NO_PASSWORD, 400, "invalidValue#no-password", "There is no password here.", invented=True),
        Fault(Reason.NOT_ACTIVE, 400, "invalidValue#not-active", "The user is not active.", invented=True),
        Fault(Reason.INVALID, 400, "invalidValue", "A value is not valid."),
        Fault(Reason.STALE_VERSION, 412, "#stale-version", "The resource was changed meanwhile.", invented=True),
        Fault(Reason.OPERATION_REUSED, 409, "#operation-reused", "The Idempotency-Key was used before.", invented=True),
        Fault(Reason.LAST_ADMINISTRATOR, 403, "#last-administrator", "The last administrator stays.", invented=True),
        Fault(Reason.UNSUPPORTED, 501, "#unsupported", "This cannot be done here.", invented=True),
        Fault(Reason.TOO_MANY, 429, "#too-many", "Too many requests.", invented=True),
        Fault(Reason.BUSY, 503, "#busy", "The directory is busy; try again.", invented=True),
        Fault(Reason.OTHER, 400, "#other", "The request was refused.", invented=True),
    ),
    (
        Fault(Reason.NO_SUCH_USER, 404, ""),
        Fault(Reason.NOT_SIGNED_IN, 401, ""),
        Fault(Reason.NOT_ALLOWED, 403, ""),
        Fault(Reason.EXISTS, 409, ""),
        Fault(Reason.STALE_VERSION, 412, ""),
        Fault(Reason.STALE_VERSION, 400, "invalidVers"),
        Fault(Reason.UNSUPPORTED, 501, ""),
        Fault(Reason.UNSUPPORTED, 400, "mutability"),
        Fault(Reason.INVALID, 400, ""),
        Fault(Reason.INVALID, 400, "invalidSyntax"),
        Fault(Reason.INVALID, 400, "invalidPath"),
        Fault(Reason.TOO_MANY, 429, ""),
        Fault(Reason.BUSY, 503, ""),
    ),
)
"""`status`, and before `#` the scimType.  The RFC has one scimType for every unfit value; which one it was is the word
that stands in brackets at the end of our `detail`, which is invented and only makes a report say more."""

_WORD: Final = re.compile(r" \[([a-z-]{1,40})\]$")


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request of SCIM: path in decoded segments below the base address, JSON body.

    The body may hold a password and is never printed.  version: for `If-Match`.  operation: the caller's
    `Idempotency-Key`; other servers ignore it.
    """

    method: str
    path: tuple[str, ...]
    body: Sent | None = field(default=None, repr=False)
    version: str = ""
    operation: str = ""

    def target(self) -> str:
        """Path as it goes out, each segment percent-encoded."""
        return "/" + "/".join(quote(part, safe="") for part in self.path)


def unfit(command: Command) -> str:
    """Why SCIM has no words for a command that fits its capabilities; empty when it has."""
    if isinstance(command, CreateUser | UpdateUser | SetStatus) and command.status is Status.LOCKED:
        return "SCIM knows active and not active; it has no word for locked"
    if isinstance(command, CreateUser | UpdateUser) and command.rights:
        return "SCIM has no word for rights; give them through groups"
    if isinstance(command, CreateUser) and command.login not in ("", command.who):
        return "SCIM has one name for a user, the userName"
    if isinstance(command, CreateUser | UpdateUser) and command.profile is not None:
        return _unkept(command.profile)
    return ""


def _unkept(profile: Profile) -> str:
    """The first thing in a profile that SCIM has no place for; empty when it has one for all."""
    lost = [name for name in ("country", "extension") if getattr(profile, name)]
    lists: tuple[Sequence[Contact | Address], ...] = (profile.emails, profile.phones, profile.addresses)
    if any(sum(one.primary for one in some) > 1 for some in lists):
        return "SCIM has one primary address or number of a kind"
    return f"SCIM has no field for {lost[0]}" if lost else ""


def write(command: Command, stored: Sent | None = None) -> WireRequest:
    """The request that carries a command; `who` is the id, of a new user the userName.

    stored: the user as the server shows it, needed for an update.  Raises ValueError for a command that does not fit.
    """
    match command:
        case CreateUser():
            return WireRequest("POST", ("Users",), _creation_body(command), operation=command.operation)
        case ResetPassword(who, Secret() as new, notify=False, permanent=False):
            return _patch(who, "password", new.reveal(), command.operation)
        case SetStatus(who, status) if status is not Status.LOCKED:
            return _patch(who, "active", status is Status.ACTIVE, command.operation)
        case UpdateUser(who) if stored is not None:
            body, version = _update_body(command, stored), stored.get("meta")
            tag = version.get("version") if isinstance(version, Mapping) else ""
            return WireRequest("PUT", ("Users", who), body, tag if isinstance(tag, str) else "", command.operation)
        case DeleteUser(who):
            return WireRequest("DELETE", ("Users", who), operation=command.operation)
        case _:
            raise ValueError("SCIM has no words for this command")


def read_creation(body: Sent, operation: str = "") -> CreateUser:
    """The command that a new resource means.  Raises Unreadable."""
    _refuse_long(body)
    return CreateUser(
        who=text_of(body, "userName"),
        profile=read_profile(body, Profile()),
        password=_password(body),
        imported=_hash(body),
        status=Status.DISABLED if body.get("active") is False else Status.ACTIVE,
        operation=operation,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """What a changed resource asks for: the parts that are other than they were, and a password if there is one."""

    update: UpdateUser | SetStatus | None
    password: ResetPassword | None


def _refuse_long(body: Sent) -> None:
    """A user with thousands of values would take every later change long.  Raises Unreadable."""
    for name, value in body.items():
        if isinstance(value, list) and len(value) > MOST_OF_ONE and name != "groups":
            raise Unreadable(f"{name} has more than {MOST_OF_ONE} values")


def read_change(
    user: User, body: Sent, *, version: int | None = None, operation: str = "", hides: bool = False
) -> Change:
    """The commands by which a stored user becomes this resource.  Raises Unreadable.

    version: what the client was looking at.  hides: a missing `active` was removed and not just left out.
    """
    _refuse_long(body)
    login, active = text_of(body, "userName"), body.get("active")
    hidden = active is None and (hides or is_hidden(user.profile))
    profile = read_profile(body, user.profile, hides=hidden)
    status = None
    if isinstance(active, bool) and active != (user.status is Status.ACTIVE):
        status = Status.ACTIVE if active else Status.DISABLED
    new_profile = profile if profile != user.profile else None
    new_login = login if login not in ("", user.login) else None
    update: UpdateUser | SetStatus | None = None
    if new_profile is not None or new_login is not None:
        update = UpdateUser(user.uid, new_profile, new_login, status, version=version)
    elif status is not None:
        update = SetStatus(user.uid, status, operation)
    password = _password(body)
    reset = ResetPassword(user.uid, password, operation=operation) if password is not None else None
    return Change(update, reset)


def password_alone(body: object) -> Secret | None:
    """The password that a PATCH sets, when it does nothing else."""
    operations = body.get("Operations") if isinstance(body, Mapping) else None
    if not isinstance(operations, list) or len(operations) != 1 or not isinstance(operations[0], Mapping):
        return None
    [one] = operations
    path, value = one.get("path"), one.get("value")
    if isinstance(path, str) and path.casefold() == "password":
        value = {"password": value}
    op, password = str(one.get("op")).casefold(), value.get("password") if isinstance(value, Mapping) else None
    alone = isinstance(value, Mapping) and len(value) == 1 and op in ("add", "replace")
    return Secret(password) if alone and isinstance(password, str) else None


def by_name(name: str) -> str:
    """The filter for one userName, which servers compare without regard to case."""
    return f"userName eq {json.dumps(name, ensure_ascii=False)}"


def by_piece(piece: str) -> str:
    """The filter for everybody who has this piece in a name or an address."""
    text = json.dumps(piece, ensure_ascii=False)
    return " or ".join(f"{name} co {text}" for name in ("userName", "displayName", "emails.value"))


def error_body(refused: Refused, faults: FaultTable = FAULTS) -> tuple[int, str, str]:
    """Status, scimType and detail of a refusal."""
    fault = faults.of(refused.reason)
    scim_type, _, word = fault.code.partition("#")
    text = refused.text or fault.text
    return fault.status, scim_type, f"{text} [{word}]" if word else text


def read_refusal(who: str, status: int, value: object, retry_after: float | None = None) -> Refused:
    """The refusal of an answer; what we do not know is `Reason.OTHER` with the server's own text."""
    body: Sent = value if isinstance(value, Mapping) else {}
    scim_type, detail = body.get("scimType"), body.get("detail")
    text = detail if isinstance(detail, str) else ""
    code = scim_type if isinstance(scim_type, str) else ""
    word = _WORD.search(text)
    known = f"{code}#{word[1]}" if word else ""
    if any(fault.code == known for fault in FAULTS.written):
        reason, text = FAULTS.read(status, known), _WORD.sub("", text)
    else:
        reason = FAULTS.read(status, code)
    return Refused(who, reason, text or f"answered {status}", code, retry_after)


def _password(body: Sent) -> Secret | None:
    """The password of a sent user; an empty one is one too, for the directory to refuse."""
    return Secret(text_of(body, "password")) if body.get("password") is not None else None


def _hash(body: Sent) -> Secret | None:
    """The hash of a password that a new user comes with."""
    extension = object_of(body, IMPORT)
    return Secret(text_of(extension, HASH)) if extension.get(HASH) is not None else None


def _patch(who: str, path: str, value: object, operation: str) -> WireRequest:
    body = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": path, "value": value}]}
    return WireRequest("PATCH", ("Users", who), body, operation=operation)


def _creation_body(command: CreateUser) -> Body:
    if command.generate or command.notify or command.validate_only or unfit(command):
        raise ValueError("SCIM has no words for this new user")
    body = {**profile_body(command.profile), "userName": command.who}
    body["active"] = command.status is Status.ACTIVE
    if command.password is not None:
        body["password"] = command.password.reveal()
    if command.imported is not None:
        body["schemas"] = [*cast("list[str]", body["schemas"]), IMPORT]
        body[IMPORT] = {HASH: command.imported.reveal()}
    return body


def _update_body(command: UpdateUser, stored: Sent) -> Body:
    """A whole user: what the command does not say is sent as the server showed it."""
    if unfit(command):
        raise ValueError("SCIM has no words for this change")
    body = {name: value for name, value in stored.items() if name not in ("meta", "groups")}
    if command.profile is not None:
        fresh = profile_body(command.profile)
        # Schemas that the server speaks and this profile does not stay, with nothing of theirs.
        body = {name: body[name] for name in ("id", "userName", "active") if name in body} | fresh
    if command.login is not None:
        body["userName"] = command.login
    if command.status is not None:
        body["active"] = command.status is Status.ACTIVE
    return body
