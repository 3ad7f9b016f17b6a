"""Signing in: one atomic budget of guesses an account, sessions that may be restricted, and who holds a token."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from keyturn.core.audit import LONGEST_WHO, Event
from keyturn.core.budget import reserve
from keyturn.core.commands import Origin
from keyturn.core.credentials import Credential, Source, Verifier
from keyturn.core.factors import FactorKind, kinds
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Actor, Proof
from keyturn.core.policy import MOST_BYTES, opaque_string
from keyturn.core.ports import Check, SignedIn, Tokens
from keyturn.core.recent import Recent
from keyturn.core.secret import Secret
from keyturn.core.sessions import Session
from keyturn.core.starting import SHORT_OF, Attempt, person, start
from keyturn.core.steps import Parts
from keyturn.core.storage import Key, Subject, Transaction, View
from keyturn.core.tenancy import Rules
from keyturn.core.users import Status

NOT_COMPARED: Final = "not compared: there is no such account, it is not active, or it waits"
"""What the audit says of a guess that was not even looked at."""

PASSWORD_ALONE: Final = "right, but a password alone opens nothing for this account"
"""What the audit says where no second factor can be shown, and one has to be."""


ANY_DOOR: Final = "keyturn"
"""The kind of keys that sign in wherever keys do; all others sign in at the door that they were made for."""

KNOCKED: Final = "by a password that comes with each call"
"""What the audit says of a sign-in at a door without sessions; calls within the minute after it are the same one."""


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
        attempt = Attempt(login, door, origin)
        with self.parts.store.reading() as view:
            known = self._whom(view, login, tenant)
        subject = reserve(self.parts, known, origin.source)
        given = _normal(password)
        credential = subject.credential if subject is not None else None
        checked = self.parts.hasher.check(given, credential.checkable() if credential is not None else None)
        fresh = self._stored_anew(given, credential, checked)
        rules = self.parts.rules(subject.tenant if subject is not None else 1)
        with self.parts.store.writing() as transaction:
            if subject is None:
                return self._turn_away(transaction, known, attempt, NOT_COMPARED)
            if credential is None or not checked.right:
                return self._turn_away(transaction, known, attempt)
            signed = self._admit(transaction, subject, credential, rules, attempt, restricted=restricted)
            if isinstance(signed, str):
                return self._turn_away(transaction, known, attempt, signed)
            if fresh is not None:
                transaction.credentials.renew(subject.uid, fresh.text, fresh.pepper_id)
            return signed

    def with_key(
        self, id: str, token: Secret, *, door: str, origin: Origin, scopes: tuple[str, ...] = ()
    ) -> SignedIn | Refused:
        """A session for an API key; scopes: what a client asks for, none for all that its key allows."""
        now, attempt = self.parts.clock.now(), Attempt(id, door, origin)
        digests = self.parts.hasher.digests(token)
        with self.parts.store.writing() as transaction:
            key = transaction.keys.find(id)
            actor = _shows(transaction, key, digests, now, door)
            if key is None or actor is None or key.kind not in (door, ANY_DOOR):
                return self._turn_away(transaction, None, attempt)
            if not set(scopes) <= set(key.scopes):
                refused = Refused(id, Reason.NOT_ALLOWED, "the key does not allow what was asked for")
                return attempt.audit(transaction, now, key.tenant, key.id, refused)
            actor = replace(actor, scopes=frozenset(scopes or key.scopes))
            return start(transaction, self.tokens, now, actor, key.epoch, attempt)

    def bearer(self, id: str, token: Secret, *, scope: str) -> Actor | None:
        """Who carries an API key itself in place of a session's token; only keys with this scope may be."""
        digests = self.parts.hasher.digests(token)
        with self.parts.store.reading() as view:
            key = view.keys.find(id)
            actor = _shows(view, key, digests, self.parts.clock.now())
        return actor if key is not None and scope in key.scopes else None

    def knock(self, login: str, password: Secret, *, tenant: str = "", door: str, origin: Origin) -> Actor | Refused:
        """Who calls at a door without sessions, for this one call.

        A right password is remembered for a minute under a keyed digest of all that was given, so that a script pays
        for one slow comparison and not for each call; it dies with the next change of the account.
        """
        again = self.again(login, password, tenant=tenant)
        if again is not None:
            return again
        attempt, given = Attempt(login, door, origin), self._given(login, password, tenant)
        with self.parts.store.reading() as view:
            known = self._whom(view, login, tenant)
            holder = self._by_own_key(view, known, password, door)
        if holder is not None:
            return holder
        subject = reserve(self.parts, known, origin.source)
        credential = subject.credential if subject is not None else None
        normal = _normal(password)
        checked = self.parts.hasher.check(normal, credential.checkable() if credential is not None else None)
        fresh = self._stored_anew(normal, credential, checked)
        rules = self.parts.rules(subject.tenant if subject is not None else 1)
        with self.parts.store.writing() as transaction:
            current = self._standing(transaction, subject, rules, right=checked.right)
            if isinstance(current, str) or credential is None:
                return self._turn_away(transaction, known, attempt, str(current))
            transaction.users.wait(current.uid, None, clear=True)
            if fresh is not None:
                transaction.credentials.renew(current.uid, fresh.text, fresh.pepper_id)
            now = self.parts.clock.now()
            transaction.audit.append([attempt.event(now, current.tenant, current.uid, "started", KNOCKED)])
        if not credential.must_change:
            self.recent.put(given, current.uid, current.epoch, self.parts.clock.monotonic())
        return _caller(current, credential)

    def _standing(
        self, transaction: Transaction, subject: Subject | None, rules: Rules, *, right: bool
    ) -> Subject | str:
        """The account as it is now, or why its password opens nothing at a door that asks for no more."""
        if subject is None:
            return NOT_COMPARED
        if not right or subject.credential is None or subject.credential.expired(self.parts.clock.now()):
            return ""
        current = transaction.users.by_uid([subject.uid]).get(subject.uid)
        if current is None or _moved(subject, current):
            return ""
        if not subject.credential.must_change and _proof(transaction, current, rules)[0] is not Proof.SESSION:
            return PASSWORD_ALONE
        return current

    def by_own_key(self, login: str, given: Secret, *, tenant: str = "", door: str) -> Actor | None:
        """The person, when what is given as their password is a key of theirs for this door."""
        with self.parts.store.reading() as view:
            return self._by_own_key(view, self._whom(view, login, tenant), given, door)

    def _stored_anew(self, password: Secret, credential: Credential | None, checked: Check) -> Verifier | None:
        """Today's verifier of a right password that is stored in an older way; made before anything is locked."""
        if not checked.stale or credential is None or credential.source is Source.GENERATED:
            return None
        [fresh] = self.parts.hasher.hash([password])
        return fresh

    def _by_own_key(self, view: View, subject: Subject | None, given: Secret, door: str) -> Actor | None:
        """The person, when what is given as their password is a key of theirs for this door.

        It is found by its digest and costs no comparison: it has 256 bits, so that nobody guesses one.
        """
        if subject is None:
            return None
        digests, now = self.parts.hasher.digests(given), self.parts.clock.now()
        found = (_shows(view, key, digests, now, door) for key in view.keys.of(subject.uid))
        return next((actor for actor in found if actor is not None), None)

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
        if self.parts.rules(subject.tenant).wants_second(subject.rights, subject.administers):
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

    def end(self, token: Secret, *, door: str, origin: Origin) -> None:
        """Sign out: the session of this token ends.  One that is over already needs no entry."""
        now = self.parts.clock.now()
        claims = self.tokens.read(token, now)
        if claims is None:
            return
        with self.parts.store.writing() as transaction:
            if transaction.sessions.find(claims.session) is not None:
                transaction.sessions.end([claims.session])
                attempt = Attempt("", door, origin, "session.end")
                signed_out = attempt.event(now, claims.tenant, claims.subject, "changed", "signed out")
                transaction.audit.append([signed_out])

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
            actor = _of_key(view, key, now)
            return replace(actor, scopes=frozenset(session.scopes)) if actor is not None else None
        subject = view.users.by_uid([session.owner])[session.owner]
        proof = Proof(session.stage) if session.stage else Proof.RESTRICTED if session.restricted else Proof.SESSION
        return replace(person(subject, proof), session=session.id, since=session.started)

    def _whom(self, view: View, login: str, tenant: str) -> Subject | None:
        """The account that the name means: in the named tenant, in `default`, or in the only one that has it."""
        found: Sequence[Subject] = view.users.logins(login)
        if tenant:
            number = next((t.number for t in view.tenants.all() if t.name == tenant), 0)
            return next((subject for subject in found if subject.tenant == number), None)
        default = next((subject for subject in found if subject.tenant == 1), None)
        return default or (found[0] if len(found) == 1 else None)

    def _admit(
        self,
        transaction: Transaction,
        subject: Subject,
        credential: Credential,
        rules: Rules,
        attempt: Attempt,
        *,
        restricted: bool,
    ) -> SignedIn | str:
        """A session for whoever showed the right password, or why there is none."""
        now = self.parts.clock.now()
        if credential.expired(now):
            return "its time is up"
        current = transaction.users.by_uid([subject.uid]).get(subject.uid)
        if current is None or _moved(subject, current):
            return "the account changed meanwhile"
        proof, factors = (Proof.RESTRICTED, ()) if credential.must_change else _proof(transaction, current, rules)
        if proof is not Proof.SESSION and not restricted:
            if proof is Proof.RESTRICTED:
                transaction.users.wait(subject.uid, None, clear=True)
            return SHORT_OF[proof] if proof is Proof.RESTRICTED else PASSWORD_ALONE
        if credential.source is Source.GENERATED:
            transaction.credentials.spend(subject.uid, credential.verifier, now)
        if proof is Proof.HALF:
            _give_back(transaction, subject, current)
        else:
            transaction.users.wait(subject.uid, None, clear=True)
        epoch = transaction.users.by_uid([subject.uid])[subject.uid].epoch
        return start(transaction, self.tokens, now, person(subject, proof), epoch, attempt, factors=factors)

    def _turn_away(
        self, transaction: Transaction, subject: Subject | None, attempt: Attempt, detail: str = ""
    ) -> Refused:
        return attempt.turn_away(transaction, self.parts.clock.now(), subject, detail)


