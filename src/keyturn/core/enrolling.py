"""One's own second factors: added, shown once, removed; and what an administrator does for who lost theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

from keyturn.core.audit import Event
from keyturn.core.factors import FRESH, MOST_FACTORS, RECOVERY_CODES, Factor, FactorKind, kinds, typed
from keyturn.core.noticing import notice
from keyturn.core.outcomes import Changed, Reason, Refused, Unchanged
from keyturn.core.permissions import SIGN_IN_AGAIN, Proof, Target, may, not_allowed, outdated
from keyturn.core.personal import Enrolled, NewApp
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.signin import SignIn
from keyturn.core.starting import Attempt, person, start
from keyturn.core.steps import Caller
from keyturn.core.storage import Subject, Transaction, UserChange, View
from keyturn.core.users import Handle, Stamp

LONGEST_NAME: Final = 64
STALE: Final = "sign in again first: factors are changed within ten minutes of a sign-in"


@dataclass(frozen=True, slots=True)
class LocalFactors:
    """Second factors as one caller may use them.  Each change is one transaction with its audit row."""

    signing_in: SignIn
    caller: Caller

    def own(self) -> Sequence[Factor] | Refused:
        """The caller's own factors and recovery codes."""
        with self.signing_in.parts.store.reading() as view:
            subject = self._self(view)
            if subject is not None and may(self.caller.actor, "factor.read", Target.SELF):
                return view.factors.of(subject.uid)
        return self._unread(not_allowed())

    def of(self, who: str, by: Handle) -> Sequence[Factor] | Refused:
        """The factors of a user whom the caller may see."""
        actor = self.caller.actor
        with self.signing_in.parts.store.reading() as view:
            subject = view.users.subjects(actor.tenant, [who], by).get(who)
            target = Target.SELF if subject is not None and subject.uid == actor.id else Target.OTHER
            allowed = may(actor, "factor.read", target)
            if allowed and subject is not None:
                return view.factors.of(subject.uid)
        return self._unread(_missing(who) if allowed else not_allowed(who))

    def propose(self, name: str) -> NewApp | Refused:
        """A secret for an authenticator app; it opens nothing until a code of it was shown."""
        codes, now = self.signing_in.parts.codes, self._now()
        with self.signing_in.parts.store.writing() as transaction:
            subject = self.changing(transaction, "factor.add")
            if isinstance(subject, Refused):
                return subject
            mine = transaction.factors.of(subject.uid)
            if refused := no_room(mine, name):
                return self.refuse(transaction, "factor.add", refused, subject.uid)
            transaction.factors.remove([each.id for each in mine if not each.active])
            tenant = next(one.name for one in transaction.tenants.all() if one.number == subject.tenant)
            secret, made = codes.new(), uuid4().hex
            sealed = codes.seal(secret, made)
            transaction.factors.put([Factor(made, subject.uid, FactorKind.TOTP, name, made, sealed, 0, False, now)])
            detail = "an authenticator app is proposed"
            transaction.audit.append([self._event("factor.add", "started", subject, detail)])
            return NewApp(made, secret, codes.uri(secret, subject.login, f"keyturn {tenant}"))

    def confirm(self, code: Secret) -> Enrolled | Refused:
        """The proposed app works from now on, if the code is of it."""
        codes, now = self.signing_in.parts.codes, self._now()
        with self.signing_in.parts.store.writing() as transaction:
            subject = self.changing(transaction, "factor.add")
            if isinstance(subject, Refused):
                return subject
            mine = transaction.factors.of(subject.uid)
            for factor in mine:
                step = None if factor.active else codes.step(factor.material, factor.id, code, now)
                if step is not None and transaction.factors.advance(factor, step, now):
                    return self.added(transaction, subject, factor, mine)
            wrong = Refused("", Reason.INVALID, "the code is not of the proposed app, or its time is over")
            return self.refuse(transaction, "factor.add", wrong, subject.uid)

    def remove(self, id: str) -> Enrolled | Refused:
        """Remove one of one's own factors; the last takes the recovery codes with it."""
        with self.signing_in.parts.store.writing() as transaction:
            subject = self.changing(transaction, "factor.remove")
            if isinstance(subject, Refused):
                return subject
            mine = transaction.factors.of(subject.uid)
            gone = next((each for each in mine if each.id == id and each.kind is not FactorKind.RECOVERY), None)
            if gone is None:
                return self.refuse(transaction, "factor.remove", _missing(id, "factor"), subject.uid)
            rest = [each for each in mine if each is not gone]
            last = gone.active and not kinds(rest)
            if last and self.caller.rules.wants_second(subject.rights, subject.administers):
                needed = Refused(id, Reason.POLICY, "a second factor is required here: add another one first")
                return self.refuse(transaction, "factor.remove", needed, subject.uid)
            transaction.factors.remove([each.id for each in (mine if last else [gone])])
            return Enrolled(self.ended(transaction, subject, "factor.remove", gone.kind.value))

    def codes(self) -> tuple[Secret, ...] | Refused:
        """New recovery codes in place of all that were there."""
        with self.signing_in.parts.store.writing() as transaction:
            subject = self.changing(transaction, "factor.codes")
            if isinstance(subject, Refused):
                return subject
            mine = transaction.factors.of(subject.uid)
            if not kinds(mine):
                none = Refused("", Reason.INVALID, "there is no second factor that codes could stand in for")
                return self.refuse(transaction, "factor.codes", none, subject.uid)
            transaction.factors.remove([each.id for each in mine if each.kind is FactorKind.RECOVERY])
            transaction.audit.append([self._event("factor.codes", "changed", subject)])
            notice(transaction, subject, self.caller.rules, self._now())
            return self._codes(transaction, subject)

    def remove_all(self, who: str, by: Handle) -> Changed | Unchanged | Refused:
        """Take all factors and codes from a user who lost them; the sessions end, the password alone signs in."""
        actor = self.caller.actor
        with self.signing_in.parts.store.writing() as transaction:
            subject = transaction.users.subjects(actor.tenant, [who], by).get(who)
            target = Target.SELF if subject is not None and subject.uid == actor.id else Target.OTHER
            rights, administers = (subject.rights, subject.administers) if subject else (frozenset(), frozenset())
            if not may(actor, "factor.remove", target, rights, administers):
                uid = subject.uid if subject is not None else ""
                return self.refuse(transaction, "factor.remove", not_allowed(who), uid)
            if subject is None:
                return self.refuse(transaction, "factor.remove", _missing(who), "")
            stale = outdated(actor, self._now(), who) if rights or administers else None
            if stale is not None:
                return self.refuse(transaction, "factor.remove", stale, subject.uid)
            if not transaction.factors.remove([each.id for each in transaction.factors.of(subject.uid)]):
                transaction.audit.append([self._event("factor.remove", "unchanged", subject, who=who)])
                return Unchanged(who)
            transaction.users.update([UserChange(subject.uid, Stamp(actor.id, self._now()), revoke=True)])
            detail = "all of them and the recovery codes"
            transaction.audit.append([self._event("factor.remove", "changed", subject, detail, who=who)])
            notice(transaction, subject, self.caller.rules, self._now())
            return Changed(who)

    def added(self, transaction: Transaction, subject: Subject, factor: Factor, before: Sequence[Factor]) -> Enrolled:
        """The new factor counts; with the first one come recovery codes."""
        codes = () if kinds(before) else self._codes(transaction, subject)
        return Enrolled(self.ended(transaction, subject, "factor.add", factor.kind.value), codes)

    def ended(self, transaction: Transaction, subject: Subject, verb: str, detail: str) -> SignedIn:
        """Audit a change, end every session of the person, and begin a new one for who made the change."""
        now, caller = self._now(), self.caller
        transaction.audit.append([self._event(verb, "changed", subject, detail)])
        notice(transaction, subject, caller.rules, now)
        transaction.users.update([UserChange(subject.uid, Stamp(subject.uid, now), revoke=True)])
        current = transaction.users.by_uid([subject.uid])[subject.uid]
        attempt = Attempt(subject.login, caller.door, caller.origin)
        whole = person(current, Proof.SESSION)
        detail = "in place of the one that a change of factors ended"
        return start(transaction, self.signing_in.tokens, now, whole, current.epoch, attempt, detail=detail)

    def _codes(self, transaction: Transaction, subject: Subject) -> tuple[Secret, ...]:
        """Fresh recovery codes.  Each is derived from an operation that nobody remembers, and so as random as a key."""
        parts, operation, now = self.signing_in.parts, uuid4().hex, self._now()
        made = tuple(parts.minter.one_time(operation, f"{subject.uid}:{n}") for n in range(RECOVERY_CODES))
        rows = [
            Factor(
                uuid4().hex, subject.uid, FactorKind.RECOVERY, "", parts.hasher.digest(typed(code)), b"", 0, True, now
            )
            for code in made
        ]
        transaction.factors.put(rows)
        return made

    def _self(self, view: View) -> Subject | None:
        return view.users.by_uid([self.caller.actor.id]).get(self.caller.actor.id)

    def changing(self, transaction: Transaction, verb: str) -> Subject | Refused:
        """The caller, if they may change their own factors just now: a person who signed in a moment ago."""
        actor, now = self.caller.actor, self._now()
        subject = self._self(transaction)
        open_still = subject is not None and transaction.sessions.find(actor.session) is not None
        if subject is None or not open_still or not may(actor, "factor.change", Target.SELF):
            return self.refuse(transaction, verb, not_allowed(), actor.id)
        if actor.since is None or now - actor.since > FRESH:
            return self.refuse(transaction, verb, Refused("", Reason.NOT_ALLOWED, STALE, SIGN_IN_AGAIN), subject.uid)
        return subject

    def _unread(self, refused: Refused) -> Refused:
        with self.signing_in.parts.store.writing() as transaction:
            return self.refuse(transaction, "factor.read", refused, "")

    def refuse(self, transaction: Transaction, verb: str, refused: Refused, uid: str) -> Refused:
        """Audit a refusal, and hand it back."""
        transaction.audit.append([self.caller.refusal(self._now(), verb, refused, target=uid)])
        return refused

    def _event(self, verb: str, outcome: str, subject: Subject, detail: str = "", who: str = "") -> Event:
        return self.caller.event(self._now(), verb, outcome, who=who, target=subject.uid, detail=detail)

    def _now(self) -> datetime:
        return self.signing_in.parts.clock.now()


def no_room(mine: Sequence[Factor], name: str) -> Refused | None:
    """Why there is no room for one more factor of this name, or None."""
    if len(name) > LONGEST_NAME or not name.isprintable():
        return Refused("", Reason.INVALID, f"the name must be one line of at most {LONGEST_NAME} characters")
    if sum(each.active and each.kind is not FactorKind.RECOVERY for each in mine) >= MOST_FACTORS:
        return Refused("", Reason.INVALID, f"there are {MOST_FACTORS} factors already; remove one first")
    return None


def _missing(who: str, what: str = "user") -> Refused:
    return Refused(who, Reason.NO_SUCH_USER, f"there is no such {what}")
