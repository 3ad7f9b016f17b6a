"""What only our own server has: keys, workspaces and grants, under the same laws as users."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from keyturn.core.audit import Event
from keyturn.core.capabilities import Capabilities
from keyturn.core.context import context_of
from keyturn.core.ending import LocalSessions
from keyturn.core.groups import LocalGroups
from keyturn.core.jobs import LIFE, Job
from keyturn.core.mails import LocalMails
from keyturn.core.once import Change, do
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.ownkeys import free_id, misfit_of
from keyturn.core.permissions import Target, may, may_confer, not_allowed, outdated
from keyturn.core.policy import Policy, ProfileName, Verdict
from keyturn.core.policy import judge as judge_password
from keyturn.core.ports import KeyChange, NewKey
from keyturn.core.secret import Secret
from keyturn.core.steps import Caller, Parts
from keyturn.core.storage import Application, Done, Key, Tenant, Transaction
from keyturn.core.telling import rights_told, told
from keyturn.core.tenants import LocalTenants
from keyturn.core.users import Grant, Handle, Right, Stamp, User


@dataclass(frozen=True, slots=True)
class LocalAdministration:
    """The administration as one caller may use it.  Each change is one transaction with its audit row."""

    parts: Parts
    caller: Caller

    @property
    def groups(self) -> LocalGroups:
        """The groups of the tenant."""
        return LocalGroups(self.parts, self.caller)

    @property
    def tenants(self) -> LocalTenants:
        """The tenants that the caller reaches."""
        return LocalTenants(self.parts, self.caller)

    @property
    def sessions(self) -> LocalSessions:
        """Who is signed in."""
        return LocalSessions(self.parts, self.caller)

    @property
    def mails(self) -> LocalMails:
        """The mails of the tenant."""
        return LocalMails(self.parts, self.caller)

    def keys(self) -> Sequence[Key] | Refused:
        """The API keys of the tenant, oldest first."""
        if not may(self.caller.actor, "key.list", Target.NOBODY):
            with self.parts.store.writing() as transaction:
                return self._refuse(transaction, "key.list", not_allowed(""))
        with self.parts.store.reading() as view:
            return view.keys.list(self.caller.actor.tenant)

    def create_key(
        self, kind: str, description: str, rights: frozenset[Right], scopes: tuple[str, ...] = ()
    ) -> NewKey | Refused:
        """A new API key; its token is shown this once.  scopes: makes it the key of a client, whose id is a GUID."""

        def act(transaction: Transaction, operation: str) -> NewKey | Refused:
            if not may(self.caller.actor, "key.create", Target.NOBODY) or not may_confer(self.caller.actor, rights):
                return self._refuse(transaction, "key.create", not_allowed(""))
            if stale := self._outdated("", rights):
                return self._refuse(transaction, "key.create", stale)
            if misfit := misfit_of(kind, description):
                return self._refuse(transaction, "key.create", misfit)
            stamp = self._stamp()
            name = str(uuid4()) if scopes else free_id(transaction, self.caller.actor.tenant)
            token = self._token(operation, name)
            digest = self.parts.hasher.digest(token)
            key = Key(
                name,
                self.caller.actor.tenant,
                kind,
                digest,
                rights,
                True,
                description,
                1,
                1,
                stamp,
                stamp,
                scopes=scopes,
            )
            detail = told(f"kind {kind}", rights_told(rights), "scopes: " + " ".join(scopes) if scopes else "")
            return NewKey(self._keep(transaction, "key.create", "created", key, detail), token)

        asked = (kind, description, rights, scopes)
        return do(self.parts, self.caller, Change("key.create", "", asked, act, lambda made: made.key.id, self._again))

    def update_key(self, id: str, change: KeyChange) -> Key | Refused:
        """Change a key; its tokens die."""

        def act(transaction: Transaction, operation: str) -> Key | Refused:
            key = self._key(transaction, "key.update", id)
            if isinstance(key, Refused):
                return key
            if key.owner and change.rights is not None:
                fixed = Refused(id, Reason.INVALID, "a key of a person has the rights of its owner")
                return self._refuse(transaction, "key.update", fixed)
            rights = key.rights if change.rights is None else change.rights
            if not may_confer(self.caller.actor, rights):
                return self._refuse(transaction, "key.update", not_allowed(id))
            if stale := self._outdated(id, rights):
                return self._refuse(transaction, "key.update", stale)
            if misfit := misfit_of(key.kind, change.description or ""):
                return self._refuse(transaction, "key.update", replace(misfit, who=id))
            changed = replace(
                key,
                rights=rights,
                active=key.active if change.active is None else change.active,
                description=key.description if change.description is None else change.description,
            )
            return self._keep(transaction, "key.update", "changed", self._next(changed), _told(key, changed))

        return do(self.parts, self.caller, Change("key.update", id, (change,), act, lambda key: key.id, self._now))

    def refresh_key(self, id: str) -> NewKey | Refused:
        """A new token for a key; the old one and what was signed in with it die."""

        def act(transaction: Transaction, operation: str) -> NewKey | Refused:
            key = self._key(transaction, "key.update", id)
            if isinstance(key, Refused):
                return key
            if stale := self._outdated(id, key.rights):
                return self._refuse(transaction, "key.update", stale)
            token = self._token(operation, id)
            fresh = self._next(replace(key, digest=self.parts.hasher.digest(token)))
            return NewKey(self._keep(transaction, "key.update", "changed", fresh, "a new token"), token)

        change = Change("key.update", id, ("refresh",), act, lambda made: made.key.id, self._again)
        return do(self.parts, self.caller, change)

    def revoke_key(self, id: str) -> Key | Refused:
        """Delete a key; its tokens die."""

        def act(transaction: Transaction, operation: str) -> Key | Refused:
            key = self._key(transaction, "key.revoke", id)
            if isinstance(key, Refused):
                return key
            transaction.keys.remove(id)
            detail = told(f"kind {key.kind}", rights_told(key.rights))
            transaction.audit.append([self._event("key.revoke", "changed", id, detail=detail)])
            return key

        stamp = self._stamp()
        gone = Key(id, self.caller.actor.tenant, "", "", frozenset(), False, "", 0, 0, stamp, stamp)
        change = Change("key.revoke", id, (), act, lambda key: key.id, lambda transaction, done: gone)
        return do(self.parts, self.caller, change)

    def applications(self) -> Sequence[Application]:
        """The applications of all workspaces of the tenant."""
        with self.parts.store.reading() as view:
            return view.tenants.applications(self.caller.actor.tenant)

    def grant(self, who: str, by: Handle, workspace: str, application: str, role: str) -> Changed | Refused:
        """Give a role in an application, or in the workspace when `application` is empty."""
        actor = self.caller.actor

        def act(transaction: Transaction, operation: str) -> Changed | Refused:
            if not may(actor, "grant.write", Target.OTHER):
                return self._refuse(transaction, "grant.write", not_allowed(who))
            subject = transaction.users.subjects(actor.tenant, [who], by).get(who)
            if subject is None:
                missing = Refused(who, Reason.NO_SUCH_USER, "there is no such user")
                return self._refuse(transaction, "grant.write", missing)
            places = transaction.tenants.applications(actor.tenant)
            if not any(p.workspace == workspace and application in ("", p.id) for p in places):
                unknown = Refused(who, Reason.INVALID, "there is no such workspace or application")
                return self._refuse(transaction, "grant.write", unknown, target=subject.uid)
            transaction.tenants.grant(subject.uid, Grant(workspace, application, role, self.parts.clock.now()))
            detail = f"{workspace}/{application}: {role}"
            transaction.audit.append([self._event("grant.write", "changed", who, target=subject.uid, detail=detail)])
            return Changed(who)

        asked, place = (by, role), f"{who}:{workspace}/{application}"
        change = Change("grant.write", place, asked, act, lambda made: made.who, lambda transaction, done: Changed(who))
        return do(self.parts, self.caller, change)

    def profile(self) -> ProfileName:
        """The password policy of the tenant."""
        return self.caller.rules.profile

    def judge(self, candidate: Secret, via: Capabilities, about: User | None = None) -> Verdict:
        """What the policy of the tenant says of a candidate under a door's lengths, for a user (else for the caller).

        Nothing is kept, and nobody's password is looked at: the answer tells no more than the policy itself.
        """
        actor = self.caller.actor
        if about is None:
            with self.parts.store.reading() as view:
                about = view.users.get_many(actor.tenant, [actor.id]).get(actor.id)
        policy = Policy.of(self.caller.rules.profile, shortest=via.shortest, longest=via.longest)
        names = (about.key, about.login) if about is not None else (actor.name,)
        context = context_of(*names, profile=about.profile if about else None, places=self.caller.rules.words)
        return judge_password(candidate, policy, self.parts.blocklist, context)

    def tenant(self) -> Tenant:
        """The caller's own tenant."""
        with self.parts.store.reading() as view:
            return next(one for one in view.tenants.all() if one.number == self.caller.actor.tenant)

    def keep_job(self, result: str) -> int:
        """Keep what came of a call, for the caller alone.  The audit has the effects of the call, not this."""
        actor = self.caller.actor
        with self.parts.store.writing() as transaction:
            return transaction.jobs.put(Job(actor.tenant, actor.id, result, self.parts.clock.now()))

    def job(self, number: int) -> str | None:
        """What the caller kept; None when there is none, or it is somebody else's, or its time is over."""
        actor = self.caller.actor
        with self.parts.store.reading() as view:
            job = view.jobs.find(number)
        if job is None or (job.tenant, job.owner) != (actor.tenant, actor.id):
            return None
        return job.result if self.parts.clock.now() - job.at < LIFE else None

    def _token(self, operation: str, id: str) -> Secret:
        """The token of a new key: drawn, unless a repeat must find the same one again."""
        if not self.caller.origin.operation:
            return self.parts.minter.draw()
        return self.parts.minter.link(operation, id)

    def _now(self, transaction: Transaction, done: Done) -> Key | Refused:
        """The key that an operation made or changed, as it is now."""
        return transaction.keys.find(done.uid) or Refused(done.uid, Reason.NO_SUCH_USER, "there is no such key")

    def _again(self, transaction: Transaction, done: Done) -> NewKey | Refused:
        """The same, with its token, which is worth nothing once the key has another."""
        key = self._now(transaction, done)
        if isinstance(key, Refused):
            return key
        return NewKey(key, self.parts.minter.link(done.id, key.id, key_id=done.derive_id))

    def _outdated(self, who: str, rights: frozenset[Right]) -> Refused | None:
        """Why an old sign-in makes no key that administers: it would outlive the sign-in by far."""
        return outdated(self.caller.actor, self.parts.clock.now(), who) if rights else None

    def _key(self, transaction: Transaction, verb: str, id: str) -> Key | Refused:
        """The key if the caller may touch it: never one of another tenant, never one with rights they lack."""
        if not may(self.caller.actor, verb, Target.NOBODY):
            return self._refuse(transaction, verb, not_allowed(id))
        key = transaction.keys.find(id)
        if key is None or key.tenant != self.caller.actor.tenant:
            return self._refuse(transaction, verb, Refused(id, Reason.NO_SUCH_USER, "there is no such key"))
        owner = transaction.users.by_uid([key.owner]).get(key.owner)
        rights, administers = (owner.rights, owner.administers) if owner is not None else (key.rights, frozenset[int]())
        if not self.caller.actor.holds(rights, administers):
            return self._refuse(transaction, verb, not_allowed(id))
        return key

    def _keep(self, transaction: Transaction, verb: str, outcome: str, key: Key, detail: str) -> Key:
        transaction.keys.put(key)
        transaction.audit.append([self._event(verb, outcome, key.id, detail=detail)])
        return key

    def _next(self, key: Key) -> Key:
        return replace(key, epoch=key.epoch + 1, version=key.version + 1, updated=self._stamp())

    def _refuse(self, transaction: Transaction, verb: str, refused: Refused, *, target: str = "") -> Refused:
        event = self._event(verb, "refused", refused.who, target=target, reason=refused.reason.value)
        transaction.audit.append([event])
        return refused

    def _stamp(self) -> Stamp:
        return Stamp(self.caller.actor.id, self.parts.clock.now())

    def _event(
        self, verb: str, outcome: str, who: str, *, target: str = "", reason: str = "", detail: str = ""
    ) -> Event:
        now = self.parts.clock.now()
        return self.caller.event(now, verb, outcome, who=who, target=target, reason=reason, detail=detail)


def _told(before: Key, now: Key) -> str:
    """What was changed of a key, for the audit."""
    switched = "" if now.active == before.active else "switched on" if now.active else "switched off"
    described = "" if now.description == before.description else "description changed"
    return told(rights_told(now.rights, before.rights), switched, described)
