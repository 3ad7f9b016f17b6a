"""The judgement of a command: permission, existence, policy.  Pure; run before and in the transaction."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias, assert_never

from keyturn.core.capabilities import lacks
from keyturn.core.commands import ChangePassword, CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.permissions import Proof, Target, may, may_confer, not_allowed, outdated
from keyturn.core.steps import Step
from keyturn.core.storage import Subject
from keyturn.core.tenancy import KnownValues
from keyturn.core.users import USER_RIGHTS, Profile, Right, Status

LONGEST_ID: Final = 255
_BLANK: Final = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs that show as nothing: fillers of Hangul, the empty pattern of Braille."""

_UID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OnSubject: TypeAlias = UpdateUser | ResetPassword | ChangePassword | SetStatus | DeleteUser


@dataclass(frozen=True, slots=True)
class Seen:
    """What a transaction knows when it judges.

    subject: the user that the command is about.  taken: ids, logins and mail addresses that somebody holds.
    administrators: how many can still administer users.  link_open, session_open: the mailed link or the restricted
    session that is the proof still stands.
    gives: the rights that a user has by being in these groups besides, and out of those; None when one is missing.
    waits: whether the account takes no password from an address now.
    profile: what is known of the user.  used: which wanted uids somebody has.
    """

    subject: Subject | None
    taken: Mapping[str, str]
    administrators: Callable[[], int]
    link_open: Callable[[str], bool]
    session_open: Callable[[str], bool]
    gives: Callable[[str, Sequence[str], Sequence[str]], frozenset[Right] | None]
    waits: Callable[[str], bool]
    profile: Callable[[], Profile | None]
    used: frozenset[str]
    now: datetime


def judge(step: Step, seen: Seen) -> Refused | None:
    """Why the directory says no, or None.  Never tells a missing user from one of another tenant."""
    if step.early is not None and step.early.reason is not Reason.NO_SUCH_USER:
        return step.early
    refusal = _permission(step, seen)
    if refusal is not None:
        return refusal
    text = lacks(step.command, step.caller.via)
    if text is not None:
        return Refused(step.command.who, Reason.UNSUPPORTED, text)
    command = step.command
    if isinstance(command, CreateUser):
        return _creation(step, command, seen)
    if seen.subject is None:
        return Refused(command.who, Reason.NO_SUCH_USER, "there is no such user")
    return _on_subject(step, command, seen, seen.subject)


def _on_subject(step: Step, command: _OnSubject, seen: Seen, subject: Subject) -> Refused | None:
    match command:
        case UpdateUser():
            return _update(step, command, seen, subject)
        case ResetPassword():
            return _reset(step, command, subject)
        case ChangePassword():
            return _change(step, command, seen, subject)
        case SetStatus() | DeleteUser():
            return _stop(command, seen, subject)
        case _ as never:
            assert_never(never)


def _stop(command: SetStatus | DeleteUser, seen: Seen, subject: Subject) -> Refused | None:
    leaves = isinstance(command, DeleteUser) or command.status is not Status.ACTIVE
    return _last(seen, subject, leaves=leaves, who=command.who)


def _permission(step: Step, seen: Seen) -> Refused | None:
    actor, subject = step.caller.actor, seen.subject
    if isinstance(step.command, CreateUser):
        allowed = may(actor, step.verb, Target.NOBODY) and may_confer(actor, step.command.rights)
    elif subject is None:
        allowed = may(actor, step.verb, Target.OTHER)
    else:
        target = Target.SELF if subject.uid == actor.id else Target.OTHER
        allowed = may(actor, step.verb, target, subject.rights, subject.administers)
    if isinstance(step.command, UpdateUser) and step.command.rights is not None:
        allowed = allowed and may_confer(actor, step.command.rights)
    if actor.proof is Proof.LINK:
        allowed = allowed and seen.link_open(actor.link)
    if actor.proof is Proof.RESTRICTED:
        allowed = allowed and seen.session_open(actor.session)
    if not allowed:
        return not_allowed(step.command.who)
    return outdated(actor, seen.now, step.command.who) if _of_rank(step, subject) else None


def _of_rank(step: Step, subject: Subject | None) -> bool:
    """Whether a step touches somebody else who administers, or makes somebody such."""
    command = step.command
    if isinstance(command, CreateUser | UpdateUser) and command.rights:
        return True
    return subject is not None and subject.uid != step.caller.actor.id and bool(subject.rights or subject.administers)


def _membership(step: Step, seen: Seen, groups: Sequence[str]) -> Refused | None:
    """Whoever takes somebody into a group or out of it gives or takes what it gives, and must hold that."""
    given = seen.gives("", groups, ())
    if given is None:
        return Refused(step.command.who, Reason.NO_SUCH_GROUP, "there is no such group")
    if not may_confer(step.caller.actor, given):
        return not_allowed(step.command.who)
    return outdated(step.caller.actor, seen.now, step.command.who) if given else None


