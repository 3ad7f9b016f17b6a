"""What a transaction sees of the users that a set of steps is about, read in sets."""

from collections import Counter
from collections.abc import Mapping, Sequence

from keyturn.core.commands import CreateUser, DeleteUser, SetStatus, UpdateUser
from keyturn.core.errors import Conflict
from keyturn.core.judging import Seen
from keyturn.core.ports import Clock
from keyturn.core.steps import Step
from keyturn.core.storage import Subject, View
from keyturn.core.users import Handle, Right


class Sight:
    """Reads once for a whole set, then answers for each step.

    Raises Conflict from `claim` when two steps of the set turn out to be about one user, or may both take away the
    right of an administrator: then they must be settled one after the other.
    """

    def __init__(self, clock: Clock, view: View, steps: Sequence[Step]) -> None:
        self._view = view
        self._now = clock.now()
        self._subjects = _subjects(view, steps)
        self._taken = _taken(view, steps)
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
            now=self._now,
        )

    def claim(self, step: Step, subject: Subject | None, *, alone: bool) -> None:
        """Say that a step will act on its subject."""
        if subject is None or alone:
            return
        risky = isinstance(step.command, SetStatus | DeleteUser | UpdateUser) and Right.USERS in subject.rights
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
