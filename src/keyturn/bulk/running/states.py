"""The rules of the journal: which state an outcome puts a row in, and what may be sent again after a crash."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from keyturn.bulk.running.breaker import LOST_ANSWER
from keyturn.core.journal import Row, RowState
from keyturn.core.outcomes import Changed, Created, Delivery, Outcome, Reason, Refused, Uncertain, Unchanged
from keyturn.core.users import User

EXISTS: Final = str(Reason.EXISTS)


@dataclass(frozen=True, slots=True)
class Passing:
    """How the password of a row reaches its owner.  handed: it goes into the handout unless it was mailed."""

    handed: bool = False

    def of(self, outcome: Outcome) -> Delivery:
        """The delivery of one outcome."""
        match outcome:
            case Created() | Changed():
                if outcome.delivery is Delivery.NONE and (self.handed or outcome.secret is not None):
                    return Delivery.HANDOUT
                return outcome.delivery
            case Uncertain():
                return Delivery.HANDOUT if self.handed else Delivery.NONE
            case _:
                return Delivery.NONE


def to_send(resendable: bool) -> tuple[RowState, ...]:
    """The states of rows that a sitting sends: those never tried, and doubtful ones where a repeat does no harm."""
    return (RowState.NOT_TRIED, RowState.SENT, RowState.UNCERTAIN) if resendable else (RowState.NOT_TRIED,)


def recovered(row: Row) -> Row:
    """What a row that was sent before a crash becomes when it may not be sent again."""
    text = "keyturn was interrupted after it was sent, and before its answer was written down"
    return Row(row.number, row.who, RowState.UNCERTAIN, reason=LOST_ANSWER, text=text, target=row.target)


def settled(number: int, who: str, outcome: Outcome, passing: Passing) -> Row:
    """The row as its outcome leaves it.  What is true of one try alone (`Refused` after doubt) is judged before."""
    delivery = str(passing.of(outcome))
    match outcome:
        case Created():
            return Row(number, who, RowState.CREATED, delivery=delivery)
        case Changed():
            return Row(number, who, RowState.CHANGED, delivery=delivery)
        case Unchanged():
            return Row(number, who, RowState.SKIPPED, reason="unchanged", text="it was so already")
        case Refused():
            state = RowState.SKIPPED if outcome.reason is Reason.EXISTS else RowState.FAILED
            text = f"{outcome.text} (its code {outcome.code})" if outcome.code else outcome.text
            return Row(number, who, state, reason=str(outcome.reason), text=text)
        case Uncertain():
            return Row(number, who, RowState.UNCERTAIN, reason=LOST_ANSWER, text=outcome.text, delivery=delivery)
        case _ as never:
            assert_never(never)


def made_by_us(user: User | None, account: str, first_sent: datetime) -> bool:
    """True when a user who exists after a lost answer is the one we made: by our account, not before our first send.

    Stamps of whole seconds are common: our own time is rounded down to the second.
    """
    if user is None or user.added.by != account:
        return False
    return user.added.at >= first_sent.replace(microsecond=0)
