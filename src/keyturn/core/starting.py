"""Starting a session: what every way of signing in ends with, and how it stands in the audit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from keyturn.core.audit import LONGEST_WHO, Event
from keyturn.core.commands import Origin
from keyturn.core.factors import FRESH, FactorKind
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor, Proof
from keyturn.core.ports import Claims, SignedIn, Tokens
from keyturn.core.sessions import Session
from keyturn.core.storage import Subject, Transaction

TOKEN_LIFE: Final = timedelta(hours=1)

LIVES: Final[Mapping[Proof, timedelta]] = {Proof.HALF: FRESH, Proof.ENROLLING: FRESH}
"""How long a session lasts that waits for a second factor; all others an hour."""

SHORT_OF: Final[Mapping[Proof, str]] = {
    Proof.RESTRICTED: "must change the password",
    Proof.HALF: "must show a second factor",
    Proof.ENROLLING: "must add a second factor",
}
"""What the audit says of a session that cannot do everything."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in, or to show what is still wanted.  name: as it was given."""

    name: str
    door: str
    origin: Origin
    verb: str = "session.start"

    def turn_away(self, transaction: Transaction, at: datetime, subject: Subject | None, detail: str = "") -> Refused:
        """The refusal that is the same for every failure; the audit knows more."""
        uid = subject.uid if subject is not None else ""
        tenant = subject.tenant if subject is not None else 1
        refused = Refused(self.name, Reason.NOT_SIGNED_IN, "the sign-in was refused")
        return self.audit(transaction, at, tenant, uid, refused, detail)

    def audit(
        self, transaction: Transaction, at: datetime, tenant: int, actor: str, refused: Refused, detail: str = ""
    ) -> Refused:
        """Write a refusal into the audit, and hand it back."""
        transaction.audit.append([self.event(at, tenant, actor, "refused", detail, refused.reason)])
        return refused

    def event(
        self, at: datetime, tenant: int, actor: str, outcome: str, detail: str, reason: Reason | None = None
    ) -> Event:
        """What the audit keeps of it."""
        return Event(
            at, tenant, actor, self.verb, outcome, target=actor, who=self.name[:LONGEST_WHO],
            reason=reason.value if reason is not None else "", door=self.door, source=self.origin.source,
            request=self.origin.request, run=self.origin.run, row=self.origin.row, detail=detail,
        )  # fmt: skip


def person(subject: Subject, proof: Proof, *, key: str = "", scopes: frozenset[str] = frozenset()) -> Actor:
    """A user as somebody who acts.  key: the id of the key that was shown for them."""
    return Actor(
        subject.uid, subject.login, subject.tenant, subject.rights, proof, scopes=scopes,
        administers=subject.administers, key=key,
    )  # fmt: skip


def start(
    transaction: Transaction,
    tokens: Tokens,
    now: datetime,
    actor: Actor,
    epoch: int,
    attempt: Attempt,
    *,
    detail: str = "",
    factors: tuple[FactorKind, ...] = (),
) -> SignedIn:
    """A session for the actor, as far as its proof goes.  factors: what may be shown."""
    proof = actor.proof
    expires = now + LIVES.get(proof, TOKEN_LIFE)
    kind, owner = ("key", actor.key or actor.id) if proof is Proof.KEY else ("user", actor.id)
    session = Session(
        uuid4().hex, kind, owner, actor.tenant, epoch, proof is Proof.RESTRICTED, now, expires,
        tuple(sorted(actor.scopes)), attempt.origin.source, attempt.door, proof.value if proof in LIVES else "",
    )  # fmt: skip
    transaction.sessions.start(session)
    said = detail or SHORT_OF.get(proof, "")
    transaction.audit.append([attempt.event(now, actor.tenant, actor.id, "started", said)])
    token = tokens.issue(Claims(session.id, actor.id, actor.tenant, now, expires))
    held = actor if proof is Proof.KEY else replace(actor, session=session.id, since=now)
    return SignedIn(token, proof is Proof.RESTRICTED, held, expires, factors)
