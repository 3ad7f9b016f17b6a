"""A refusal as an error, for commands of one row that have nothing more to do."""

from collections.abc import Mapping
from typing import Final, TypeVar

from keyturn.api.problems import PROBLEMS
from keyturn.core.errors import KeyturnError
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused, Uncertain, Unchanged

T = TypeVar("T")

_WHY_AND_FIX: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.NO_SUCH_USER: ("nobody has it in this tenant; ids are text, with their zeros", "keyturn user list"),
    Reason.NO_SUCH_GROUP: ("no group of this tenant has it", "keyturn group list"),
    Reason.NO_SUCH_TENANT: ("no tenant of this server has it", "keyturn tenant list"),
    Reason.EXISTS: ("an id, a sign-in name or a name belongs to one alone", "take another one; nothing was changed"),
    Reason.NOT_ALLOWED: (
        "a right is missing",
        "have it given, or use an account that has it: keyturn explain KT-AUTH-003",
    ),
    Reason.RESERVED: ("it belonged to a deleted user, and nobody inherits it", "take another one"),
}
"""What stands beside the commonest refusals of a command on this machine."""


def accepted(answer: "T | Refused") -> T:
    """The answer, when it is no refusal.  Raises KeyturnError with the code of the reason."""
    if isinstance(answer, Refused):
        raise _error(answer)
    return answer


def settled(outcome: Outcome) -> Created | Changed | Unchanged:
    """The outcome, when the command took effect.  Raises KeyturnError otherwise."""
    if isinstance(outcome, Uncertain):
        text = outcome.text or "it is not certain whether this was done"
        raise KeyturnError(f"{outcome.who}: {text}", code="KT-SRV-004")
    if isinstance(outcome, Refused):
        raise _error(outcome)
    return outcome


def _error(refused: Refused) -> KeyturnError:
    problem = PROBLEMS[refused.reason]
    what = refused.text or problem.title
    why, fix = _WHY_AND_FIX.get(refused.reason, ("", ""))
    return KeyturnError(f"{refused.who}: {what}" if refused.who else what, code=problem.code, why=why, fix=fix)
