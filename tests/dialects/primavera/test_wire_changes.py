"""New and changed users on the wire: nothing is lost in silence, and what is not sent stays."""

import json
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.commands import CreateUser, UpdateUser
from keyturn.core.users import USER_RIGHTS, Address, Contact, Profile, Right, Status, User
from keyturn.dialects.primavera.wire import WireRequest, read, write, write_unlock
from keyturn.dialects.primavera.wire_changes import changed_body, whole, wordless_creation, wordless_update
from keyturn.dialects.primavera.wire_user import ADMINISTRATOR, LONG_AGO, MORE, read_profile, user_body
from keyturn.http.json import encode, read_json
from tests.dialects.primavera.strategies import profiles, rights, statuses, users

STORED = User("u", 7, 1, "k", "JSMITH", Profile("Jim Smith", "Jim", "Smith"), LONG_AGO, LONG_AGO)


@given(users(), st.builds(UpdateUser, st.just(""), st.none() | profiles(), status=st.none() | statuses,
                          rights=st.none() | rights))  # fmt: skip
def test_an_update_as_a_whole_survives_the_wire(stored: User, update: UpdateUser) -> None:
    """What is to change does, and everything else stays: roles and company, too."""
    sent = whole(replace(update, who=stored.login), stored)
    request = write([sent])
    [got] = read(replace(request, body=read_json(encode(request.body))), {stored.login: stored})
    assert isinstance(got, UpdateUser)
    assert got.profile == sent.profile
    assert (stored.rights if got.rights is None else got.rights) == sent.rights
    assert got.status in (sent.status, None if stored.status is Status.LOCKED else sent.status)
    assert got.version == stored.version
    kept = cast("dict[str, object]", stored.profile.more.get(MORE) or {})
    assert update.profile is not None or sent.profile == stored.profile
    assert kept.keys() <= cast("dict[str, object]", (sent.profile or Profile()).more.get(MORE) or {}).keys()


ENTIRE = UpdateUser("a", Profile(), status=Status.ACTIVE, rights=frozenset())


@pytest.mark.parametrize(
    "part", [replace(ENTIRE, profile=None), replace(ENTIRE, rights=None), replace(ENTIRE, status=None)]
)
def test_a_part_of_a_user_is_not_written(part: UpdateUser) -> None:
    """It would leave roles out, and those would be removed."""
    assert changed_body(ENTIRE)["roles"] == []
    with pytest.raises(ValueError, match="no words"):
        changed_body(part)


def test_an_unlock_is_written_as_it_is_printed() -> None:
    """With the number and the state that is to end; read, it is an activation."""
    request = write_unlock([STORED])
    assert request.body == [{"loginId": "JSMITH", "locked": True, "id": "7"}]
    assert [type(each).__name__ for each in read(request)] == ["SetStatus"]


def test_nothing_that_is_named_as_a_secret_is_kept() -> None:
    """Not even inside of the company."""
    sent = {"loginId": "a", "organization": {"name": "sfo", "password": "green"}, "roles": [{"name": "P6", "pwd": "g"}]}
    [command] = read(WireRequest("POST", ("user",), {"added": [sent]}))
    assert isinstance(command, CreateUser)
    assert command.profile.more == {MORE: {"organization": {"name": "sfo"}, "roles": [{"name": "P6"}]}}
    assert "green" not in json.dumps(command.profile.more)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (CreateUser("a", Profile(), login="b"), "sign-in name"),
        (CreateUser("a", Profile(), status=Status.LOCKED), "locks"),
        (CreateUser("a", Profile(), validate_only=True), "judged"),
        (CreateUser("a", Profile(), rights=frozenset({Right.KEYS})), "right"),
        (CreateUser("a", Profile(), uid="7c1f3b0e-0000-4000-8000-000000000000"), "numbers"),
        (CreateUser("a", Profile(addresses=(Address("Road"),), timezone="UTC")), "postal address, time zone"),
        (CreateUser("a", Profile(emails=(Contact("a@b"), Contact("c@d")))), "a second address"),
        (CreateUser("a", Profile("A B", "A", "B"), login="a", rights=USER_RIGHTS), ""),
    ],
)
def test_a_creation_says_what_has_no_field(command: CreateUser, why: str) -> None:
    """Nothing of a file is dropped in silence."""
    said = wordless_creation(command)
    assert (why in said) if why else said == ""


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (UpdateUser("a", login="b"), "sign-in name"),
        (UpdateUser("a", version=1), "version"),
        (UpdateUser("a", status=Status.LOCKED), "locks"),
        (UpdateUser("a", rights=frozenset({Right.VIEW_USERS})), "right"),
        (UpdateUser("a", Profile(title="Dr")), "title"),
        (UpdateUser("a", Profile(), "a", Status.DISABLED, frozenset()), ""),
    ],
)
def test_an_update_says_what_has_no_field(command: UpdateUser, why: str) -> None:
    """As a creation does."""
    said = wordless_update(command)
    assert (why in said) if why else said == ""


def test_a_modified_user_keeps_what_is_not_sent() -> None:
    """Also what the vendor has no field for."""
    rich = replace(STORED, profile=replace(STORED.profile, title="Dr", emails=(Contact("a@b", "work"),)), version=4)
    request = WireRequest("POST", ("user",), {"modified": [{"loginId": "JSMITH", "lastName": "Ba", "roles": None}]})
    [command] = read(request, {"JSMITH": rich})
    profile = replace(rich.profile, display_name="Jim Ba", family_name="Ba")
    assert command == UpdateUser("JSMITH", profile, version=4)


def test_a_modified_user_sent_back_as_it_was_read_changes_nothing() -> None:
    """Not even who is locked, or how the address is called."""
    locked = replace(STORED, status=Status.LOCKED, rights=USER_RIGHTS | {Right.KEYS})
    request = WireRequest("POST", ("user",), {"modified": [user_body(locked)]})
    [command] = read(request, {"JSMITH": locked})
    assert command == UpdateUser("JSMITH", locked.profile, version=1)


def test_a_list_of_roles_replaces_the_one_before() -> None:
    """Roles left out are removed (Oracle support, document 2879953.1)."""
    kept = replace(STORED.profile, more={MORE: {"roles": [{"name": "P6"}]}, "other": {"a": 1}})
    administrator = replace(STORED, profile=kept, rights=USER_RIGHTS | {Right.KEYS})
    request = WireRequest("POST", ("user",), {"modified": [{"loginId": "JSMITH", "roles": [{"name": "Unifier"}]}]})
    [command] = read(request, {"JSMITH": administrator})
    assert isinstance(command, UpdateUser)
    assert command.rights == frozenset({Right.KEYS})
    assert command.profile is not None
    assert command.profile.more == {MORE: {"roles": [{"name": "Unifier"}]}, "other": {"a": 1}}
    emptied = read_profile({"roles": []}, kept)
    assert emptied.more == {"other": {"a": 1}}


def test_a_modified_stranger_is_still_a_command() -> None:
    """Which the directory refuses."""
    entry = {"loginId": "x", "roles": [{"name": ADMINISTRATOR}], "status": "active"}
    [command] = read(WireRequest("POST", ("user",), {"modified": [entry]}))
    assert command == UpdateUser("x", Profile(), status=Status.ACTIVE, rights=USER_RIGHTS)
