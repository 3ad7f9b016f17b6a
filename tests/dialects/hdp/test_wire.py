"""The words of Hybrid Data Pipeline: what fits survives the wire, in both directions."""

import json
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.commands import (
    ChangePassword,
    Command,
    CreateUser,
    DeleteUser,
    ResetPassword,
    SetStatus,
    UpdateUser,
)
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused, Unchanged
from keyturn.core.policy import ProfileName
from keyturn.core.secret import Secret
from keyturn.core.storage import Tenant
from keyturn.core.users import ALL_RIGHTS, USER_RIGHTS, Profile, Right, Status, User
from keyturn.dialects.hdp.wire import (
    FAULTS,
    WireAnswer,
    WireRequest,
    asks_for_change,
    claimed_tenant,
    expected,
    read,
    read_outcome,
    write,
    write_outcome,
)
from keyturn.dialects.hdp.wire_policy import policy_body, read_list, read_policy
from keyturn.dialects.hdp.wire_rights import effective, fits, permissions_body, read_rights
from keyturn.dialects.hdp.wire_shapes import USERS, Unreadable, is_number, number_text, object_of, read_error
from keyturn.dialects.hdp.wire_tenants import SentTenant, read_tenant, read_tenants, tenant_body, tenants_list
from keyturn.dialects.hdp.wire_user import LONG_AGO, MORE, read_status, read_user, user_body
from tests.dialects.hdp.strategies import commands, rights, secrets, texts, users

SOMEBODY = User("u", 7, 1, "amal", "amal", Profile(), LONG_AGO, LONG_AGO, has_password=True)


def sent(value: object) -> Any:
    """What a body becomes on the way."""
    return json.loads(json.dumps(value))


@given(commands)
def test_what_fits_survives_the_wire(command: Command) -> None:
    """Writing and reading gives the same command."""
    request = write(command)
    arrived = replace(request, body=None if request.body is None else sent(request.body))
    assert read(arrived) == command


@given(commands, secrets)
def test_a_request_prints_the_same_whatever_its_secret(command: Command, other: Secret) -> None:
    """A password stands only where nobody prints it."""
    if isinstance(command, CreateUser):
        assert repr(write(replace(command, password=other))) == repr(write(replace(command, password=Secret("x"))))
    if isinstance(command, ResetPassword | ChangePassword):
        assert repr(write(replace(command, new=other))) == repr(write(replace(command, new=Secret("x"))))


@given(users())
def test_a_user_survives_the_wire(user: User) -> None:
    """With the names that sign in as this user, which the vendor always shows."""
    back = read_user(sent(user_body(user)))
    login = {"authUsers": [{"authUserName": user.login, "authServiceId": 1}]}
    mine = {"authenticationInfo": login, **cast("dict[str, Any]", user.profile.more.get(MORE) or {})}
    assert back == replace(user, profile=Profile(more={MORE: mine}))


@given(users())
def test_a_user_sent_back_as_shown_is_no_change(user: User) -> None:
    """Rights stay out of it, so that nobody is signed out."""
    shown = sent(user_body(user))
    command = read(WireRequest("PUT", (*USERS, str(user.number)), shown), user)
    assert isinstance(command, UpdateUser)
    assert (command.login, command.status, command.rights) == (user.login, user.status, None)
    assert not asks_for_change(shown["passwordInfo"] or {}, user)


@given(st.sampled_from(list(Reason)), texts)
def test_a_refusal_survives_the_wire(reason: Reason, text: str) -> None:
    """With its code and its words; busy ones say when to come back."""
    command, refused = DeleteUser("7"), Refused("7", reason, text, retry_after=7.0)
    back = read_outcome(command, write_outcome(command, refused))
    assert isinstance(back, Refused)
    written = {fault.reason for fault in FAULTS.written}
    assert back.reason is (reason if reason in written else Reason.OTHER)
    assert back.retry_after == (7.0 if reason in (Reason.TOO_MANY, Reason.BUSY) else None)
    if reason in (Reason.NO_SUCH_USER, Reason.NO_SUCH_TENANT):
        assert back.text == FAULTS.of(reason).text.replace("{0}", "7")
    elif text:
        assert back.text.endswith(text)
    else:
        assert back.text == FAULTS.of(reason).text


