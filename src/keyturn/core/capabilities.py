"""What a directory can and cannot do, as data; nobody asks which vendor it is."""

import hashlib
from dataclasses import dataclass, replace

from keyturn.core.commands import ChangePassword, Command, CreateUser, ResetPassword, UpdateUser, candidate
from keyturn.core.evidence import Sign
from keyturn.core.users import Handle, Shown

_NO_GROUPS = "this directory takes nobody into groups"


@dataclass(frozen=True, slots=True)
class Usual:
    """What real servers of this kind accept by default: guides the runner's choice of a password, and judges those that
    come with a file.  told: this very server has said so.
    """

    shortest: int
    longest: int
    classes: int = 0
    told: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One directory's abilities.

    carries: the commands it knows.  handle: which name of a user it takes.  also: another name that it takes as well,
    so that one user can stand in a file under two.  generates: makes a password up when none is given.  mails: can
    mail on request.  needs_old: a change carries the old password.  temporary: a reset asks for a new password at the
    next sign-in; None: no page says so.  mail_shows: what it mails holds a password that it was given; False: no page
    says so.  creation: what has to be set before users can be made there.  shortest and longest: hard limits of a
    password in code points.  longest_id: of `who`.
    batch: how many commands one call takes.  repeats: honours the operation id, so that even a generated password
    can be asked for again.  folds_case: two ids that differ in case are one user.  hands_back: a generated password
    is in the answer when it is not mailed.  validates: can judge a creation without doing it.  names: keeps the names
    and addresses of people, not only their accounts.  groups: takes users into groups and out of them.
    imports: takes the hash of a password that another system made.  ends_sessions: a reset ends the sessions that the
    user has open; None: no page says so.
    tells: by which signs a change of a password can be read back, as the vendor says.  may_tell: further signs that are
    shown, of which no page says so: moved, they count; as they were, they say nothing.  reads: how many users one
    reading shows.  trial: a password can be tried by a sign-in that consumes and changes nothing.
    """

    carries: frozenset[type]
    handle: Handle = Handle.KEY
    also: Handle | None = None
    generates: bool = False
    mails: bool = False
    needs_old: bool = False
    mail_shows: bool = True
    creation: str = ""
    temporary: bool | None = True
    permanent: bool = False
    shortest: int | None = None
    longest: int | None = None
    longest_id: int | None = None
    usual: Usual | None = None
    batch: int = 1
    repeats: bool = False
    folds_case: bool = False
    hands_back: bool = False
    validates: bool = False
    unique_mail: bool = False
    names: bool = True
    groups: bool = False
    imports: bool = False
    ends_sessions: bool | None = None
    tells: tuple[Sign, ...] = ()
    may_tell: tuple[Sign, ...] = ()
    reads: int = 1
    trial: bool = False
    shows: frozenset[Shown] = frozenset()
    one_list: bool = False

    @property
    def tells_password_change(self) -> bool:
        """Whether it says of a user when the password was changed."""
        return Sign.PASSWORD_CHANGED in self.tells


def telling(able: Capabilities) -> Capabilities:
    """The same abilities where it is known that all the signs that may move do: at a keyturn behind a vendor's door."""
    return replace(able, tells=(*able.tells, *able.may_tell), may_tell=())


def capabilities_digest(capabilities: Capabilities) -> str:
    """The same for the same abilities, in any process."""
    told = (f"{name}={_in_order(getattr(capabilities, name))}" for name in sorted(capabilities.__slots__))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _in_order(value: object) -> object:
    """A value whose text is the same in any process; that of a set is in no order."""
    if isinstance(value, frozenset):
        return sorted(each.__name__ if isinstance(each, type) else str(each) for each in value)
    return value


def misfit(command: Command, capabilities: Capabilities) -> str | None:
    """The first reason why the command cannot be carried, in words for the report; None when it fits.

    Looks at the length of a password, never at its content.
    """
    return lacks(command, capabilities) or _too_long(command, capabilities)


def lacks(command: Command, capabilities: Capabilities) -> str | None:
    """What the directory lacks for this command, whatever the password; None when it lacks nothing."""
    if type(command) not in capabilities.carries:
        missing = capabilities.creation if isinstance(command, CreateUser) else ""
        return missing or f"this directory does not know {type(command).__name__}"
    if capabilities.longest_id is not None and len(command.who) > capabilities.longest_id:
        return f"the id is longer than {capabilities.longest_id}"
    match command:
        case ResetPassword():
            return _lacks_for_reset(command, capabilities)
        case ChangePassword() if command.old is None and capabilities.needs_old:
            return "the old password is needed"
        case CreateUser():
            return _lacks_for_creation(command, capabilities)
        case UpdateUser() if (command.join or command.leave) and not capabilities.groups:
            return _NO_GROUPS
        case _:
            return None


def _lacks_for_reset(command: ResetPassword, capabilities: Capabilities) -> str | None:
    if command.new is None and not capabilities.generates:
        return "give a password: this directory does not make one up"
    if command.notify and not capabilities.mails:
        return "this directory sends no mail"
    if command.permanent and not capabilities.permanent:
        return "this directory takes an administrator's password only as temporary"
    return None


def _lacks_for_creation(command: CreateUser, capabilities: Capabilities) -> str | None:
    if command.validate_only and not capabilities.validates:
        return "this directory cannot judge a creation without doing it"
    if command.notify and not capabilities.mails:
        return "this directory sends no mail"
    if command.groups and not capabilities.groups:
        return _NO_GROUPS
    if command.generate and not capabilities.generates:
        return "give a password: this directory does not make one up"
    if command.imported is not None and not capabilities.imports:
        return "this directory takes no hashes of passwords"
    return None


def _too_long(command: Command, capabilities: Capabilities) -> str | None:
    secret = candidate(command)
    if secret is not None and capabilities.longest is not None and len(secret.reveal()) > capabilities.longest:
        return f"the password is longer than {capabilities.longest}"
    return None
