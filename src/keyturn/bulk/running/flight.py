"""Carries one batch of rows to the directory and back, as often as it takes, until each has its outcome."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from keyturn.bulk.job import Job
from keyturn.bulk.running.breaker import Breaker, Cause, Trip
from keyturn.bulk.running.knee import Knee
from keyturn.bulk.running.ledger import Ledger
from keyturn.bulk.running.orders import Order
from keyturn.bulk.running.pacing import Budget, Pace, back_off
from keyturn.bulk.running.states import Passing, made_by_us, settled
from keyturn.bulk.running.stopping import Stop
from keyturn.core.errors import KeyturnError
from keyturn.core.journal import Row, RowState
from keyturn.core.outcomes import RETRYABLE, Changed, Created, Outcome, Reason, Refused, Uncertain
from keyturn.core.ports import Clock, Directory

MOST_SLOWED: Final = 200
"""How often one row may be told that we are too fast before that counts as a refusal."""

_SIGN_IN: Final = (Reason.NOT_SIGNED_IN, Reason.NOT_ALLOWED)


@dataclass(slots=True)
class Figures:
    """What the workers share for people to see."""

    in_flight: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Gear:
    """What every flight needs.  resendable: a lost answer may be sent again; paused: told of each common wait."""

    directory: Directory
    job: Job
    passing: Passing
    resendable: bool
    retries: int
    pace: Pace
    knee: Knee
    budget: Budget
    breaker: Breaker
    stop: Stop
    ledger: Ledger
    clock: Clock
    figures: Figures
    paused: Callable[[float], None]


class Flight:
    """One worker's hands."""

    def __init__(self, gear: Gear) -> None:
        self._gear = gear
        self._wait = 0.0
        self._took = 0.0
        self._open: Sequence[Order] = ()

    async def carry(self, batch: Sequence[Order]) -> None:
        """Send a batch until every row of it is settled or given back."""
        gear = self._gear
        gear.budget.earn(len(batch))
        self._open = batch
        try:
            while self._open:
                if not await self._gear.pace.take(len(self._open)):
                    self._give_back()
                    return
                await self._once()
        except asyncio.CancelledError:
            self._give_back()
            raise

    async def _once(self) -> None:
        batch = self._open
        self._gear.knee.leave()
        outcomes = await self._execute(batch)
        self._gear.knee.back(self._took, strained=any(map(_strains, outcomes)))
        self._wait = 0.0
        again = []
        for order, outcome in zip(batch, outcomes, strict=True):
            final = outcome if isinstance(outcome, Changed) else await self._judge(order, outcome)
            if final is None:
                again.append(order)
            else:
                self._settle(order, final)
        self._open = again
        if again:
            await self._before_repeat(again)

    async def _execute(self, batch: Sequence[Order]) -> Sequence[Outcome]:
        gear = self._gear
        gear.figures.in_flight += len(batch)
        began = gear.clock.monotonic()
        sent = gear.clock.now()
        for order in batch:
            order.first_sent = order.first_sent or sent
            order.attempts += 1
        try:
            return await gear.directory.execute([order.asking for order in batch])
        except asyncio.CancelledError:
            for order in batch:
                order.doubt = True
            raise
        except KeyturnError as error:
            return [Uncertain(order.who, error.what) for order in batch]
        except Exception as fault:
            # A fault of ours in one worker: nothing is known of its rows, and no other row may meet it.
            gear.stop.pull(Trip(Cause.FAULT, f"keyturn ran into a fault of its own ({type(fault).__name__})"))
            return [Uncertain(order.who, "keyturn ran into a fault of its own") for order in batch]
        finally:
            gear.figures.in_flight -= len(batch)
            gear.pace.landed()
            self._took = gear.clock.monotonic() - began

    async def _judge(self, order: Order, outcome: Outcome) -> Outcome | RowState | None:
        """The final outcome; NOT_TRIED to give the row back; None to send it again."""
        match outcome:
            case Uncertain():
                order.doubt = True
                return None if self._gear.resendable and self._repeats(order) else outcome
            case Refused(reason=reason) if reason in RETRYABLE:
                return self._later(order, outcome)
            case Refused(reason=reason) if reason in _SIGN_IN:
                return self._not_welcome(order, outcome)
            case Refused(reason=Reason.EXISTS) if order.doubt:
                return await self._look(order)
            case Refused(reason=Reason.SAME_PASSWORD) if order.doubt and self._gear.job.ours:
                return Changed(order.who)  # only the try whose answer was lost can have set this very password
            case _:
                return outcome

    def _later(self, order: Order, outcome: Refused) -> Outcome | RowState | None:
        gear = self._gear
        if gear.stop.asked:
            return RowState.NOT_TRIED
        if outcome.reason is Reason.UNREACHABLE:
            if self._repeats(order):
                return None
            gear.stop.pull(Trip(Cause.UNREACHABLE, outcome.text or "the target cannot be reached"))
            return RowState.NOT_TRIED
        if outcome.reason is Reason.TOO_MANY:
            order.slowed += 1
            if order.slowed > MOST_SLOWED:
                return self._doubtful(order, outcome)
            gear.paused(gear.pace.pause(outcome.retry_after or back_off(min(order.slowed, 4))))
            gear.figures.retries += 1
            return None
        if not self._repeats(order):
            return self._doubtful(order, outcome)
        if outcome.retry_after:
            gear.paused(gear.pace.pause(outcome.retry_after))
        return None

    def _not_welcome(self, order: Order, outcome: Refused) -> Outcome | RowState:
        """A refused sign-in stops the run at once; missing rights do while nothing has worked yet."""
        gear = self._gear
        if outcome.reason is Reason.NOT_ALLOWED and gear.breaker.done:
            return self._doubtful(order, outcome)
        cause = Cause.SIGNED_OUT if outcome.reason is Reason.NOT_SIGNED_IN else Cause.NOT_ALLOWED
        gear.stop.pull(Trip(cause, outcome.text))
        return RowState.NOT_TRIED

    def _doubtful(self, order: Order, outcome: Refused) -> Outcome:
        """A refusal that speaks of this try alone says nothing of an earlier one whose answer was lost."""
        return Uncertain(order.who, outcome.text) if order.doubt else outcome

    async def _look(self, order: Order) -> Outcome:
        """The user exists after a lost answer: find out whether it is the one that we made."""
        directory = self._gear.directory
        try:
            user = await directory.find(order.who)
        except KeyturnError as error:
            return Uncertain(order.who, f"it exists, and looking it up failed: {error.what}")
        if order.first_sent and made_by_us(user, directory.account, order.first_sent):
            if order.wants_password and user is not None and not user.has_password:
                return Uncertain(order.who, "this run made it, and the password that was wanted with it is not there")
            return Created(order.who, user)
        return Uncertain(order.who, "it exists, and nothing shows whether this run made it or somebody else did")

    def _repeats(self, order: Order) -> bool:
        gear = self._gear
        order.tries += 1
        if order.tries > gear.retries or gear.stop.asked or not gear.budget.spend():
            return False
        gear.figures.retries += 1
        self._wait = max(self._wait, back_off(order.tries))
        return True

    async def _before_repeat(self, again: Sequence[Order]) -> None:
        gear = self._gear
        if self._wait:
            await gear.stop.pause(self._wait)
        if not gear.stop.asked:
            await gear.ledger.send([order.number for order in again])

    def _give_back(self) -> None:
        for order in self._open:
            self._settle(order, RowState.NOT_TRIED)
        self._open = ()

    def _settle(self, order: Order, final: Outcome | RowState) -> None:
        gear = self._gear
        if isinstance(final, RowState):
            gear.ledger.put(given_back(order, gear.passing))
            return
        row = settled(order.number, order.who, final, gear.passing)
        now, target = gear.clock.now(), order.target
        row = replace(row, attempts=order.attempts, milliseconds=round(self._took * 1000), settled=now, target=target)
        gear.ledger.put(row, final.secret if isinstance(final, Created | Changed) else None)
        trip = gear.breaker.count(row.state, row.reason)
        if trip is not None:
            gear.stop.pull(trip)


def _strains(outcome: Outcome) -> bool:
    """Whether a target that answers so has too much to do, or is about to."""
    return isinstance(outcome, Uncertain) or (isinstance(outcome, Refused) and outcome.reason in RETRYABLE)


def given_back(order: Order, passing: Passing) -> Row:
    """A row that the stop came before; uncertain when an earlier try of it was never answered."""
    if order.doubt:
        text = "it was sent, and the run stopped before an answer came that could be trusted"
        return replace(settled(order.number, order.who, Uncertain(order.who, text), passing), target=order.target)
    return Row(order.number, order.who, RowState.NOT_TRIED, target=order.target)
