"""What somebody supplied is stored under the slow hash, whatever it looks like and whichever way it came."""

import re
from collections.abc import Callable, Mapping

import pytest

from keyturn.core.commands import ChangePassword, Command, CreateUser, ResetPassword
from keyturn.core.credentials import Source
from keyturn.core.outcomes import Changed, Created
from keyturn.core.secret import Secret
from keyturn.core.users import Profile
from tests.support.house import GOOD, House

LIKE_A_ONE_TIME_SECRET = Secret("K7QX2-9F3M-ZT8B-4WRA-6HNC-D5EJG")
PHRASE = Secret("seven purple lanterns by the sea")

WAYS: Mapping[str, Callable[[Secret], Command]] = {
    "created with": lambda value: CreateUser("new", Profile(), password=value),
    "reset to": lambda value: ResetPassword("amal", value),
    "reset for good": lambda value: ResetPassword("amal", value, permanent=True),
    "reset with a letter": lambda value: ResetPassword("amal", value, notify=True),
    "changed with the present one": lambda value: ChangePassword("amal", value, old=GOOD),
}


def stored(house: House, who: str) -> tuple[str, Source]:
    """The verifier of a user, and who chose the password."""
    from_store = house.parts.store
    with from_store.reading() as view:
        [subject] = [one for one in view.users.logins(who) if one.tenant == 1]
    assert subject.credential is not None
    return subject.credential.verifier, subject.credential.source


@pytest.mark.proves("ST-3", "ST-1", "V6.5.2")
@pytest.mark.parametrize("value", [LIKE_A_ONE_TIME_SECRET, PHRASE], ids=["like a one-time secret", "phrase"])
@pytest.mark.parametrize("way", WAYS)
def test_a_supplied_value_is_never_stored_under_the_fast_hash(house: House, way: str, value: Secret) -> None:
    """Also where it has the very shape of what the directory makes itself."""
    house.add("amal", password=GOOD, mail="amal@example.com")
    [outcome] = house.directory().execute([WAYS[way](value)])
    assert isinstance(outcome, Changed | Created), outcome
    verifier, source = stored(house, "new" if way == "created with" else "amal")
    assert verifier.startswith("$argon2id$")
    assert source is not Source.GENERATED


@pytest.mark.proves("ST-3")
def test_only_what_the_directory_made_itself_is_stored_under_the_fast_hash(house: House) -> None:
    """And says so."""
    house.add("amal", password=GOOD)
    [outcome] = house.directory().execute([ResetPassword("amal")])
    assert isinstance(outcome, Changed)
    assert outcome.secret is not None
    verifier, source = stored(house, "amal")
    assert re.fullmatch(r"\$hmac-sha256\$.*", verifier)
    assert source is Source.GENERATED
