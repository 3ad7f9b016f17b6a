"""The words of UiPath: what fits survives the wire, in both directions, and nothing is dropped in silence."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

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
from keyturn.core.conditions import Field, Order
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused
from keyturn.core.secret import Secret
from keyturn.core.users import USER_RIGHTS, Contact, Profile, Status, User
from keyturn.dialects.uipath.wire import (
    FAULTS,
    WireAnswer,
    WireRequest,
    expected,
    read,
    read_order,
    read_success,
    unfit,
    write,
)
from keyturn.dialects.uipath.wire_answers import (
    made_user,
    read_refusal,
    verdict_of,
    write_creations,
    write_deletions,
    write_outcome,
    write_refusal,
)
from keyturn.dialects.uipath.wire_user import FLAGS, MORE, NO_GUID, Unreadable, guid_of, read_time, read_user, user_body
from tests.dialects.uipath.strategies import commands, secrets, texts, users

RESET = ResetPassword("amal", Secret("x"))
GUID = "5f0a8f6e-2f4e-4c3f-8f0e-00000000000a"
OTHER = "5f0a8f6e-2f4e-4c3f-8f0e-00000000000b"


def sent(value: object) -> Any:
    """What a body becomes on the way."""
    return json.loads(json.dumps(value))


@given(commands)
def test_what_fits_survives_the_wire(command: Command) -> None:
    """Writing and reading gives the same command, alone."""
    request = write(command)
    arrived = replace(request, body=None if request.body is None else sent(request.body))
    assert read(arrived) == [command]


@given(secrets, secrets)
def test_a_request_prints_the_same_whatever_its_secret(one: Secret, other: Secret) -> None:
    """A password stands only where nobody prints it."""
    assert repr(write(ResetPassword("a", one))) == repr(write(ResetPassword("a", other)))
    assert repr(write(ChangePassword("a", one, other))) == repr(write(ChangePassword("a", other, one)))


@given(users())
def test_a_user_survives_the_wire(user: User) -> None:
    """With the flags that every user shows."""
    assert read_user(sent(user_body(user))) == replace(user, profile=replace(user.profile, more={MORE: {**FLAGS}}))


@given(st.sampled_from(list(Reason)), texts)
def test_a_refusal_survives_the_wire(reason: Reason, text: str) -> None:
    """With its words, but for the 401 that has no body; busy ones say when to come back."""
    answer = write_outcome(Refused("amal", reason, text, retry_after=7.0))
    back = read_refusal(RESET, replace(answer, value=sent(answer.value)))
    assert back.reason is (Reason.OTHER if reason in (Reason.UNREACHABLE, Reason.NO_MAIL_ADDRESS) else reason)
    assert back.text == ("answered 401" if answer.status == 401 else text or FAULTS.of(reason).text)
    assert back.retry_after == (7.0 if reason in (Reason.TOO_MANY, Reason.BUSY) else None)


@pytest.mark.parametrize(
    "command",
    [
        CreateUser("a", Profile(), status=Status.LOCKED),
        CreateUser("a", Profile(), status=Status.DISABLED),
        CreateUser("a", Profile(), login="b"),
        CreateUser("a", Profile(title="Dr")),
        CreateUser("a", Profile(), rights=USER_RIGHTS),
        UpdateUser("a", Profile(emails=(Contact("a@x"), Contact("b@x")))),
        UpdateUser("a", login="b"),
        UpdateUser("a", version=1),
        UpdateUser("a", rights=USER_RIGHTS),
        SetStatus("a", Status.LOCKED),
    ],
)
def test_what_uipath_has_no_words_for_is_named(command: Command) -> None:
    """A sentence for the report; writing it all the same is a mistake."""
    assert unfit(command)
    with pytest.raises(ValueError, match=unfit(command)):
        write(command)


@pytest.mark.parametrize(
    "command",
    [
        CreateUser("a", Profile(), password=Secret("x")),
        ResetPassword("a"),
        ChangePassword("a", Secret("x")),
        UpdateUser("a", status=Status.ACTIVE),
    ],
)
def test_what_one_request_cannot_carry_is_not_written(command: Command) -> None:
    """A creation takes no password, an update needs a profile to differ from a status."""
    with pytest.raises(ValueError, match="no words"):
        write(command)


LOCKED = replace(
    read_user({"id": "u", "userName": "a"}),
    status=Status.LOCKED,
    profile=Profile("Old", title="Dr", emails=(Contact("a@x", "work", primary=True), Contact("b@x"))),
)


def put(body: Mapping[str, object], stored: User | None = LOCKED) -> list[Command]:
    """The commands of a PUT."""
    return list(read(WireRequest("PUT", ("User", "a"), body, "op"), stored))


def test_a_put_changes_what_it_says_and_leaves_the_rest() -> None:
    """Null says nothing; what UiPath does not know stays."""
    [update] = put({"name": "A", "surname": None, "password": None, "isActive": True, "groupIDsToAdd": []})
    assert update == UpdateUser("a", replace(LOCKED.profile, given_name="A"), operation="op")
    [disabled] = put({"displayName": "", "isActive": False})
    assert disabled == UpdateUser("a", replace(LOCKED.profile, display_name=""), status=Status.DISABLED, operation="op")


def test_a_put_of_nothing_is_an_update_of_nothing() -> None:
    """It is still asked of the directory, which judges whether it may be asked at all."""
    assert put({}) == [UpdateUser("a", operation="op")]


def test_a_put_may_carry_a_password_and_more_and_the_password_comes_first() -> None:
    """The operation id belongs to it."""
    reset = ResetPassword("a", Secret("x"), operation="op")
    assert put({"password": "x", "isActive": True}) == [reset, SetStatus("a", Status.ACTIVE)]
    assert put({"password": "x", "name": "A"}, None) == [reset, UpdateUser("a", Profile(given_name="A"))]
    assert put({"password": "x"}) == [reset]


def test_the_primary_address_is_replaced_and_the_others_stay() -> None:
    """Unless it is taken away: then no other takes its place."""

    def emails(mail: str) -> tuple[Contact, ...]:
        [update] = put({"email": mail})
        assert isinstance(update, UpdateUser)
        assert update.profile is not None
        return update.profile.emails

    assert emails("a@x") == LOCKED.profile.emails
    assert emails("c@x") == (Contact("c@x", primary=True), Contact("b@x"))
    assert emails("b@x") == (Contact("b@x", primary=True),)
    assert emails("") == ()


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PUT", ("User", "a"), {"password": 7}, "password"),
        ("PUT", ("User", "a"), {"isActive": "yes"}, "isActive"),
        ("PUT", ("User", "a"), {"email": ["a"]}, "email"),
        ("PUT", ("User", "a"), {"invitationAccepted": 1}, "invitationAccepted"),
        ("PUT", ("User", "a"), {"groupIDsToAdd": ["g"]}, "groupIDsToAdd"),
        ("PUT", ("User", "a"), {"extensionUserAttributesToAddOrUpdate": {"a": 1}}, "extensionUser"),
        ("POST", ("User", "a", "changepassword"), {"newPassword": "x"}, "oldPassword"),
        ("POST", ("User", "a", "changepassword"), {"oldPassword": "x", "newPassword": None}, "newPassword"),
        ("POST", ("User",), {}, "userName"),
        ("POST", ("User",), {"userName": "a", "type": 2}, "type"),
        ("POST", ("User",), {"userName": "a", "id": "no-guid"}, "id"),
        ("POST", ("User",), {"userName": "a", "groupIDs": [7]}, "groupIDs"),
        ("PUT", ("User", "a"), {"groupIDsToRemove": "g"}, "groupIDsToRemove"),
        ("POST", ("User", "BulkCreate"), {}, "users"),
        ("POST", ("User", "BulkCreate"), {"users": {}}, "users"),
        ("POST", ("User", "BulkCreate"), {"users": ["a"]}, "users"),
        ("POST", ("User", "BulkCreate"), {"users": [{"userName": "a"}], "groupIDs": ["g"]}, "groupIDs"),
        ("DELETE", ("User",), {}, "userIds"),
        ("POST", ("User", "BulkCreate"), {"users": [{"userName": "a"}] * 1001}, "users"),
        ("DELETE", ("User",), {"userIds": [1]}, "userIds"),
        ("DELETE", ("User",), {"userIds": ["a"] * 1001}, "userIds"),
        ("PATCH", ("User", "a"), {}, "request"),
    ],
)
def test_what_cannot_be_read_names_the_field(
    method: str, path: tuple[str, ...], body: Mapping[str, object], field: str
) -> None:
    """And never its value."""
    with pytest.raises(Unreadable) as raised:
        read(WireRequest(method, path, body))
    assert raised.value.field.startswith(field)


def test_many_are_read_in_order() -> None:
    """Also without a name for the operation, which could not be the same for all."""
    made = read(WireRequest("POST", ("User", "BulkCreate"), {"users": [{"userName": "a"}, {"userName": "b"}]}, "op"))
    assert made == [CreateUser("a", Profile()), CreateUser("b", Profile())]
    gone = read(WireRequest("DELETE", ("User",), {"userIds": ["a", "b"]}))
    assert gone == [DeleteUser("a"), DeleteUser("b")]
    one = read(WireRequest("POST", ("User",), {"userName": "a", "password": "x", "isActive": False}, "op"))
    assert one == [CreateUser("a", Profile(), password=Secret("x"), status=Status.DISABLED, operation="op")]


def test_those_who_are_made_together_join_the_same_groups() -> None:
    """Each group once, in small letters; an `id` of zeros is none."""
    body = {"users": [{"userName": "a", "id": GUID.upper()}, {"userName": "b", "id": NO_GUID}]}
    made = read(WireRequest("POST", ("User", "BulkCreate"), {**body, "groupIDs": [OTHER.upper(), OTHER]}))
    assert made == [
        CreateUser("a", Profile(), uid=GUID, groups=(OTHER,)),
        CreateUser("b", Profile(), groups=(OTHER,)),
    ]


def test_joining_a_group_alone_leaves_the_profile_as_it_is() -> None:
    """And an activation that comes with it unlocks nobody."""
    [update] = put({"groupIDsToAdd": [GUID], "groupIDsToRemove": [OTHER], "isActive": True})
    assert update == UpdateUser("a", join=(GUID,), leave=(OTHER,), operation="op")


@pytest.mark.parametrize(
    ("by", "way", "order"),
    [
        ("", "", ()),
        ("LastLoginTime", "desc", ()),
        ("UserName", "", (Order(Field.LOGIN),)),
        ("creationTime", "DESC", (Order(Field.ADDED, descending=True),)),
    ],
)
def test_a_list_is_sorted_by_what_the_vendor_names(by: str, way: str, order: tuple[Order, ...]) -> None:
    """In any letter case; what is alike with all sorts nothing."""
    assert read_order(by, way) == order


@pytest.mark.parametrize(("by", "way", "field"), [("Email", "up", "sortOrder"), ("IsActive", "", "sortBy")])
def test_another_order_is_refused_rather_than_ignored(by: str, way: str, field: str) -> None:
    """Whoever asked for it would take the first ten for the first ten."""
    with pytest.raises(Unreadable) as raised:
        read_order(by, way)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([Created("a"), Created("b", LOCKED)], 200),
        ([Created("b", LOCKED), Refused("a", Reason.EXISTS)], 400),
        ([Refused("a", Reason.EXISTS), Refused("b", Reason.NOT_ALLOWED)], 403),
        ([Refused("a", Reason.BUSY)], 503),
    ],
)
def test_many_are_answered_together(outcomes: list[Outcome], status: int) -> None:
    """What is true of the caller or the moment is answered as for one."""
    made, gone = write_creations(outcomes), write_deletions(outcomes)
    assert made.status == gone.status == status
    told = verdict_of(sent(made.value))
    assert told is {200: True, 400: False, 403: None, 503: False}[status]
    assert verdict_of(sent(gone.value)) is told


def test_a_success_is_read_as_what_was_asked() -> None:
    """A creation has made, everything else has changed."""
    assert read_success(CreateUser("a", Profile()), LOCKED) == Created("a", LOCKED)
    assert read_success(RESET) == Changed("amal")
    assert expected(DeleteUser("a")) == {200, 204}
    assert write_outcome(Created("a", LOCKED)).value == {"succeeded": True, "errors": [], "user": user_body(LOCKED)}


def test_the_new_user_is_the_one_of_the_same_name() -> None:
    """Whatever else stands in the answer."""
    new = CreateUser("a", Profile())
    good = {"id": "u", "userName": "a"}
    found = made_user(new, {"users": [7, {"userName": 7}, {"id": "v", "userName": "A"}, good]})
    assert found is not None
    assert found.uid == "u"
    nobody: list[object] = [None, {}, {"users": {}}, {"users": [{"id": "v", "userName": "b"}]}]
    for value in nobody:
        assert made_user(new, value) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"title": "Bad.", "errors": {"a": ["b", 7], "c": "d"}, "message": "no"}, "Bad. a: b"),
        ({"errors": {"a": ["b"]}}, "a: b"),
        ({"message": "m", "errorMessage": "e"}, "m"),
        ({"Message": "M", "StatusCode": 400}, "M"),
        ({"errorMessage": "e"}, "e"),
        ({"error": {"message": "deep", "code": 0}}, "deep"),
        ({"error": "invalid_client", "error_description": "d"}, "invalid_client"),
        ({"errors": [{"code": "X", "description": "one"}, {"description": "two"}, 7]}, "one; two"),
        ({"result": {"errors": [{"code": 7, "description": 7}, {"code": "X", "description": "in"}]}}, "in"),
        ({"result": 7, "errors": 7}, "answered 400"),
        ([], "answered 400"),
        (None, "answered 400"),
    ],
)
def test_a_refusal_is_read_in_every_shape_that_was_seen(value: object, text: str) -> None:
    """In the order of UiPath's own module."""
    assert read_refusal(RESET, WireAnswer(400, value)).text == text


