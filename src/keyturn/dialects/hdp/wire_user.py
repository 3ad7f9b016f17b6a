"""The user of Hybrid Data Pipeline as JSON, both ways.  Pure.

Sources: "Create a user account", "Update a user account", "statusInfo Object", "passwordInfo Object"
(docs.progress.com, Hybrid Data Pipeline 5.0, read 2026-11-21).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, cast

from keyturn.core.evidence import Evidence
from keyturn.core.users import Json, Profile, Stamp, Status, User, without_secrets
from keyturn.dialects.hdp.wire_rights import permissions_body, read_kept, read_rights
from keyturn.dialects.hdp.wire_shapes import Body, Unreadable, number_text, object_of, text_of, whole_of

MORE: Final = "hdp"
"""Under this name a profile keeps what only this vendor understands: roles, permissions on data, authenticationInfo."""

NOT_KEPT: Final = frozenset({
    "id", "userName", "tenantId", "tenantName", "statusInfo", "passwordInfo", "permissions", "authenticationInfo",
    "roles", "password", "newPassword", "currentPassword",
})  # fmt: skip
"""What a sent user may hold and `more` does not keep as it is: our own facts, secrets, what is read with care."""

LONG_AGO: Final = Stamp("", datetime(1970, 1, 1, tzinfo=UTC))
INTERNAL: Final = 1
"""The number of the service that is the server's own passwords."""

LONGEST_NAME: Final = 128
LARGEST: Final = 2**31 - 1
INACTIVE, ACTIVE = 0, 1
FINE, MUST_BE_RESET = 1, 2


def user_body(user: User) -> Body:
    """A user as the vendor shows it: never anything of the password but how it stands."""
    more = dict(_more(user.profile))
    extra = {name: value for name, value in more.items() if name not in NOT_KEPT}
    return extra | {
        "id": user.number,
        "userName": user.login,
        "tenantId": user.tenant,
        "statusInfo": status_body(user.status),
        "passwordInfo": password_body(user) if user.has_password else None,
        "permissions": permissions_body(user.rights, more),
        "authenticationInfo": authentication_body(user),
    }


def authentication_body(user: User) -> Body:
    """Which names sign in as this user at which service: as it was sent, else the sign-in name at our own."""
    kept = cast("Body | None", _more(user.profile).get("authenticationInfo"))
    return kept or {"authUsers": [{"authUserName": user.login, "authServiceId": INTERNAL}]}


def status_body(status: Status) -> Body:
    """The `statusInfo` of a status."""
    active = INACTIVE if status is Status.DISABLED else ACTIVE
    return {"status": active, "accountLocked": status is Status.LOCKED}


def password_body(user: User) -> Body:
    """The `passwordInfo` of a user; passwords that somebody chose do not run out here."""
    return {"passwordStatus": MUST_BE_RESET if user.must_change else FINE, "passwordExpiration": None}


def read_password_info(body: Mapping[str, object]) -> Evidence:
    """What a `passwordInfo` shows ("Get password information").  Raises Unreadable when it is none."""
    status = whole_of(body, "passwordStatus", -1)
    if status not in (FINE, MUST_BE_RESET):
        raise Unreadable("passwordStatus must be 1 (active) or 2 (must be reset)")
    return Evidence("", must_change=status == MUST_BE_RESET)


def read_status(body: Mapping[str, object], base: Status = Status.ACTIVE) -> Status:
    """The status that a `statusInfo` means; whoever does not speak of the lock leaves it.  Raises Unreadable."""
    active = whole_of(body, "status", -1)
    if active not in (INACTIVE, ACTIVE):
        raise Unreadable("status must be 0 (inactive) or 1 (active)")
    locked = body.get("accountLocked")
    if locked is None:
        locked = base is Status.LOCKED
    if not isinstance(locked, bool):
        raise Unreadable("accountLocked must be true or false")
    if active == INACTIVE:
        return Status.DISABLED
    return Status.LOCKED if locked else Status.ACTIVE


def profile_parts(profile: Profile) -> Body:
    """What a profile adds to a sent user, without the permissions."""
    more = _more(profile)
    parts = {name: value for name, value in more.items() if name not in NOT_KEPT}
    return parts | ({"authenticationInfo": more["authenticationInfo"]} if "authenticationInfo" in more else {})


def kept_permissions(profile: Profile) -> Mapping[str, object]:
    """The roles and permissions on data that a profile holds."""
    return {name: value for name, value in _more(profile).items() if name in ("roles", "permissions")}


def read_profile(body: Mapping[str, object], base: Profile) -> Profile:
    """The profile after this user was sent; what is not sent stays.  Raises Unreadable."""
    before, mine = _more(base), dict(_more(base))
    sent = {name: value for name, value in body.items() if name not in NOT_KEPT}
    mine |= cast("Mapping[str, object]", without_secrets(sent))
    if "authenticationInfo" in body:
        mine["authenticationInfo"] = _authentication(object_of(body, "authenticationInfo"))
    if "permissions" in body:
        mine = {name: value for name, value in mine.items() if name not in ("roles", "permissions")}
        mine |= read_kept(object_of(body, "permissions"))
    if mine == before:
        return base
    others = {name: part for name, part in base.more.items() if name != MORE}
    return replace(base, more={**others, MORE: cast("Json", mine)} if mine else others)


def read_user(body: Mapping[str, object]) -> User:
    """The user of a vendor's answer.  Raises Unreadable when it is none."""
    number, login = number_text(body.get("id")), text_of(body, "userName")
    if not number or not login:
        raise Unreadable("the user has no id or no userName")
    permissions, password = object_of(body, "permissions"), object_of(body, "passwordInfo")
    return User(
        uid="",
        number=int(number),
        tenant=whole_of(body, "tenantId", 0),
        key=login,
        login=login,
        profile=read_profile(body, Profile()),
        added=LONG_AGO,
        updated=LONG_AGO,
        status=read_status(object_of(body, "statusInfo") or {"status": ACTIVE}),
        rights=read_rights(permissions, frozenset()),
        has_password=bool(password),
        must_change=password.get("passwordStatus") == MUST_BE_RESET,
    )


def _more(profile: Profile) -> Mapping[str, object]:
    return cast("Mapping[str, object]", profile.more.get(MORE) or {})


def _authentication(body: Mapping[str, object]) -> Body:
    """Which names sign in as this user at which service; nothing else of it is kept.  Raises Unreadable."""
    users = body.get("authUsers")
    if not isinstance(users, list) or not all(isinstance(each, Mapping) for each in users):
        raise Unreadable("authUsers must be a list of objects")
    return {"authUsers": [_sign_in(each) for each in users]}


def _sign_in(body: Mapping[str, object]) -> Body:
    name, service = text_of(body, "authUserName"), whole_of(body, "authServiceId", INTERNAL)
    if not 0 < len(name) <= LONGEST_NAME or not 0 < service <= LARGEST:
        raise Unreadable("authUsers need an authUserName of 1 to 128 characters, and the number of a service")
    return {"authUserName": name, "authServiceId": service}
