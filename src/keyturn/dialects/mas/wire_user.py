"""The user of the MAS Admin API as JSON, both ways.

Names and samples: IBM API Hub, "Maximo Application Suite Admin APIs 9.0.x, Add new user" (read 2026-11-21).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeAlias, cast

from keyturn.core.evidence import Evidence
from keyturn.core.users import USER_RIGHTS, Address, Contact, Json, Profile, Right, Stamp, Status, User, without_secrets

Body: TypeAlias = dict[str, object]

MORE: Final = "mas"
"""Under this name a profile keeps what only MAS understands (`entitlement`, `groups`, `selfReg`, parts of `status`)."""

EXTERNAL_ID: Final = "externalId"
"""MAS has no field for the id in a source system; its free object `extension` carries it."""

NOT_KEPT: Final = frozenset({
    "id", "_id", "username", "token", "issuer", "version", "added", "updated", "deleted", "sync", "applications",
    "workspaces", "identities", "permissions", "displayName", "givenName", "familyName", "title", "emails",
    "phoneNumbers", "addresses", "preferences", "owner", "extension",
})  # fmt: skip
"""What a sent user may hold and `more` does not keep: our own facts, secrets, and what has a place of its own.

`issuer` is a legacy word that IBM's own client still sends (mas-devops 12.11.1, users.py, 2026-11-21).
"""

PERMISSIONS: Final[Mapping[str, frozenset[Right]]] = {
    "systemAdmin": frozenset({Right.POLICY, Right.TENANTS, Right.AUDIT}),
    "userAdmin": USER_RIGHTS,
    "apikeyAdmin": frozenset({Right.KEYS}),
}
LONG_AGO: Final = Stamp("", datetime(1970, 1, 1, tzinfo=UTC))
NO_LICENCE: Final[Body] = {"application": "NONE", "admin": "NONE", "alwaysReserveLicense": False}

_TEXTS: Final = {
    "displayName": "display_name",
    "givenName": "given_name",
    "familyName": "family_name",
    "title": "title",
    "owner": "owner",
}
_ADDRESS: Final = {
    "streetAddress": "street",
    "locality": "locality",
    "region": "region",
    "postalCode": "postal_code",
    "country": "country",
    "formatted": "formatted",
    "type": "kind",
}


class Unreadable(ValueError):
    """A body that does not say what the vendor's page says it says; the text names the field, never its value."""


def text_of(body: Mapping[str, object], name: str, default: str = "") -> str:
    """A text; absent is the default, null is empty.  Raises Unreadable."""
    value = body.get(name, default)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"{name} must be a text")
    return value


def flag_of(body: Mapping[str, object], name: str, *, default: bool = False) -> bool:
    """A boolean.  Raises Unreadable."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise Unreadable(f"{name} must be true or false")
    return value


def object_of(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    """An object; absent and null are empty.  Raises Unreadable."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Unreadable(f"{name} must be an object")
    return value


def profile_body(profile: Profile, *, whole: bool) -> Body:
    """The fields of a profile.  whole: empty ones too, so that they replace what is there."""
    more = dict(cast("Mapping[str, object]", profile.more.get(MORE) or {}))
    status = more.pop("status", None)
    body: Body = {name: value for name, value in more.items() if name not in NOT_KEPT}
    if status:
        body["status"] = dict(cast("Mapping[str, object]", status))
    for name, field in _TEXTS.items():
        value = getattr(profile, field)
        if value or whole or name == "owner":
            body[name] = value
    body["emails"] = [_contact_body(contact) for contact in profile.emails]
    body["phoneNumbers"] = [_contact_body(contact) for contact in profile.phones]
    body["addresses"] = [_address_body(address) for address in profile.addresses]
    if whole or profile.language or profile.country or profile.timezone:
        locale = {"language": profile.language, "country": profile.country}
        body["preferences"] = {"locale": locale, "timezone": profile.timezone}
    extension = dict(profile.extension) | ({EXTERNAL_ID: profile.external_id} if profile.external_id else {})
    if whole or extension:
        body["extension"] = extension
    return body


