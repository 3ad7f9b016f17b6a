"""The words of MAS: what fits survives the wire, in both directions, and nothing is dropped in silence."""

import json
from dataclasses import replace
from datetime import UTC, datetime
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
from keyturn.core.outcomes import Changed, Created, Delivery, Outcome, Reason, Refused, Unchanged
from keyturn.core.secret import Secret
from keyturn.core.users import USER_RIGHTS, Profile, Right, Stamp, Status, User
from keyturn.dialects.mas.wire import (
    FAULTS,
    WireAnswer,
    WireRequest,
    expected,
    read,
    read_outcome,
    write,
    write_outcome,
    write_refusal,
)
from keyturn.dialects.mas.wire_user import MORE, NO_LICENCE, Unreadable, read_rights, read_time, read_user, user_body
from tests.dialects.mas.strategies import commands, rights, secrets, texts, users

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


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
    if isinstance(command, ResetPassword):
        assert repr(write(replace(command, new=other))) == repr(write(replace(command, new=Secret("x"))))


@given(users())
def test_a_user_survives_the_wire(user: User) -> None:
    """All but what MAS has no place for: our numbers, roles, and the time of the last failure."""
    back = read_user(sent(user_body(user)))
    mine = {"entitlement": NO_LICENCE, "groups": [], **_more(user.profile)}
    profile = replace(user.profile, more={MORE: mine})
    assert back == replace(user, profile=profile, grants=(), last_failure=None)


def _more(profile: Profile) -> dict[str, Any]:
    mine = profile.more.get(MORE) or {}
    assert isinstance(mine, dict)
    return mine


outcomes = st.one_of(
    st.builds(Changed, st.just("amal"), secret=st.none() | secrets.filter(bool)),
    st.builds(Changed, st.just("amal"), delivery=st.sampled_from([Delivery.MAILED, Delivery.NONE])),
)


@given(outcomes)
def test_the_outcome_of_a_generated_reset_survives_the_wire(outcome: Outcome) -> None:
    """With the secret where one is handed back, and whether it was mailed."""
    command = ResetPassword("amal", notify=True)
    answer = write_outcome(command, outcome)
    assert read_outcome(command, answer) == outcome


@given(st.sampled_from(list(Reason)), texts)
def test_a_refusal_survives_the_wire(reason: Reason, text: str) -> None:
    """With its code and its words; busy ones say when to come back."""
    refused = Refused("amal", reason, text, retry_after=7.0)
    back = read_outcome(ResetPassword("amal"), write_outcome(ResetPassword("amal"), refused))
    assert isinstance(back, Refused)
    assert back.reason is (Reason.OTHER if reason is Reason.UNREACHABLE else reason)
    assert back.text == (text or FAULTS.of(reason).text)
    assert back.retry_after == (7.0 if reason in (Reason.TOO_MANY, Reason.BUSY) else None)


@pytest.mark.parametrize(
    ("command", "outcome", "status"),
    [
        (CreateUser("a", Profile("A")), Created("a"), 201),
        (CreateUser("a", Profile("A"), validate_only=True), Unchanged("a"), 200),
        (ResetPassword("a"), Changed("a"), 200),
        (SetStatus("a", Status.ACTIVE), Unchanged("a"), 200),
        (UpdateUser("a"), Changed("a"), 200),
        (DeleteUser("a"), Changed("a"), 204),
    ],
)
def test_success_has_the_vendor_s_status(command: Command, outcome: Outcome, status: int) -> None:
    """And the client half expects the same."""
    answer = write_outcome(command, outcome)
    assert answer.status == status
    assert status in expected(command)
    assert type(read_outcome(command, answer)).__name__ in (type(outcome).__name__, "Changed")


def test_an_answer_with_the_user_brings_the_user_back() -> None:
    """For creations and updates."""
    user = User("u", 1, 1, "amal", "amal", Profile("A"), Stamp("x", NOON), Stamp("x", NOON))
    for command, outcome in (
        (CreateUser("amal", Profile("A")), Created("amal", user)),
        (UpdateUser("amal"), Changed("amal", user)),
        (SetStatus("amal", Status.ACTIVE), Unchanged("amal", user)),
    ):
        back = read_outcome(command, write_outcome(command, outcome))
        assert isinstance(back, Created | Changed)
        assert back.user is not None
        assert back.user.key == "amal"


