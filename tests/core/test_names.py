"""What can be an id or a sign-in name."""

import pytest

from keyturn.core.commands import CreateUser, UpdateUser
from keyturn.core.judging import fault_of_id
from keyturn.core.outcomes import Reason
from keyturn.core.users import Profile
from tests.support.house import House, reason

UNSEEN = ("\u202e", "\u200b\u200d", "\u2066\u2069", "\ufeff", "\u3164", "\u0301", "\ue000", " \u00ad ")


@pytest.mark.parametrize(
    "name", ["007", "müller", "john doe", "a\u200db", "\u05d0\u05de\u05dc\u200f", "生日", "🔑", "+"]
)
def test_whatever_can_be_seen_is_a_name(name: str) -> None:
    """Joiners and marks of direction have their place beside letters."""
    assert fault_of_id(name) == ""


@pytest.mark.parametrize("name", UNSEEN)
def test_a_name_that_nobody_can_see_is_none(house: House, name: str) -> None:
    """It would stand in every list as nothing, and look like any other of its kind."""
    house.add("amal")
    commands = CreateUser(name, Profile()), CreateUser("badr", Profile(), login=name), UpdateUser("amal", login=name)
    assert fault_of_id(name) == "the id holds no character that can be seen"
    assert [reason(house.directory().execute([command])[0]) for command in commands] == [Reason.INVALID] * 3
