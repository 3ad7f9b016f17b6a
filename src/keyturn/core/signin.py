"""Signing in: one atomic budget of guesses an account, sessions that may be restricted, and who holds a token."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from keyturn.core.audit import LONGEST_WHO, Event
from keyturn.core.budget import reserve
from keyturn.core.commands import Origin
from keyturn.core.credentials import Credential, Source
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor, Proof
from keyturn.core.policy import MOST_BYTES, opaque_string
from keyturn.core.ports import Claims, SignedIn, Tokens
from keyturn.core.recent import Recent
from keyturn.core.secret import Secret
from keyturn.core.sessions import Session
from keyturn.core.steps import Parts
from keyturn.core.storage import Key, Subject, Transaction, View
from keyturn.core.users import Status

TOKEN_LIFE: Final = timedelta(hours=1)
NOT_COMPARED: Final = "not compared: there is no such account, it is not active, or it waits"
"""What the audit says of a guess that was not even looked at."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Turns a name and a password, or an API key, into a session, and a token back into who holds it."""

    parts: Parts
    tokens: Tokens
    recent: Recent = field(default_factory=Recent)

    def with_password(
        self, login: str, password: Secret, *, tenant: str = "", door: str, origin: Origin, restricted: bool = True
    ) -> SignedIn | Refused:
        """A session for a person.  Every failure is the same refusal and costs a real comparison.

        The guess is counted before it is looked at, so that many at once never exceed the budget.
        restricted False: the door has no use for who must change the password; then nothing is consumed.
        """
        attempt = _Attempt(login, door, origin)
        with self.parts.store.reading() as view:
            known = self._whom(view, login, tenant)
        subject = reserve(self.parts, known)
        given = _normal(password)
        credential = subject.credential if subject is not None else None
        checked = self.parts.hasher.check(given, credential.checkable() if credential is not None else None)
        with self.parts.store.writing() as transaction:
            if subject is not None and credential is not None and checked.right:
                if credential.must_change and not restricted:
                    transaction.users.wait(subject.uid, None, clear=True)
                    return self._turn_away(transaction, known, attempt)
                signed = self._admit(transaction, subject, credential, attempt)
                if signed is not None and checked.stale and credential.source is not Source.GENERATED:
                    [fresh] = self.parts.hasher.hash([given])
                    transaction.credentials.renew(subject.uid, fresh.text, fresh.pepper_id)
                if signed is not None:
                    return signed
            return self._turn_away(transaction, known, attempt, "" if subject is not None else NOT_COMPARED)

    def with_key(
        self, id: str, token: Secret, *, door: str, origin: Origin, scopes: tuple[str, ...] = ()
    ) -> SignedIn | Refused:
        """A session for an API key; scopes: what a client asks for, none for all that its key allows."""
        now, attempt = self.parts.clock.now(), _Attempt(id, door, origin)
        digests = self.parts.hasher.digests(token)
        with self.parts.store.writing() as transaction:
            key = transaction.keys.find(id)
            if key is None or not _fits(key.digest, digests) or not _usable(key, now):
                return self._turn_away(transaction, None, attempt)
            if not set(scopes) <= set(key.scopes):
                refused = Refused(id, Reason.NOT_ALLOWED, "the key does not allow what was asked for")
                return attempt.audit(transaction, now, key.tenant, key.id, refused)
            actor = _actor_of_key(key, scopes or key.scopes)
            return self._start(transaction, "key", actor, key.epoch, restricted=False, attempt=attempt)

    def bearer(self, id: str, token: Secret, *, scope: str) -> Actor | None:
        """Who carries an API key itself in place of a session's token; only keys with this scope may be."""
        digests = self.parts.hasher.digests(token)
        with self.parts.store.reading() as view:
            key = view.keys.find(id)
        if key is None or not _fits(key.digest, digests) or not _usable(key, self.parts.clock.now()):
            return None
        return _actor_of_key(key, key.scopes) if scope in key.scopes else None

    def knock(self, login: str, password: Secret, *, tenant: str = "", door: str, origin: Origin) -> Actor | Refused:
        """Who calls at a door without sessions, for this one call.

        A right password is remembered for a minute under a keyed digest of all that was given, so that a script pays
        for one slow comparison and not for each call; it dies with the next change of the account.
        """
        again = self.again(login, password, tenant=tenant)
        if again is not None:
            return again
        attempt, given = _Attempt(login, door, origin), self._given(login, password, tenant)
        with self.parts.store.reading() as view:
            known = self._whom(view, login, tenant)
        subject = reserve(self.parts, known)
        credential = subject.credential if subject is not None else None
        checked = self.parts.hasher.check(_normal(password), credential.checkable() if credential is not None else None)
        with self.parts.store.writing() as transaction:
            if subject is None or credential is None or not checked.right or credential.expired(self.parts.clock.now()):
                return self._turn_away(transaction, known, attempt, "" if subject is not None else NOT_COMPARED)
            current = transaction.users.by_uid([subject.uid]).get(subject.uid)
            if current is None or current.credential != credential or current.status is not Status.ACTIVE:
                return self._turn_away(transaction, known, attempt)
            transaction.users.wait(current.uid, None, clear=True)
        if not credential.must_change:
            self.recent.put(given, current.uid, current.epoch, self.parts.clock.monotonic())
        return _caller(current, credential)

    def again(self, login: str, password: Secret, *, tenant: str = "") -> Actor | None:
        """Who showed the same a moment ago, if it was right and nothing has changed since; looks at no password."""
        known = self.recent.get(self._given(login, password, tenant), self.parts.clock.monotonic())
        return self._same_as_before(*known) if known is not None else None

    def _given(self, login: str, password: Secret, tenant: str) -> str:
        """A keyed digest of all that was given."""
        given = f"{tenant}\0{login}\0{password.reveal()}"
        return self.parts.hasher.fingerprint(given.encode("utf-8", "surrogatepass"))

    def _same_as_before(self, uid: str, epoch: int) -> Actor | None:
        with self.parts.store.reading() as view:
            subject = view.users.by_uid([uid]).get(uid)
        if subject is None or subject.epoch != epoch or subject.status is not Status.ACTIVE or not subject.credential:
            return None
        return _caller(subject, subject.credential)

    def actor(self, token: Secret) -> Actor | None:
        """Who holds this access token; None when it is not (or no longer) good."""
        return self.actors([token])[0]

    def actors(self, tokens: Sequence[Secret]) -> list[Actor | None]:
        """Who holds each of these access tokens, by one read; what comes twice is looked up once."""
        now = self.parts.clock.now()
        claims = [self.tokens.read(token, now) for token in tokens]
        sessions = [claim.session if claim is not None else "" for claim in claims]
        wanted = {session for session in sessions if session}
        if not wanted:
            return [None] * len(tokens)
        with self.parts.store.reading() as view:
            holders = {session: self._holder(view, session, now) for session in wanted}
        return [holders.get(session) for session in sessions]

    def end(self, token: Secret) -> None:
        """Sign out: the session of this token ends."""
        claims = self.tokens.read(token, self.parts.clock.now())
        if claims is not None:
            with self.parts.store.writing() as transaction:
                transaction.sessions.end([claims.session])

    def refuse(self, refused: Refused, verb: str, actor: Actor | None, *, door: str, origin: Origin) -> Refused:
        """Write into the audit a refusal that no command makes; of nobody known it stands in the first tenant."""
        event = Event(
            self.parts.clock.now(), actor.tenant if actor is not None else 1, actor.id if actor is not None else "",
            verb, "refused", who=refused.who[:LONGEST_WHO], reason=refused.reason.value, door=door,
            source=origin.source, request=origin.request, run=origin.run, row=origin.row, detail=refused.text,
        )  # fmt: skip
        with self.parts.store.writing() as transaction:
            transaction.audit.append([event])
        return refused

    def holder(self, token: Secret) -> Actor | None:
        """The person whom a mailed link lets set a new password; None when it is used, old or unknown."""
        digests = self.parts.hasher.digests(token)
        with self.parts.store.reading() as view:
            link = view.links.find(*digests)
            if link is None or link.expires <= self.parts.clock.now():
                return None
            subject = view.users.by_uid([link.uid]).get(link.uid)
        if subject is None or subject.status is not Status.ACTIVE:
            return None
        return Actor(subject.uid, subject.login, subject.tenant, frozenset(), Proof.LINK, link.digest)

    def _holder(self, view: View, id: str, now: datetime) -> Actor | None:
        session = view.sessions.find(id)
        if session is None or session.expires <= now:
            return None
        return self._holder_of(view, session, now)

    def _holder_of(self, view: View, session: Session, now: datetime) -> Actor | None:
        if session.kind == "key":
            key = view.keys.find(session.owner)
            return _actor_of_key(key, session.scopes) if key is not None and _usable(key, now) else None
        subject = view.users.by_uid([session.owner])[session.owner]
        proof = Proof.RESTRICTED if session.restricted else Proof.SESSION
        held = session.id if session.restricted else ""
        return Actor(
            subject.uid, subject.login, subject.tenant, subject.rights, proof, session=held,
            administers=subject.administers,
        )  # fmt: skip

    def _whom(self, view: View, login: str, tenant: str) -> Subject | None:
        """The account that the name means: in the named tenant, in `default`, or in the only one that has it."""
        found: Sequence[Subject] = view.users.logins(login)
        if tenant:
            number = next((t.number for t in view.tenants.all() if t.name == tenant), 0)
            return next((subject for subject in found if subject.tenant == number), None)
        default = next((subject for subject in found if subject.tenant == 1), None)
        return default or (found[0] if len(found) == 1 else None)

    def _admit(
        self, transaction: Transaction, subject: Subject, credential: Credential, attempt: "_Attempt"
    ) -> SignedIn | None:
        now = self.parts.clock.now()
        if credential.expired(now):
            return None
        current = transaction.users.by_uid([subject.uid]).get(subject.uid)
        if current is None or current.credential != credential or current.status is not Status.ACTIVE:
            return None
        if credential.source is Source.GENERATED:
            transaction.credentials.spend(subject.uid, credential.verifier, now)
        transaction.users.wait(subject.uid, None, clear=True)
        proof = Proof.RESTRICTED if credential.must_change else Proof.SESSION
        actor = Actor(
            subject.uid, subject.login, subject.tenant, subject.rights, proof, administers=subject.administers
        )
        epoch = transaction.users.by_uid([subject.uid])[subject.uid].epoch
        return self._start(transaction, "user", actor, epoch, restricted=credential.must_change, attempt=attempt)

    def _start(
        self,
        transaction: Transaction,
        kind: str,
        actor: Actor,
        epoch: int,
        *,
        restricted: bool,
        attempt: "_Attempt",
    ) -> SignedIn:
        now = self.parts.clock.now()
        scopes = tuple(sorted(actor.scopes))
        end = now + TOKEN_LIFE
        session = Session(
            uuid4().hex, kind, actor.id, actor.tenant, epoch, restricted, now, end, scopes, attempt.origin.source,
            attempt.door,
        )  # fmt: skip
        transaction.sessions.start(session)
        detail = "must change the password" if restricted else ""
        transaction.audit.append([attempt.event(now, actor.tenant, actor.id, "started", detail)])
        token = self.tokens.issue(Claims(session.id, actor.id, actor.tenant, now, session.expires))
        actor = replace(actor, session=session.id) if restricted else actor
        return SignedIn(token, restricted, actor, session.expires)

    def _turn_away(
        self, transaction: Transaction, subject: Subject | None, attempt: "_Attempt", detail: str = ""
    ) -> Refused:
        uid = subject.uid if subject is not None else ""
        tenant = subject.tenant if subject is not None else 1
        refused = Refused(attempt.name, Reason.NOT_SIGNED_IN, "the sign-in was refused")
        return attempt.audit(transaction, self.parts.clock.now(), tenant, uid, refused, detail)