def _moved(before: Subject, now: Subject) -> bool:
    """Whether an account changed while its password was compared; the same one stored anew is no change."""
    same = before.credential is not None and before.credential.same_as(now.credential)
    return not same or before.epoch != now.epoch or now.status is not Status.ACTIVE


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


def _shows(view: View, key: Key | None, digests: Sequence[str], now: datetime, door: str = "") -> Actor | None:
    """Who acts with a key whose token has one of these digests.  door: the one door for which a person's key is."""
    if key is None or not _fits(key.digest, digests) or (key.owner and door not in ("", key.kind)):
        return None
    return _of_key(view, key, now)


def _of_key(view: View, key: Key | None, now: datetime) -> Actor | None:
    """Who acts with a key: the key itself, or the person whose it is, with the rights that they have just now."""
    if key is None or not _usable(key, now):
        return None
    scopes = frozenset(key.scopes)
    if not key.owner:
        return Actor(key.id, key.description or key.id, key.tenant, key.rights, Proof.KEY, scopes=scopes)
    subject = view.users.by_uid([key.owner]).get(key.owner)
    if subject is None or subject.status is not Status.ACTIVE:
        return None
    return person(subject, Proof.KEY, key=key.id, scopes=scopes)


def _proof(view: View, subject: Subject, rules: Rules) -> tuple[Proof, tuple[FactorKind, ...]]:
    """What a right password proves that need not be changed, and with what a second factor can be shown."""
    factors = kinds(view.factors.of(subject.uid))
    if factors:
        return Proof.HALF, factors
    wanted = rules.wants_second(subject.rights, subject.administers)
    return (Proof.ENROLLING if wanted else Proof.SESSION), ()


def _give_back(transaction: Transaction, before: Subject, now: Subject) -> None:
    """Take back the guess that was counted ahead for a right password, and nothing more.

    The count goes on until the second factor is shown too: a password that somebody knows must not buy fresh guesses
    at codes.
    """
    transaction.users.uncount(before.uid)
    if now.failures == before.failures + 1:
        transaction.users.wait(before.uid, before.wait_until)


def _caller(subject: Subject, credential: Credential) -> Actor:
    return person(subject, Proof.TEMPORARY if credential.must_change else Proof.SESSION)
