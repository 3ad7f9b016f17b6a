"""The user of SCIM 2.0 as JSON, both ways.  Pure.

Source: RFC 7643, sections 3.1, 4.1 and 4.3 (read 2026-11-21).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeAlias, cast

from keyturn.core.evidence import Evidence
from keyturn.core.users import Address, Contact, Json, Profile, Stamp, Status, User, without_secrets

Body: TypeAlias = dict[str, object]
Sent: TypeAlias = Mapping[str, object]

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
IMPORT: Final = "urn:keyturn:scim:schemas:extension:import:1.0:User"
"""Of ours: `passwordHash`, the hash of the password that a new user has had elsewhere.  Write-only, in no answer."""

HASH: Final = "passwordHash"
MORE: Final = "scim"
"""Under this name a profile keeps the attributes that only SCIM has, extensions included, by their SCIM names."""

LONG_AGO: Final = Stamp("", datetime(1970, 1, 1, tzinfo=UTC))

TEXTS: Final = {
    "displayName": "display_name",
    "title": "title",
    "preferredLanguage": "language",
    "timezone": "timezone",
    "externalId": "external_id",
}
NAMES: Final = {"givenName": "given_name", "familyName": "family_name"}
ADDRESS: Final = {
    "streetAddress": "street",
    "locality": "locality",
    "region": "region",
    "postalCode": "postal_code",
    "country": "country",
    "formatted": "formatted",
    "type": "kind",
}
CONTACTS: Final = {"emails": "emails", "phoneNumbers": "phones"}
HIDDEN: Final = "keyturn:hidden"
"""Kept of a user whose `active` was removed: the RFC wants it to have no value then, and a status there always is."""

_LISTS: Final = (*CONTACTS, "addresses")

_OURS: Final = {
    *TEXTS, *CONTACTS, "addresses", "schemas", "id", "meta", "userName", "name", "password", "active", "groups",
    IMPORT,
}  # fmt: skip


class Unreadable(ValueError):
    """A body that does not say what the RFC says it says; the value at fault is never told."""


def user_body(user: User) -> Body:
    """A user as SCIM shows it, in the order of the RFC's own example; what is empty is left out."""
    body = profile_body(user.profile)
    groups = [{"value": group.uid, "display": group.name, "type": "direct"} for group in user.groups]
    return {
        **body,
        "id": user.uid,
        "userName": user.login,
        **({} if is_hidden(user.profile) else {"active": user.status is Status.ACTIVE}),
        **({"groups": groups} if groups else {}),
        "meta": meta_body("User", user.added, user.updated, user.version),
    }


def meta_body(kind: str, added: Stamp, updated: Stamp, version: int) -> Body:
    """What is known about a resource itself."""
    return {
        "resourceType": kind,
        "created": added.at.isoformat(),
        "lastModified": updated.at.isoformat(),
        "version": etag(version),
    }


def etag(version: int) -> str:
    """A version as SCIM compares it."""
    return f'W/"{version}"'


def profile_body(profile: Profile) -> Body:
    """The attributes of a profile; what is empty is left out."""
    kept = _kept(profile)
    body: Body = {name: value for name, value in kept.items() if name not in (*_LISTS, "name", HIDDEN)}
    body["schemas"] = [USER, *(name for name in kept if name.startswith("urn:"))]
    body |= {name: text for name, field in TEXTS.items() if (text := getattr(profile, field))}
    names = {name: text for name, field in NAMES.items() if (text := getattr(profile, field))}
    names = {**_mapping(kept.get("name")), **names}
    body |= {"name": names} if names else {}
    for name, field in CONTACTS.items():
        contacts: Sequence[Contact] = getattr(profile, field)
        body |= {name: _elements(map(_contact_body, contacts), kept.get(name))} if contacts else {}
    if profile.addresses:
        body["addresses"] = _elements(map(_address_body, profile.addresses), kept.get("addresses"))
    return body


def read_profile(body: Sent, base: Profile, *, hides: bool = False) -> Profile:
    """The profile of a whole resource: what it lacks is empty, what SCIM has no word for stays.  Raises Unreadable.

    hides: `active` was removed, which changes nothing but that it is no longer shown.
    """
    texts = {field: text_of(body, name) for name, field in TEXTS.items()}
    name = object_of(body, "name")
    texts |= {field: text_of(name, part) for part, field in NAMES.items()}
    emails, phones = (_contacts(body, one) for one in CONTACTS)
    kept = {one: without_secrets(value) for one, value in body.items() if one not in _OURS and not empty(value)}
    rest = {part: value for part, value in name.items() if part not in NAMES and not empty(value)}
    kept |= {"name": rest} if rest else {}
    kept |= {one: extras for one in _LISTS if (extras := _extras(body, one))}
    kept |= {HIDDEN: True} if hides else {}
    others = {one: part for one, part in base.more.items() if one != MORE}
    more = {**others, MORE: cast("Json", kept)} if kept else others
    # `replace` takes the fields by name; each was checked above.
    return replace(base, **texts, emails=emails, phones=phones, addresses=_addresses(body), more=more)  # type: ignore[arg-type]  # texts of the profile's own