@dataclass(frozen=True, slots=True)
class _Attempt:
    name: str
    door: str
    origin: Origin

    def audit(
        self, transaction: Transaction, at: datetime, tenant: int, actor: str, refused: Refused, detail: str = ""
    ) -> Refused:
        transaction.audit.append([self.event(at, tenant, actor, "refused", detail, refused.reason)])
        return refused

    def event(
        self, at: datetime, tenant: int, actor: str, outcome: str, detail: str, reason: Reason | None = None
    ) -> Event:
        return Event(
            at, tenant, actor, "session.start", outcome, target=actor, who=self.name[:LONGEST_WHO],
            reason=reason.value if reason is not None else "", door=self.door, source=self.origin.source,
            request=self.origin.request, run=self.origin.run, row=self.origin.row, detail=detail,
        )  # fmt: skip


def _normal(password: Secret) -> Secret:
    """The candidate as it was normalised when it was set; what can be no password stays as it is and is wrong."""
    clear = password.reveal()
    if len(clear.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        return Secret("")
    return Secret(opaque_string(clear) or "")


def _fits(stored: str, digests: Sequence[str]) -> bool:
    """Whether what is stored of a key is its digest under any key of the directory."""
    return any(hmac.compare_digest(stored.encode(), digest.encode()) for digest in digests)


def _usable(key: Key, now: datetime) -> bool:
    return key.active and (key.expires is None or key.expires > now)


def _actor_of_key(key: Key, scopes: Sequence[str]) -> Actor:
    name = key.description or key.id
    return Actor(key.id, name, key.tenant, key.rights, Proof.KEY, scopes=frozenset(scopes))


def _caller(subject: Subject, credential: Credential) -> Actor:
    proof = Proof.TEMPORARY if credential.must_change else Proof.SESSION
    return Actor(subject.uid, subject.login, subject.tenant, subject.rights, proof, administers=subject.administers)
