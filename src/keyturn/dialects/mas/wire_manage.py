"""The words of Manage, by which MAS 9.1 and later make and show users: `/maximo/api/os/masperuser`.  Pure.

Sources, read 2026-11-21: IBM's client mas-devops 12.11.1, users.py (paths, headers, bodies, answers); IBM Maximo REST
API Guide (https://ibm-maximo-dev.github.io/maximo-restapi-documentation), pages "Create and update resources" (the new
address in `Location`), "Selecting" (`href` of each member), "Filtering" (`%` in a condition is a pattern), "Users"
(`firstname`, `lastname`, `city`, `stateprovince`); OSLC Core 2.0, Query Syntax (how a text in a condition is written).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, urlsplit

from keyturn.core.commands import CreateUser, ResetPassword
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.users import Address, Contact, Profile, Right, Status, User
from keyturn.dialects.mas.wire import CAPABILITIES, FAULTS
from keyturn.dialects.mas.wire_user import LONG_AGO, PERMISSIONS, Body, Unreadable, flag_of, object_of, text_of

PEOPLE: Final = "/maximo/api/os/masperuser"
KEY_HEADER: Final = "apikey"
MERGE: Final[Mapping[str, str]] = {"x-method-override": "PATCH", "patchtype": "MERGE"}
"""The headers that make a POST change what is sent and leave the rest."""

ADMINISTRATORS: Final = "USERMANAGEMENT"
"""The security group of those who administer users: IBM's client puts there whom it made `userAdmin` before 9.1."""

CAPABILITIES_THERE: Final = replace(
    CAPABILITIES, carries=frozenset({CreateUser, ResetPassword}), validates=False, hands_back=False
)
"""What Manage itself can: it tells no password that it made, and judges nobody without making them."""

MADE: Final = frozenset({201})
MERGED: Final = frozenset({200, 204})

_SINCE: Final = (9, 1)
_VERSION: Final = re.compile(r"\d+\.\d+(?:\.\d+)*")
_RESOURCE: Final = re.compile(r"[A-Za-z0-9_~=-][A-Za-z0-9_.~=-]*")
_STATUS: Final = {Status.ACTIVE: "ACTIVE", Status.DISABLED: "INACTIVE"}
_BY_STATUS: Final = {
    400: Reason.INVALID,
    401: Reason.NOT_SIGNED_IN,
    403: Reason.NOT_ALLOWED,
    409: Reason.EXISTS,
    429: Reason.TOO_MANY,
    503: Reason.BUSY,
}


@dataclass(frozen=True, slots=True)
class Person:
    """A user as Manage shows one.  resource: by which the user is changed, empty when it was not told."""

    id: str
    display_name: str
    resource: str

    def user(self) -> User:
        """The same as a user of a directory; of everything else Manage was not asked."""
        return User("", 0, 0, self.id, self.id, Profile(self.display_name), added=LONG_AGO, updated=LONG_AGO)


def in_manage(version: str) -> bool:
    """Whether a MAS of this version makes its users in Manage; one that is not known does not.

    >>> [in_manage(version) for version in ("", "9.0", "9.1", "9.1.3", "10")]
    [False, False, True, True, True]
    """
    return bool(version) and tuple(int(part) for part in version.split(".")) >= _SINCE


def guessed(about: object) -> str:
    """The version that `/about` seems to tell, empty when it does not: no public page says what stands there.

    >>> guessed({"name": "MAS", "version": "9.1.2 (GA)"}), guessed({"api": "mas-admin-9.0"}), guessed(["9.1"])
    ('9.1.2', '9.0', '')
    """
    told = about if isinstance(about, Mapping) else {}
    texts = [text for name, text in told.items() if isinstance(text, str) and _tells_version(name)]
    found = [match[0] for match in map(_VERSION.search, texts) if match is not None]
    return found[0] if found else ""


def _tells_version(name: object) -> bool:
    return isinstance(name, str) and (name.casefold().endswith("version") or name == "api")