def read_profile(body: Mapping[str, object], base: Profile, *, partial: bool) -> Profile:
    """The profile that a sent user means.  partial: what is not sent stays as `base` has it.

    What other dialects keep in `base` always stays.  Raises Unreadable.
    """
    old = base if partial else Profile(more={name: part for name, part in base.more.items() if name != MORE})
    found: dict[str, object] = {field: text_of(body, name, getattr(old, field)) for name, field in _TEXTS.items()}
    if "emails" in body:
        found["emails"] = tuple(_contact(entry) for entry in _list(body, "emails"))
    if "phoneNumbers" in body:
        found["phones"] = tuple(_contact(entry) for entry in _list(body, "phoneNumbers"))
    if "addresses" in body:
        found["addresses"] = tuple(_address(entry) for entry in _list(body, "addresses"))
    found |= _preferences(object_of(body, "preferences"), old)
    if "extension" in body:
        extension = dict(cast("Mapping[str, object]", without_secrets(object_of(body, "extension"))))
        found["external_id"] = text_of({EXTERNAL_ID: extension.pop(EXTERNAL_ID, "")}, EXTERNAL_ID)
        found["extension"] = extension
    found["more"] = _more(body, old)
    # `replace` takes the fields by name; each was checked above.
    return replace(old, **found)  # type: ignore[arg-type]  # values of the fields' own types


def touches_profile(body: Mapping[str, object]) -> bool:
    """Whether a partial user says anything about the profile."""
    kept_status = set(object_of(body, "status")) - {"active"}
    own = {*_TEXTS, "emails", "phoneNumbers", "addresses", "preferences", "extension"}
    return bool(kept_status or any(name in own or name not in {*NOT_KEPT, "status"} for name in body))


def permissions_body(rights: frozenset[Right]) -> Body:
    """The three permissions that MAS knows."""
    return {name: held <= rights for name, held in PERMISSIONS.items()}


def read_rights(permissions: Mapping[str, object], base: frozenset[Right]) -> frozenset[Right]:
    """The rights after these permissions; one that is not sent, or sent as it is, changes nothing."""
    rights = set(base)
    for name, held in PERMISSIONS.items():
        shown = held <= base
        if flag_of(permissions, name, default=shown) != shown:
            rights = rights - held if shown else rights | held
    return frozenset(rights)


def read_active(body: Mapping[str, object]) -> Status | None:
    """The status that `status.active` means; None when it is not sent."""
    status = object_of(body, "status")
    if "active" not in status:
        return None
    return Status.ACTIVE if flag_of(status, "active") else Status.DISABLED


def user_body(user: User) -> Body:
    """A user as `GET /v3/users/{id}` shows it: never anything of the password but that there is one."""
    body = profile_body(user.profile, whole=True)
    status = dict(cast("Mapping[str, object]", body.pop("status", {})))
    granted: dict[str, datetime] = {}
    for grant in user.grants:
        if grant.application:
            granted[grant.application] = max(grant.at, granted.get(grant.application, grant.at), user.updated.at)
    body.setdefault("entitlement", NO_LICENCE)
    body.setdefault("groups", [])
    return body | {
        "id": user.key,
        "username": user.login,
        "status": {**status, "active": user.status is not Status.DISABLED},
        "permissions": permissions_body(user.rights),
        "version": user.version,
        "added": stamp_body(user.added),
        "updated": stamp_body(user.updated),
        "sync": {"status": "SUCCESS", "timestamp": write_time(user.updated.at)},
        "applications": {
            name: {"sync": {"state": "SUCCESS", "timestamp": write_time(at)}} for name, at in granted.items()
        },
        "workspaces": {
            name: {"permissions": {"workspaceAdmin": is_workspace_admin(user, name)}} for name in workspaces_of(user)
        },
        "identities": {"_local": _local_identity(user)} if user.has_password else {},
    }


def workspaces_of(user: User) -> list[str]:
    """The workspaces that a user is a member of, in alphabetical order."""
    return sorted({grant.workspace for grant in user.grants})


def is_workspace_admin(user: User, workspace: str) -> bool:
    """Whether the user administers the workspace."""
    return any(g.workspace == workspace and not g.application and g.role == "ADMIN" for g in user.grants)


