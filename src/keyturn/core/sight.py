"""What a transaction sees of the users that a set of steps is about, read in sets."""

from collections import Counter
from collections.abc import Mapping, Sequence

from keyturn.core.budget import waits
from keyturn.core.commands import CreateUser, DeleteUser, SetStatus, UpdateUser, candidate
from keyturn.core.errors import Conflict
from keyturn.core.judging import Seen
from keyturn.core.membership import Node, closure
from keyturn.core.ports import Clock
from keyturn.core.steps import Step
from keyturn.core.storage import Subject, View
from keyturn.core.users import USER_RIGHTS, Handle, Profile, Right


class Sight:
    """Reads once for a whole set, then answers for each step.

    Raises Conflict from `claim` when two steps of the set turn out to be about one user, or may both take away the
    right of an administrator: then they must be settled one after the other.
    """

    def __init__(self, clock: Clock, view: View, steps: Sequence[Step]) -> None:
        self._view = view
        self._steps = steps
        self._now = clock.now()
        self._subjects = _subjects(view, steps)
        self._taken = _taken(view, steps)
        self._used = _used(view, steps)
        self._graphs: dict[int, Mapping[str, Node]] = {}
        self._profiles: dict[int, Mapping[str, Profile]] = {}
        self._claims: Counter[str] = Counter()

    def of(self, step: Step) -> Seen:
        """What there is to see for one step."""
        tenant = step.caller.actor.tenant
        subject = None
        if not isinstance(step.command, CreateUser):
            subject = self._subjects.get((tenant, step.caller.via.handle), {}).get(step.command.who)
        return Seen(
            subject,
            self._taken.get(tenant, {}),
            administrators=lambda: self._view.users.administrators(tenant),
            link_open=lambda digest: self._view.links.find(digest) is not None,
            session_open=lambda held: self._view.sessions.find(held) is not None,
            gives=lambda uid, join, leave: self._gives(tenant, uid, join, leave),
            waits=lambda source: subject is not None and waits(self._view, subject, source, self._now),
            profile=lambda: self._profile(tenant, subject.uid if subject is not None else ""),
            used=self._used,
            now=self._now,
        )

    def _gives(self, tenant: int, uid: str, join: Sequence[str], leave: Sequence[str]) -> frozenset[Right] | None:
        if tenant not in self._graphs:
            self._graphs[tenant] = self._view.groups.graph(tenant)
        graph = self._graphs[tenant]
        if not graph.keys() >= {*join, *leave}:
            return None
        direct = self._view.groups.of([uid])[uid] if uid else frozenset[str]()
        return closure(graph, (direct | {*join}) - {*leave})

    def _profile(self, tenant: int, uid: str) -> Profile | None:
        """Read at first need, at once for all steps that bring a password: their names may not make it up."""
        if tenant not in self._profiles:
            users = self._view.users.get_many(tenant, self._choosers(tenant))
            self._profiles[tenant] = {uid: user.profile for uid, user in users.items()}
        return self._profiles[tenant].get(uid)

    def _choosers(self, tenant: int) -> list[str]:
        """The uids of the users of a tenant for whom a step brings a password."""
        wanted = {(step.caller.via.handle, step.command.who) for step in self._steps if candidate(step.command)}
        known = ((by, whos) for (of, by), whos in self._subjects.items() if of == tenant)
        return list({subject.uid for by, whos in known for who, subject in whos.items() if (by, who) in wanted})

    def claim(self, step: Step, subject: Subject | None, *, alone: bool) -> None:
        """Say that a step will act on its subject."""
        if subject is None or alone:
            return
        risky = isinstance(step.command, SetStatus | DeleteUser | UpdateUser) and subject.rights >= USER_RIGHTS
        for name in (subject.uid, "administrators") if risky else (subject.uid,):
            self._claims[name] += 1
            if self._claims[name] > 1:
                raise Conflict("two commands of one set are about one user")


def _subjects(view: View, steps: Sequence[Step]) -> dict[tuple[int, Handle], Mapping[str, Subject]]:
    wanted: dict[tuple[int, Handle], list[str]] = {}
    for step in steps:
        if not isinstance(step.command, CreateUser):
            wanted.setdefault((step.caller.actor.tenant, step.caller.via.handle), []).append(step.command.who)
    return {(tenant, by): view.users.subjects(tenant, whos, by) for (tenant, by), whos in wanted.items()}


def _used(view: View, steps: Sequence[Step]) -> frozenset[str]:
    """Which of the uids that creations want somebody has already."""
    wanted = [step.command.uid for step in steps if isinstance(step.command, CreateUser) and step.command.uid]
    return view.users.used(wanted) if wanted else frozenset()


def _taken(view: View, steps: Sequence[Step]) -> dict[int, Mapping[str, str]]:
    """Which wanted ids, sign-in names and addresses are held, by tenant."""
    keys: dict[int, list[str]] = {}
    logins: dict[int, list[str]] = {}
    mails: dict[int, list[str]] = {}
    for step in steps:
        tenant, command = step.caller.actor.tenant, step.command
        if isinstance(command, CreateUser):
            keys.setdefault(tenant, []).append(command.who)
            logins.setdefault(tenant, []).append(command.login or command.who)
            if step.caller.via.unique_mail:
                mails.setdefault(tenant, []).extend(contact.value for contact in command.profile.emails)
        elif isinstance(command, UpdateUser) and command.login:
            logins.setdefault(tenant, []).append(command.login)
    tenants = keys.keys() | logins.keys()
    return {t: view.users.taken(t, keys.get(t, []), logins.get(t, []), mails.get(t, [])) for t in tenants}