def literal(text: str) -> str:
    r"""A text as OSLC writes it in a condition, from which it cannot break out.

    >>> print(literal('a"b\\'))
    "a\"b\\"
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def question(who: str) -> str:
    """Path and query that ask for one user."""
    where = quote(f"personid={literal(who)}", safe="")
    return f"{PEOPLE}?lean=1&oslc.where={where}&oslc.select=personid,displayname"


def creation() -> str:
    """Path and query of a creation."""
    return f"{PEOPLE}?lean=1"


def change(resource: str) -> str:
    """Path and query of a change.  resource: a checked one, see `resource_of`."""
    return f"{PEOPLE}/{resource}?lean=1&ccm=1"


def lost(command: CreateUser) -> str:
    """What of a new user Manage has no published word for; empty when everything can be sent."""
    profile = command.profile
    kept = replace(
        Profile(profile.display_name, profile.given_name, profile.family_name, owner=profile.owner),
        emails=profile.emails[:1],
        phones=tuple(Contact(phone.value, primary=phone.primary) for phone in profile.phones[:1]),
        addresses=tuple(Address(a.street, a.locality, a.region, primary=a.primary) for a in profile.addresses[:1]),
    )
    names = [name for name in Profile.__slots__ if getattr(kept, name) != getattr(profile, name)]
    return ", ".join(name.replace("_", " ") for name in names)


def creation_body(command: CreateUser) -> Body:
    """A new user as IBM's client sends one.  Raises ValueError for one that does not fit."""
    if lost(command) or command.status not in _STATUS:
        raise ValueError("Manage has no words for this user")
    profile, who = command.profile, command.who
    place = profile.addresses[0] if profile.addresses else Address()
    more = {
        "firstname": profile.given_name,
        "lastname": profile.family_name,
        "city": place.locality,
        "stateprovince": place.region,
    }
    body: Body = {
        "personid": who,
        "displayName": profile.display_name,
        "primaryphone": profile.phones[0].value if profile.phones else "",
        "addressline1": place.street,
        "maxuser": _account(command),
    }
    if profile.emails:
        body |= {"primaryemail": profile.emails[0].value, "primaryemailtype": profile.emails[0].kind or "Work"}
    return body | {name: text for name, text in more.items() if text}


def _account(command: CreateUser) -> Body:
    administers = PERMISSIONS["userAdmin"] <= command.rights
    return {
        "userid": command.who,
        "personid": command.who,
        "loginid": command.login or command.who,
        "owner": command.profile.owner,
        "systemadmin": PERMISSIONS["systemAdmin"] <= command.rights,
        "apikeyadmin": PERMISSIONS["apikeyAdmin"] <= command.rights,
        "isauthorized": int(administers),
        "idpadmin": False,
        "status": _STATUS[command.status],
        **({"groupuser": [{"groupname": ADMINISTRATORS}]} if administers else {}),
    }


def read_creation(body: Mapping[str, object], operation: str = "") -> CreateUser:
    """The creation that a body means.  Raises Unreadable.

    What has no word in `creation_body` is not kept; a security group but the one of administrators is refused.
    """
    who, account = text_of(body, "personid"), object_of(body, "maxuser")
    if not account:
        raise Unreadable("maxuser is missing: only people who are users are kept here")
    if {text_of(account, "userid", who), text_of(account, "personid", who)} != {who}:
        raise Unreadable("personid and userid must be one")
    status = {text: status for status, text in _STATUS.items()}.get(text_of(account, "status", "ACTIVE"))
    if status is None:
        raise Unreadable("status is ACTIVE or INACTIVE")
    login = text_of(account, "loginid", who)
    return CreateUser(who, _profile(body, account), "" if login == who else login, status=status,
                      rights=_rights(account), operation=operation)  # fmt: skip


def _profile(body: Mapping[str, object], account: Mapping[str, object]) -> Profile:
    mail, phone = text_of(body, "primaryemail"), text_of(body, "primaryphone")
    place = Address(text_of(body, "addressline1"), text_of(body, "city"), text_of(body, "stateprovince"))
    return Profile(
        text_of(body, "displayName") or text_of(body, "displayname"),
        text_of(body, "firstname"),
        text_of(body, "lastname"),
        emails=(Contact(mail, text_of(body, "primaryemailtype"), primary=True),) if mail else (),
        phones=(Contact(phone, primary=True),) if phone else (),
        addresses=(replace(place, primary=True),) if place != Address() else (),
        owner=text_of(account, "owner") or "local",
    )


def _rights(account: Mapping[str, object]) -> frozenset[Right]:
    groups = account.get("groupuser") or []
    if not isinstance(groups, list) or any(group != {"groupname": ADMINISTRATORS} for group in groups):
        raise Unreadable(f"of the security groups a new user can be put into {ADMINISTRATORS} alone")
    given = [flag_of(account, name.casefold()) for name in ("systemAdmin", "apikeyAdmin")] + [bool(groups)]
    held = [PERMISSIONS[name] for name in ("systemAdmin", "apikeyAdmin", "userAdmin")]
    return frozenset[Right]().union(*(rights for rights, has in zip(held, given, strict=True) if has))


