"""The one door: every command on our own directory is judged and written here, in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias, cast
from uuid import uuid4

from keyturn.core.budget import strike
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import (
    ChangePassword,
    Commands,
    CreateUser,
    DeleteUser,
    ResetPassword,
    SetStatus,
    UpdateUser,
    candidate,
)
from keyturn.core.context import context_of
from keyturn.core.effects import Effects, Press
from keyturn.core.errors import Conflict
from keyturn.core.evidence import Evidence
from keyturn.core.judging import Seen, judge
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused, Unchanged
from keyturn.core.permissions import Target, may
from keyturn.core.policy import Policy, Verdict
from keyturn.core.policy import judge as judge_password
from keyturn.core.ports import Probe
from keyturn.core.readback import EVERYTHING, read_back
from keyturn.core.secret import Secret
from keyturn.core.sight import Sight
from keyturn.core.steps import Caller, Parts, Recipient, Step, begin
from keyturn.core.storage import Subject, Transaction, View
from keyturn.core.users import USER_RIGHTS, Profile, Shown, User, Users, Window

LOCAL: Final = Capabilities(
    shows=frozenset(Shown),
    carries=frozenset({CreateUser, UpdateUser, ResetPassword, ChangePassword, SetStatus, DeleteUser}),
    generates=True,
    mails=True,
    permanent=True,
    batch=1000,
    repeats=True,
    hands_back=True,
    validates=True,
    groups=True,
    imports=True,
    ends_sessions=True,
    tells=EVERYTHING,
    reads=1000,
)
"""What our directory can do when nobody's dialect narrows it."""

Prepared: TypeAlias = Sequence[Step]


