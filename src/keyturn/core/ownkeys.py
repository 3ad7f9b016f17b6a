"""Keys that belong to a person: for doors that know a password alone, where the person has or needs a second factor.

Such a key acts as its owner, with the rights that the owner has at that moment, and dies with the account.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from string import ascii_lowercase
from typing import Final

from keyturn.core.factors import FRESH
from keyturn.core.noticing import notice
from keyturn.core.once import Change, do
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import SIGN_IN_AGAIN, Target, may, not_allowed
from keyturn.core.ports import NewKey
from keyturn.core.steps import Caller, Parts
from keyturn.core.storage import Done, Key, Subject, Transaction
from keyturn.core.telling import told
from keyturn.core.users import Handle, Stamp

OCTETS: Final = 32
"""Of a token, 256 bits: 43 characters, which fit wherever a password does."""

MOST_KEYS: Final = 20
"""How many keys somebody may have."""

_KIND: Final = re.compile("[a-z]{1,32}")
LONGEST_DESCRIPTION: Final = 255

STALE: Final = "sign in again first: keys are made within ten minutes of a sign-in"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a key is to be.  kind: for which door; scopes: what a client may ask for there, where it has scopes."""

    kind: str
    description: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """Keys of persons as one caller may make them.  Each change is one transaction with its audit row."""

    parts: Parts
    caller: Caller

    def mine(self) -> Sequence[Key] | Refused:
        """The caller's own keys, oldest first."""
        if not may(self.caller.actor, "key.own", Target.SELF):
            return not_allowed()
        with self.parts.store.reading() as view:
            return view.keys.of(self.caller.actor.id)

    def create(self, kind: str, description: str = "", scopes: tuple[str, ...] = ()) -> NewKey | Refused:
        """A key of one's own for a door; its token is shown this once."""
        actor = self.caller.actor

        def act(transaction: Transaction, operation: str) -> NewKey | Refused:
            subject = transaction.users.by_uid([actor.id]).get(actor.id)
            open_still = transaction.sessions.find(actor.session) is not None
            if subject is None or not open_still or not may(actor, "key.own", Target.SELF):
                return self._refuse(transaction, "key.create", not_allowed(), actor.id)
            if actor.since is None or self.parts.clock.now() - actor.since > FRESH:
                stale = Refused("", Reason.NOT_ALLOWED, STALE, SIGN_IN_AGAIN)
                return self._refuse(transaction, "key.create", stale, actor.id)
            return self._made(transaction, subject, wanted, operation)

        wanted = Wanted(kind, description, scopes)
        return do(self.parts, self.caller, Change("key.create", "", (wanted,), act, _id, self._again))

    def create_for(self, who: str, by: Handle, wanted: Wanted) -> NewKey | Refused:
        """A key of somebody else's, by who may make keys and holds all that the person does."""
        actor = self.caller.actor

        def act(transaction: Transaction, operation: str) -> NewKey | Refused:
            subject = transaction.users.subjects(actor.tenant, [who], by).get(who)
            allowed = may(actor, "key.create", Target.NOBODY)
            if not allowed or (subject is not None and not actor.holds(subject.rights, subject.administers)):
                return self._refuse(transaction, "key.create", not_allowed(who), subject.uid if subject else "")
            if subject is None:
                missing = Refused(who, Reason.NO_SUCH_USER, "there is no such user")
                return self._refuse(transaction, "key.create", missing, "")
            return self._made(transaction, subject, wanted, operation)

        return do(self.parts, self.caller, Change("key.create", who, (wanted,), act, _id, self._again))

    def revoke(self, id: str) -> Key | Refused:
        """Delete one of one's own keys; what was signed in with it ends."""
        actor = self.caller.actor
        with self.parts.store.writing() as transaction:
            if not may(actor, "key.own", Target.SELF):
                return self._refuse(transaction, "key.revoke", not_allowed(id), actor.id)
            key = transaction.keys.find(id)
            if key is None or key.owner != actor.id:
                missing = Refused(id, Reason.NO_SUCH_USER, "there is no such key")
                return self._refuse(transaction, "key.revoke", missing, actor.id)
            transaction.keys.remove(id)
            self._audit(transaction, "key.revoke", "changed", key)
            return key

    def _made(self, transaction: Transaction, subject: Subject, wanted: Wanted, operation: str) -> NewKey | Refused:
        if misfit := misfit_of(wanted.kind, wanted.description):
            return self._refuse(transaction, "key.create", misfit, subject.uid)
        if len(transaction.keys.of(subject.uid)) >= MOST_KEYS:
            many = Refused("", Reason.INVALID, f"there are {MOST_KEYS} keys already; revoke one first")
            return self._refuse(transaction, "key.create", many, subject.uid)
        name, stamp = free_id(transaction, subject.tenant), Stamp(self.caller.actor.id, self.parts.clock.now())
        named = bool(self.caller.origin.operation)
        token = self.parts.minter.link(operation, name) if named else self.parts.minter.draw(OCTETS)
        key = Key(
            name, subject.tenant, wanted.kind, self.parts.hasher.digest(token), frozenset(), True, wanted.description,
            1, 1, stamp, stamp, scopes=wanted.scopes, owner=subject.uid,
        )  # fmt: skip
        transaction.keys.put(key)
        self._audit(transaction, "key.create", "created", key)
        notice(transaction, subject, self.caller.rules, self.parts.clock.now())
        return NewKey(key, token)

    def _again(self, transaction: Transaction, done: Done) -> NewKey | Refused:
        """The key that an operation made, with its token derived again."""
        key = transaction.keys.find(done.uid)
        if key is None:
            return Refused(done.uid, Reason.NO_SUCH_USER, "there is no such key")
        return NewKey(key, self.parts.minter.link(done.id, key.id, key_id=done.derive_id))

    def _audit(self, transaction: Transaction, verb: str, outcome: str, key: Key) -> None:
        detail = told(f"kind {key.kind}", "of a person")
        event = self.caller.event(self.parts.clock.now(), verb, outcome, who=key.id, target=key.owner, detail=detail)
        transaction.audit.append([event])

    def _refuse(self, transaction: Transaction, verb: str, refused: Refused, uid: str) -> Refused:
        transaction.audit.append([self.caller.refusal(self.parts.clock.now(), verb, refused, target=uid)])
        return refused


def _id(made: NewKey) -> str:
    return made.key.id


def misfit_of(kind: str, description: str) -> Refused | None:
    """Why a key cannot be called so, or None: people read both in lists and in the audit."""
    if not _KIND.fullmatch(kind):
        return Refused("", Reason.INVALID, "the kind of a key is the name of a door, in small letters")
    if len(description) > LONGEST_DESCRIPTION or not description.isprintable():
        return Refused("", Reason.INVALID, f"a description is one line of at most {LONGEST_DESCRIPTION} characters")
    return None


def free_id(transaction: Transaction, tenant: int) -> str:
    """An id as the field writes them: `a-<tenant>-<10 lower-case letters>`."""
    name = next(one.name for one in transaction.tenants.all() if one.number == tenant)
    drawn = (f"a-{name}-" + "".join(secrets.choice(ascii_lowercase) for _ in range(10)) for _ in count())
    return next(each for each in drawn if transaction.keys.find(each) is None)
