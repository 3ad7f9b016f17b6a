"""Seeing and ending sign-ins: one's own, and those of people whose account one may touch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from keyturn.core.outcomes import Changed, Reason, Refused, Unchanged
from keyturn.core.permissions import Proof, Target, may, not_allowed, outdated
from keyturn.core.sessions import Session
from keyturn.core.steps import Caller, Parts
from keyturn.core.storage import Transaction, View
from keyturn.core.users import Handle

Whose: TypeAlias = tuple[str, str]
"""The owner of sessions (a uid or the id of a key), and the uid that the audit names; empty for a key."""


@dataclass(frozen=True, slots=True)
class LocalSessions:
    """The sessions as one caller may use them.  who: empty for the caller's own."""

    parts: Parts
    caller: Caller

    def of(self, who: str, by: Handle) -> Sequence[Session] | Refused:
        """The good sessions of a user, oldest first."""
        with self.parts.store.reading() as view:
            whose = self._whose(view, "session.list", who, by)
            if not isinstance(whose, Refused):
                return view.sessions.of(whose[0], self.parts.clock.now())
        with self.parts.store.writing() as transaction:
            return self._refuse(transaction, "session.list", whose)

    def end(self, who: str, by: Handle, id: str) -> Changed | Unchanged | Refused:
        """End the session of this id; without one, all but that of the caller."""
        now = self.parts.clock.now()
        with self.parts.store.writing() as transaction:
            whose = self._whose(transaction, "session.end", who, by)
            if isinstance(whose, Refused):
                return self._refuse(transaction, "session.end", whose)
            owner, uid = whose
            open_now = [session.id for session in transaction.sessions.of(owner, now)]
            ended = [each for each in open_now if each == id or (not id and each != self.caller.actor.session)]
            if id and not ended:
                missing = Refused(id, Reason.NO_SUCH_USER, "there is no such session")
                return self._refuse(transaction, "session.end", missing, uid)
            transaction.sessions.end(ended)
            word, detail = ("changed" if ended else "unchanged"), f"{len(ended)} ended"
            event = self.caller.event(now, "session.end", word, who=who or owner, target=uid, detail=detail)
            transaction.audit.append([event])
            return Changed(who) if ended else Unchanged(who)

    def _whose(self, view: View, verb: str, who: str, by: Handle) -> Whose | Refused:
        actor = self.caller.actor
        if not who:
            mine = (actor.key or actor.id, "" if actor.proof is Proof.KEY else actor.id)
            return mine if may(actor, verb, Target.SELF) else not_allowed()
        subject = view.users.subjects(actor.tenant, [who], by).get(who)
        if subject is None:
            missing = Refused(who, Reason.NO_SUCH_USER, "there is no such user")
            return missing if may(actor, verb, Target.OTHER) else not_allowed(who)
        target = Target.SELF if subject.uid == actor.id else Target.OTHER
        if not may(actor, verb, target, subject.rights, subject.administers):
            return not_allowed(who)
        above = target is Target.OTHER and bool(subject.rights or subject.administers)
        refused = outdated(actor, self.parts.clock.now(), who) if above and verb == "session.end" else None
        return refused or (subject.uid, subject.uid)

    def _refuse(self, transaction: Transaction, verb: str, refused: Refused, uid: str = "") -> Refused:
        transaction.audit.append([self.caller.refusal(self.parts.clock.now(), verb, refused, target=uid)])
        return refused
