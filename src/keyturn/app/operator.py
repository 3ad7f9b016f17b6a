"""The person at the machine: who may read the data folder may administer what is in it, under their own name."""

import os
import sys
from typing import Final

from keyturn.core.permissions import Actor, Proof
from keyturn.core.users import ALL_RIGHTS

DOOR: Final = "cli"


def operator() -> Actor:
    """The actor that the audit names for commands on a local directory: the account of the operating system."""
    name = _account()
    return Actor(f"os:{name}", name, 1, ALL_RIGHTS, Proof.CONSOLE)


if sys.platform == "win32":  # the two ways to ask without the environment, which anybody could set

    def _account() -> str:
        return os.getlogin()

else:
    import pwd

    def _account() -> str:
        number = os.getuid()
        try:
            return pwd.getpwuid(number).pw_name
        except KeyError:
            return str(number)
