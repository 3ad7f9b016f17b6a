"""The user of the Primavera Administration API as JSON, both ways.

Names and samples: Oracle, "REST API for User Administration in Oracle Primavera Administration Application", operations
"Get all Users", "Create/Update users", "Get Job status" (releases 20 to 26).  All read 2026-11-21.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias, cast

from keyturn.core.evidence import Evidence
from keyturn.core.users import USER_RIGHTS, Contact, Json, Profile, Right, Stamp, Status, User, without_secrets

Body: TypeAlias = dict[str, object]

MORE: Final = "primavera"
"""Under this name a profile keeps what only this vendor understands."""

KEPT: Final = frozenset({
    "middleName", "employeeNumber", "manager", "organization", "userType", "startDate", "endDate", "roles",
})  # fmt: skip
"""What a sent user may hold that `more` keeps; everything else is our own fact, a secret, or has a place of its own."""

ADMINISTRATOR: Final = "PrimaveraCloudAdmin"
"""The role that stands for the right over users (seen in public scripts that call a tenant)."""

ROLES: Final[tuple[Body, ...]] = ({"displayName": "Primavera Administration", "id": "1", "name": ADMINISTRATOR},)
"""The roles that `GET /roles` shows; the number is invented."""

NO_GROUPS: Final[Mapping[str, str]] = {}

_DIGITS: Final = re.compile("[0-9]{1,18}")
LONG_AGO: Final = Stamp("", datetime(1970, 1, 1, tzinfo=UTC))


class Unreadable(ValueError):
    """A body that does not say what the vendor's page says it says; the text names the field, never its value.

    status: 413 for a set that is too large, which no page speaks of.
    """

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def text_of(entry: Mapping[str, object], name: str) -> str:
    """A text; absent and null are empty.  Raises Unreadable."""
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"{name} must be a text")
    return value


def flag_of(entry: Mapping[str, object], name: str) -> bool | None:
    """A boolean; absent and null are None.  Raises Unreadable."""
    value = entry.get(name)
    if value is not None and not isinstance(value, bool):
        raise Unreadable(f"{name} must be true or false")
    return value


def login_of(entry: Mapping[str, object]) -> str:
    """The `loginId` of a sent user.  Raises Unreadable when there is none."""
    login = text_of(entry, "loginId")
    if not login:
        raise Unreadable("each user needs a loginId")
    return login


def wordless(profile: Profile) -> str:
    """The parts of a profile for which the vendor has no field; empty when there are none."""
    lost = ["a second address"] if len(profile.emails) > 1 else []
    parts = {
        "title": profile.title, "phone": profile.phones, "postal address": profile.addresses,
        "language": profile.language, "country": profile.country, "time zone": profile.timezone,
        "external id": profile.external_id, "extension": profile.extension,
    }  # fmt: skip
    return ", ".join([*lost, *(name for name, part in parts.items() if part)])


def profile_body(profile: Profile) -> Body:
    """The fields of a profile."""
    kept = cast("Mapping[str, object]", profile.more.get(MORE) or {})
    body: Body = {name: value for name, value in kept.items() if name in KEPT}
    return body | {"firstName": profile.given_name, "lastName": profile.family_name, "emailAddress": profile.mail()}


def read_profile(entry: Mapping[str, object], old: Profile, groups: Mapping[str, str] = NO_GROUPS) -> Profile:
    """The profile that a sent user means; what is not sent stays as `old` has it.  Raises Unreadable.

    groups: what roles mean that are no part of a profile.
    """
    given = text_of(entry, "firstName") if "firstName" in entry else old.given_name
    family = text_of(entry, "lastName") if "lastName" in entry else old.family_name
    renamed = (given, family) != (old.given_name, old.family_name)
    emails = old.emails
    if "emailAddress" in entry and text_of(entry, "emailAddress") != old.mail():
        mail = text_of(entry, "emailAddress")
        emails = (Contact(mail, primary=True),) if mail else ()
    return Profile(
        f"{given} {family}".strip() if renamed else old.display_name, given, family, old.title, emails, old.phones,
        old.addresses, old.language, old.country, old.timezone, old.owner, old.external_id, old.extension,
        _more(entry, old, groups),
    )  # fmt: skip


def _more(entry: Mapping[str, object], old: Profile, groups: Mapping[str, str]) -> Mapping[str, Json]:
    """What has no place of its own; a list of roles replaces the one before, as the vendor says."""
    before = cast("Mapping[str, Json]", old.more.get(MORE) or {})
    sent = {name: without_secrets(value) for name, value in entry.items() if name in KEPT and value is not None}
    if "roles" in sent:
        roles = roles_of(sent)
        sent["roles"] = [role for role in roles if role.get("name") != ADMINISTRATOR and not _group(role, groups)]
    kept = {**before, **cast("Mapping[str, Json]", sent)}
    if not kept.get("roles"):
        kept.pop("roles", None)
    others = {name: part for name, part in old.more.items() if name != MORE}
    return {**others, MORE: kept} if kept else others


def roles_of(entry: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The roles of a sent user; each is an object with a name.  Raises Unreadable."""
    roles = entry.get("roles")
    if not isinstance(roles, list) or not all(isinstance(role, Mapping) for role in roles):
        raise Unreadable("roles must be a list of objects")
    return roles