@pytest.mark.parametrize(
    ("command", "outcome", "status"),
    [
        (CreateUser("a", Profile()), Created("a"), 201),
        (CreateUser("a", Profile()), Created("a", SOMEBODY), 200),
        (ResetPassword("7", Secret("x")), Changed("7"), 204),
        (SetStatus("7", Status.ACTIVE), Unchanged("7"), 200),
        (UpdateUser("7"), Changed("7", SOMEBODY), 200),
        (UpdateUser("7"), Unchanged("7"), 200),
        (ChangePassword("7", Secret("x")), Changed("7"), 200),
        (DeleteUser("7"), Changed("7"), 204),
    ],
)
def test_success_has_the_vendor_s_status(command: Command, outcome: Outcome, status: int) -> None:
    """And the client half expects the same."""
    answer = write_outcome(command, outcome)
    assert answer.status == status
    assert status in expected(command)
    back = read_outcome(command, answer)
    assert isinstance(back, Created | Changed)
    assert (back.user is None) == (getattr(outcome, "user", None) is None)


@pytest.mark.parametrize(
    "command",
    [
        CreateUser("a", Profile(), login="b"),
        CreateUser("a", Profile(), generate=True),
        CreateUser("a", Profile(), notify=True),
        CreateUser("a", Profile(), validate_only=True),
        CreateUser("a", Profile(), rights=frozenset({Right.KEYS})),
        UpdateUser("7", login="b"),
        UpdateUser("7", Profile(), "b", Status.ACTIVE, frozenset({Right.KEYS})),
        UpdateUser("7", Profile(), "b", Status.ACTIVE, frozenset(), version=3),
        ResetPassword("7"),
        ResetPassword("7", Secret("x"), notify=True),
        ResetPassword("7", Secret("x"), permanent=True),
        ChangePassword("", Secret("x")),
    ],
)
def test_what_does_not_fit_is_not_written(command: Command) -> None:
    """Rather an error than something else in its place."""
    with pytest.raises(ValueError, match="no words"):
        write(command)


def test_a_part_of_a_user_is_sent_with_the_rest_as_it_was() -> None:
    """The vendor's call replaces whole users."""
    stored = sent(user_body(replace(SOMEBODY, rights=USER_RIGHTS)))
    body = write(UpdateUser("7", login="new"), stored).body
    assert body == stored | {"userName": "new"}
    body = write(
        UpdateUser("7", rights=frozenset()), {**stored, "permissions": {"roles": [5], "permissions": [1]}}
    ).body
    assert body is not None
    assert body["permissions"] == {"roles": [5], "permissions": [1]}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "7", {}),
        ("PUT", "7", {}),
        ("PUT", "7", {"statusInfo": {}}),
        ("PUT", "7", {"statusInfo": {"status": True}}),
        ("PUT", "7", {"statusInfo": {"status": 2}}),
        ("PUT", "7", {"statusInfo": {"status": 1, "accountLocked": 1}}),
        ("PUT", "7", {"statusInfo": []}),
        ("PUT", "7", {"statusInfo": {"status": 1}, "id": 8}),
        ("PUT", "7", {"statusInfo": {"status": 1}, "userName": 8}),
        ("PUT", "7", {"statusInfo": {"status": 1}, "passwordInfo": {"password": "x"}}),
        ("PUT", "7", {"statusInfo": {"status": 1}, "permissions": {"roles": [9]}}),
        ("PUT", "7", {"statusInfo": {"status": 1}, "permissions": {"permissions": [-1]}}),
        ("PUT", "7", {"statusInfo": {"status": 1}, "permissions": {"permissions": [10**18]}}),
        ("PUT", "7", {"statusInfo": {"status": 1}, "permissions": {"permissions": [True]}}),
        ("PUT", "7", {"statusInfo": {"status": 1}, "permissions": {"permissions": 1}}),
        ("PUT", "7", {"statusInfo": {"status": 1}, "authenticationInfo": {}}),
        ("PUT", "7/resetpassword", {}),
        ("PUT", "7/resetpassword", {"newPassword": None}),
        ("PUT", "7/resetpassword", {"newPassword": 7}),
        ("POST", "", {"userName": "a"}),
        ("POST", "", {"userName": "a", "statusInfo": {"status": 1}, "passwordInfo": {"password": 7}}),
    ],
)
def test_a_body_that_says_something_else_is_refused(method: str, path: str, body: dict[str, object]) -> None:
    """No guess at what was meant."""
    segments = (*USERS, *(part for part in path.split("/") if part))
    with pytest.raises(Unreadable):
        read(WireRequest(method, segments, body))


