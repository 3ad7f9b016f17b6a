"""How each route that needs a right is asked, door by door.  A route without a row fails the test."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from keyturn.core.users import User
from tests.rights.asks import hdp, mas, own, primavera, scim, uipath
from tests.rights.stage import Asks, Stage


@dataclass(frozen=True)
class DoorUnderTest:
    """What is asked at a door, and how roles sign in there.

    by_key: as a key, so that nobody is oneself and nobody must change a password.  reaches: whoever holds all rights in
    the first tenant works in the others.
    """

    asks: Asks
    sign: Callable[[Stage, User, str], dict[str, str]]
    by_key: bool = False
    reaches: bool = False


DOORS: Final[Mapping[str, DoorUnderTest]] = {
    "mas": DoorUnderTest(mas.ASKS, mas.sign),
    "uipath": DoorUnderTest(uipath.ASKS, uipath.sign, by_key=True),
    "primavera": DoorUnderTest(primavera.ASKS, primavera.sign),
    "hdp": DoorUnderTest(hdp.ASKS, hdp.sign, reaches=True),
    "scim": DoorUnderTest(scim.ASKS, scim.sign, by_key=True),
    "keyturn": DoorUnderTest(own.ASKS, own.sign),
}
