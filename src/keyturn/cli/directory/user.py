"""`keyturn user`: one user of a directory on this machine, through the same door as everybody."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.directory.compromise import compromise
from keyturn.cli.directory.mail import last_mail
from keyturn.cli.directory.place import acting, opened, place_flags, tenant_flag
from keyturn.cli.frame import Frame, Unanswered, pass_frame
from keyturn.core.commands import Command, CreateUser, DeleteUser, ResetPassword, SetStatus
from keyturn.core.errors import KeyturnError
from keyturn.core.outcomes import Changed, Created, Delivery, Unchanged
from keyturn.core.users import Contact, Handle, Profile, Status, User, Window, right_words

if TYPE_CHECKING:
    from keyturn.app.house.build import House
    from keyturn.core.directory import LocalDirectory

PAGE = 1000
NOBODY = "nobody has it in this tenant; ids are text, with their zeros"


@click.group()
def user() -> None:
    """One user of a directory on this machine.

    \b
    Examples:
      keyturn user list --data ./directory
      keyturn user reset amal --data ./directory --mail
      keyturn user lock amal --data ./directory

    Each change is audited under the name of your account on this machine.
    """


user.add_command(compromise)


@user.command("list")
@place_flags
@tenant_flag
@click.option("--search", default="", metavar="TEXT", help="A piece of id, sign-in name, display name or mail.")
@pass_frame
def list_users(frame: Frame, data: Path | None, database: str, search: str) -> None:
    """The users, in the order in which they were made.

    \b
      keyturn user list --data ./directory
      keyturn user list --data ./directory --json
    """
    with opened(frame, data, database) as house:
        users = _all(_door(house), search)
    if frame.wants_json:
        frame.json({"users": [_facts(one) for one in users]})
        return
    rows = [(u.key, u.login, u.profile.display_name, u.status.value, _password(u)) for u in users]
    frame.table(("id", "login", "name", "status", "password"), rows, empty="no users")


@user.command()
@click.argument("id")
@place_flags
@tenant_flag
@pass_frame
def show(frame: Frame, id: str, data: Path | None, database: str) -> None:
    """What is known about a user; never the password.  ID: the id, else the sign-in name, the uid or the number.

    \b
      keyturn user show amal --data ./directory
    """
    with opened(frame, data, database) as house:
        found, by = found_user(house, id)
        facts = _facts(found) | {"mail": last_mail(house, found.key)}
    if by is not Handle.KEY:
        frame.say(f"{id} is the {_HANDLES[by]} of {found.key}")
    if frame.wants_json:
        frame.json(facts)
        return
    for name, value in facts.items():
        frame.data(f"{name:<17} {', '.join(value) if isinstance(value, list) else value}")


@user.command()
@click.argument("id")
@place_flags
@tenant_flag
@click.option("--login", default="", help="The sign-in name, when it is not the id.")
@click.option("--name", default="", help="The display name.")
@click.option("--address", default="", metavar="MAIL", help="The mail address.")
@click.option("--mail", is_flag=True, help="Mail what the user needs for the first sign-in.")
@pass_frame
def create(
    frame: Frame, id: str, data: Path | None, database: str, login: str, name: str, address: str, mail: bool
) -> None:
    """Create a user, without a password unless one is mailed.

    \b
      keyturn user create amal --data ./directory --name "Amal Haddad" --address amal@example.com --mail
    """
    if mail and not address:
        raise click.UsageError("--mail needs --address")
    emails = (Contact(address, "work", primary=True),) if address else ()
    command = CreateUser(id, Profile(display_name=name, emails=emails), login=login, notify=mail)
    with opened(frame, data, database) as house:
        done = _do(_door(house), command)
    _tell(frame, id, "created", done)


@user.command()
@click.argument("id")
@place_flags
@tenant_flag
@click.option("--mail", is_flag=True, help="Mail the one-time secret to the user instead of showing it.")
@pass_frame
def reset(frame: Frame, id: str, data: Path | None, database: str, mail: bool) -> None:
    """Give a user a one-time secret: mailed, or shown once on this terminal.

    \b
    Examples:
      keyturn user reset amal --data ./directory --mail
      keyturn user reset amal --data ./directory
    """
    if not mail and not sys.stdout.isatty():
        raise Unanswered(
            "a secret is only shown on a terminal",
            why="the output goes to a file or another program",
            fix="keyturn user reset with --mail, or on a terminal",
        )
    with opened(frame, data, database) as house:
        door = _door(house)
        known = _find(door, id)
        if mail and not known.profile.mail():
            raise KeyturnError(f"{id}: there is no mail address", code="KT-TGT-033", fix="reset without --mail")
        if not mail:
            frame.insist(f"Reset {id} and show the one-time secret here?", otherwise="--mail")
        done = _do(door, ResetPassword(id, notify=mail))
    _tell(frame, id, "reset", done)


@user.command()
@click.argument("id")
@place_flags
@tenant_flag
@pass_frame
def lock(frame: Frame, id: str, data: Path | None, database: str) -> None:
    """Lock a user: no sign-in until unlocked, and what is signed in ends.

    \b
      keyturn user lock amal --data ./directory
    """
    with opened(frame, data, database) as house:
        done = _do(_door(house), SetStatus(id, Status.LOCKED))
    _tell(frame, id, "locked", done)


@user.command()
@click.argument("id")
@place_flags
@tenant_flag
@pass_frame
def unlock(frame: Frame, id: str, data: Path | None, database: str) -> None:
    """Unlock a user, and forget wrong passwords.

    \b
      keyturn user unlock amal --data ./directory
    """
    with opened(frame, data, database) as house:
        done = _do(_door(house), SetStatus(id, Status.ACTIVE))
    _tell(frame, id, "unlocked", done)


@user.command()
@click.argument("id")
@place_flags
@tenant_flag
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_frame
def delete(frame: Frame, id: str, data: Path | None, database: str, yes: bool) -> None:
    """Delete a user; id, sign-in name and mail address stay reserved.

    \b
      keyturn user delete amal --data ./directory
    """
    if not yes:
        frame.insist(f"Delete {id}?", otherwise="--yes")
    with opened(frame, data, database) as house:
        done = _do(_door(house), DeleteUser(id))
    _tell(frame, id, "deleted", done)


_HANDLES = {Handle.KEY: "id", Handle.LOGIN: "sign-in name", Handle.UID: "uid", Handle.NUMBER: "number"}


def found_user(house: "House", text: str) -> tuple[User, Handle]:
    """The user whom the text names, by the first of its names that fits, and which that was."""
    from keyturn.app.operator import DOOR
    from keyturn.core.directory import LOCAL

    for handle in _HANDLES:
        user = house.directory(acting(house), DOOR, replace(LOCAL, handle=handle)).find(text)
        if user is not None:
            return user, handle
    raise _nobody(text)


def _door(house: "House") -> "LocalDirectory":
    from keyturn.app.operator import DOOR

    return house.directory(acting(house), DOOR)


def _do(door: "LocalDirectory", command: Command) -> Created | Changed | Unchanged:
    from keyturn.app.refusals import settled

    [outcome] = door.execute([command])
    return settled(outcome)


def _find(door: "LocalDirectory", id: str) -> User:
    found = door.find(id)
    if found is None:
        raise _nobody(id)
    return found


def _nobody(id: str) -> KeyturnError:
    fix = "keyturn user list"
    return KeyturnError(f"{id}: there is no such user", code="KT-TGT-030", why=NOBODY, fix=fix)


def _all(door: "LocalDirectory", search: str) -> list[User]:
    users: list[User] = []
    while page := door.list(Window(len(users), PAGE, search)).users:
        users += page
    return users


def _tell(frame: Frame, id: str, verb: str, done: Created | Changed | Unchanged) -> None:
    """Say what happened, and show a secret that nothing else carries to its owner."""
    if isinstance(done, Unchanged):
        frame.say(f"{id} was {verb} already")
        return
    if frame.wants_json:
        frame.json(
            {"id": id, "outcome": "created" if isinstance(done, Created) else "changed", "delivery": done.delivery}
        )
        return
    frame.say(f"{id} {verb}{_DELIVERED.get(done.delivery, '')}")
    if done.secret is not None and sys.stdout.isatty():
        frame.say("One-time secret, shown this once, good for 24 hours and one sign-in:")
        frame.data(done.secret.reveal())


_DELIVERED = {
    Delivery.MAILED: "; the mail leaves when the server runs",
    Delivery.HELD: "; the mail is held, for the address is new: see keyturn mail list",
}


def _password(user: User) -> str:
    if not user.has_password:
        return "none"
    return "must change" if user.must_change else "set"


def _facts(user: User) -> dict[str, str | int | list[str]]:
    changed = user.password_changed.isoformat(timespec="seconds") if user.password_changed else ""
    return {
        "id": user.key,
        "login": user.login,
        "name": user.profile.display_name,
        "mails": [contact.value for contact in user.profile.emails],
        "status": user.status.value,
        "rights": right_words(user.rights),
        "password": _password(user),
        "password_changed": changed,
        "uid": user.uid,
        "number": user.number,
        "version": user.version,
    }
