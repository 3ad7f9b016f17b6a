"""Groups: who is in one, and that nobody gets a right through one that its giver lacks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from keyturn.core.errors import Conflict
from keyturn.core.judging import fault_of_id
from keyturn.core.membership import GroupChange, Node, Tie, above, below, closure
from keyturn.core.once import Change, do
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Target, may, may_confer, not_allowed, outdated
from keyturn.core.steps import Caller, Parts
from keyturn.core.storage import Done, Subject, Transaction, UserChange
from keyturn.core.telling import change_told, rights_told, told
from keyturn.core.users import Group, Groups, Right, Stamp, Window


class _Undo(Exception):
    """Rolls a change back that turned out to be one that is refused."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.text)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class LocalGroups:
    """The groups of the caller's tenant, as the caller may use them.  Each change is one transaction with its audit."""

    parts: Parts
    caller: Caller

    def page(self, window: Window) -> Groups:
        """A part of the groups; nothing for a caller who may not list."""
        if not may(self.caller.actor, "group.list", Target.NOBODY):
            return Groups((), 0)
        with self.parts.store.reading() as view:
            return view.groups.page(self.caller.actor.tenant, window)

    def find(self, uid: str) -> Group | None:
        """The group, or None when there is none that the caller may see."""
        if not may(self.caller.actor, "group.read", Target.NOBODY):
            return None
        with self.parts.store.reading() as view:
            return view.groups.find(self.caller.actor.tenant, [uid]).get(uid)

    def create(self, name: str, rights: frozenset[Right], members: Sequence[str], external_id: str) -> Group | Refused:
        """A new group with these members (uids of users and of groups)."""
        stamp = self._stamp()
        group = Group(str(uuid4()), self.caller.actor.tenant, name, rights, (), stamp, stamp, external_id=external_id)

        def act(transaction: Transaction, operation: str) -> Group | Refused:
            detail = told(name, rights_told(rights) if rights else "")
            return self._try(transaction, "group.create", name, group, tuple(members), (), detail)

        asked = (name, rights, tuple(members), external_id)
        return do(self.parts, self.caller, Change("group.create", "", asked, act, _uid, self._now))

    def update(self, uid: str, change: GroupChange) -> Group | Refused:
        """Change a group or who is in it."""

        def act(transaction: Transaction, operation: str) -> Group | Refused:
            group = self._found(transaction, "group.update", uid)
            if isinstance(group, Refused):
                return group
            if change.version is not None and change.version != group.version:
                stale = Refused(uid, Reason.STALE_VERSION, "the group was changed meanwhile; read it again")
                return self._refuse(transaction, "group.update", stale, uid)
            there = {member.uid for member in group.members}
            wanted = there if change.members is None else set(change.members)
            wanted = (wanted | set(change.add)) - set(change.remove)
            changed = replace(
                group,
                name=group.name if change.name is None else change.name,
                rights=group.rights if change.rights is None else change.rights,
                external_id=group.external_id if change.external_id is None else change.external_id,
                version=group.version + 1,
                updated=self._stamp(),
            )
            add, remove = sorted(wanted - there), sorted(there - wanted)
            renamed = change_told("name", group.name, changed.name) or group.name
            detail = told(renamed, rights_told(changed.rights, group.rights))
            return self._try(transaction, "group.update", uid, changed, add, remove, detail)

        return do(self.parts, self.caller, Change("group.update", uid, (change,), act, _uid, self._now))

    def delete(self, uid: str) -> Group | Refused:
        """Delete a group; its members lose what it gave them."""

        def act(transaction: Transaction, operation: str) -> Group | Refused:
            group = self._found(transaction, "group.delete", uid)
            if isinstance(group, Refused):
                return group
            emptied = replace(group, members=(), rights=frozenset())
            members = [member.uid for member in group.members]
            detail = told(group.name, rights_told(group.rights) if group.rights else "")
            return self._try(transaction, "group.delete", uid, emptied, (), members, detail)

        stamp = self._stamp()
        gone = Group(uid, self.caller.actor.tenant, "", frozenset(), (), stamp, stamp)
        return do(self.parts, self.caller, Change("group.delete", uid, (), act, _uid, lambda transaction, done: gone))

    def _now(self, transaction: Transaction, done: Done) -> Group | Refused:
        """The group that an operation made or changed, as it is now."""
        missing = Refused(done.uid, Reason.NO_SUCH_GROUP, "there is no such group")
        return transaction.groups.find(self.caller.actor.tenant, [done.uid]).get(done.uid, missing)

    def _found(self, transaction: Transaction, verb: str, uid: str) -> Group | Refused:
        if not may(self.caller.actor, verb, Target.NOBODY):
            return self._refuse(transaction, verb, not_allowed(uid))
        group = transaction.groups.find(self.caller.actor.tenant, [uid]).get(uid)
        if group is None:
            return self._refuse(transaction, verb, Refused(uid, Reason.NO_SUCH_GROUP, "there is no such group"))
        return group

    def _try(
        self,
        transaction: Transaction,
        verb: str,
        who: str,
        group: Group,
        add: Sequence[str],
        remove: Sequence[str],
        detail: str,
    ) -> Group | Refused:
        """Do it, look at what came of it, and undo it when somebody got or lost what the caller does not hold."""
        try:
            with transaction.savepoint():
                return self._write(transaction, verb, group, add, remove, detail)
        except _Undo as undo:
            return self._refuse(transaction, verb, replace(undo.refused, who=who), group.uid)
        except Conflict:
            taken = Refused(who, Reason.EXISTS, "there is a group of that name")
            return self._refuse(transaction, verb, taken, group.uid)

    def _write(
        self, transaction: Transaction, verb: str, group: Group, add: Sequence[str], remove: Sequence[str], detail: str
    ) -> Group:
        if not may(self.caller.actor, verb, Target.NOBODY):
            raise _Undo(not_allowed())
        if fault := fault_of_id(group.name):
            raise _Undo(Refused("", Reason.INVALID, fault.replace("the id", "the name")))
        tenant, table = group.tenant, transaction.groups
        administered = transaction.users.administrators(tenant) > 0
        before = table.graph(tenant)
        people = self._subjects(transaction, [*add, *remove])
        touched = below(before, [group.uid, *remove])
        table.put(group)
        table.untie([Tie(group.uid, uid) for uid in remove])
        joins = _joins(before, group, add, people)
        table.tie(joins)
        after = table.graph(tenant)
        touched |= below(after, [group.uid, *add])
        gives = closure(before, [group.uid]) | closure(after, [group.uid])
        self._hold(gives, people.values())
        if verb == "group.delete":
            table.remove(group.uid)
        if gives:
            everybody = {*transaction.groups.people(sorted(touched)), *people}
            self._spread(transaction, after, sorted(everybody))
        if administered and transaction.users.administrators(tenant) == 0:
            text = "this would take the right from the last user who can administer users"
            raise _Undo(Refused("", Reason.LAST_ADMINISTRATOR, text))
        self._say(transaction, verb, group, joins, remove, detail)
        return table.find(tenant, [group.uid]).get(group.uid, group)

    def _subjects(self, transaction: Transaction, uids: Sequence[str]) -> dict[str, Subject]:
        """The users among these, of the caller's tenant."""
        found = transaction.users.by_uid(uids) if uids else {}
        return {uid: one for uid, one in found.items() if one.tenant == self.caller.actor.tenant}

    def _hold(self, gives: frozenset[Right], people: Iterable[Subject]) -> None:
        """The caller holds what the group gives, and what everybody holds who is taken in or out; where it gives
        anything, by a fresh sign-in."""
        actor = self.caller.actor
        whole = all(actor.holds(one.rights, one.administers) for one in people if one.uid != actor.id)
        if not whole or not may_confer(actor, gives):
            raise _Undo(not_allowed())
        stale = outdated(actor, self.parts.clock.now()) if gives else None
        if stale is not None:
            raise _Undo(stale)

    def _spread(self, transaction: Transaction, graph: Mapping[str, Node], uids: Sequence[str]) -> None:
        """Write down what these users have through groups now; whoever lost something is signed in nowhere any more."""
        direct = transaction.groups.of(uids)
        changes: list[UserChange] = []
        for uid, subject in transaction.users.by_uid(uids).items():
            through = closure(graph, direct[uid])
            if through == subject.through:
                continue
            if not self.caller.actor.holds(subject.rights, subject.administers):
                raise _Undo(not_allowed())
            lost = not subject.rights <= subject.own | through
            changes.append(UserChange(uid, self._stamp(), through=through, revoke=lost))
        if changes:
            transaction.users.update(changes)

    def _say(
        self,
        transaction: Transaction,
        verb: str,
        group: Group,
        joins: Sequence[Tie],
        leaves: Sequence[str],
        detail: str,
    ) -> None:
        """The group's own audit row, and one for each who joined or left."""
        now, caller = self.parts.clock.now(), self.caller
        outcome = "created" if verb == "group.create" else "changed"
        events = [caller.event(now, verb, outcome, who=group.uid, target=group.uid, detail=detail)]
        members = [("group.join", tie.member) for tie in joins] + [("group.leave", uid) for uid in leaves]
        events += [caller.event(now, word, "changed", who=uid, target=uid, detail=group.uid) for word, uid in members]
        transaction.audit.append(events)

    def _refuse(self, transaction: Transaction, verb: str, refused: Refused, target: str = "") -> Refused:
        transaction.audit.append([self.caller.refusal(self.parts.clock.now(), verb, refused, target=target)])
        return refused

    def _stamp(self) -> Stamp:
        return Stamp(self.caller.actor.id, self.parts.clock.now())


def _joins(graph: Mapping[str, Node], group: Group, add: Sequence[str], people: Mapping[str, Subject]) -> list[Tie]:
    """The ties of new members, of whom each must be there, and no group be in itself."""
    upper = above(graph, [group.uid])
    for uid in add:
        if uid not in people and uid not in graph:
            raise _Undo(Refused("", Reason.INVALID, "a member is no user and no group"))
        if uid not in people and uid in upper:
            raise _Undo(Refused("", Reason.INVALID, "a group cannot be in itself"))
    return [Tie(group.uid, uid, uid not in people) for uid in add]


def _uid(group: Group) -> str:
    return group.uid
