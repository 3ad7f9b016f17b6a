"""What a list may be narrowed to and put in order by: conditions as data, for the store to put into its own words.

Nothing of a password can be named here, so that no answer, however short, ever tells anything about one.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import TypeAlias


@unique
class Field(StrEnum):
    """One value of a user or of a group.  `name` is a group's; `mail` the address that mail to a user goes to."""

    UID = "uid"
    NUMBER = "number"
    KEY = "key"
    LOGIN = "login"
    NAME = "name"
    STATUS = "status"
    MAIL = "mail"
    VERSION = "version"
    ADDED = "added"
    UPDATED = "updated"
    DISPLAY_NAME = "display_name"
    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    TITLE = "title"
    LANGUAGE = "language"
    COUNTRY = "country"
    TIMEZONE = "timezone"
    OWNER = "owner"
    EXTERNAL_ID = "external_id"


@unique
class Many(StrEnum):
    """A list that a user or a group has.  `groups`: those that a user is in; `members`: of a group."""

    EMAILS = "emails"
    PHONES = "phones"
    ADDRESSES = "addresses"
    GROUPS = "groups"
    MEMBERS = "members"


@unique
class Part(StrEnum):
    """One value of an element of a list; only meant inside `Some`."""

    VALUE = "value"
    KIND = "kind"
    PRIMARY = "primary"
    STREET = "street"
    LOCALITY = "locality"
    REGION = "region"
    POSTAL_CODE = "postal_code"
    COUNTRY = "country"
    FORMATTED = "formatted"
    UID = "uid"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a door keeps in `Profile.more` in its own words: the names that lead to it.

    Inside `Some` over such a list, the names lead on from its element.
    """

    path: tuple[str, ...]


@unique
class Test(StrEnum):
    """How two values are compared; `contains` and what follows are for text."""

    EQUAL = "equal"
    UNEQUAL = "unequal"
    LESS = "less"
    AT_MOST = "at-most"
    MORE = "more"
    AT_LEAST = "at-least"
    CONTAINS = "contains"
    STARTS = "starts"
    ENDS = "ends"

    __test__ = False  # what makes pytest take it for no test


Named: TypeAlias = Field | Part | Kept
Value: TypeAlias = str | int | bool | datetime


@dataclass(frozen=True, slots=True)
class Compare:
    """A value against a given one; what is not there is unequal to everything and passes no other test.

    exact: text in different case is different.
    """

    field: Named
    test: Test
    value: Value
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """The value is there and is not empty, or the list has an element."""

    field: Named | Many


@dataclass(frozen=True, slots=True)
class Some:
    """An element of the list fulfils the condition."""

    of: Many | Kept
    where: "Condition"


@dataclass(frozen=True, slots=True)
class All:
    """Every one of these holds; of none at all, too."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of these holds."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """This does not hold."""

    condition: "Condition"


Condition: TypeAlias = Compare | Present | Some | All | Any | Not


@dataclass(frozen=True, slots=True)
class Order:
    """By what a list is put in order, without regard to case; what lacks the value comes last, descending first."""

    field: Field | Kept
    descending: bool = False
