"""Groups on the wire: whatever their members are called, everybody is shown once and in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.membership import GroupChange
from keyturn.core.outcomes import Reason
from keyturn.core.users import Contact, Group, Member, Profile, User
from keyturn.dialects.uipath.wire import FAULTS
from keyturn.dialects.uipath.wire_group import (
    MOST,
    NewGroup,
    group_body,
    group_faults,
    members_body,
    read_group_change,
    read_group_ids,
    read_new_group,
)
from keyturn.dialects.uipath.wire_user import LONG_AGO, Unreadable
from tests.dialects.uipath.strategies import ids, texts, uids

members = st.lists(st.builds(Member, uids, ids, st.booleans()), unique_by=lambda member: member.uid, max_size=5)
moves = st.lists(uids, unique=True, max_size=4).map(tuple)


def group_of(some: list[Member]) -> Group:
    """A group with these members."""
    return Group(some[0].uid if some else "", 1, "Prefects", frozenset(), tuple(some), LONG_AGO, LONG_AGO)


@given(members, st.integers(0, 6), st.integers(0, 6))
def test_a_page_of_members_is_a_part_of_all(some: list[Member], start: int, count: int) -> None:
    """In the same order, with the number of all."""
    body = members_body(some, start, count)
    expected = [{"id": member.uid, "type": 3 if member.is_group else 0} for member in some[start : start + count]]
    assert body == {"totalCount": len(some), "results": expected}


@given(members)
def test_every_member_is_shown_by_id_and_name(some: list[Member]) -> None:
    """Also those of whom nothing else is known."""
    shown = group_body(group_of(some), {})["members"]
    assert isinstance(shown, list)
    assert [(one["identifier"], one["name"]) for one in shown] == [(member.uid, member.name) for member in some]


def test_a_person_is_shown_as_the_guide_prints_one() -> None:
    """What there is no field for here is null."""
    profile = Profile("Ron Weasley", "Ron", "Weasley", "Keeper", (Contact("ron@example.com"),))
    ron = User("u-1", 7, 1, "ron", "ron", profile, LONG_AGO, LONG_AGO)
    assert group_body(group_of([Member("u-1", "ron")]), {"u-1": ron})["members"] == [
        {
            "objectType": "DirectoryUser", "source": "local", "identifier": "u-1", "name": "ron",
            "displayName": "Ron Weasley", "email": "ron@example.com", "firstName": "Ron", "lastName": "Weasley",
            "jobTitle": "Keeper", "companyName": None, "city": None, "department": None,
        }
    ]  # fmt: skip


@given(texts, moves, moves)
def test_what_is_asked_of_a_group_is_read_as_it_was_meant(
    name: str, add: tuple[str, ...], remove: tuple[str, ...]
) -> None:
    """Ids in small letters, each once."""
    body = {"name": name, "directoryUserIDsToAdd": [*add, *(uid.upper() for uid in add)]}
    assert read_group_change({**body, "directoryUserIDsToRemove": [*remove]}) == GroupChange(
        name, add=add, remove=remove
    )
    assert read_new_group({"name": name, "directoryUserMemberIDs": [*add]}) == NewGroup(name, add)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "groupIDs"),
        ({"groupIDs": None}, "groupIDs"),
        ({"groupIDs": "all"}, "groupIDs"),
        ({"groupIDs": [f"{number:08}-0000-4000-8000-000000000000" for number in range(MOST + 1)]}, "groupIDs"),
    ],
)
def test_a_deletion_names_its_groups(body: dict[str, object], field: str) -> None:
    """A missing list never means all of them."""
    with pytest.raises(Unreadable) as raised:
        read_group_ids(body)
    assert raised.value.field == field


def test_of_groups_the_stock_codes_speak_of_roles() -> None:
    """The others stay."""
    faults = group_faults(FAULTS)
    assert faults.of(Reason.EXISTS).code == "DuplicateRoleName"
    assert faults.of(Reason.INVALID).code == "InvalidRoleName"
    assert faults.of(Reason.NOT_ALLOWED) == FAULTS.of(Reason.NOT_ALLOWED)