@dataclass(frozen=True, slots=True)
class LocalDirectory:
    """Our own directory as one caller may use it; `acting_as` makes it for another."""

    parts: Parts
    caller: Caller

    @property
    def capabilities(self) -> Capabilities:
        """What the caller's door lets through."""
        return self.caller.via

    @property
    def account(self) -> str:
        """Who is acting."""
        return self.caller.actor.id

    def execute(self, commands: Commands) -> list[Outcome]:
        """Prepare a batch and write it in one transaction; outcome i belongs to command i."""
        return commit(self.parts, self.harden(self.look(commands)))

    def look(self, commands: Commands) -> Prepared:
        """Judge a batch by a cheap read: existence, permission, policy.  Writes nothing and hashes nothing."""
        return look_together([(self, commands)])[0]

    def harden(self, looked: Prepared) -> Prepared:
        """Compute the verifiers of what was not refused.  `slow` tells whether that takes long."""
        for step in looked:
            self._check_old(step)
        chosen = [step for step in looked if step.password is not None and step.early is None and not step.wrong]
        wanted = [step.password for step in chosen if step.password is not None]
        for step, verifier in zip(chosen, self.parts.hasher.hash(wanted), strict=True):
            step.verifier = verifier
        adopted = [step for step in looked if step.imported is not None]
        imported = [step.imported for step in adopted if step.imported is not None]
        for step, verifier in zip(adopted, self.parts.hasher.adopt(imported), strict=True):
            step.verifier = verifier
        made = [step for step in looked if step.generated and step.early is None]
        for step in looked:
            step.derive_id = self.parts.minter.key_id
        secrets = [self.parts.minter.one_time(step.operation, step.uid, key_id=step.derive_id) for step in made]
        verifiers = self.parts.hasher.hash_one_time(secrets)
        for step, secret, verifier in zip(made, secrets, verifiers, strict=True):
            step.password, step.verifier = secret, verifier
        return looked

    def find(self, who: str) -> User | None:
        """The user, or None when there is none that the caller may see."""
        actor = self.caller.actor
        with self.parts.store.reading() as view:
            user = view.users.get(actor.tenant, who, self.caller.via.handle)
        target = Target.SELF if user is not None and user.uid == actor.id else Target.OTHER
        return user if may(actor, "user.read", target) else None

    def read_back(self, whos: Sequence[str]) -> list[Evidence]:
        """What is shown of these users' credentials."""
        return read_back(self.parts, self.caller, whos)

    def probe(self) -> Probe:
        """That the store answers, and who is acting."""
        with self.parts.store.reading() as view:
            view.tenants.all()
        administers = self.caller.actor.rights >= USER_RIGHTS
        return Probe(self.account, note="may administer users" if administers else "may not administer users")

    def ready(self, step: Step, seen: Seen) -> Step:
        """Fix the uid and judge the password; a step refused here costs no hash."""
        wanted_uid = step.command.uid if isinstance(step.command, CreateUser) else ""
        step.uid = seen.subject.uid if seen.subject is not None else wanted_uid or str(uuid4())
        step.early = judge(step, seen)
        if step.early is not None:
            return step
        if isinstance(step.command, CreateUser) and step.command.imported is not None:
            return self._import(step, step.command.imported)
        if isinstance(step.command, CreateUser) and step.command.notify:
            step.recipient = _recipient(step.command.profile)
        wanted = candidate(step.command)
        if wanted is None:
            step.generated = _wants_one_time(step)
            return step
        verdict = self._verdict(step, wanted, seen)
        if verdict.reason is not None:
            step.early = Refused(step.command.who, verdict.reason, verdict.text)
        else:
            step.password, step.warning = verdict.password, verdict.warning
        return step

    def _import(self, step: Step, imported: Secret) -> Step:
        """Take over a hash.  Nobody knows its password to judge it by, and there is nothing to mail."""
        fault = self.parts.hasher.fault_of(imported)
        if fault:
            text = f"the hash of the password cannot be imported: {fault}"
            step.early = Refused(step.command.who, Reason.INVALID, text)
        else:
            step.imported = imported
        return step

    def _verdict(self, step: Step, wanted: Secret, seen: Seen) -> Verdict:
        policy = Policy.of(
            self.caller.rules.profile, shortest=self.caller.via.shortest, longest=self.caller.via.longest
        )
        context = context_of(*_names(step, seen), profile=_profile(step, seen), places=self.caller.rules.words)
        return judge_password(wanted, policy, self.parts.blocklist, context)

    def _check_old(self, step: Step) -> None:
        """Compare the present password, and refuse a new one that is equal to a temporary one."""
        if not isinstance(step.command, ChangePassword) or step.early is not None or step.password is None:
            return
        with self.parts.store.reading() as view:
            subject = view.users.by_uid([step.uid]).get(step.uid)
        credential = subject.credential if subject is not None else None
        hasher, old = self.parts.hasher, step.command.old
        if old is not None:
            checked = credential.checkable() if credential is not None else None
            step.wrong = not hasher.check(old, checked).right
            step.seen = credential.verifier if credential is not None else ""
        if credential is not None and credential.must_change and not step.wrong:
            same = hasher.check(step.password, credential.checkable()).right
            if same:
                text = "the new password is the temporary one; choose another"
                step.early = Refused(step.command.who, Reason.SAME_PASSWORD, text)

    def list(self, window: Window) -> Users:
        """A part of the users of the tenant; nothing for a caller who may not list."""
        if not may(self.caller.actor, "user.list", Target.NOBODY):
            return Users((), 0)
        with self.parts.store.reading() as view:
            return view.users.page(self.caller.actor.tenant, window)


def look_together(asked: Sequence[tuple[LocalDirectory, Commands]]) -> list[Prepared]:
    """`look` for several callers at once, by one read of the store."""
    parts = asked[0][0].parts
    begun = [[begin(local.caller, command, parts.hasher) for command in commands] for local, commands in asked]
    with parts.store.reading() as view:
        sight = Sight(parts.clock, view, [step for steps in begun for step in steps])
        looked: list[Prepared] = [
            [local.ready(step, sight.of(step)) for step in steps]
            for (local, _), steps in zip(asked, begun, strict=True)
        ]
        _address(view, [step for steps in looked for step in steps])
    return looked