def test_parts_are_read_against_the_stored_user() -> None:
    """The lock stays when nobody speaks of it, and so do permissions on data."""
    locked = replace(
        SOMEBODY, status=Status.LOCKED, profile=Profile(title="Dr", more={"x": 1, MORE: {"permissions": [1]}})
    )
    assert read(WireRequest("PUT", (*USERS, "7", "statusinfo"), {"status": 1}), locked) == SetStatus("7", Status.LOCKED)
    assert read_status({"status": 1, "accountLocked": False}, Status.LOCKED) is Status.ACTIVE
    command = read(WireRequest("PUT", (*USERS, "7", "permissions"), {"roles": [3], "permissions": []}), locked)
    profile = Profile(title="Dr", more={"x": 1, MORE: {"roles": [3]}})
    assert command == UpdateUser("7", profile, rights=USER_RIGHTS)
    command = read(WireRequest("PUT", (*USERS, "7", "permissions"), {"roles": [2]}), locked)
    assert command == UpdateUser("7", Profile(title="Dr", more={"x": 1}))


@given(rights, rights)
def test_rights_are_what_the_numbers_say(before: frozenset[Right], after: frozenset[Right]) -> None:
    """Whatever somebody held before."""
    assert read_rights(permissions_body(after, {}), before) == after
    assert fits(after)


@given(st.sets(st.sampled_from(list(Right))).map(frozenset))
def test_rights_that_the_numbers_cannot_say_stay_when_nothing_is_said(held: frozenset[Right]) -> None:
    """What is sent back as it was shown changes nothing; what is taken away is taken."""
    assert read_rights(permissions_body(held, {}), held) == held
    assert read_rights({"permissions": [12]}, held) == ALL_RIGHTS
    assert not read_rights({}, held) >= USER_RIGHTS


def test_a_kept_role_never_says_more_than_the_rights() -> None:
    """Somebody else may have taken them away at another door."""
    kept = {"roles": [1, 2], "permissions": [1, 12]}
    assert permissions_body(frozenset(), kept) == {"roles": [2], "permissions": [1]}
    assert permissions_body(frozenset(), {"roles": [1]}) == {"roles": [2], "permissions": []}
    assert permissions_body(USER_RIGHTS, kept)["permissions"] == [1, 13, 14, 15, 16]
    assert permissions_body(ALL_RIGHTS, kept) == {"roles": [1, 2], "permissions": [1]}


def test_effective_permissions_come_through_roles_too() -> None:
    """12 brings all of them; a role that is not here brings none."""
    assert effective({"roles": [2, 99], "permissions": [27]}) == [*range(1, 12), 27]
    assert effective({"roles": [3]}) == [*range(1, 12), *range(13, 22)]
    assert 20 in effective({"permissions": [12]})


@pytest.mark.parametrize("odd", [{"newPassword": "x"}, {"password": "x"}, {"currentPassword": "x"}])
def test_no_password_is_kept_with_the_profile(odd: dict[str, object]) -> None:
    """Wherever somebody writes it."""
    body = {"userName": "a", "statusInfo": {"status": 1}, **odd}
    body["authenticationInfo"] = {"authUsers": [{"authUserName": "b", **odd}]}
    command = read(WireRequest("POST", USERS, body))
    assert isinstance(command, CreateUser)
    assert "'x'" not in repr(command.profile)


def test_how_a_password_stands_is_compared_with_what_is_so() -> None:
    """Nobody can change it without the password."""
    assert not asks_for_change({"passwordStatus": 1}, SOMEBODY)
    assert asks_for_change({"passwordStatus": 2}, SOMEBODY)
    assert asks_for_change({"passwordExpiration": "2027-01-01 00:00:00"}, SOMEBODY)
    with pytest.raises(Unreadable):
        asks_for_change({"passwordStatus": "1"}, SOMEBODY)


def test_the_tenant_is_read_where_it_is_said() -> None:
    """None where it is not."""
    assert claimed_tenant(WireRequest("POST", USERS, {"tenantId": 3})) == 3
    assert claimed_tenant(WireRequest("DELETE", USERS)) is None


