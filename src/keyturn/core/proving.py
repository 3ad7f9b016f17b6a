"""Showing a second factor: the second half of a sign-in, under the same budget of guesses as the first."""

import hmac
from dataclasses import dataclass
from datetime import datetime

from keyturn.core.budget import reserve
from keyturn.core.commands import Origin
from keyturn.core.factors import Factor, FactorKind, typed
from keyturn.core.outcomes import Refused
from keyturn.core.permissions import Actor, Proof
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.signin import SignIn
from keyturn.core.starting import Attempt, person, start
from keyturn.core.storage import Subject, Transaction

VERB = "factor.show"


@dataclass(frozen=True, slots=True)
class Proving:
    """Turns half a sign-in into a whole one."""

    signing_in: SignIn

    def with_code(self, actor: Actor, code: Secret, *, door: str, origin: Origin) -> SignedIn | Refused:
        """The whole session for a code of an app, or for a recovery code, which is spent.  Failures look alike.

        The guess is counted before it is looked at.  The half session ends with this, a code is good for one.
        """
        parts, attempt = self.signing_in.parts, Attempt(actor.name, door, origin, VERB)
        with parts.store.reading() as view:
            known = view.users.by_uid([actor.id]).get(actor.id)
        subject = reserve(parts, known, origin.source) if actor.proof is Proof.HALF else None
        now, digests = parts.clock.now(), parts.hasher.digests(typed(code))
        with parts.store.writing() as transaction:
            if subject is None or transaction.sessions.find(actor.session) is None:
                return attempt.turn_away(transaction, now, known, "not compared")
            factors = [factor for factor in transaction.factors.of(subject.uid) if factor.active]
            shown = self._by_app(transaction, factors, code, now) or _by_recovery(transaction, factors, *digests)
            if shown is None:
                return attempt.turn_away(transaction, now, known)
            return self.whole(transaction, actor, subject, shown, attempt)

    def _by_app(
        self, transaction: Transaction, factors: list[Factor], code: Secret, now: datetime
    ) -> FactorKind | None:
        for factor in factors:
            if factor.kind is not FactorKind.TOTP:
                continue
            step = self.signing_in.parts.codes.step(factor.material, factor.id, code, now)
            if step is not None and step > factor.counter and transaction.factors.advance(factor, step, now):
                return FactorKind.TOTP
        return None

    def whole(
        self, transaction: Transaction, actor: Actor, subject: Subject, shown: FactorKind, attempt: Attempt
    ) -> SignedIn:
        """The whole session, in place of half a one: the count of wrong guesses begins anew."""
        now = self.signing_in.parts.clock.now()
        transaction.users.wait(subject.uid, None, clear=True)
        transaction.sessions.end([actor.session])
        transaction.audit.append([attempt.event(now, subject.tenant, subject.uid, "changed", shown.value)])
        whole, begun = person(subject, Proof.SESSION), Attempt(subject.login, attempt.door, attempt.origin)
        detail = f"with a second factor: {shown.value}"
        return start(transaction, self.signing_in.tokens, now, whole, subject.epoch, begun, detail=detail)


def _by_recovery(transaction: Transaction, factors: list[Factor], *digests: str) -> FactorKind | None:
    """Spend the recovery code that has one of these digests; every one is compared."""
    codes = [factor for factor in factors if factor.kind is FactorKind.RECOVERY]
    right = [each for each in codes for digest in digests if hmac.compare_digest(each.reference, digest)]
    if right and transaction.factors.remove([right[0].id]) == 1:
        return FactorKind.RECOVERY
    return None