def _address(view: View, looked: Prepared) -> None:
    """Find where the mail of resets goes, by one read a tenant; those without an address are mailed nothing."""
    tenants: dict[int, dict[str, list[Step]]] = {}
    for step in looked:
        if isinstance(step.command, ResetPassword) and step.command.notify and step.early is None:
            tenants.setdefault(step.caller.actor.tenant, {}).setdefault(step.uid, []).append(step)
    for tenant, steps in tenants.items():
        moved = view.outbox.moved(list(steps))
        for uid, user in view.users.get_many(tenant, list(steps)).items():
            for step in steps[uid]:
                step.recipient = _recipient(user.profile, moved.get(uid))


def _recipient(profile: Profile, moved: datetime | None = None) -> Recipient | None:
    """Where mail for somebody goes; None when there is no address."""
    if not profile.mail():
        return None
    return Recipient(profile.mail(), profile.display_name, profile.language, profile.other_mails(), moved)


def slow(looked: Prepared) -> bool:
    """Whether hardening these steps needs slow hashes: a password that somebody chose, or an old one to compare."""
    waits = (step for step in looked if step.early is None)
    return any(step.password is not None or step.imported is not None for step in waits)


def _names(step: Step, seen: Seen) -> tuple[str, ...]:
    """The names that select the user whose password is chosen."""
    if isinstance(step.command, CreateUser):
        return step.command.who, step.command.login
    return (seen.subject.key, seen.subject.login) if seen.subject is not None else ()


def _profile(step: Step, seen: Seen) -> Profile | None:
    return step.command.profile if isinstance(step.command, CreateUser) else seen.profile()


def _wants_one_time(step: Step) -> bool:
    """Whether the directory makes the password: the command wants one and brings none."""
    if isinstance(step.command, CreateUser):
        return step.command.generate or step.recipient is not None
    return isinstance(step.command, ResetPassword)


def commit(parts: Parts, steps: Prepared) -> list[Outcome]:
    """Write prepared steps, of one caller or of many, in one transaction; outcome i belongs to step i.

    Raises StoreError when it cannot be kept; then nothing was done and nothing may be answered as done.
    """
    outcomes: dict[int, Outcome] = {}
    with parts.store.writing() as transaction:
        for wave in _waves(steps):
            outcomes.update(_settle_wave(parts, transaction, wave))
    return [outcomes[number] for number in range(len(steps))]


Wave: TypeAlias = list[tuple[int, Step]]


def _waves(steps: Prepared) -> Iterator[Wave]:
    """Cut steps into sets in which no name occurs twice, in order: a later step sees what an earlier one did."""
    wave: Wave = []
    names: set[tuple[int, str]] = set()
    for number, step in enumerate(steps):
        tenant, command = step.caller.actor.tenant, step.command
        mine = {(tenant, command.who)}
        if isinstance(command, CreateUser | UpdateUser) and command.login:
            mine.add((tenant, command.login))
        if isinstance(command, CreateUser) and step.caller.via.unique_mail:
            mine.update((tenant, contact.value.casefold()) for contact in command.profile.emails)
        if step.named:
            mine.add((tenant, step.operation))
        if names & mine:
            yield wave
            wave, names = [], set()
        wave.append((number, step))
        names |= mine
    if wave:
        yield wave


def _settle_wave(parts: Parts, transaction: Transaction, wave: Wave) -> Mapping[int, Outcome]:
    """Settle a set at once; if its elements are in each other's way, one by one, each in a savepoint of its own.

    A set that writes no unique value can only conflict before it writes anything, and needs no savepoint.  Alone, a
    step never does: writers wait for each other, and it was judged by what is there now.
    """
    whole = transaction.savepoint() if any(_takes_a_name(step) for _, step in wave) else nullcontext()
    with suppress(Conflict), whole:
        return _settle(parts, transaction, wave)
    outcomes: dict[int, Outcome] = {}
    for one in wave:
        with transaction.savepoint():
            outcomes.update(_settle(parts, transaction, [one]))
    return outcomes


def _takes_a_name(step: Step) -> bool:
    return step.named or isinstance(step.command, CreateUser | UpdateUser)