@pytest.mark.parametrize(
    "command",
    [
        SetStatus("a", Status.LOCKED),
        UpdateUser("a", status=Status.LOCKED),
        CreateUser("a", Profile(), status=Status.LOCKED),
        CreateUser("a", Profile(), generate=True),
        ChangePassword("a", Secret("x")),
    ],
)
def test_what_does_not_fit_is_not_written(command: Command) -> None:
    """Rather an error than something else in its place."""
    with pytest.raises(ValueError, match="no words"):
        write(command)


USER = ("v3", "users", "amal")


@pytest.mark.parametrize(
    "request_",
    [
        WireRequest("POST", (*USER, "password"), body={"tokn": "a"}),
        WireRequest("POST", (*USER, "password"), body={"token": None}),
        WireRequest("POST", (*USER, "password"), body={"token": 7}),
        WireRequest("PUT", (*USER, "idps", "local"), body={"idpUserId": 7}),
        WireRequest("PUT", USER, body={"id": "bert"}),
        WireRequest("PATCH", USER, body={"token": "a"}),
        WireRequest("PATCH", USER, body={"version": True}),
        WireRequest("PATCH", USER, body={"displayName": 7}),
        WireRequest("PATCH", USER, body={"emails": "a@example.com"}),
        WireRequest("PATCH", USER, body={"emails": ["a@example.com"]}),
        WireRequest("PATCH", USER, body={"status": {"active": "true"}}),
        WireRequest("PATCH", USER, body={"status": "active"}),
        WireRequest("PATCH", USER, body={"permissions": {"userAdmin": "yes"}}),
        WireRequest("POST", ("v3", "users"), body={"id": ["a"]}),
        WireRequest("POST", ("v3", "users"), body={"id": "a", "addresses": [{"postalCode": 1.5}]}),
        WireRequest("GET", USER),
    ],
)
def test_a_body_that_does_not_say_what_it_should_is_refused(request_: WireRequest) -> None:
    """The sentence names the field and never its value."""
    with pytest.raises(Unreadable) as unread:
        read(request_)
    assert "example.com" not in str(unread.value)


def test_null_is_empty_and_a_number_may_be_a_postal_code() -> None:
    """As IBM's samples have it."""
    body = {"id": "a", "title": None, "emails": None, "preferences": {"locale": None, "timezone": None}}
    command = read(WireRequest("POST", ("v3", "users"), body={**body, "addresses": [{"postalCode": 91608}]}))
    assert isinstance(command, CreateUser)
    assert command.profile.addresses[0].postal_code == "91608"
    assert command.profile.timezone == ""


def stored(**parts: Any) -> User:
    """A user with something of everything."""
    profile = Profile("Amal", title="Dr", language="en", more={MORE: {"groups": ["g"]}, "hdp": {"x": 1}})
    return replace(User("u", 1, 1, "amal", "amal", profile, Stamp("x", NOON), Stamp("x", NOON)), **parts)


def test_a_patch_changes_what_it_names_and_keeps_the_rest() -> None:
    """Also what other dialects keep."""
    command = read(WireRequest("PATCH", USER, body={"displayName": "New", "selfReg": {"a": 1}}), stored())
    assert isinstance(command, UpdateUser)
    assert command.profile == replace(
        stored().profile, display_name="New", more={MORE: {"groups": ["g"], "selfReg": {"a": 1}}, "hdp": {"x": 1}}
    )
    assert (command.login, command.status, command.rights) == (None, None, None)


def test_a_patch_of_something_else_leaves_the_profile_alone() -> None:
    """The profile is only written when it is spoken of."""
    command = read(WireRequest("PATCH", USER, body={"username": "new", "version": 3}), stored())
    assert command == UpdateUser("amal", login="new", version=3)


def test_a_put_replaces_the_profile_but_not_what_other_dialects_keep() -> None:
    """What is not sent is gone, in MAS's own words only."""
    command = read(WireRequest("PUT", USER, body={"displayName": "New"}), stored())
    assert isinstance(command, UpdateUser)
    assert command.profile == Profile("New", more={"hdp": {"x": 1}})


def test_sending_back_what_was_read_does_not_unlock() -> None:
    """A locked user shows as active; only a status of its own unlocks."""
    locked = stored(status=Status.LOCKED)
    command = read(WireRequest("PUT", USER, body=sent(user_body(locked))), locked)
    assert isinstance(command, UpdateUser)
    assert command.status is None
    assert read(WireRequest("PATCH", USER, body={"status": {"active": True}}), locked) == SetStatus(
        "amal", Status.ACTIVE
    )


