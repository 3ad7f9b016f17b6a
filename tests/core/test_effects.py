"""What is accepted is pressed into effects; a fault of ours is loud."""

import pytest

from keyturn.core.commands import ResetPassword
from keyturn.core.effects import Effects, Press
from tests.support.house import GOOD, House


def test_only_a_creation_is_accepted_without_a_subject(house: House) -> None:
    house.add("amal")
    press = Press(house.parts.minter, house.parts.hasher, house.parts.sealer, house.clock.now())
    [step] = house.directory().look([ResetPassword("amal", GOOD)])
    with pytest.raises(ValueError, match="without a subject"):
        press.accept(step, None, Effects())
