"""A refusal as an error, for commands of one row that have nothing more to do."""

from typing import TypeVar

from keyturn.api.problems import PROBLEMS
from keyturn.core.errors import KeyturnError
from keyturn.core.outcomes import Changed, Created, Outcome, Refused, Uncertain, Unchanged

T = TypeVar("T")


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
    return KeyturnError(f"{refused.who}: {what}" if refused.who else what, code=problem.code)
