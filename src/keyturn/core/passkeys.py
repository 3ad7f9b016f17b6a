"""Passkeys of a person: made by who just signed in, shown in the second half of a sign-in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from keyturn.core.budget import reserve
from keyturn.core.enrolling import LocalFactors, no_room
from keyturn.core.errors import Conflict
from keyturn.core.factors import FRESH, Answer, Challenge, Factor, FactorKind, Passkeys, Site
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Proof
from keyturn.core.personal import Enrolled
from keyturn.core.ports import SignedIn
from keyturn.core.proving import VERB, Proving
from keyturn.core.starting import Attempt
from keyturn.core.storage import Subject, Transaction, View

NOWHERE: Final = "passkeys belong to an address: have base_url of the tenant set"


@dataclass(frozen=True, slots=True)
class LocalPasskeys:
    """Passkeys as one caller may use them.  address: where people reach the server, for tenants that do not say it.

    The address of a request is never asked: whoever sends one could choose for which site a passkey signs.
    """

    factors: LocalFactors
    passkeys: Passkeys
    address: str

    def to_make(self) -> Mapping[str, object] | Refused:
        """What a browser needs to make a passkey, once and within ten minutes."""
        with self.factors.signing_in.parts.store.writing() as transaction:
            subject = self.factors.changing(transaction, "factor.add")
            if isinstance(subject, Refused):
                return subject
            site = self._site(transaction, subject.tenant)
            if site is None:
                return self.factors.refuse(transaction, "factor.add", _nowhere(), subject.uid)
            known = [each.reference for each in _of(transaction, subject)]
            asking = self.passkeys.to_make(site, subject.uid, subject.login, known)
            self._keep(transaction, _adding(self.factors.caller.actor.session), asking.challenge)
            return asking.options

    def add(self, name: str, answer: Answer) -> Enrolled | Refused:
        """The passkey that the browser made works from now on."""
        now = self.factors.signing_in.parts.clock.now()
        with self.factors.signing_in.parts.store.writing() as transaction:
            subject = self.factors.changing(transaction, "factor.add")
            if isinstance(subject, Refused):
                return subject
            mine = transaction.factors.of(subject.uid)
            site, wanted = self._site(transaction, subject.tenant), _adding(self.factors.caller.actor.session)
            challenge = transaction.factors.take(wanted, now)
            refused = no_room(mine, name)
            made = self.passkeys.made(site, challenge, answer) if site and challenge and not refused else None
            if made is None:
                wrong = refused or Refused("", Reason.INVALID, "this is no answer to what the browser was asked")
                return self.factors.refuse(transaction, "factor.add", wrong, subject.uid)
            factor = Factor(
                uuid4().hex, subject.uid, FactorKind.PASSKEY, name, made.reference, made.key, made.counter, True, now
            )
            try:
                with transaction.savepoint():
                    transaction.factors.put([factor])
            except Conflict:
                taken = Refused("", Reason.INVALID, "this passkey is here already")
                return self.factors.refuse(transaction, "factor.add", taken, subject.uid)
            return self.factors.added(transaction, subject, factor, mine)

    def to_show(self) -> Mapping[str, object] | Refused:
        """What a browser needs to show a passkey in place of the code."""
        actor, caller = self.factors.caller.actor, self.factors.caller
        attempt = Attempt(actor.name, caller.door, caller.origin, VERB)
        with self.factors.signing_in.parts.store.writing() as transaction:
            subject = transaction.users.by_uid([actor.id]).get(actor.id)
            site = self._site(transaction, actor.tenant)
            known = _of(transaction, subject) if subject is not None and actor.proof is Proof.HALF else []
            if site is None or not known:
                now = self.factors.signing_in.parts.clock.now()
                return attempt.turn_away(transaction, now, subject, "there is no passkey to show")
            asking = self.passkeys.to_show(site, [each.reference for each in known])
            self._keep(transaction, actor.session, asking.challenge)
            return asking.options

    def show(self, answer: Answer) -> SignedIn | Refused:
        """The whole session for a challenge that a passkey of the person signed.  Failures look as with codes."""
        signing_in, caller = self.factors.signing_in, self.factors.caller
        parts, actor = signing_in.parts, caller.actor
        attempt = Attempt(actor.name, caller.door, caller.origin, VERB)
        with parts.store.reading() as view:
            known = view.users.by_uid([actor.id]).get(actor.id)
        subject = reserve(parts, known, caller.origin.source) if actor.proof is Proof.HALF else None
        now = parts.clock.now()
        with parts.store.writing() as transaction:
            challenge = transaction.factors.take(actor.session, now)
            if subject is None or challenge is None or transaction.sessions.find(actor.session) is None:
                return attempt.turn_away(transaction, now, known, "not compared")
            shown = next((one for one in _of(transaction, subject) if one.reference == answer.get("id")), None)
            site = self._site(transaction, subject.tenant)
            counter = self.passkeys.shown(site, challenge, answer, shown) if site and shown else None
            if shown is None or counter is None or not transaction.factors.advance(shown, counter, now):
                return attempt.turn_away(transaction, now, known)
            return Proving(signing_in).whole(transaction, actor, subject, FactorKind.PASSKEY, attempt)

    def _keep(self, transaction: Transaction, holder: str, challenge: bytes) -> None:
        now = self.factors.signing_in.parts.clock.now()
        transaction.factors.challenge(Challenge(holder, challenge, now + FRESH), now)

    def _site(self, view: View, number: int) -> Site | None:
        """Where the people of a tenant are: its own address, else that of the server, else that of the first tenant."""
        tenants = {tenant.number: tenant.settings.get("base_url", "") for tenant in view.tenants.all()}
        url = urlsplit(tenants.get(number, "") or self.address or tenants.get(1, ""))
        return Site(url.hostname, f"{url.scheme}://{url.netloc}") if url.hostname else None


def _of(view: View, subject: Subject) -> Sequence[Factor]:
    return [each for each in view.factors.of(subject.uid) if each.kind is FactorKind.PASSKEY and each.active]


def _adding(session: str) -> str:
    return f"add {session}"


def _nowhere() -> Refused:
    return Refused("", Reason.UNSUPPORTED, NOWHERE)
