"""The words of SCIM: what fits the capabilities survives the wire, both ways."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from scim2_models import Context, PatchOp, Resource, ScimProvider

from keyturn.core.capabilities import misfit
from keyturn.core.commands import Command, CreateUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.secret import Secret
from keyturn.core.users import Contact, Profile, Status, User
from keyturn.dialects.scim.server_service import make_service
from keyturn.dialects.scim.wire import (
    CAPABILITIES,
    FAULTS,
    by_name,
    by_piece,
    error_body,
    password_alone,
    read_change,
    read_creation,
    read_refusal,
    unfit,
    write,
)
from keyturn.dialects.scim.wire_user import LONG_AGO, MORE, Unreadable, profile_body, read_profile, read_user, user_body
from tests.dialects.scim.strategies import changes, creations, updates, users

SERVICE = make_service()
MODEL: type[Resource[Any]] = SERVICE.get_model(SERVICE.get_resource_type("User"))
WHO = User("uid", 0, 0, "amal", "amal", Profile(), LONG_AGO, LONG_AGO)


def applied(user: User, method: str, body: Mapping[str, object]) -> Mapping[str, object]:
    """What the library hands to our storage after it has done to a shown user what a request says."""
    shown = MODEL.model_validate(user_body(user))
    with SERVICE.provider:
        if method == "PATCH":
            PatchOp.__class_getitem__(MODEL).model_validate(body, scim_ctx=Context.RESOURCE_PATCH_REQUEST).patch(shown)
            sent = shown
        else:
            sent = MODEL.model_validate(body, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
            sent.replace(shown)
        result: Mapping[str, object] = sent.model_dump(scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
    return result


@given(creations)
def test_a_creation_survives_the_wire_and_the_library(command: CreateUser) -> None:
    assert misfit(command, replace(CAPABILITIES, imports=True)) is None
    request = write(command)
    assert (request.method, request.path) == ("POST", ("Users",))
    assert read_creation(request.body or {}, request.operation) == command
    body = MODEL.model_validate(request.body, scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    assert read_creation(body.model_dump(scim_ctx=Context.RESOURCE_CREATION_REQUEST), request.operation) == command


@given(users(), changes)
def test_a_change_survives_the_wire_and_the_library(user: User, command: Command) -> None:
    request = write(command)
    assert request.target().startswith("/Users/")
    if request.method == "DELETE":
        assert (request.path[1], request.operation) == (command.who, command.operation)
        return
    change = read_change(user, applied(user, "PATCH", request.body or {}), operation=request.operation)
    wanted = replace(command, who=user.uid)
    if isinstance(command, SetStatus) and command.status is user.status:
        assert (change.update, change.password) == (None, None)
    else:
        assert [each for each in (change.update, change.password) if each is not None] == [wanted]


@given(users(), updates)
def test_an_update_survives_the_wire_and_the_library(user: User, command: UpdateUser) -> None:
    request = write(command, user_body(user))
    assert request.version == f'W/"{user.version}"'
    change = read_change(user, applied(user, "PUT", request.body or {}), version=user.version)
    profile = command.profile if command.profile not in (None, user.profile) else None
    login = command.login if command.login not in (None, user.login) else None
    status = command.status if command.status not in (None, user.status) else None
    if profile is None and login is None:
        assert change.update == (SetStatus(user.uid, status) if status is not None else None)
    else:
        assert change.update == UpdateUser(user.uid, profile, login, status, version=user.version)


@given(users())
def test_a_user_survives_the_wire_and_the_library(user: User) -> None:
    assert read_user(user_body(user)) == user
    shown = MODEL.model_validate(user_body(user)).model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    assert read_user(shown) == user


@pytest.mark.parametrize(
    "command",
    [
        CreateUser("a", Profile(), status=Status.LOCKED), CreateUser("a", Profile(), login="b"),
        CreateUser("a", Profile(country="AT")), UpdateUser("a", Profile(extension={"a": 1})),
        CreateUser("a", Profile(emails=(Contact("x", primary=True), Contact("y", primary=True)))),
        CreateUser("a", Profile(), generate=True), ResetPassword("a"), ResetPassword("a", Secret("x"), notify=True),
        SetStatus("a", Status.LOCKED), UpdateUser("a", Profile()),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_never_sent(command: Command) -> None:
    with pytest.raises(ValueError, match="SCIM has no words"):
        write(command)


def test_an_update_without_words_is_never_sent() -> None:
    with pytest.raises(ValueError, match="SCIM has no words"):
        write(UpdateUser("a", status=Status.LOCKED), {})
    assert unfit(UpdateUser("a", rights=frozenset())) == ""


@pytest.mark.parametrize("reason", list(Reason))
def test_every_refusal_of_ours_is_read_as_what_it_was(reason: Reason) -> None:
    status, scim_type, detail = error_body(Refused("amal", reason, "why it was"))
    value = {"scimType": scim_type, "detail": detail} if scim_type else {"detail": detail}
    read = read_refusal("amal", status, value)
    expected = reason if FAULTS.of(reason).reason is reason else Reason.OTHER
    assert (read.reason, read.text) == (expected, "why it was")


@pytest.mark.parametrize(
    ("status", "value", "reason"),
    [
        (409, {"scimType": "uniqueness", "detail": "taken"}, Reason.EXISTS), (409, None, Reason.EXISTS),
        (404, {"detail": "Resource not found", "status": "404"}, Reason.NO_SUCH_USER), (404, [], Reason.NO_SUCH_USER),
        (400, {"scimType": "invalidValue", "detail": "odd [of-theirs]"}, Reason.INVALID),
        (400, {"scimType": 5, "detail": 5}, Reason.INVALID), (412, {}, Reason.STALE_VERSION),
        (403, {}, Reason.NOT_ALLOWED), (429, {}, Reason.TOO_MANY), (418, {}, Reason.OTHER),
        (400, {"scimType": "mutability"}, Reason.UNSUPPORTED),
    ],
)  # fmt: skip
def test_the_refusals_of_others_are_read_by_status_and_type(status: int, value: object, reason: Reason) -> None:
    assert read_refusal("amal", status, value).reason is reason


@pytest.mark.parametrize(
    "body",
    [
        {"title": 5}, {"name": []}, {"name": {"givenName": 5}}, {"emails": {}}, {"emails": [5]}, {"emails": [{}]},
        {"emails": [{"value": 5}]}, {"addresses": [{"country": 5}]},
    ],
)  # fmt: skip
def test_what_says_something_else_is_unreadable_and_not_repeated(body: Mapping[str, object]) -> None:
    with pytest.raises(Unreadable) as caught:
        read_profile(body, Profile())
    assert "5" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "login", "version"),
    [
        ({"id": 7, "userName": "amal"}, "amal", 1),
        ({"id": "x", "userName": "amal", "meta": {"version": 'W/"12"', "created": "2011-08-01T21:32:44"}}, "amal", 12),
        ({"id": "x", "userName": "amal", "active": False, "meta": {"version": "e18", "created": "ages"}}, "amal", 1),
        ({"id": "x", "userName": "amal", "emails": None, "meta": {"version": 5, "created": 5}}, "amal", 1),
    ],
)  # fmt: skip
def test_users_of_other_servers_are_read_leniently(body: Mapping[str, object], login: str, version: int) -> None:
    user = read_user(body)
    assert (user.login, user.version, user.added.at.tzinfo is not None) == (login, version, True)


@pytest.mark.parametrize("body", [{}, {"id": "x"}, {"userName": "x"}, {"id": True, "userName": "x"}])
def test_what_is_no_user_is_not_read_as_one(body: Mapping[str, object]) -> None:
    with pytest.raises(Unreadable):
        read_user(body)


def test_what_others_keep_stays_and_secrets_never_do() -> None:
    base = Profile(country="AT", extension={"a": 1}, more={"other": {"x": 1}, MORE: {"nickName": "old"}})
    sent = {"nickName": "new", "custom": {"password": "x", "kept": "y"}}
    profile = read_profile(sent, base)
    assert (profile.country, profile.extension) == ("AT", {"a": 1})
    assert profile.more == {"other": {"x": 1}, MORE: {"nickName": "new", "custom": {"kept": "y"}}}
    assert read_profile({}, base).more == {"other": {"x": 1}}


def test_what_was_said_beside_an_address_goes_with_it() -> None:
    """`display` and a `primary` that is false come back with the very address, and with no other."""
    sent = {"emails": [{"value": "a@x", "type": "work", "display": "A", "primary": False}, {"value": "b@x"}],
            "addresses": [{"country": "AT", "primary": False}]}  # fmt: skip
    profile = read_profile(sent, Profile())
    body = profile_body(profile)
    assert (body["emails"], body["addresses"]) == (sent["emails"], sent["addresses"])
    moved = replace(profile, emails=(Contact("c@x", "work", primary=True),))
    assert profile_body(moved)["emails"] == [{"value": "c@x", "type": "work", "primary": True}]
    odd = replace(profile, more={MORE: {"emails": ["bare", 5], "addresses": "no list"}})
    assert profile_body(odd)["addresses"] == [{"country": "AT"}]


@pytest.mark.parametrize("more", [{MORE: "text"}, {MORE: {"name": "text"}}])
def test_what_is_not_as_we_keep_it_counts_for_nothing(more: Mapping[str, Any]) -> None:
    assert "name" not in profile_body(Profile(more=more))


@pytest.mark.parametrize(
    ("body", "password"),
    [
        ({"Operations": [{"op": "replace", "path": "password", "value": "x"}]}, "x"),
        ({"Operations": [{"op": "Add", "value": {"password": "x"}}]}, "x"),
        ({"Operations": [{"op": "remove", "path": "password"}]}, None),
        ({"Operations": [{"op": "replace", "path": "password", "value": 5}]}, None),
        ({"Operations": [{"op": "replace", "value": {"password": "x", "title": "y"}}]}, None),
        ({"Operations": [{"op": "replace", "value": 5}]}, None), ({"Operations": [5]}, None),
        ({"Operations": [{}, {}]}, None), ({}, None), (None, None),
    ],
)  # fmt: skip
def test_a_change_of_nothing_but_the_password_is_known(body: object, password: str | None) -> None:
    found = password_alone(body)
    assert (found.reveal() if found is not None else None) == password


def test_a_name_in_a_filter_is_one_text_whatever_is_in_it() -> None:
    assert by_name('a"b\\c') == 'userName eq "a\\"b\\\\c"'
    assert by_piece('"') == 'userName co "\\"" or displayName co "\\"" or emails.value co "\\""'


def test_two_primary_addresses_of_another_door_are_shown_as_one() -> None:
    two = Profile(emails=(Contact("x", primary=True), Contact("y", primary=True)))
    assert profile_body(two)["emails"] == [{"value": "x", "primary": True}, {"value": "y"}]


def test_the_provider_is_made_anew_each_time() -> None:
    assert isinstance(SERVICE.provider, ScimProvider)
    assert make_service().provider is not SERVICE.provider


def test_an_empty_userName_in_a_put_leaves_the_name() -> None:  # noqa: N802  # as SCIM writes it
    assert read_change(WHO, {"userName": ""}).update is None