def read_identity(body: Mapping[str, object], user: User) -> bool | None:
    """Whether the local sign-in that a change asks for is to be mailed; None when it asks for none.

    Everything else that a change may hold (`grpreassignauth`) is taken and not kept.  Raises Unreadable.
    """
    account = object_of(body, "maxuser")
    if text_of(account, "userid", user.key) != user.key:
        raise Unreadable("userid is of somebody else")
    identities = account.get("masuseridp") or []
    if not isinstance(identities, list) or not all(isinstance(each, Mapping) for each in identities):
        raise Unreadable("masuseridp must be a list of objects")
    if any(text_of(each, "idpid") != "local" for each in identities):
        raise Unreadable("the only identity provider here is local")
    if any(text_of(each, "idploginid", user.login) != user.login for each in identities):
        raise Unreadable("idploginid is not the login name of the user")
    return any(flag_of(each, "emailpassword") for each in identities) if identities else None


def person_body(user: User, select: str) -> Body:
    """A member of the answer to a question: the address, and of the selected what IBM's client asks for."""
    shown = {"personid": user.key, "displayname": user.profile.display_name}
    wanted = shown.keys() if select == "*" else {name.strip() for name in select.split(",")}
    return {**{name: text for name, text in shown.items() if name in wanted}, "href": href_of(user)}


def href_of(user: User) -> str:
    """Where a user is changed."""
    return f"{PEOPLE}/{user.uid}"


def identity_body(who: str, login: str, *, mail: bool) -> Body:
    """What gives a user a local sign-in, with a password that MAS makes up.  mail: to send it to the user."""
    local = {
        "emailpassword": mail,
        "idpid": "local",
        "logintype": "0",
        "idploginid": login,
        "idptype": "local",
        "enabled": True,
    }
    return {"maxuser": {"userid": who, "masuseridp": [local]}}


def resource_of(href: object) -> str:
    """The last part of an address of Manage, empty when there is none that is safe to put into another address.

    >>> resource_of("http://localhost/maximo/api/os/masperuser/_QU1BTA--?lean=1"), resource_of("a/.."), resource_of(7)
    ('_QU1BTA--', '', '')
    """
    try:
        path = urlsplit(href).path if isinstance(href, str) else ""
    except ValueError:
        return ""
    part = path.rpartition("/")[2]
    return part if _RESOURCE.fullmatch(part) else ""


def read_person(value: object, who: str) -> Person | None:
    """The one of the members who is asked for, None when nobody is.  Raises Unreadable when there are no members.

    What comes back is compared once more: in a condition `%` stands for anything, and only an equal id is the user.
    Case is not, because Manage keeps such ids in capitals where a site says so.
    """
    members = value.get("member") if isinstance(value, Mapping) else None
    if not isinstance(members, list):
        raise Unreadable("there is no list of members")
    people = [_person(member) for member in members if isinstance(member, Mapping)]
    equal = [person for person in people if person.id.casefold() == who.casefold()]
    exact = [person for person in equal if person.id == who]
    return next(iter(exact or equal), None)


def _person(member: Mapping[str, object]) -> Person:
    return Person(text_of(member, "personid"), text_of(member, "displayname"), resource_of(member.get("href")))


def read_made(value: object) -> str:
    """The resource in the body of an answer to a creation; mostly the body is empty."""
    members = value.get("member") if isinstance(value, Mapping) else None
    first = members[0] if isinstance(members, list) and members else value
    return resource_of(first.get("href")) if isinstance(first, Mapping) else ""


def read_refusal(who: str, status: int, value: object, retry_after: float | None = None) -> Refused:
    """The refusal that an answer of Manage means: by its status, since no page lists the codes of Manage's own."""
    try:
        error = object_of(value, "Error") if isinstance(value, Mapping) else {}
        code, message = text_of(error, "reasonCode"), text_of(error, "message")
    except Unreadable:
        code, message = "", ""
    said = message.removeprefix(f"{code} - ") or f"answered {status}"
    known = FAULTS.read(status, code)
    reason = known if known is not Reason.OTHER else _BY_STATUS.get(status, Reason.OTHER)
    return Refused(who, reason, said, code, retry_after)