@pytest.mark.parametrize(
    ("status", "value", "why"),
    [
        (400, {"errors": [{"code": "DuplicateEmail"}]}, Reason.EXISTS),
        (400, {"errors": [{"code": "PasswordRequiresDigit"}]}, Reason.POLICY),
        (400, {"errors": [{"code": "PasswordOfTheDay"}]}, Reason.POLICY),
        (200, {"succeeded": False, "errors": [{"code": "PasswordMismatch"}]}, Reason.WRONG_PASSWORD),
        (200, {"succeeded": False, "errors": [{"code": "Strange"}]}, Reason.OTHER),
        (400, {"errors": {"a": ["b"]}}, Reason.INVALID),
        (400, {}, Reason.OTHER),
        (401, None, Reason.NOT_SIGNED_IN),
        (403, {"errorMessage": "no"}, Reason.NOT_ALLOWED),
        (404, {}, Reason.NO_SUCH_USER),
        (405, {}, Reason.OTHER),
    ],
)
def test_a_code_has_its_reason_and_an_unknown_one_the_status_s(status: int, value: object, why: Reason) -> None:
    """Nothing hangs on an invented one."""
    assert read_refusal(RESET, WireAnswer(status, value)).reason is why


def test_a_site_may_give_the_codes_that_it_knows() -> None:
    """In place of invented ones."""
    faults = FAULTS.with_codes({Reason.TOO_COMMON: "PasswordPwned"})
    assert write_refusal(Refused("a", Reason.TOO_COMMON), faults).value == {
        "succeeded": False,
        "errors": [{"code": "PasswordPwned", "description": "The password is too well known."}],
    }


