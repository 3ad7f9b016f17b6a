"""What a directory keeps about a person, apart from the password."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum, unique
from typing import Final, TypeAlias

from keyturn.core.conditions import Condition, Order

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


SECRET_NAMES: Final = frozenset(
    {"password", "newpassword", "oldpassword", "currentpassword", "passwd", "pwd", "token", "secret", "clientsecret"}
)
"""Names, in small letters, under which clients send secrets; a profile keeps nothing under them, at any depth."""


def without_secrets(value: object) -> object:
    """A value that a client sent and we do not understand, without what it names as a secret.

    >>> without_secrets({"badge": 7, "vpn": [{"user": "amal", "newPassword": "opensesame"}]})
    {'badge': 7, 'vpn': [{'user': 'amal'}]}
    """
    if isinstance(value, Mapping):
        return {n: without_secrets(part) for n, part in value.items() if str(n).casefold() not in SECRET_NAMES}
    if isinstance(value, list):
        return [without_secrets(part) for part in value]
    return value


@unique
class Right(Enum):
    """An administrative right: what a person or a key may administer.  Stored as a bit mask of the values."""

    VIEW_USERS = 1
    KEYS = 2
    POLICY = 4
    TENANTS = 8
    AUDIT = 16
    CREATE_USERS = 32
    MODIFY_USERS = 64
    DELETE_USERS = 128


ALL_RIGHTS: Final = frozenset(Right)
USER_RIGHTS: Final = frozenset({Right.VIEW_USERS, Right.CREATE_USERS, Right.MODIFY_USERS, Right.DELETE_USERS})
"""All rights over users.  Who holds them all administers users, and the last such person of a tenant stays."""

RIGHT_NAMES: Final[Mapping[str, frozenset[Right]]] = {"users": USER_RIGHTS} | {
    right.name.lower().replace("_", "-"): frozenset({right}) for right in Right
}
"""What people write for rights: each by its name, and `users` for the four over users."""


def right_words(rights: frozenset[Right]) -> list[str]:
    """Rights as people read them, in order.

    >>> right_words(USER_RIGHTS | {Right.KEYS})
    ['keys', 'users']
    """
    whole = USER_RIGHTS if rights >= USER_RIGHTS else frozenset()
    singles = (right.name.lower().replace("_", "-") for right in rights - whole)
    return sorted([*singles, *(["users"] if whole else [])])


@unique
class Status(StrEnum):
    """Whether a person may sign in.  `locked` heals by an unlock, `disabled` only by an administrator's decision."""

    ACTIVE = "active"
    LOCKED = "locked"
    DISABLED = "disabled"


@unique
class Handle(StrEnum):
    """Which of a user's names selects the user: each door and each target knows one."""

    KEY = "key"
    LOGIN = "login"
    NUMBER = "number"
    UID = "uid"


@unique
class Shown(StrEnum):
    """What a directory may show of a user whom it is asked for."""

    LOCAL = "whether there is a password there"
    LOCKED = "whether the account is locked"
    DISABLED = "whether the account is disabled"
    RIGHTS = "administrative rights"
    MAIL = "the mail address"


@dataclass(frozen=True, slots=True)
class Contact:
    """A mail address or a telephone number; `kind` as the person who entered it wrote it (`work`, `Home`)."""

    value: str
    kind: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; every part is text, also a postal code that a vendor writes as a number."""

    street: str = ""
    locality: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    formatted: str = ""
    kind: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known about a person.  `more` holds what only one dialect understands, under that dialect's own words."""

    display_name: str = ""
    given_name: str = ""
    family_name: str = ""
    title: str = ""
    emails: tuple[Contact, ...] = ()
    phones: tuple[Contact, ...] = ()
    addresses: tuple[Address, ...] = ()
    language: str = ""
    country: str = ""
    timezone: str = ""
    owner: str = "local"
    external_id: str = ""
    extension: Mapping[str, Json] = field(default_factory=dict)
    more: Mapping[str, Json] = field(default_factory=dict)

    def mail(self) -> str:
        """The address that mail goes to: the primary one, else the first; empty when there is none."""
        for contact in self.emails:
            if contact.primary:
                return contact.value
        return self.emails[0].value if self.emails else ""

    def other_mails(self) -> tuple[str, ...]:
        """The addresses that get the secret-free notice."""
        return tuple(c.value for c in self.emails if c.value != self.mail())


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who did something (the actor's id) and when (UTC)."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """A role of a user in an application of a workspace, or in the workspace itself (`application` empty)."""

    workspace: str
    application: str
    role: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Membership:
    """A group that somebody is a direct member of."""

    uid: str
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """One stored user as others may see it.  Never holds a password or a verifier.

    uid: UUID text; number: integer over the server; key and login: unique in the tenant; tenant: the tenant's number.
    has_password: a local sign-in exists.  must_change: the next sign-in only buys a change of password.
    rights: the user's own ones; through: those that come through groups.  administers: numbers of other tenants.
    version counts changes.  failures: wrong passwords in a row.  Expiry and time-out are kept as the client wrote them.
    """

    uid: str
    number: int
    tenant: int
    key: str
    login: str
    profile: Profile
    added: Stamp
    updated: Stamp
    status: Status = Status.ACTIVE
    rights: frozenset[Right] = frozenset()
    version: int = 1
    has_password: bool = False
    must_change: bool = False
    failures: int = 0
    last_failure: datetime | None = None
    password_changed: datetime | None = None
    grants: tuple[Grant, ...] = ()
    through: frozenset[Right] = frozenset()
    groups: tuple[Membership, ...] = ()
    administers: frozenset[int] = frozenset()

    @property
    def effective(self) -> frozenset[Right]:
        """All administrative rights that the user has, own and through groups."""
        return self.rights | self.through


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is wanted: from `start` (0 is the first), at most `count`.

    search: a piece of a name, as people look for somebody.  where: what every one of the list fulfils.  order: what
    counts first comes first; what is equal stays in order of making.  Only our own
    directory looks at these two.
    """

    start: int = 0
    count: int = 100
    search: str = ""
    where: Condition | None = None
    order: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a group: a user or another group.  name: the sign-in name of the one, the name of the other."""

    uid: str
    name: str = ""
    is_group: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Users and groups under one name, who all have its rights.  name: unique in the tenant without regard to case.

    rights: the group's own ones; its members also have those of the groups that it is a member of.
    """

    uid: str
    tenant: int
    name: str
    rights: frozenset[Right]
    members: tuple[Member, ...]
    added: Stamp
    updated: Stamp
    version: int = 1
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Groups:
    """A part of the list of groups, in order of making; `total` counts the whole list."""

    groups: tuple[Group, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Users:
    """A part of a list, in order of `number`; `total` counts the whole list, None where the target does not tell."""

    users: tuple[User, ...]
    total: int | None


def same_address(one: str, other: str) -> bool:
    """Whether two addresses are surely one: the same, or alike but for the case of letters without accents.

    Letters that only look alike, or fold into one another, are different ones.
    """
    return one == other or (one.isascii() and other.isascii() and one.lower() == other.lower())
