"""What an accepted command writes: gathered per step, so that a batch is written in sets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, assert_never
from uuid import NAMESPACE_URL, uuid5

from keyturn.core.audit import Event
from keyturn.core.commands import ChangePassword, Command, CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.credentials import ONE_TIME_LIFE, Credential, Link, Source
from keyturn.core.languages import best
from keyturn.core.membership import Tie
from keyturn.core.outbox import Mail
from keyturn.core.outcomes import Changed, Created, Delivery, Outcome, Reason, Refused, Unchanged
from keyturn.core.permissions import vouches
from keyturn.core.ports import Hasher, Minter, Sealer
from keyturn.core.secret import Secret
from keyturn.core.steps import Recipient, Step, canonical
from keyturn.core.storage import Done, NewUser, Subject, UserChange
from keyturn.core.telling import change_told, rights_told, told
from keyturn.core.tenancy import MailMode
from keyturn.core.users import Stamp, Status, same_address

NOTICE_LIFE: Final = ONE_TIME_LIFE
HELD: Final = "held: the address is new, and nobody of rank has confirmed it"


@dataclass(slots=True)
class Effects:
    """All that a batch writes, in sets; `LocalDirectory` puts it into one transaction.  `credentials` by who acts."""

    users: list[NewUser] = field(default_factory=list)
    changes: list[UserChange] = field(default_factory=list)
    credentials: dict[str, list[Credential]] = field(default_factory=dict)
    tied: list[Tie] = field(default_factory=list)
    untied: list[Tie] = field(default_factory=list)
    healed: list[str] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    disowned: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    silenced: list[str] = field(default_factory=list)
    moved: dict[str, datetime | None] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Press:
    """Turns accepted steps into effects and outcomes, at one moment of time."""

    minter: Minter
    hasher: Hasher
    sealer: Sealer
    now: datetime

    def refuse(self, step: Step, refused: Refused, subject: Subject | None, effects: Effects) -> Refused:
        """Record a refusal: it is audited like everything else, and a wrong old password counts."""
        uid = subject.uid if subject is not None else ""
        if step.wrong and subject is not None and refused.reason is Reason.WRONG_PASSWORD:
            effects.failures.append((subject.uid, step.caller.origin.source))
        effects.events.append(self._event(step, "refused", uid, reason=refused.reason.value, detail=refused.text))
        return refused

    def repeat(self, step: Step, done: Done, subject: Subject | None, effects: Effects) -> Outcome:
        """Answer a named operation that was done before: the first outcome again, the secret derived again."""
        if done.fingerprint not in self.hasher.fingerprints(canonical(step.command)):
            text = "this operation id was used for another command"
            return self.refuse(step, Refused(step.command.who, Reason.OPERATION_REUSED, text), subject, effects)
        effects.events.append(self._event(step, "repeated", done.uid, detail=f"first at {done.at.isoformat()}"))
        delivery, secret = Delivery(done.delivery), None
        current = subject.credential if subject is not None else None
        if done.derive_id and current is not None and current.operation == step.operation:
            secret = self.minter.one_time(step.operation, done.uid, key_id=done.derive_id)
        if done.outcome == "created":
            return Created(step.command.who, secret=secret, delivery=delivery)
        if done.outcome == "changed":
            return Changed(step.command.who, secret=secret, delivery=delivery)
        return Unchanged(step.command.who)

    def accept(self, step: Step, subject: Subject | None, effects: Effects) -> Outcome:
        """Record an accepted step and say what came of it."""
        command = step.command
        if isinstance(command, CreateUser):
            return self._create(step, command, effects)
        if subject is None:
            raise ValueError("only a creation is accepted without a subject")
        stamp = Stamp(step.caller.actor.id, self.now)
        outcome: Outcome = Changed(command.who)
        match command:
            case ResetPassword() | ChangePassword():
                return self._set_password(step, subject, effects)
            case UpdateUser():
                outcome = self._update(step, command, subject, effects)
            case SetStatus():
                if command.status is subject.status and not (subject.failures or subject.wait_until):
                    outcome = Unchanged(command.who)
                else:
                    stops = command.status is not Status.ACTIVE
                    effects.changes.append(UserChange(subject.uid, stamp, status=command.status, revoke=stops))
                    effects.healed.extend([] if stops else [subject.uid])
            case DeleteUser():
                effects.changes.append(UserChange(subject.uid, stamp, deleted=True, revoke=True))
                effects.silenced.append(subject.uid)
            case _ as never:
                assert_never(never)
        return self._finish(step, outcome, subject.uid, effects, detail=_granted(command, subject))

    def _update(self, step: Step, command: UpdateUser, subject: Subject, effects: Effects) -> Outcome:
        """What changes; nothing does when the command says nothing, which is only a question whether one might."""
        if command == UpdateUser(command.who, version=command.version, operation=command.operation):
            return Unchanged(command.who)
        stops = command.status not in (None, Status.ACTIVE) or command.rights is not None or bool(command.leave)
        change = UserChange(
            subject.uid, Stamp(step.caller.actor.id, self.now), command.login, command.profile, command.status,
            command.rights, step.through, revoke=stops,
        )  # fmt: skip
        effects.changes.append(change)
        self._readdress(step, command, subject, effects)
        if command.status is Status.ACTIVE and subject.status is Status.LOCKED:
            effects.healed.append(subject.uid)
        self._ties(step, subject.uid, effects)
        return Changed(command.who)

    def _readdress(self, step: Step, command: UpdateUser, subject: Subject, effects: Effects) -> None:
        """Tell the address that was of the one that is.

        Nothing that lets anybody in is mailed to the new one for a while, unless whoever may set the tenant's policy
        changed it.
        """
        new = command.profile
        if new is None or not subject.mail or same_address(subject.mail, new.mail()):
            return
        effects.moved[subject.uid] = None if vouches(step.caller.actor) else self.now
        to = Recipient(subject.mail, new.display_name, new.language, ())
        effects.mails.append(self._letter(step, subject.uid, subject.login, "address", subject.mail, to))

    def _create(self, step: Step, command: CreateUser, effects: Effects) -> Outcome:
        if command.validate_only:
            return self._finish(step, Unchanged(command.who), "", effects, detail="validated only")
        login = command.login or command.who
        stamp = Stamp(step.caller.actor.id, self.now)
        tenant, profile = step.caller.actor.tenant, command.profile
        new = NewUser(
            step.uid, tenant, command.who, login, profile, command.status, command.rights, stamp,
            step.through or frozenset(),
        )  # fmt: skip
        effects.users.append(new)
        self._ties(step, step.uid, effects)
        rights = rights_told(command.rights) if command.rights else ""
        if step.verifier is None:
            return self._finish(step, Created(command.who), step.uid, effects, detail=told("no password", rights))
        delivery, secret = self._credential(step, step.uid, login, effects)
        outcome = Created(command.who, secret=secret, delivery=delivery)
        return self._finish(step, outcome, step.uid, effects, detail=told(self._detail(step, delivery), rights))

    def _ties(self, step: Step, uid: str, effects: Effects) -> None:
        """Who joins and leaves which group, each with an audit row of its own."""
        effects.tied += [Tie(group, uid) for group in step.joins]
        effects.untied += [Tie(group, uid) for group in step.leaves]
        for verb, groups in (("group.join", step.joins), ("group.leave", step.leaves)):
            effects.events += [replace(self._event(step, "changed", uid, detail=group), verb=verb) for group in groups]

    def _set_password(self, step: Step, subject: Subject, effects: Effects) -> Outcome:
        delivery, secret = self._credential(step, subject.uid, subject.login, effects)
        if isinstance(step.command, ResetPassword) and step.command.compromised:
            effects.disowned.append(subject.uid)
        outcome = Changed(step.command.who, secret=secret, delivery=delivery)
        return self._finish(step, outcome, subject.uid, effects, detail=self._detail(step, delivery))

    def _detail(self, step: Step, delivery: Delivery) -> str:
        source = "imported" if step.imported is not None else str(self._source(step))
        if isinstance(step.command, ResetPassword):
            source += ", permanent" if step.command.permanent else ""
            source += ", compromised" if step.command.compromised else ""
        return "; ".join(part for part in (source, f"delivery {delivery}", step.warning) if part)

    def _source(self, step: Step) -> Source:
        if step.generated:
            return Source.GENERATED
        chosen = isinstance(step.command, ChangePassword) or step.imported is not None
        return Source.CHOSEN if chosen else Source.SUPPLIED

    def _credential(self, step: Step, uid: str, login: str, effects: Effects) -> tuple[Delivery, Secret | None]:
        """Write the new credential and decide how it reaches its owner."""
        if step.verifier is None:
            raise ValueError("a password is only set with its verifier")
        source = self._source(step)
        permanent = isinstance(step.command, ResetPassword) and step.command.permanent
        temporary = source is not Source.CHOSEN and not permanent
        life = ONE_TIME_LIFE if step.generated else step.caller.rules.temporary_life
        credential = Credential(
            uid,
            step.verifier.text,
            step.verifier.pepper_id,
            source,
            must_change=temporary,
            changed=self.now,
            expires=self.now + life if temporary else None,
            operation=step.operation if step.generated else "",
            derive_id=step.derive_id if step.generated else "",
        )
        effects.credentials.setdefault(step.caller.actor.id, []).append(credential)
        if step.recipient is not None:
            return self._mail(step, uid, login, step.recipient, effects), None
        effects.silenced.append(uid)
        hands_back = step.generated and step.caller.via.hands_back
        return Delivery.NONE, step.password if hands_back else None

    def _mail(self, step: Step, uid: str, login: str, to: Recipient, effects: Effects) -> Delivery:
        """Queue what lets the owner in, and the notices; held while the address is too new."""
        mode = step.caller.rules.mail
        if mode is MailMode.LINK or (mode is MailMode.SAFE and not step.generated):
            template = "link"
            token = self.minter.link(step.operation, uid, key_id=step.derive_id)
            effects.links.append(Link(self.hasher.digest(token), uid, step.operation, self.now + ONE_TIME_LIFE))
        else:
            template = "secret" if step.generated else "value"
        first = self._letter(step, uid, login, template, to.mail, to)
        if template == "value" and step.password is not None:
            first = replace(first, sealed=self.sealer.seal(step.password.reveal().encode(), first.id))
        free = self.now if to.moved is None else to.moved + step.caller.rules.mail_hold
        if free > self.now:
            first = replace(first, not_before=min(free, first.expires), error=HELD)
        effects.mails.append(first)
        effects.mails.extend(self._letter(step, uid, login, "notice", other, to) for other in to.others)
        return Delivery.HELD if free > self.now else Delivery.MAILED

    def _letter(self, step: Step, uid: str, login: str, template: str, mail: str, to: Recipient) -> Mail:
        """A mail whose id, and with it its Message-ID, follows from the operation: a repeat is the same mail."""
        name = uuid5(NAMESPACE_URL, f"{step.operation}:{uid}:{template}:{mail}").hex
        language = best(to.language, step.caller.rules.language)
        return Mail(
            name, step.caller.actor.tenant, uid, template, mail, login, to.name, language, step.operation,
            step.derive_id, created=self.now, not_before=self.now, expires=self.now + NOTICE_LIFE,
        )  # fmt: skip

    def _finish(self, step: Step, outcome: Outcome, uid: str, effects: Effects, *, detail: str = "") -> Outcome:
        word = _WORDS[type(outcome)]
        effects.events.append(self._event(step, word, uid, detail=detail))
        if step.named and not (isinstance(outcome, Unchanged) and not uid):
            delivery = outcome.delivery.value if isinstance(outcome, Created | Changed) else Delivery.NONE.value
            handed = isinstance(outcome, Created | Changed) and outcome.secret is not None
            derive_id = step.derive_id if handed else ""
            effects.done.append(Done(step.operation, step.fingerprint, word, uid, delivery, self.now, derive_id))
        return outcome

    def _event(self, step: Step, outcome: str, uid: str, *, reason: str = "", detail: str = "") -> Event:
        who = step.command.who
        return step.caller.event(self.now, step.verb, outcome, who=who, target=uid, reason=reason, detail=detail)


def _granted(command: Command, subject: Subject) -> str:
    """What a command gave or took that decides who may sign in and administer."""
    if isinstance(command, SetStatus):
        return command.status.value
    if not isinstance(command, UpdateUser):
        return ""
    rights = "" if command.rights is None else rights_told(command.rights, subject.own)
    login = "" if command.login is None else change_told("login", subject.login, command.login)
    status = "" if command.status is None else change_told("status", subject.status.value, command.status.value)
    return told(rights, login, status)


_WORDS: Final[Mapping[type, str]] = {Created: "created", Changed: "changed", Unchanged: "unchanged"}
