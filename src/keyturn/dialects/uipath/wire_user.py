"""The user of UiPath Identity as JSON, both ways.

Names: UiPath's TypeScript package (users service), its PowerShell module UiPathOrch, and the Automation Suite API
guide, "Update User" (all read 2026-11-21).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeAlias, cast
from uuid import UUID

from keyturn.core.evidence import Evidence
from keyturn.core.users import Contact, Json, Membership, Profile, Stamp, Status, User

Body: TypeAlias = dict[str, object]

MORE: Final = "uipath"
"""Under this name a profile keeps the two flags that only UiPath understands."""

ACCEPTED: Final = "invitationAccepted"
_INVITED: Final = "invited"
FLAGS: Final = {"bypassBasicAuthRestriction": False, ACCEPTED: True}
"""With what a user shows who was never told: the values of UiPath's own samples."""

TEXTS: Final = {"name": "given_name", "surname": "family_name", "displayName": "display_name"}
LONG_AGO: Final = Stamp("", datetime(1970, 1, 1, tzinfo=UTC))

_NO_PLACE: Final = ("title", "phones", "addresses", "language", "country", "timezone", "external_id", "extension")


NO_GUID: Final = "00000000-0000-0000-0000-000000000000"


class Unreadable(ValueError):
    """A body that does not say what the vendor's pages say it says; `field` is at fault, its value is never told.

    status: 413 for a batch that is too long, which no page speaks of.
    """

    def __init__(self, field: str, text: str, status: int = 400) -> None:
        super().__init__(f"{field} {text}")
        self.field = field
        self.text = text
        self.status = status


def guid_of(text: str) -> str | None:
    """A GUID in the one form in which ours are kept; None for what is none."""
    if len(text) != 36:
        return None
    try:
        return str(UUID(text))
    except ValueError:
        return None


def text_of(body: Mapping[str, object], name: str) -> str | None:
    """A text; None when it is absent or null, which both leave a part as it is.  Raises Unreadable."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise Unreadable(name, "must be a text")
    return value


def needed(body: Mapping[str, object], name: str) -> str:
    """A text that must be there; it may be empty, which is for the directory to judge.  Raises Unreadable."""
    value = text_of(body, name)
    if value is None:
        raise Unreadable(name, "is required")
    return value


def flag_of(body: Mapping[str, object], name: str) -> bool | None:
    """A boolean; None when it is absent or null.  Raises Unreadable."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise Unreadable(name, "must be true or false")
    return value