def _settle(parts: Parts, transaction: Transaction, wave: Wave) -> Mapping[int, Outcome]:
    now = parts.clock.now()
    press, effects = Press(parts.minter, parts.hasher, parts.sealer, now), Effects()
    sight = Sight(parts.clock, transaction, [step for _, step in wave])
    known = transaction.operations.find([step.operation for _, step in wave if step.named], now)
    wave = [(n, replace(step, uid=known[step.operation].uid) if step.operation in known else step) for n, step in wave]
    outcomes: dict[int, Outcome] = {}
    for number, step in wave:
        seen = sight.of(step)
        subject = seen.subject
        if step.operation in known:
            first = known[step.operation]
            subject = transaction.users.by_uid([first.uid]).get(first.uid)
            outcomes[number] = press.repeat(step, first, subject, effects)
            continue
        refused = judge(step, seen) or _moved(step, subject)
        if refused is not None:
            outcomes[number] = press.refuse(step, refused, subject, effects)
        else:
            sight.claim(step, subject, alone=len(wave) == 1)
            if step.joins or step.leaves:
                step.through = seen.gives(subject.uid if subject is not None else "", step.joins, step.leaves)
            outcomes[number] = press.accept(step, subject, effects)
    _write(parts, transaction, effects)
    return _with_users(transaction, wave, outcomes)


def _moved(step: Step, subject: Subject | None) -> Refused | None:
    """A user who became another one between the preparing read and the transaction is not touched."""
    if subject is None or subject.uid == step.uid:
        return None
    return Refused(step.command.who, Reason.BUSY, "the user changed meanwhile; ask again", retry_after=1)


def _write(parts: Parts, transaction: Transaction, effects: Effects) -> None:
    """Put everything that a set decided into the transaction."""
    if effects.users:
        transaction.users.insert(effects.users)
    if effects.changes:
        transaction.users.update(effects.changes)
    if effects.tied or effects.untied:
        transaction.groups.untie(effects.untied)
        transaction.groups.tie(effects.tied)
    _write_budgets(transaction, effects, parts.clock.now())
    for by, credentials in effects.credentials.items():
        transaction.credentials.replace(credentials, by)
    if effects.disowned:
        transaction.keys.disown(effects.disowned)
    _write_mails(transaction, effects)
    if effects.done:
        transaction.operations.put(effects.done)
    transaction.audit.append(effects.events)


def _write_mails(transaction: Transaction, effects: Effects) -> None:
    """Queue and cancel mail, and note where it may not go yet."""
    if effects.silenced:
        transaction.outbox.cancel(effects.silenced)
    if effects.links:
        transaction.links.put(effects.links)
    if effects.moved:
        transaction.outbox.move(effects.moved)
    if effects.mails:
        transaction.outbox.put(effects.mails)


def _write_budgets(transaction: Transaction, effects: Effects, now: datetime) -> None:
    """Give back, or take from, what accounts may still guess."""
    for uid in effects.healed:
        transaction.users.wait(uid, None, clear=True)
    for uid, source in effects.failures:
        strike(transaction, uid, now, source)


_SHOWN = (CreateUser, UpdateUser, SetStatus)


def _with_users(transaction: Transaction, wave: Wave, outcomes: dict[int, Outcome]) -> Mapping[int, Outcome]:
    """Add the user as it now is to the outcomes whose answer shows it."""
    shown = [(n, s) for n, s in wave if isinstance(s.command, _SHOWN) and not isinstance(outcomes[n], Refused)]
    if not shown:
        return outcomes
    tenants: dict[int, list[str]] = {}
    for _, step in shown:
        tenants.setdefault(step.caller.actor.tenant, []).append(step.uid)
    users: dict[str, User] = {}
    for tenant, uids in tenants.items():
        users.update(transaction.users.get_many(tenant, uids))
    for number, step in shown:
        outcome = cast("Created | Changed | Unchanged", outcomes[number])
        outcomes[number] = replace(outcome, user=users.get(step.uid))
    return outcomes
