"""The group of UiPath Identity as JSON, both ways.

Names: UiPath Automation Suite API guide, "Get All Groups"; UiPath's PowerShell module UiPathOrch and its TypeScript
package, groups service (all read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from keyturn.core.membership import GroupChange
from keyturn.core.outcomes import Reason
from keyturn.core.users import Group, Member, User
from keyturn.dialects.uipath.wire_user import Body, Unreadable, guids_of, needed, write_time
from keyturn.http.faults import FaultTable

MOST: Final = 1000
"""How many members one call may be about here: invented, none is published."""

_CUSTOM: Final = 1
"""`type` of a group that somebody made; 0 is one that ships with UiPath, of which there are none here."""

_CODES: Final = {Reason.EXISTS: "DuplicateRoleName", Reason.INVALID: "InvalidRoleName"}


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group that somebody wants.  Members are uids; the id that the client made up is not kept."""

    name: str
    members: tuple[str, ...]


def group_faults(faults: FaultTable) -> FaultTable:
    """The codes as they are said of groups: the stock ones speak of roles."""
    return replace(faults, written=tuple(replace(one, code=_CODES.get(one.reason, one.code)) for one in faults.written))


def read_new_group(body: Mapping[str, object]) -> NewGroup:
    """The body of `POST /api/Group`.  Raises Unreadable."""
    return NewGroup(needed(body, "name"), _members(body, "directoryUserMemberIDs"))


def read_group_change(body: Mapping[str, object]) -> GroupChange:
    """The body of `PUT /api/Group/{id}`, which names the group every time.  Raises Unreadable."""
    add, remove = _members(body, "directoryUserIDsToAdd"), _members(body, "directoryUserIDsToRemove")
    return GroupChange(name=needed(body, "name"), add=add, remove=remove)


def read_group_ids(body: Mapping[str, object]) -> tuple[str, ...]:
    """The body of `DELETE /api/Group/{organization}`.  Raises Unreadable, also when it names none.

    The guide says that the call deletes all groups; a list that is missing or empty is not taken for that.
    """
    ids = _members(body, "groupIDs")
    if not ids:
        raise Unreadable("groupIDs", "must name the groups to delete")
    return ids


def group_body(group: Group, people: Mapping[str, User]) -> Body:
    """A group as UiPath shows it.  people: what is known of its members, by uid."""
    return {
        "id": group.uid,
        "name": group.name,
        "displayName": group.name,
        "type": _CUSTOM,
        "creationTime": write_time(group.added.at),
        "lastModificationTime": write_time(group.updated.at),
        "members": [_member_body(member, people.get(member.uid)) for member in group.members],
    }


def members_body(members: Sequence[Member], start: int, count: int) -> Body:
    """A page of a group's members: ids and account types alone, 3 for a group (package)."""
    page = members[start : start + count]
    results = [{"id": member.uid, "type": 3 if member.is_group else 0} for member in page]
    return {"totalCount": len(members), "results": results}


def _member_body(member: Member, user: User | None) -> Body:
    body: Body = {
        "objectType": "DirectoryGroup" if member.is_group else "DirectoryUser",
        "source": "local",
        "identifier": member.uid,
        "name": member.name,
        "displayName": member.name,
        "email": None,
    }
    if member.is_group:
        return body
    known = dict.fromkeys(("firstName", "lastName", "jobTitle", "companyName", "city", "department"))
    if user is None:
        return {**body, **known}
    profile = user.profile
    named = {
        "firstName": profile.given_name or None,
        "lastName": profile.family_name or None,
        "jobTitle": profile.title or None,
        "displayName": profile.display_name or user.login,
        "email": profile.mail() or None,
    }
    return {**body, **known, **named}


def _members(body: Mapping[str, object], name: str) -> tuple[str, ...]:
    uids = guids_of(body, name)
    if len(uids) > MOST:
        raise Unreadable(name, f"must hold at most {MOST} ids in one call", 413)
    return uids
