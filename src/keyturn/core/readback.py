"""What our own directory shows of credentials when it is read back: everything but the password."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from keyturn.core.evidence import Evidence, Sign, evidence_of, nobody
from keyturn.core.outbox import SECRET, Mail
from keyturn.core.permissions import Target, may
from keyturn.core.steps import Caller, Parts
from keyturn.core.storage import View

EVERYTHING: Final = tuple(Sign)
LATELY: Final = 20
"""How many of a user's newest mails are looked through for one that was to let them in."""


def read_back(parts: Parts, caller: Caller, whos: Sequence[str]) -> list[Evidence]:
    """Each of these users as they are at one moment; nobody in place of whom the caller may not see."""
    now = parts.clock.now()
    with parts.store.reading() as view:
        return [replace(_one(view, caller, who), clock=now) for who in whos]


def _one(view: View, caller: Caller, who: str) -> Evidence:
    actor = caller.actor
    user = view.users.get(actor.tenant, who, caller.via.handle)
    target = Target.SELF if user is not None and user.uid == actor.id else Target.OTHER
    if user is None or not may(actor, "user.read", target):
        return nobody(who)
    seen = evidence_of(who, user)
    if not may(actor, "mail.list", Target.NOBODY):
        return seen
    letters = (mail for mail in view.outbox.list(actor.tenant, uid=user.uid, count=LATELY) if mail.template in SECRET)
    return replace(seen, mail=_became(next(letters, None)))


def _became(mail: Mail | None) -> str:
    if mail is None:
        return ""
    return f"{mail.state}: {mail.error}" if mail.error else mail.state