def read_user(body: Sent) -> User:
    """The user of a server's answer; what it leaves out has no value.  Raises Unreadable when it is none."""
    uid, login, meta = _id(body.get("id")), text_of(body, "userName"), object_of(body, "meta")
    if not uid or not login:
        raise Unreadable("the user has no id or no userName")
    return User(
        uid=uid,
        number=0,
        tenant=0,
        key=login,
        login=login,
        profile=read_profile(body, Profile()),
        added=replace(LONG_AGO, at=_moment(meta.get("created"))),
        updated=replace(LONG_AGO, at=_moment(meta.get("lastModified"))),
        status=Status.DISABLED if body.get("active") is False else Status.ACTIVE,
        version=version_of(meta.get("version")) or 1,
    )


def read_evidence(body: Sent) -> Evidence:
    """What a user in a server's answer shows that a new password moves.  Raises Unreadable when it is none."""
    user, meta = read_user(body), object_of(body, "meta")
    return Evidence(
        user.login,
        login=user.login,
        version=text_of(meta, "version"),
        added=user.added if user.added.at != LONG_AGO.at else None,
        touched=user.updated if user.updated.at != LONG_AGO.at else None,
    )


def version_of(tag: object) -> int | None:
    """The version that one of our own tags stands for; None for a stranger's, which says nothing to us."""
    digits = tag.removeprefix("W/").strip('"') if isinstance(tag, str) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def text_of(body: Sent, name: str) -> str:
    """A text; empty when it is absent or null.  Raises Unreadable."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise Unreadable(f"{name} must be a text")
    return value or ""


def object_of(body: Sent, name: str) -> Sent:
    """An object; empty when it is absent or null.  Raises Unreadable."""
    value = body.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise Unreadable(f"{name} must be an object")
    return value or {}


def list_of(body: Sent, name: str) -> Sequence[Sent]:
    """A list of objects; empty when it is absent or null.  Raises Unreadable."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise Unreadable(f"{name} must be a list of objects")
    return value


def is_hidden(profile: Profile) -> bool:
    """Whether a user's `active` was removed."""
    return _kept(profile).get(HIDDEN) is True


def empty(value: object) -> bool:
    """Whether SCIM takes a value for none: null, an empty text or list, an object of such (RFC 7643, section 2.5)."""
    if isinstance(value, Mapping):
        return all(empty(part) for name, part in value.items() if name != "schemas")
    return value is None or value in ("", [])


def _kept(profile: Profile) -> Sent:
    return _mapping(profile.more.get(MORE))


def _mapping(value: object) -> Sent:
    """What another door may have put there in its own shape counts for nothing."""
    return value if isinstance(value, Mapping) else {}


def _id(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _contact_body(contact: Contact) -> Body:
    body: Body = {"value": contact.value, "type": contact.kind} if contact.kind else {"value": contact.value}
    return {**body, "primary": True} if contact.primary else body


def _contacts(body: Sent, name: str) -> tuple[Contact, ...]:
    found = []
    for each in list_of(body, name):
        value = text_of(each, "value")
        if not value:
            raise Unreadable(f"{name} need a value each")
        found.append(Contact(value, text_of(each, "type"), each.get("primary") is True))
    return tuple(found)


def _address_body(address: Address) -> Body:
    body: Body = {name: text for name, field in ADDRESS.items() if (text := getattr(address, field))}
    return {**body, "primary": True} if address.primary else body


def _addresses(body: Sent) -> tuple[Address, ...]:
    return tuple(
        Address(**{field: text_of(each, name) for name, field in ADDRESS.items()}, primary=each.get("primary") is True)
        for each in list_of(body, "addresses")
    )


def _extras(body: Sent, name: str) -> list[object]:
    """Elements that say more than we have fields for (`display`, a `primary` that is false), as they were sent."""
    ours = {"value", "type"} if name in CONTACTS else set(ADDRESS)
    said = [{part: value for part, value in each.items() if not empty(value)} for each in list_of(body, name)]
    return [without_secrets(each) for each in said if set(each) - ours - {"primary"} or each.get("primary") is False]


def _elements(bodies: Iterable[Body], extras: object) -> list[Body]:
    """A list as SCIM has it: each element with what was sent beside it, as long as it still is the same one.

    One element is primary: other doors do not mind if there are two.
    """
    kept = {_same(one): one for one in extras if isinstance(one, Mapping)} if isinstance(extras, list) else {}
    found, primary = [], False
    for body in bodies:
        said = {n: v for n, v in kept.get(_same(body), {}).items() if n != "primary" or v is False}
        shown = {n: v for n, v in body.items() if n != "primary" or not primary}
        primary = primary or "primary" in body
        found.append({**said, **shown})
    return found


def _same(element: Sent) -> tuple[object, ...]:
    """What an element is found again by."""
    return tuple(str(element.get(name) or "") for name in ("value", *ADDRESS))


def _moment(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else LONG_AGO.at
    except ValueError:
        return LONG_AGO.at
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
