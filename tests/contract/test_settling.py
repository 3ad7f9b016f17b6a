"""A change of password that is asked again after a lost answer: the directory finds out which password is valid."""

from dataclasses import replace

import pytest

from keyturn.core.commands import ChangePassword
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.secret import Secret
from tests.contract.kinds import GOOD, World

OTHER = "eight blue kettles on a shelf"
THIRD = "seven yellow taxis in the rain"

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.needs("settles")]


@pytest.mark.parametrize("done", [True, False])
async def test_afterwards_the_new_password_is_valid_whether_the_first_try_took_effect_or_not(
    here: World, done: bool
) -> None:
    """So that a runner may ask until it is answered."""
    who = await here.add(password=GOOD)
    change = ChangePassword(who, Secret(OTHER), Secret(GOOD))
    if done:
        assert isinstance(await here.ask(change), Changed)
    for _ in range(2):
        assert isinstance(await here.ask(replace(change, again=True)), Changed)
    assert await here.sign_in(who, Secret(OTHER)) is not None
    assert await here.sign_in(who, Secret(GOOD)) is None


async def test_that_neither_is_valid_is_said_and_changes_nothing(here: World) -> None:
    """Somebody else was faster, or the file was wrong."""
    who = await here.add(password=GOOD)
    outcome = await here.ask(ChangePassword(who, Secret(OTHER), Secret(THIRD), again=True))
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.WRONG_PASSWORD
    assert "neither" in outcome.text
    assert await here.sign_in(who, Secret(GOOD)) is not None