def _creation(step: Step, command: CreateUser, seen: Seen) -> Refused | None:
    login = command.login or command.who
    for name in (command.who, login):
        fault = fault_of_id(name)
        if fault:
            return Refused(command.who, Reason.INVALID, fault)
    mails = [contact.value for contact in command.profile.emails] if step.caller.via.unique_mail else []
    for name in (command.who, login, *mails):
        held = seen.taken.get(name)
        if held == "live":
            return Refused(command.who, Reason.EXISTS, "the id, sign-in name or mail address is taken")
        if held == "deleted":
            return Refused(command.who, Reason.RESERVED, "the id, sign-in name or mail address is reserved")
    if command.uid and (refused := _wish(command, seen)) is not None:
        return refused
    if command.groups and (refused := _membership(step, seen, command.groups)) is not None:
        return refused
    if command.imported is not None and (command.password is not None or command.generate):
        return Refused(command.who, Reason.INVALID, "a password and the hash of one are two")
    brings = command.password is not None or command.imported is not None
    return _known_value(step, command.who) if brings else None


def _wish(command: CreateUser, seen: Seen) -> Refused | None:
    """Why a new user cannot have the uid that is wished for."""
    if command.uid in seen.used:
        return Refused(command.who, Reason.EXISTS, "the uid is taken")
    if _UID.fullmatch(command.uid):
        return None
    return Refused(command.who, Reason.INVALID, "the uid is no UUID in small letters")


def fault_of_id(name: str) -> str:
    """Why a text cannot be an id or a sign-in name; empty when it can."""
    if not name.strip():
        return "the id is empty"
    if len(name) > LONGEST_ID:
        return f"the id is longer than {LONGEST_ID}"
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in name):
        return "the id holds a control character"
    if not any(_visible(char) for char in name):
        return "the id holds no character that can be seen"
    return ""


def _visible(char: str) -> bool:
    """Letters, digits, signs; not what only turns the direction of writing, joins, fills or stands over a letter."""
    return unicodedata.category(char)[0] in "LNPS" and char not in _BLANK


def _update(step: Step, command: UpdateUser, seen: Seen, subject: Subject) -> Refused | None:
    if command.version is not None and command.version != subject.version:
        return Refused(command.who, Reason.STALE_VERSION, "the user was changed meanwhile; read it again")
    if command.login is not None and command.login != subject.login:
        fault = fault_of_id(command.login)
        if fault:
            return Refused(command.who, Reason.INVALID, fault)
        held = seen.taken.get(command.login)
        if held:
            return Refused(
                command.who, Reason.EXISTS if held == "live" else Reason.RESERVED, "the sign-in name is taken"
            )
    through = subject.through
    if command.join or command.leave:
        refused = _membership(step, seen, (*command.join, *command.leave))
        if refused is not None:
            return refused
        through = seen.gives(subject.uid, command.join, command.leave) or frozenset()
    stops = command.status not in (None, Status.ACTIVE)
    rights = command.rights if command.rights is not None else subject.own
    loses = not rights | through >= USER_RIGHTS
    return _last(seen, subject, leaves=stops or loses, who=command.who)


def _last(seen: Seen, subject: Subject, *, leaves: bool, who: str) -> Refused | None:
    administers = subject.rights >= USER_RIGHTS and subject.status is Status.ACTIVE
    if leaves and administers and seen.administrators() <= 1:
        return Refused(who, Reason.LAST_ADMINISTRATOR, "this is the last user who can administer users")
    return None


def _reset(step: Step, command: ResetPassword, subject: Subject) -> Refused | None:
    if command.new is not None:
        return _known_value(step, command.who)
    if command.notify and not subject.mail and not (step.caller.via.hands_back or command.compromised):
        # Here a password that is made up is mailed and never shown: it would reach nobody, and end the old one.
        return Refused(command.who, Reason.NO_MAIL_ADDRESS, "the user has no mail address")
    return None


def _known_value(step: Step, who: str) -> Refused | None:
    if step.caller.rules.known_values is KnownValues.REFUSE:
        return Refused(who, Reason.POLICY, "here an administrator does not choose passwords; ask for a generated one")
    return None


def _change(step: Step, command: ChangePassword, seen: Seen, subject: Subject) -> Refused | None:
    if subject.status is not Status.ACTIVE:
        return Refused(command.who, Reason.NOT_ACTIVE, "the account is not active")
    if command.old is None:
        proven = step.caller.actor.proof in (Proof.RESTRICTED, Proof.LINK) and subject.uid == step.caller.actor.id
        if proven:
            return None
        return Refused(command.who, Reason.WRONG_PASSWORD, "the present password is needed")
    credential = subject.credential
    if credential is None:
        return Refused(command.who, Reason.NO_PASSWORD, "the user has no password here")
    if (
        step.wrong
        or seen.waits(step.caller.origin.source)
        or credential.expired(seen.now)
        or step.seen not in ("", credential.verifier)
    ):
        return Refused(command.who, Reason.WRONG_PASSWORD, "the present password is not right")
    return None