@pytest.mark.parametrize(("text", "guid"), [
    ("5F0A8F6E-2F4E-4C3F-8F0E-000000000001", "5f0a8f6e-2f4e-4c3f-8f0e-000000000001"),
    ("5f0a8f6e2f4e4c3f8f0e000000000001", None),
    ("x" * 36, None),
    ("har-3107", None),
])  # fmt: skip
def test_a_guid_has_one_form(text: str, guid: str | None) -> None:
    """What is none may be the id of somebody all the same."""
    assert guid_of(text) == guid


@pytest.mark.parametrize("text", ["2026-11-21T12:00:00", "2026-11-21T12:00:00Z", "2026-11-21T13:00:00+01:00"])
def test_a_time_without_a_zone_is_in_utc(text: str) -> None:
    """Others are converted; what is none was long ago."""
    assert read_time(text).isoformat() == "2026-11-21T12:00:00+00:00"
    assert read_time("soon").year == read_time(None).year == 1970
    assert read_user({"id": "u", "userName": "a", "legacyId": True}).number == 0


def test_groups_of_a_user_are_read_as_a_server_writes_them() -> None:
    """Null is none; an id of another kind is no reason to know nothing of the user."""
    assert read_user({"id": "u", "userName": "a", "groupIDs": None}).groups == ()
    odd = read_user({"id": "u", "userName": "a", "groupIDs": [OTHER, "built-in", 7]})
    assert [group.uid for group in odd.groups] == [OTHER, "built-in"]
