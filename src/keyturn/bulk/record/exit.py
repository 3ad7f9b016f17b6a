"""How a command ends, for scripts.  An unknown code is a failure."""

from enum import IntEnum, unique


@unique
class ExitCode(IntEnum):
    """One number a kind of ending; `docs/reference/exit-codes.md` says what may have changed."""

    FINE = 0
    OUR_FAULT = 1
    USAGE = 2
    FAILURES = 3
    SIGN_IN = 4
    FILE = 5
    UNREACHABLE = 6
    BRAKE = 7
    UNCONFIRMED = 8
    UNCERTAIN = 9
    HELD = 10
    INTERRUPTED = 130
    TERMINATED = 143
