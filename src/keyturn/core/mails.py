"""Seeing what became of mails, and sending or cancelling one by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keyturn.core.outbox import Mail
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Target, may, not_allowed
from keyturn.core.steps import Caller, Parts
from keyturn.core.storage import Transaction
from keyturn.core.users import Handle

BY_HAND = "cancelled by hand"


@dataclass(frozen=True, slots=True)
class LocalMails:
    """The mails of the tenant as one caller may use them.  None is shown with what it says."""

    parts: Parts
    caller: Caller

    def list(self, who: str = "", state: str = "", count: int = 100) -> Sequence[Mail] | Refused:
        """Mails, newest first.  who: only to this user; state: only in this one."""
        tenant, verb = self.caller.actor.tenant, "mail.list"
        if not may(self.caller.actor, verb, Target.NOBODY):
            with self.parts.store.writing() as transaction:
                return self._refuse(transaction, verb, not_allowed(who))
        with self.parts.store.reading() as view:
            uid = ""
            if who:
                subject = view.users.subjects(tenant, [who], Handle.KEY).get(who)
                if subject is None:
                    return ()
                uid = subject.uid
            return [replace(mail, sealed=None) for mail in view.outbox.list(tenant, state=state, uid=uid, count=count)]

    def retry(self, start: str) -> Mail | Refused:
        """Send a mail that waits or failed as soon as may be, whatever it waits for.  start: of its id."""
        verb = "mail.retry"
        with self.parts.store.writing() as transaction:
            mail = self._mine(transaction, verb, start)
            if isinstance(mail, Refused):
                return self._refuse(transaction, verb, mail)
            now = self.parts.clock.now()
            if now >= mail.expires or not transaction.outbox.again(mail.id, now):
                over = "its time is up" if now >= mail.expires else f"it is {mail.state}"
                return self._refuse(transaction, verb, Refused(start, Reason.INVALID, over), mail)
            return self._done(transaction, verb, replace(mail, state="waiting", not_before=now))

    def cancel(self, start: str) -> Mail | Refused:
        """Send a mail that waits no more; what its reset did stays done.  start: of its id."""
        verb = "mail.cancel"
        with self.parts.store.writing() as transaction:
            mail = self._mine(transaction, verb, start)
            if isinstance(mail, Refused):
                return self._refuse(transaction, verb, mail)
            if not transaction.outbox.drop(mail.id, BY_HAND):
                return self._refuse(transaction, verb, Refused(start, Reason.INVALID, f"it is {mail.state}"), mail)
            return self._done(transaction, verb, replace(mail, state="cancelled"))

    def _mine(self, transaction: Transaction, verb: str, start: str) -> Mail | Refused:
        """The one mail that is meant, if the caller may touch the credential of the user whom it is to."""
        actor = self.caller.actor
        if not may(actor, verb, Target.OTHER):
            return not_allowed(start)
        found = transaction.outbox.find(actor.tenant, start) if start else ()
        if len(found) != 1:
            text = "more than one mail has an id that begins so" if found else "there is no such mail"
            return Refused(start, Reason.NO_SUCH_USER, text)
        [mail] = found
        owner = transaction.users.by_uid([mail.uid]).get(mail.uid)
        rights, administers = (owner.rights, owner.administers) if owner is not None else (frozenset(), frozenset())
        return replace(mail, sealed=None) if may(actor, verb, Target.OTHER, rights, administers) else not_allowed(start)

    def _done(self, transaction: Transaction, verb: str, mail: Mail) -> Mail:
        event = self.caller.event(
            self.parts.clock.now(),
            verb,
            "changed",
            who=mail.login,
            target=mail.uid,
            detail=f"{mail.template} {mail.id}",
        )
        transaction.audit.append([event])
        return mail

    def _refuse(self, transaction: Transaction, verb: str, refused: Refused, mail: Mail | None = None) -> Refused:
        target = mail.uid if mail is not None else ""
        transaction.audit.append([self.caller.refusal(self.parts.clock.now(), verb, refused, target=target)])
        return refused


def facts(mail: Mail) -> dict[str, object]:
    """A mail as others see it: without what it says."""
    return {
        "id": mail.id,
        "login": mail.login,
        "recipient": mail.recipient,
        "template": mail.template,
        "state": mail.state,
        "created": mail.created.isoformat(timespec="seconds"),
        "not_before": mail.not_before.isoformat(timespec="seconds"),
        "expires": mail.expires.isoformat(timespec="seconds"),
        "settled": mail.settled.isoformat(timespec="seconds") if mail.settled else None,
        "attempts": mail.attempts,
        "why": mail.error,
    }
