"""The words of the vendor: what goes out can be read back, and what cannot be said is not said."""

import json
from dataclasses import replace

import pytest
from hypothesis import given

from keyturn.core.capabilities import misfit
from keyturn.core.commands import ChangePassword, Command, CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.secret import Secret
from keyturn.core.users import Contact, Profile, Stamp, Status, User
from keyturn.dialects.primavera.wire import CAPABILITIES, MOST, WireRequest, read, write
from keyturn.dialects.primavera.wire_user import (
    LONG_AGO,
    Unreadable,
    read_profile,
    read_status,
    read_time,
    read_user,
    user_body,
)
from keyturn.http.json import encode, read_json
from tests.dialects.primavera.strategies import batches, users

RESET = ResetPassword("JSMITH", Secret("nine green bottles"), permanent=True)
STORED = User("u", 7, 1, "k", "JSMITH", Profile("Jim Smith", "Jim", "Smith"), LONG_AGO, LONG_AGO)


@given(batches())
def test_what_fits_survives_the_wire(commands: list[Command]) -> None:
    """Through real JSON, as the other half gets it."""
    assert [misfit(command, CAPABILITIES) for command in commands] == [None] * len(commands)
    request = write(commands)
    assert read(replace(request, body=read_json(encode(request.body)))) == commands


@given(users())
def test_a_user_survives_the_wire(user: User) -> None:
    """As far as the vendor shows one: what a locked user may do is not shown, a locked user is active."""
    assert read_user(json.loads(encode(user_body(user)))) == user


def test_a_request_prints_no_password() -> None:
    assert "green" not in repr(write([RESET]))


@pytest.mark.parametrize(
    "commands",
    [
        [UpdateUser("a", Profile(), version=2, status=Status.ACTIVE, rights=frozenset())],
        [UpdateUser("a", Profile(), status=Status.ACTIVE, rights=frozenset()), DeleteUser("b")],
        [ChangePassword("a", Secret("x"), Secret("y"))],
        [RESET, ResetPassword("b", notify=True)],
        [RESET, replace(RESET, notify=True)],
        [replace(RESET, permanent=False)],
        [RESET, DeleteUser("b")],
        [ResetPassword("a")],
        [ResetPassword("a", notify=True, permanent=True)],
        [ResetPassword("a", notify=True), RESET],
        [ResetPassword("a", notify=True), DeleteUser("b")],
        [SetStatus("a", Status.LOCKED)],
        [SetStatus("a", Status.ACTIVE), DeleteUser("b")],
        [DeleteUser("a"), SetStatus("b", Status.ACTIVE)],
        [CreateUser("a", Profile(), password=Secret("x"))],
        [CreateUser("a", Profile(), generate=True)],
        [CreateUser("a", Profile(), notify=True)],
        [CreateUser("a", Profile(title="Dr"))],
        [CreateUser("a", Profile()), DeleteUser("b")],
    ],
)
def test_what_has_no_words_is_not_written(commands: list[Command]) -> None:
    """Rather than something else."""
    with pytest.raises(ValueError, match="no words"):
        write(commands)


def test_a_character_above_the_char_of_java_makes_the_password_one_text() -> None:
    """An array of single characters could not hold it."""
    assert write([RESET]).body == [{"loginId": "JSMITH", "password": [*"nine green bottles"]}]
    key = replace(RESET, new=Secret("key \U0001f511"))
    assert write([key]).body == [{"loginId": "JSMITH", "password": "key \U0001f511"}]


def manual(body: object, mail: str = "true") -> WireRequest:
    """A manual reset."""
    return WireRequest("PUT", ("user", "manual-reset-pwd", mail), body)


@pytest.mark.parametrize(
    "request_",
    [
        manual({}),
        manual(None),
        manual([7]),
        manual([{"password": "x"}]),
        manual([{"loginId": 7, "password": "x"}]),
        manual([{"loginId": "a"}]),
        manual([{"loginId": "a", "password": None}]),
        manual([{"loginId": "a", "password": 7}]),
        manual([{"loginId": "a", "password": ["ab"]}]),
        manual([{"loginId": "a", "password": ["a", ""]}]),
        manual([{"loginId": "a", "password": ["a", 7]}]),
        manual([{"loginId": "a", "password": "x"}] * (MOST + 1)),
        WireRequest("PUT", ("user", "auto-reset-pwd"), [{"loginId": "a"}]),
        WireRequest("PUT", ("user", "auto-reset-pwd"), [""]),
        WireRequest("PUT", ("user", "auto-reset-pwd"), "JSMITH"),
        WireRequest("PUT", ("user", "change-status"), [{"loginId": "a"}]),
        WireRequest("PUT", ("user", "change-status"), [{"loginId": "a", "disabled": "yes"}]),
        WireRequest("PUT", ("user", "change-status"), [{"loginId": "a", "status": 7}]),
        WireRequest("POST", ("user",), []),
        WireRequest("POST", ("user",), {"added": [{"loginId": "a", "password": ["x"]}]}),
        WireRequest("POST", ("user",), {"added": [{"loginId": "a", "roles": "all"}]}),
        WireRequest("POST", ("user",), {"modified": [{"loginId": "a", "password": ["x"]}]}),
        WireRequest("POST", ("user",), {"deleted": [{"loginId": "a"}]}),
        WireRequest("DELETE", ("user",)),
    ],
)
def test_a_body_that_does_not_say_what_it_should_is_refused(request_: WireRequest) -> None:
    """As a whole: nothing of it is done."""
    with pytest.raises(Unreadable):
        read(request_)


@pytest.mark.parametrize("word", ["", "yes", "2"])
def test_the_mail_switch_is_true_or_false(word: str) -> None:
    """In any letter case, and nothing else."""
    with pytest.raises(Unreadable):
        read(manual([], word))
    assert read(manual([], "FALSE")) == []


def test_an_address_can_be_taken_away() -> None:
    profile = Profile(emails=(Contact("a@b"),))
    assert read_profile({"emailAddress": ""}, profile).emails == ()
    assert read_profile({"emailAddress": None}, profile).emails == ()
    assert read_profile({"emailAddress": "c@d"}, profile).mail() == "c@d"


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        ({}, None),
        ({"disabled": None}, None),
        ({"disabled": True, "status": "Active"}, Status.DISABLED),
        ({"status": "ACTIVE"}, Status.ACTIVE),
        ({"status": "Inactive"}, Status.DISABLED),
    ],
)
def test_disabled_says_more_than_status(entry: dict[str, object], status: Status | None) -> None:
    assert read_status(entry) is status


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1970-01-01T00:01:00", 60), ("1970-01-01T01:01:00+01:00", 60), ("1970-01-01T00:01:00Z", 60), ("soon", None),
     ({"time": 1}, None)],
)  # fmt: skip
def test_times_are_read_with_and_without_a_zone(text: object, seconds: int | None) -> None:
    at = read_time(text)
    assert (at.timestamp() if at is not None else None) == seconds


@pytest.mark.parametrize("number", ["7", 7, "x", "", "9" * 19, "²"])
def test_a_number_that_is_none_is_zero(number: object) -> None:
    assert read_user({"loginId": "a", "id": number}).number == (7 if number == "7" else 0)


def test_whoever_made_a_user_is_not_read() -> None:
    """Else a user without a password would pass for one that a run made whole."""
    assert read_user({"loginId": "a", "createdBy": "ADMIN"}).added == Stamp("", LONG_AGO.at)
