"""The one door: an operation that its caller named is done once."""

from dataclasses import replace
from datetime import timedelta

from keyturn.core.commands import (
    ChangePassword,
    CreateUser,
    ResetPassword,
    SetStatus,
)
from keyturn.core.outcomes import Changed, Created, Reason, Unchanged
from keyturn.core.users import USER_RIGHTS, Profile, Status
from tests.support.house import GOOD, OTHER, House, reason

USERS = USER_RIGHTS


def test_a_repeated_operation_gets_the_first_outcome_and_changes_nothing(house: House) -> None:
    house.add("amal")
    command = ResetPassword("amal", operation="run1:7")
    [first] = house.directory().execute([command])
    [second] = house.directory().execute([command])
    assert isinstance(first, Changed)
    assert first == second
    assert first.secret is not None
    assert [event[1] for event in house.events()[-2:]] == ["changed", "repeated"]
    [other] = house.directory(actor="else").execute([command])
    assert isinstance(other, Changed)
    assert other.secret != first.secret


def test_a_repeated_creation_shows_the_user_again(house: House) -> None:
    command = CreateUser("amal", Profile(), password=GOOD, operation="create-1")
    [first] = house.directory().execute([command])
    [second] = house.directory().execute([command])
    assert isinstance(first, Created)
    assert isinstance(second, Created)
    assert first.user == second.user


def test_a_repeat_after_another_reset_does_not_derive_a_dead_secret(house: House) -> None:
    house.add("amal")
    command = ResetPassword("amal", operation="run1:7")
    house.directory().execute([command, ResetPassword("amal", GOOD)])
    [again] = house.directory().execute([command])
    assert again == Changed("amal")


def test_an_operation_id_cannot_stand_for_two_commands(house: House) -> None:
    house.add("amal")
    house.add("badr")
    house.directory().execute([ResetPassword("amal", GOOD, operation="one")])
    for other in (ResetPassword("amal", OTHER, operation="one"), ResetPassword("badr", GOOD, operation="one")):
        [outcome] = house.directory().execute([other])
        assert reason(outcome) is Reason.OPERATION_REUSED


def test_a_change_that_is_asked_again_is_the_same_operation(house: House) -> None:
    """That its first answer was lost is part of the asking, not of what is asked."""
    house.add("amal", password=GOOD)
    command = ChangePassword("amal", OTHER, GOOD, operation="run1:8")
    outcomes = house.directory().execute([command]), house.directory().execute([replace(command, again=True)])
    assert outcomes == ([Changed("amal")], [Changed("amal")])


def test_a_repeated_unlock_is_remembered_as_unchanged(house: House) -> None:
    house.add("amal")
    command = SetStatus("amal", Status.ACTIVE, operation="unlock-1")
    outcomes = [house.directory().execute([command])[0] for _ in range(2)]
    assert [type(outcome) for outcome in outcomes] == [Unchanged, Unchanged]


def test_an_operation_id_is_forgotten_after_a_day(house: House) -> None:
    house.add("amal")
    command = ResetPassword("amal", operation="one")
    [first] = house.directory().execute([command])
    house.clock.advance(timedelta(hours=25))
    [later] = house.directory().execute([command])
    assert isinstance(first, Changed)
    assert isinstance(later, Changed)
    assert house.events()[-1][1] == "changed"