@pytest.mark.parametrize(
    ("status", "body", "command", "why"),
    [
        (400, {"error": {"code": 1, "message": {"value": "no"}}}, ResetPassword("7", Secret("x")), Reason.POLICY),
        (400, {"error": {"code": 222207007}}, ResetPassword("7", Secret("x")), Reason.INVALID),
        (400, None, DeleteUser("7"), Reason.OTHER),
        (403, {"error": "no"}, DeleteUser("7"), Reason.NOT_ALLOWED),
        (404, {"error": {"code": True, "message": "gone"}}, DeleteUser("7"), Reason.NO_SUCH_USER),
        (501, [], DeleteUser("7"), Reason.UNSUPPORTED),
    ],
)
def test_an_unknown_code_goes_by_its_status(status: int, body: object, command: Command, why: Reason) -> None:
    """Nothing hangs on a code that is not documented."""
    refused = read_outcome(command, WireAnswer(status, body))
    assert isinstance(refused, Refused)
    assert refused.reason is why


def test_numbers_are_compared_as_they_are_written() -> None:
    """`007` is nobody."""
    assert [is_number(text) for text in ("7", "0", "007", "", "٣", "-1", "1e3")] == [True, True] + [False] * 5
    assert [number_text(value) for value in (7, "7", "07", True, -1, None, 1.0)] == ["7", "7", "", "", "", "", ""]
    assert read_error(None) == ("", "")
    assert object_of({"a": None}, "a") == {}


@pytest.mark.parametrize(
    "value",
    [None, [], {"users": {}}, {"users": [7]}, {"users": [{"id": 7}]}, {"users": [{"userName": "a"}]},
     {"users": [{"id": 7, "userName": "a"}, {"id": "7", "userName": "b"}]}],
)  # fmt: skip
def test_a_list_that_cannot_be_trusted_is_none(value: object) -> None:
    """Somebody else's password hangs on it."""
    with pytest.raises(Unreadable):
        read_list(value)


@pytest.mark.parametrize("profile", list(ProfileName))
def test_a_policy_is_read_as_it_was_written(profile: ProfileName) -> None:
    """Never under the 8 characters of this vendor, never over the 32."""
    usual = read_policy(sent(policy_body(profile)))
    assert usual is not None
    assert (usual.shortest >= 8, usual.longest, usual.classes) == (True, 32, 0)


def test_the_policy_of_a_real_server_is_read() -> None:
    """The sample of release 5.0: 12 to 128, one of each class."""
    names = ("SPECIAL_CLASS_RULE", "LOWER_CLASS_RULE", "UPPER_CLASS_RULE", "NUMERIC_CLASS_RULE")
    length = {"ruleName": "PASSWORD_LENGTH_RULE", "minLength": 12, "maxLength": 128}
    usual = read_policy(
        {"rules": [length, *({"ruleName": name, "minChars": 1} for name in names), {"ruleName": "NEW"}]}
    )
    assert usual is not None
    assert (usual.shortest, usual.longest, usual.classes) == (12, 32, 4)


@pytest.mark.parametrize(
    "value",
    [None, {}, {"rules": 7}, {"rules": [7]}, {"rules": [{"ruleName": 7}]},
     {"rules": [{"ruleName": "PASSWORD_LENGTH_RULE", "minLength": 64}]}],
)  # fmt: skip
def test_a_policy_that_cannot_be_read_says_nothing(value: object) -> None:
    """Then the usual lengths hold."""
    assert read_policy(value) is None


def test_a_user_without_a_name_or_a_number_is_none() -> None:
    """An answer of somebody else's."""
    for body in ({"id": 7}, {"userName": "a"}, {"id": "x", "userName": "a"}):
        with pytest.raises(Unreadable):
            read_user(body)
    assert read_user({"id": 7, "userName": "a"}).status is Status.ACTIVE


names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)
tenants = st.builds(
    Tenant, st.integers(2, 2**31), names, st.just("g"), texts.map(lambda text: {"description": text})
)  # fmt: skip


@given(tenants)
def test_a_tenant_survives_the_wire(tenant: Tenant) -> None:
    """Its name and what is said of it; one that is sent without a description keeps it."""
    body = sent(tenant_body(tenant))
    assert read_tenant(body, new=True) == SentTenant(tenant.name, tenant.settings["description"], active=True)
    assert read_tenant({"name": tenant.name}, new=False) == SentTenant(tenant.name, None, active=True)


@given(st.lists(tenants, unique_by=lambda tenant: tenant.number))
def test_tenants_are_found_by_name_and_by_number(listed: list[Tenant]) -> None:
    """Unless two have the name; a number is a number first."""
    found = read_tenants(sent(tenants_list(listed)))
    for tenant in listed:
        assert found[str(tenant.number)] == tenant.number
        same = [one for one in listed if one.name == tenant.name or str(one.number) == tenant.name]
        assert len(same) > 1 or found[tenant.name] == tenant.number
