"""Which names of users are those of one user, as far as a target has told.  Pure.

A target may take a sign-in name and a number or a GUID as well (`Capabilities.also`): then one user can stand in a
file under two names, and a protected user under one that the settings do not say.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from keyturn.core.users import Handle

MOST: Final = 1000
"""Ids of one target that are looked up for one plan; where more would be needed, none is."""

_NUMBER: Final = re.compile(r"0|[1-9][0-9]*")
_GUID: Final = 36
_WAY_OUT: Final = "write all ids of this target in one way, as sign-in names"


def other_id(who: str, also: Handle | None) -> str:
    """A cell that can be a number or a GUID, in the one form in which such are compared; empty for a sign-in name.

    >>> other_id("17", Handle.NUMBER), other_id("007", Handle.NUMBER)
    ('17', '')
    """
    if also is Handle.NUMBER:
        return who if _NUMBER.fullmatch(who) else ""
    if also is not Handle.UID or len(who) != _GUID:
        return ""
    try:
        return str(UUID(who))
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Names:
    """What a target told of users with two names.

    protected: the names of protected users, each with what the settings call them; own: those of our own account.
    logins: ids that were looked up, with the sign-in name; ids: the same, by sign-in name, where it is of one user.
    unknown: ids of which the target did not tell whose they are, with the reason; blind: why that is so for every
    sign-in name.  over: there are more ids than are looked up.
    """

    also: Handle
    protected: Mapping[str, str] = field(default_factory=dict)
    own: Set[str] = frozenset()
    logins: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    blind: str = ""
    over: bool = False

    def key(self, who: str) -> str:
        """A name as names are compared here."""
        return other_id(who, self.also) or who.casefold()

    def login(self, who: str) -> str:
        """The sign-in name of the user whose number or GUID this is; empty where nobody knows."""
        return self.logins.get(other_id(who, self.also), "")

    def one(self, who: str) -> str:
        """What stands for a user, whichever of the two names is given."""
        other = other_id(who, self.also)
        return self.ids.get(self.logins.get(other, who), other or who)

    def two(self, who: str) -> bool:
        """Whether both names of this user are known."""
        return who in self.ids or other_id(who, self.also) in self.logins

    def doubt(self, who: str) -> tuple[str, str]:
        """Why a row cannot be sent, as reason and text: nobody knows whom it means.  Both empty when it can."""
        other = other_id(who, self.also)
        if other and self.over:
            what = f"more than {MOST:,} ids here would have to be looked up, to touch nobody twice and nobody protected"
            return "too-many-ids", f"{what}: {_WAY_OUT}"
        why = self.unknown.get(other, "") if other else self.blind
        if not why:
            return "", ""
        what = "it is not known whether this is a protected user, our own account or the user of another row"
        return "not-looked-up", f"{what}: {why}"
