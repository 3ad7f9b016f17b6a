"""Passwords, tokens and keys in clear, as a type that no log line, traceback or report can show."""

import hmac
from typing import Final, NoReturn, final

MASK: Final = "***"


@final
class Secret:
    """Holds a clear text so that nothing prints, pickles or serialises it by accident.

    >>> print(Secret("opensesame"))
    ***
    >>> Secret("opensesame")
    Secret(***)
    """

    __slots__ = ("_clear",)

    def __init__(self, clear: str) -> None:
        self._clear = clear

    def reveal(self) -> str:
        """Hand out the clear text.  A house test counts the callers: each one is a decision."""
        return self._clear

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        """True unless the clear text is empty."""
        return self._clear != ""

    def __eq__(self, other: object) -> bool:
        """Compare in constant time, so that a comparison tells nothing by how long it takes."""
        if not isinstance(other, Secret):
            return NotImplemented
        mine = self._clear.encode("utf-8", "surrogatepass")
        theirs = other._clear.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(mine, theirs)

    __hash__ = None  # type: ignore[assignment]  # a secret is never a dictionary key

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never pickled or copied by value")