def list_of(body: Mapping[str, object], name: str) -> list[object]:
    """A list; absent and null are empty.  Raises Unreadable."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unreadable(name, "must be a list")
    return value


def guids_of(body: Mapping[str, object], name: str) -> tuple[str, ...]:
    """A list of GUIDs, each once; absent and null are empty.  Raises Unreadable."""
    guids = [guid_of(one) if isinstance(one, str) else None for one in list_of(body, name)]
    if None in guids:
        raise Unreadable(name, "must be a list of GUIDs")
    return tuple(dict.fromkeys(guid for guid in guids if guid))


def refuse_unserved(body: Mapping[str, object], *names: str) -> None:
    """Say no to what would have to be dropped in silence.  Raises Unreadable."""
    for name in names:
        if body.get(name):
            raise Unreadable(name, "is not served here: leave it out or empty")


def unkept(profile: Profile) -> str:
    """The first part of a profile that UiPath has no field for; empty when all of it has one."""
    lost = [name for name in _NO_PLACE if getattr(profile, name)]
    return "second mail address" if len(profile.emails) > 1 else lost[0] if lost else ""


def profile_body(profile: Profile, *, whole: bool) -> Body:
    """The fields of a profile.  whole: empty ones too, so that they replace what is there."""
    body: Body = {name: getattr(profile, field) for name, field in TEXTS.items() if whole or getattr(profile, field)}
    if whole or profile.mail():
        body["email"] = profile.mail()
    return body | _kept(profile)


def read_profile(body: Mapping[str, object], base: Profile) -> Profile:
    """The profile that a sent user means; what is absent or null stays as `base` has it.  Raises Unreadable."""
    found: dict[str, object] = {
        field: text for name, field in TEXTS.items() if (text := text_of(body, name)) is not None
    }
    flags = {name: flag for name in FLAGS if (flag := flag_of(body, name)) is not None}
    mail = text_of(body, "email")
    emails = base.emails if mail is None or mail == base.mail() else _emails(mail, base)
    more = {**base.more, MORE: cast("Json", {**_held(base), **flags})} if flags else base.more
    # `replace` takes the fields by name; each was checked above.
    return replace(base, **found, emails=emails, more=more)  # type: ignore[arg-type]  # texts of the profile's own


def touches_profile(body: Mapping[str, object]) -> bool:
    """Whether a partial user says anything about the profile."""
    return any(body.get(name) is not None for name in (*TEXTS, "email", *FLAGS))


def user_body(user: User) -> Body:
    """A user as UiPath shows it.  `type` and `category` are numbers, although the published swagger says text."""
    profile = user.profile
    return {
        "id": user.uid,
        "userName": user.login,
        "email": profile.mail(),
        "emailConfirmed": bool(profile.mail()),
        **{name: getattr(profile, field) or None for name, field in TEXTS.items()},
        "creationTime": write_time(user.added.at),
        "lastModificationTime": write_time(user.updated.at),
        "lastLoginTime": None,
        "groupIDs": [group.uid for group in user.groups],
        "legacyId": user.number,
        "isActive": user.status is not Status.DISABLED,
        **FLAGS,
        **_kept(profile),
        "invitationAccepted": _accepted(user),
        "type": 0,
        "category": 0,
    }


def read_user(body: Mapping[str, object]) -> User:
    """The user of a vendor's answer.  Raises Unreadable when it is none."""
    login, number = needed(body, "userName"), body.get("legacyId")
    return User(
        uid=needed(body, "id"),
        number=number if isinstance(number, int) and not isinstance(number, bool) else 0,
        tenant=0,
        key=login,
        login=login,
        profile=read_profile(body, Profile()),
        added=Stamp("", read_time(body.get("creationTime"))),
        updated=Stamp("", read_time(body.get("lastModificationTime"))),
        status=Status.DISABLED if flag_of(body, "isActive") is False else Status.ACTIVE,
        groups=tuple(Membership(uid, "") for uid in list_of(body, "groupIDs") if isinstance(uid, str)),
    )


def read_evidence(body: Mapping[str, object]) -> Evidence:
    """What a user in a vendor's answer shows that a new password may move.  Raises Unreadable when it is none."""
    user = read_user(body)
    return Evidence(user.login, login=user.login, added=_known(user.added), touched=_known(user.updated))


def _known(stamp: Stamp) -> Stamp | None:
    return stamp if stamp.at != LONG_AGO.at else None


def write_time(at: datetime) -> str:
    """A time as ISO in UTC with `Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_time(text: object) -> datetime:
    """A time, without a zone in UTC; long ago for what is none."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else LONG_AGO.at
    except ValueError:
        return LONG_AGO.at
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def invited(profile: Profile) -> Profile:
    """The profile of somebody who is invited: accepted, unless a flag says otherwise, with the first own password."""
    return replace(profile, more={**profile.more, MORE: cast("Json", {**_held(profile), _INVITED: True})})


def _accepted(user: User) -> bool:
    held = _held(user.profile)
    if ACCEPTED in held:
        return bool(held[ACCEPTED])
    return not held.get(_INVITED) or (user.has_password and not user.must_change)


def _held(profile: Profile) -> dict[str, Json]:
    """All that a profile keeps in UiPath's own words."""
    held = profile.more.get(MORE)
    return held if isinstance(held, dict) else {}


def _kept(profile: Profile) -> dict[str, bool]:
    """The flags that somebody sent."""
    held = _held(profile)
    return {name: bool(held[name]) for name in FLAGS if name in held}


def _emails(mail: str, base: Profile) -> tuple[Contact, ...]:
    """The addresses with another primary one; none at all when it is taken away, so that no other takes its place."""
    if not mail:
        return ()
    others = tuple(contact for contact in base.emails if contact.value not in (base.mail(), mail))
    return (Contact(mail, primary=True), *others)
