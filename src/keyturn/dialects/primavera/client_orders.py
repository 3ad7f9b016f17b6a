"""What goes out to a Primavera Administration, in which calls, and what never does."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from keyturn.core.capabilities import misfit
from keyturn.core.commands import Command, CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.outcomes import Outcome, Reason, Refused, Uncertain
from keyturn.core.users import Profile, Status
from keyturn.dialects.primavera.wire import CAPABILITIES
from keyturn.dialects.primavera.wire_changes import wordless_creation, wordless_update

Numbered: TypeAlias = dict[int, Command]
"""Commands by their place in what was asked."""


def unfit(command: Command) -> Refused | None:
    """What cannot be sent as it is meant."""
    if not command.who.strip() or not command.who.isprintable():
        return Refused(command.who, Reason.INVALID, "the id cannot be sent")
    text = misfit(command, CAPABILITIES)
    if isinstance(command, SetStatus) and command.status is Status.LOCKED:
        text = "there is no call that locks a user"
    match command:
        case CreateUser() if text is None:
            text = wordless_creation(command)
        case UpdateUser() if text is None:
            text = wordless_update(command)
    match command:
        case ResetPassword(new=None, notify=False) | CreateUser(generate=True, notify=False):
            text = "the password that it makes up is always mailed; say that you want that"
    return Refused(command.who, Reason.UNSUPPORTED, text) if text else None


def amends(command: Command) -> bool:
    """Whether the command says how a user shall be, which can only be sent by somebody who knows how the user is.

    Roles left out would be removed, and only who is locked can be unlocked.
    """
    return isinstance(command, UpdateUser) or (isinstance(command, SetStatus) and command.status is Status.ACTIVE)


def settled(command: Command) -> Command:
    """A reset as the vendor does it whatever is asked: a known value is for good, a made-up one is not."""
    if not isinstance(command, ResetPassword):
        return command
    return replace(command, permanent=command.new is not None)


def wants_password(command: CreateUser) -> bool:
    """Whether a second call has to follow: a creation cannot set a password."""
    return command.password is not None or command.generate or command.notify


def named(profile: Profile, who: str) -> Profile:
    """The profile with the names that the vendor requires: of the display name, else of the id."""
    if profile.given_name or profile.family_name:
        return profile
    given, _, family = (profile.display_name or who).rpartition(" ")
    return replace(profile, given_name=given, family_name=family)


def sets_of(commands: Numbered) -> Sequence[Numbered]:
    """Sets for one call each: mailed or not, nobody twice, and a password that the target makes up alone.

    Alone, because such a call must never be sent again for the sake of somebody else in it.
    """
    groups: list[tuple[object, set[str], Numbered]] = []
    for number, asked in commands.items():
        command = settled(asked)
        alone = number if isinstance(command, ResetPassword) and command.new is None else None
        key = (type(command), alone, isinstance(command, ResetPassword) and command.notify)
        for known, names, group in groups:
            if known == key and command.who.casefold() not in names:
                names.add(command.who.casefold())
                group[number] = command
                break
        else:
            groups.append((key, {command.who.casefold()}, {number: command}))
    return [group for _, _, group in groups]


def may_halve(commands: Sequence[Command], status: int) -> bool:
    """Whether a set that was refused as a whole may be asked for again in halves."""
    known = isinstance(commands[0], ResetPassword) and commands[0].new is not None
    return status in (400, 413) or (known and status == 500)


def unless_ours(command: Command, outcome: Outcome) -> Outcome:
    """After a larger call that was refused, what is already so may be its doing: no vendor page says that it is not."""
    already = {CreateUser: (Reason.EXISTS, Reason.RESERVED), DeleteUser: (Reason.NO_SUCH_USER,)}.get(type(command), ())
    if isinstance(outcome, Refused) and outcome.reason in already:
        return Uncertain(command.who, f"{outcome.text}; the larger call that was refused before may have done that")
    return outcome
