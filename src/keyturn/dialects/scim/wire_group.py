"""The group of SCIM 2.0 as JSON, both ways.  Pure.

Source: RFC 7643, section 4.2 (read 2026-11-21).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from keyturn.core.membership import GroupChange
from keyturn.core.users import Group
from keyturn.dialects.scim.wire_user import Body, Sent, Unreadable, list_of, meta_body, text_of

GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"


@dataclass(frozen=True, slots=True)
class SentGroup:
    """What a client says of a group.  members: ids of users and groups, each once."""

    name: str
    members: tuple[str, ...] = ()
    external_id: str = ""


def group_body(group: Group) -> Body:
    """A group as SCIM shows it; the rights that it gives have no word there."""
    members = [
        {
            "value": member.uid,
            "display": member.name,
            "type": "Group" if member.is_group else "User",
            "$ref": f"{'Groups' if member.is_group else 'Users'}/{member.uid}",
        }
        for member in group.members
    ]
    return {
        "schemas": [GROUP],
        "id": group.uid,
        "displayName": group.name,
        **({"externalId": group.external_id} if group.external_id else {}),
        **({"members": members} if members else {}),
        "meta": meta_body("Group", group.added, group.updated, group.version),
    }


def without_display(value: object) -> object:
    """A change of a group without what it says of how members are called: the RFC's own example says it, we know it."""
    if isinstance(value, Mapping):
        return {name: without_display(part) for name, part in value.items() if name != "display"}
    return [without_display(part) for part in value] if isinstance(value, list) else value


def read_group(body: Sent) -> SentGroup:
    """The group that a whole resource means.  Raises Unreadable."""
    members = [text_of(each, "value") for each in list_of(body, "members")]
    if not all(members):
        raise Unreadable("members need a value each")
    return SentGroup(text_of(body, "displayName"), tuple(dict.fromkeys(members)), text_of(body, "externalId"))


def read_group_change(group: Group, body: Sent, version: int | None = None) -> GroupChange:
    """By what a stored group becomes this resource.  Raises Unreadable."""
    sent = read_group(body)
    there = {member.uid for member in group.members}
    return GroupChange(
        name=sent.name if sent.name != group.name else None,
        external_id=sent.external_id if sent.external_id != group.external_id else None,
        members=sent.members if set(sent.members) != there else None,
        version=version,
    )