def read_user(body: Mapping[str, object]) -> User:
    """The user of a vendor's answer.  Raises Unreadable when it is none."""
    if not text_of(body, "id"):
        raise Unreadable("the user has no id")
    local = object_of(object_of(body, "identities"), "_local")
    state = object_of(local, "state")
    status = read_active(body) or Status.ACTIVE
    if status is Status.ACTIVE and state.get("lockedOut") is True:
        status = Status.LOCKED
    return User(
        uid="",
        number=0,
        tenant=0,
        key=text_of(body, "id"),
        login=text_of(body, "username") or text_of(body, "id"),
        profile=read_profile(body, Profile(), partial=False),
        added=_stamp(object_of(body, "added")),
        updated=_stamp(object_of(body, "updated")),
        status=status,
        rights=read_rights(object_of(body, "permissions"), frozenset()),
        version=_whole(body.get("version"), 1),
        has_password="_local" in object_of(body, "identities"),
        must_change=local.get("forceTokenChange") is True,
        failures=_whole(state.get("failedLoginAttempts"), 0),
    )


def read_evidence(body: Mapping[str, object]) -> Evidence:
    """What a user in a vendor's answer shows of the credential.  Raises Unreadable when it is none."""
    user = read_user(body)
    identities = object_of(body, "identities")
    local, version = object_of(identities, "_local"), body.get("version")
    return Evidence(
        user.key,
        login=user.login,
        must_change=local["forceTokenChange"] is True if "forceTokenChange" in local else None,
        has_password="_local" in identities if "identities" in body else None,
        version=str(version) if isinstance(version, int) else "",
        added=_known(user.added),
        touched=_known(user.updated),
    )


def _known(stamp: Stamp) -> Stamp | None:
    return stamp if stamp.at != LONG_AGO.at else None


def stamp_body(stamp: Stamp) -> Body:
    """Who did something and when."""
    return {"id": stamp.by, "timestamp": write_time(stamp.at)}


def write_time(at: datetime) -> str:
    """A time as MAS writes it for API keys: ISO, UTC, `Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_time(text: object) -> datetime | None:
    """A time in any of the three forms of the vendor's samples: without a zone (then UTC), with `Z`, with an offset."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _local_identity(user: User) -> Body:
    state: Body = {"failedLoginAttempts": user.failures, "lockedOut": user.status is Status.LOCKED}
    if user.last_failure is not None:
        state["firstFailedLoginTimestamp"] = write_time(user.last_failure)
    return {"type": "local", "forceTokenChange": user.must_change, "state": state}


def _contact_body(contact: Contact) -> Body:
    kind: Body = {"type": contact.kind} if contact.kind else {}
    return {"value": contact.value, **kind, "primary": contact.primary}


def _contact(entry: Mapping[str, object]) -> Contact:
    return Contact(text_of(entry, "value"), text_of(entry, "type"), flag_of(entry, "primary"))


def _address_body(address: Address) -> Body:
    parts = {name: getattr(address, field) for name, field in _ADDRESS.items()}
    return {**{name: part for name, part in parts.items() if part}, "primary": address.primary}


def _address(entry: Mapping[str, object]) -> Address:
    parts = dict(entry)
    code = parts.get("postalCode")
    if isinstance(code, int) and not isinstance(code, bool):
        # A number in the vendor page's sample, a text in IBM's mock of the user interface (2026-11-21).
        parts["postalCode"] = str(code)
    texts = {field: text_of(parts, name) for name, field in _ADDRESS.items()}
    return Address(**texts, primary=flag_of(parts, "primary"))


def _preferences(preferences: Mapping[str, object], old: Profile) -> dict[str, object]:
    locale = object_of(preferences, "locale")
    return {
        "language": text_of(locale, "language", old.language),
        "country": text_of(locale, "country", old.country),
        "timezone": text_of(preferences, "timezone", old.timezone),
    }


def _more(body: Mapping[str, object], old: Profile) -> Mapping[str, Json]:
    """What has no place of its own, under MAS's own words."""
    before = cast("Mapping[str, Json]", old.more.get(MORE) or {})
    sent: Body = {name: value for name, value in body.items() if name not in NOT_KEPT and name != "status"}
    status = {name: value for name, value in object_of(body, "status").items() if name != "active"}
    if status:
        sent["status"] = {**cast("Mapping[str, Json]", before.get("status") or {}), **status}
    kept = {**before, **cast("Mapping[str, Json]", without_secrets(sent))}
    others = {name: part for name, part in old.more.items() if name != MORE}
    return {**others, MORE: kept} if kept else others


def _list(body: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise Unreadable(f"{name} must be a list of objects")
    return value


def _stamp(body: Mapping[str, object]) -> Stamp:
    return Stamp(text_of(body, "id"), read_time(body.get("timestamp")) or LONG_AGO.at)


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default