@given(rights, st.sets(st.sampled_from(list(Right))).map(frozenset))
def test_permissions_sent_back_as_they_were_read_change_nothing(
    wanted: frozenset[Right], has: frozenset[Right]
) -> None:
    """A right that MAS cannot show alone (audit, say) is not lost."""
    user = stored(rights=has)
    shown = sent(user_body(user))["permissions"]
    assert read_rights(shown, has) == has
    assert read_rights({}, has) == has
    assert read_rights(sent(user_body(stored(rights=wanted)))["permissions"], frozenset()) == wanted


def test_a_permission_is_taken_away() -> None:
    """When it is sent as false."""
    assert read_rights({"userAdmin": False}, USER_RIGHTS | {Right.KEYS}) == {Right.KEYS}


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2020-02-20T13:54:00", datetime(2020, 2, 20, 13, 54, tzinfo=UTC)),
        ("2023-12-12T18:55:59.134777", datetime(2023, 12, 12, 18, 55, 59, 134777, tzinfo=UTC)),
        ("2020-12-20T17:28:29.871Z", datetime(2020, 12, 20, 17, 28, 29, 871000, tzinfo=UTC)),
        ("2020-12-20T17:28:29+02:00", datetime(2020, 12, 20, 15, 28, 29, tzinfo=UTC)),
        ("yesterday", None),
        (7, None),
    ],
)
def test_times_are_read_in_every_form_of_the_samples(text: object, at: datetime | None) -> None:
    """Without a zone it is UTC."""
    assert read_time(text) == at


def test_a_user_of_a_stranger_may_lack_almost_everything() -> None:
    """But not the id."""
    user = read_user({"id": "amal", "version": "x", "identities": {"_local": {"state": {"lockedOut": True}}}})
    assert (user.login, user.status, user.version, user.has_password) == ("amal", Status.LOCKED, 1, True)
    with pytest.raises(Unreadable):
        read_user({"username": "amal"})


@pytest.mark.parametrize(
    ("command", "answer", "why"),
    [
        (ResetPassword("a", Secret("x")), WireAnswer(400, {}), Reason.POLICY),
        (ResetPassword("a"), WireAnswer(400, {}), Reason.OTHER),
        (CreateUser("a", Profile()), WireAnswer(409, None), Reason.EXISTS),
        (CreateUser("a", Profile()), WireAnswer(409, {"exception": {"id": "AIUCO9999E"}}), Reason.OTHER),
        (CreateUser("a", Profile()), WireAnswer(409, {"exception": {"id": "AIUI1002E"}}), Reason.EXISTS),
        (CreateUser("a", Profile()), WireAnswer(409, {"exception": {"id": "AIUCO1026E"}}), Reason.RESERVED),
        (DeleteUser("a"), WireAnswer(404, {"message": "x"}), Reason.NO_SUCH_USER),
        (DeleteUser("a"), WireAnswer(403, {"exception": "x"}), Reason.NOT_ALLOWED),
        (DeleteUser("a"), WireAnswer(401, {"exception": {"id": 7}}), Reason.NOT_SIGNED_IN),
        (DeleteUser("a"), WireAnswer(429, [], 3.0), Reason.TOO_MANY),
        (DeleteUser("a"), WireAnswer(503, "x"), Reason.BUSY),
        (DeleteUser("a"), WireAnswer(418, {"message": "AIUCO1: teapot"}), Reason.OTHER),
    ],
)
def test_a_refusal_without_a_known_code_is_read_by_its_status(
    command: Command, answer: WireAnswer, why: Reason
) -> None:
    """No behaviour hangs on an invented code."""
    back = read_outcome(command, answer)
    assert isinstance(back, Refused)
    assert back.reason is why


def test_a_token_nobody_asked_for_is_not_taken_for_a_secret() -> None:
    """Only a generated reset is handed back."""
    answer = WireAnswer(200, {"token": "x"})
    known = read_outcome(ResetPassword("a", Secret("y")), answer)
    assert isinstance(known, Changed)
    assert known.secret is None


def test_what_is_not_found_may_be_something_else_than_a_user() -> None:
    """The kind and the id stand in the properties."""
    assert write_refusal(Refused("k", Reason.NO_SUCH_USER), kind="apikey").value == {
        "exception": {"id": "KTMAS1002E", "properties": ["apikey", "k"]},
        "message": "KTMAS1002E: Resource not found",
    }


def test_only_four_codes_are_the_vendor_s_and_all_others_say_so() -> None:
    """The list in the README of the dialect is this one."""
    documented = [fault.code for fault in (*FAULTS.written, *FAULTS.also_read) if not fault.invented]
    assert documented == ["AIUCO1003E", "AIUCO1005E", "AIUCO1026E", "AIUI1002E"]
    assert all(fault.code.startswith("KTMAS") for fault in FAULTS.invented())