def groups_of(entry: Mapping[str, object], groups: Mapping[str, str]) -> frozenset[str] | None:
    """The uids of the groups that a list of roles names; None where there is no list.  Raises Unreadable."""
    if entry.get("roles") is None:
        return None
    return frozenset(uid for role in roles_of(entry) if (uid := _group(role, groups)))


def _group(role: Mapping[str, object], groups: Mapping[str, str]) -> str:
    """The uid of the group that a role is, by its name, else by its id; empty when it is none."""
    name, number = role.get("name"), role.get("id")
    if name == ADMINISTRATOR:
        return ""
    by_name = groups.get(name.casefold(), "") if isinstance(name, str) else ""
    return by_name or (groups.get(number, "") if isinstance(number, str) else "")


def role_of(uid: str, name: str) -> Body:
    """A group as a role."""
    return {"displayName": name, "id": uid, "name": name}


def read_rights(entry: Mapping[str, object], old: frozenset[Right]) -> frozenset[Right]:
    """The rights after this list of roles; without one they stay.  Raises Unreadable."""
    if entry.get("roles") is None:
        return old
    administers = any(role.get("name") == ADMINISTRATOR for role in roles_of(entry))
    if administers == (old >= USER_RIGHTS):
        return old
    return old | USER_RIGHTS if administers else old - USER_RIGHTS


def read_status(entry: Mapping[str, object]) -> Status | None:
    """Active or disabled, by `disabled`, else by `status`; None when neither is sent.  Raises Unreadable."""
    disabled = flag_of(entry, "disabled")
    if disabled is None and text_of(entry, "status"):
        disabled = text_of(entry, "status").casefold() != "active"
    return None if disabled is None else Status.DISABLED if disabled else Status.ACTIVE


def status_body(status: Status) -> Body:
    """Both ways in which the vendor says whether somebody is active; a locked user is."""
    disabled = status is Status.DISABLED
    return {"disabled": disabled, "status": "Inactive" if disabled else "Active"}


def user_body(user: User) -> Body:
    """A user as `GET /user` shows it: nothing of the password but whether it must be changed."""
    body = profile_body(user.profile)
    kept = cast("list[object]", body.get("roles") or [])
    groups = [role_of(group.uid, group.name) for group in user.groups]
    body["roles"] = [*(ROLES if user.rights >= USER_RIGHTS else ()), *groups, *kept]
    return (
        body
        | status_body(user.status)
        | {
            "id": str(user.number),
            "loginId": user.login,
            "admin": user.effective >= USER_RIGHTS,
            "locked": user.status is Status.LOCKED,
            "loginAttemptsCtr": str(user.failures),
            "createdBy": user.added.by,
            "createdDate": write_time(user.added.at),
            "updatedDate": write_time(user.updated.at),
            "pwdExpired": False,
            "pwdCantChange": False,
            "pwdWarned": False,
            "changePwdAtNextLogin": user.must_change,
            "statusInfo": "",
            "statusInfoOK": True,
        }
        | ({"lastPasswordResetDate": write_time(user.password_changed)} if user.password_changed else {})
    )


def read_user(entry: Mapping[str, object]) -> User:
    """The user of a vendor's answer.  Raises Unreadable when it is none.

    `createdBy` is left out on purpose: whoever was made by us may still be without the password that came with the
    order, because the two are two calls, and so must not pass for a creation that is done.
    """
    login, number = login_of(entry), entry.get("id")
    status = read_status(entry) or Status.ACTIVE
    if status is Status.ACTIVE and flag_of(entry, "locked"):
        status = Status.LOCKED
    changed = read_time(entry.get("lastPasswordResetDate"))
    return User(
        uid="",
        number=int(number) if isinstance(number, str) and _DIGITS.fullmatch(number) else 0,
        tenant=0,
        key=login,
        login=login,
        profile=read_profile(entry, Profile()),
        added=Stamp("", read_time(entry.get("createdDate")) or LONG_AGO.at),
        updated=Stamp("", read_time(entry.get("updatedDate")) or LONG_AGO.at),
        status=status,
        rights=read_rights(entry, frozenset()),
        has_password=changed is not None,
        must_change=flag_of(entry, "changePwdAtNextLogin") is True,
        password_changed=changed,
    )


def read_evidence(entry: Mapping[str, object]) -> Evidence:
    """What a user of the list shows of the password.  Raises Unreadable when it is none.

    `changePwdAtNextLogin` is always false after a reset of known value (page), so it tells nothing.
    """
    user = read_user(entry)
    stamps = [Stamp("", at) if (at := read_time(entry.get(name))) else None for name in ("createdDate", "updatedDate")]
    reset = entry.get("lastPasswordResetDate")
    return Evidence(
        user.login,
        login=user.login,
        password_changed=user.password_changed,
        added=stamps[0],
        touched=stamps[1],
        floating=isinstance(reset, str) and not _zoned(reset),
    )


def _zoned(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def write_time(at: datetime) -> str:
    """A time as the samples print it: whole seconds and no zone, here UTC."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def read_time(text: object) -> datetime | None:
    """A time; without a zone it is taken as UTC; None for what is none (CloudTZDateTime has no public fields)."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
