"""A change of the administration that its caller named is done once: a repeat is told what came of it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import uuid4

from keyturn.core.outcomes import Delivery, Reason, Refused
from keyturn.core.steps import Caller, Parts, spelled
from keyturn.core.storage import Done, Transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """One change as it is asked for.

    verb: in the audit.  about: the id of what is changed, empty for what is new; asked: all else that was asked.
    act: does it in a transaction, under the id of its operation.  subject: the id of what came of it.
    again: what a repeat is told of what came of it then; a secret is derived again, for none was kept.
    """

    verb: str
    about: str
    asked: tuple[object, ...]
    act: Callable[[Transaction, str], T | Refused]
    subject: Callable[[T], str]
    again: Callable[[Transaction, Done], T | Refused]


def do(parts: Parts, caller: Caller, change: Change[T]) -> T | Refused:
    """Do a change in one transaction, unless it is the repeat of one that was done in the last 24 hours."""
    name = caller.origin.operation
    with parts.store.writing() as transaction:
        if not name:
            return change.act(transaction, uuid4().hex)
        now = parts.clock.now()
        scope = [str(caller.actor.tenant), caller.actor.id, change.verb, name, change.about]
        operation = hashlib.sha256(json.dumps(scope).encode()).hexdigest()
        asked = spelled(change.verb, change.asked)
        done = transaction.operations.find([operation], now).get(operation)
        if done is None:
            answer = change.act(transaction, operation)
            if not isinstance(answer, Refused):
                subject, key_id = change.subject(answer), parts.minter.key_id
                row = Done(
                    operation, parts.hasher.fingerprint(asked), "changed", subject, Delivery.NONE.value, now, key_id
                )
                transaction.operations.put([row])
            return answer
        if done.fingerprint not in parts.hasher.fingerprints(asked):
            text = "this operation id was used for another change"
            reused = Refused(change.about, Reason.OPERATION_REUSED, text)
            transaction.audit.append([caller.refusal(now, change.verb, reused)])
            return reused
        detail = f"first at {done.at.isoformat()}"
        event = caller.event(now, change.verb, "repeated", who=change.about, target=done.uid, detail=detail)
        transaction.audit.append([event])
        return change.again(transaction, done)
