"""What can be asked of a directory.  Vendor-neutral: a dialect turns its own words into these and back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from keyturn.core.secret import Secret
from keyturn.core.users import Profile, Right, Status


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Make a new user.

    who: the immutable key, or what the door's handle is; login: sign-in name, empty = same as `who`.
    password None: no local sign-in, unless `generate`.  notify: mail what the person needs for the first sign-in.
    imported: in place of a password, the hash of the one that the person has had elsewhere and goes on using.
    validate_only: judge everything, write only the audit.
    uid: the one that the client wants, in small letters; empty = the directory makes one.
    groups: uids of those to join.
    operation: the caller's id of this operation.  A repeat with the same id within 24 h gets the first outcome again
    and changes nothing; empty = each call is an operation of its own.
    """

    who: str
    profile: Profile
    login: str = ""
    password: Secret | None = None
    imported: Secret | None = None
    generate: bool = False
    notify: bool = False
    validate_only: bool = False
    status: Status = Status.ACTIVE
    rights: frozenset[Right] = frozenset()
    operation: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateUser:
    """Replace what is known about a user.  None leaves a part as it is.

    version: refuse unless the stored version is this one; None = last writer wins.
    join, leave: uids of groups.
    """

    who: str
    profile: Profile | None = None
    login: str | None = None
    status: Status | None = None
    rights: frozenset[Right] | None = None
    version: int | None = None
    operation: str = ""
    join: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResetPassword:
    """Set a new password for somebody else.  new None: the directory makes a one-time secret.

    permanent: the vendor's contract says that the user is never asked to change it.
    compromised: somebody else may know the present one.  It dies whether or not the new one can be mailed, and so do
    the API keys of the person.
    """

    who: str
    new: Secret | None = None
    notify: bool = False
    permanent: bool = False
    operation: str = ""
    compromised: bool = False


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """Set a new password for oneself, or for somebody whose present one is known.

    old None: only in a session or with a mailed link of the very same person, which is the proof then.
    again: this very change was sent before and its answer was lost.  A directory that `needs_old` then finds out which
    of the two passwords is valid there, and makes it the new one where that is the old one.  `Changed`: the new one
    is valid.  `Refused(WRONG_PASSWORD)`: neither is, which the text says.  It is part of the asking, not of what is
    asked: the command is equal to its first try.
    """

    who: str
    new: Secret
    old: Secret | None = None
    operation: str = ""
    again: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Lock, unlock, disable or enable a user."""

    who: str
    status: Status
    operation: str = ""


@dataclass(frozen=True, slots=True)
class DeleteUser:
    """Delete a user.  Softly: key, login and mail stay reserved."""

    who: str
    operation: str = ""


Command: TypeAlias = CreateUser | UpdateUser | ResetPassword | ChangePassword | SetStatus | DeleteUser
Commands: TypeAlias = Sequence[Command]

VERBS: dict[type, str] = {
    CreateUser: "user.create",
    UpdateUser: "user.update",
    ResetPassword: "password.reset",
    ChangePassword: "password.change",
    SetStatus: "user.status",
    DeleteUser: "user.delete",
}
"""The name of each command in the audit and in the rights table."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, for the audit: request id, peer address, run and row where a runner said so.

    operation: what the caller calls this request, so that a repeat of it is none.
    """

    request: str = ""
    source: str = ""
    run: str = ""
    row: int | None = None
    operation: str = ""


def candidate(command: Command) -> Secret | None:
    """The password that the command wants to set, where it brings one."""
    match command:
        case CreateUser():
            return command.password
        case ResetPassword() | ChangePassword():
            return command.new
        case _:
            return None
