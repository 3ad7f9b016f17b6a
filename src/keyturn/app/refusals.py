"""A refusal as an error, for commands of one row that have nothing more to do."""

from typing import TypeVar

from keyturn.api.problems import PROBLEMS
from keyturn.core.errors import KeyturnError
from keyturn.core.outcomes import Changed, Created, Outcome, Refused, Uncertain, Unchanged

T = TypeVar("T")


def accepted(answer: "T | Refused") -> T:
    """The answer, when it is no refusal.  Raises KeyturnError with the code of the reason."""
    if isinstance(answer, Refused):
        problem = PROBLEMS[answer.reason]
        what = answer.text or problem.title
        raise KeyturnError(f"{answer.who}: {what}" if answer.who else what, code=problem.code)
    return answer


def settled(outcome: Outcome) -> Created | Changed | Unchanged:
    """The outcome, when the command took effect.  Raises KeyturnError otherwise."""
    done = accepted(outcome)
    if isinstance(done, Uncertain):
        raise KeyturnError(f"{done.who}: {done.text or 'it is not certain whether this was done'}", code="KT-SRV-004")
    return done
