"""Tenants, and who administers one from outside."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from keyturn.core.errors import Conflict
from keyturn.core.once import Change, do
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.permissions import Target, may, not_allowed, outdated
from keyturn.core.steps import Caller, Parts
from keyturn.core.storage import Done, Tenant, Transaction, UserChange
from keyturn.core.telling import change_told, settings_told, told
from keyturn.core.tenancy import Rules, WrongSetting
from keyturn.core.users import Handle, Stamp

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
"""What a tenant may be called: it stands in addresses and in the ids of API keys."""


@dataclass(frozen=True, slots=True)
class LocalTenants:
    """The tenants as the caller may use them.  Each change is one transaction with its audit."""

    parts: Parts
    caller: Caller

    def all(self) -> Sequence[Tenant]:
        """Those that the caller reaches, in order of number; the caller's own is always among them."""
        with self.parts.store.reading() as view:
            return [tenant for tenant in view.tenants.all() if self.caller.actor.reaches(tenant.number)]

    def create(self, name: str, settings: Mapping[str, str]) -> Tenant | Refused:
        """A new tenant, without anybody in it."""

        def act(transaction: Transaction, operation: str) -> Tenant | Refused:
            if not may(self.caller.actor, "tenant.create", Target.NOBODY):
                return self._refuse(transaction, "tenant.create", not_allowed(name))
            number = max(tenant.number for tenant in transaction.tenants.all()) + 1
            tenant = Tenant(number, name, str(uuid4()), dict(settings))
            return self._keep(transaction, "tenant.create", tenant, settings_told({}, tenant.settings))

        change = Change("tenant.create", "", (name, settings), act, _number, _now)
        return do(self.parts, self.caller, change)

    def update(self, number: int, name: str | None, settings: Mapping[str, str] | None) -> Tenant | Refused:
        """Another name, or other settings in place of all that were there."""

        def act(transaction: Transaction, operation: str) -> Tenant | Refused:
            if not may(self.caller.actor, "tenant.update", Target.NOBODY):
                return self._refuse(transaction, "tenant.update", not_allowed(str(number)))
            found = next((one for one in transaction.tenants.all() if one.number == number), None)
            if found is None:
                missing = Refused(str(number), Reason.NO_SUCH_TENANT, "there is no such tenant")
                return self._refuse(transaction, "tenant.update", missing)
            changed = Tenant(
                number,
                found.name if name is None else name,
                found.guid,
                found.settings if settings is None else dict(settings),
            )
            renamed = change_told("name", found.name, changed.name)
            detail = told(renamed, settings_told(found.settings, changed.settings))
            return self._keep(transaction, "tenant.update", changed, detail)

        change = Change("tenant.update", str(number), (name, settings), act, _number, _now)
        return do(self.parts, self.caller, change)

    def home(self, who: str, by: Handle) -> int | None:
        """The tenant of a user by number or uid, when the caller reaches it."""
        with self.parts.store.reading() as view:
            number = view.users.home(who, by)
        return number if number is not None and self.caller.actor.reaches(number) else None

    def appoint(self, uid: str, tenants: frozenset[int]) -> Changed | Refused:
        """Have a user of the system's tenant administer the users of these tenants, and of no others."""
        verb, actor = "tenant.appoint", self.caller.actor

        def act(transaction: Transaction, operation: str) -> Changed | Refused:
            subject = transaction.users.by_uid([uid]).get(uid)
            known = subject is not None and subject.tenant == actor.tenant
            rights = subject.rights if subject is not None else frozenset()
            administers = subject.administers if subject is not None else frozenset()
            target = Target.SELF if uid == actor.id else Target.OTHER
            if not may(actor, verb, target, rights, administers):
                return self._refuse(transaction, verb, not_allowed(uid))
            stale = outdated(actor, self.parts.clock.now(), uid)
            if stale is not None:
                return self._refuse(transaction, verb, stale)
            if not known:
                missing = Refused(uid, Reason.NO_SUCH_USER, "there is no such user")
                return self._refuse(transaction, verb, missing)
            if not tenants <= {one.number for one in transaction.tenants.all()}:
                missing = Refused(uid, Reason.NO_SUCH_TENANT, "there is no such tenant")
                return self._refuse(transaction, verb, missing)
            stamp = Stamp(actor.id, self.parts.clock.now())
            lost = not administers <= tenants
            transaction.users.update([UserChange(uid, stamp, administers=tenants, revoke=lost)])
            detail = "administers " + (" ".join(str(number) for number in sorted(tenants)) or "no other tenant")
            event = self.caller.event(stamp.at, verb, "changed", who=uid, target=uid, detail=detail)
            transaction.audit.append([event])
            return Changed(uid)

        change = Change(verb, uid, (tenants,), act, lambda done: done.who, lambda transaction, done: Changed(uid))
        return do(self.parts, self.caller, change)

    def _keep(self, transaction: Transaction, verb: str, tenant: Tenant, changes: str) -> Tenant | Refused:
        stale = outdated(self.caller.actor, self.parts.clock.now(), tenant.name)
        if stale is not None:
            return self._refuse(transaction, verb, stale)
        if not NAME.fullmatch(tenant.name):
            text = "a tenant's name has letters, digits, hyphens and underscores, at most 63"
            return self._refuse(transaction, verb, Refused(tenant.name, Reason.INVALID, text))
        try:
            Rules.of(tenant.settings)
        except WrongSetting as wrong:
            return self._refuse(transaction, verb, Refused(tenant.name, Reason.INVALID, str(wrong)))
        try:
            with transaction.savepoint():
                transaction.tenants.put(tenant)
        except Conflict:
            return self._refuse(
                transaction, verb, Refused(tenant.name, Reason.EXISTS, "there is a tenant of that name")
            )
        outcome = "created" if verb == "tenant.create" else "changed"
        detail = told(f"number {tenant.number}", changes)
        event = self.caller.event(self.parts.clock.now(), verb, outcome, who=tenant.name, detail=detail)
        transaction.audit.append([event])
        return tenant

    def _refuse(self, transaction: Transaction, verb: str, refused: Refused) -> Refused:
        transaction.audit.append([self.caller.refusal(self.parts.clock.now(), verb, refused)])
        return refused


def _number(tenant: Tenant) -> str:
    return str(tenant.number)


def _now(transaction: Transaction, done: Done) -> Tenant | Refused:
    """The tenant that an operation made or changed, as it is now; none is ever deleted."""
    return next(one for one in transaction.tenants.all() if _number(one) == done.uid)
