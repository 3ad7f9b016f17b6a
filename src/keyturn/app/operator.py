"""The person at the machine: who may read the data folder may administer what is in it, under their own name."""

import os
import sys
from typing import Final

from keyturn.core.permissions import Actor, Proof
from keyturn.core.users import ALL_RIGHTS

DOOR: Final = "cli"


def operator() -> Actor:
    """The actor that the audit names for commands on a local directory: the account of the operating system."""
    name = account_name()
    return Actor(f"os:{name}", name, 1, ALL_RIGHTS, Proof.CONSOLE)


if sys.platform == "win32":

    def account_name() -> str:
        """The name of whoever runs this, not taken from the environment, which anybody could set."""
        return os.getlogin()

else:
    import pwd

    def account_name(number: int | None = None) -> str:
        """The name of whoever runs this, not taken from the environment, which anybody could set.

        number: another account; one without a name, as containers use, is told by its number.
        """
        number = os.getuid() if number is None else number
        try:
            return pwd.getpwuid(number).pw_name
        except KeyError:
            return str(number)
