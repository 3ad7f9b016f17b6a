"""What client halves share when they read users back: which answers hold something, and what time it is there."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from keyturn.core.evidence import Evidence, nobody
from keyturn.core.outcomes import Reason, Refused
from keyturn.http.answers import Answer, Lost


def readable(answer: Answer | Lost | Refused, what: str) -> Answer | Refused:
    """The answer to a read, unless it can hold nothing.  what: named in the sentence that says why."""
    if isinstance(answer, Refused):
        return answer
    if isinstance(answer, Lost):
        return Refused("", Reason.UNREACHABLE, f"reading {what}: {answer.text}")
    if answer.status == 403:
        return Refused("", Reason.NOT_ALLOWED, f"the account may not read {what}")
    if answer.status in (429, 503):
        reason = Reason.TOO_MANY if answer.status == 429 else Reason.BUSY
        return Refused("", reason, f"reading {what}: the target is busy", retry_after=answer.retry_after())
    return answer


def evident(
    who: str, answer: Answer | Lost | Refused, read: Callable[[Mapping[str, object]], Evidence]
) -> Evidence | Refused:
    """What the answer to the reading of one user shows.  read: raises ValueError for a body that is no such user."""
    told = readable(answer, "the user")
    if isinstance(told, Refused):
        return replace(told, who=who)
    if told.status == 404 and not told.is_html():
        return nobody(who, told.clock())
    value = told.value()
    if told.status != 200 or told.is_html() or not isinstance(value, Mapping):
        return Refused(who, Reason.OTHER, f"reading the user: answered {told.status} with no user")
    try:
        return replace(read(value), who=who, clock=told.clock())
    except ValueError as error:
        return Refused(who, Reason.OTHER, f"reading the user: {error}")
