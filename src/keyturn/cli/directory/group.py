"""`keyturn group`: groups of a directory on this machine, and who is in them."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from keyturn.cli.directory.place import acting, opened, place_flags, tenant_flag
from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.words import counted
from keyturn.core.membership import GroupChange
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.users import RIGHT_NAMES, Group, Right, Window, right_words

if TYPE_CHECKING:
    from keyturn.app.house.build import House
    from keyturn.core.administration import LocalAdministration

RIGHT = click.Choice(list(RIGHT_NAMES))
PAGE = 1000


@click.group()
def group() -> None:
    """Groups of a directory on this machine: their members have the rights of the group.

    \b
    Examples:
      keyturn group create "Service desk" --data ./directory --right view-users --right modify-users
      keyturn group add "Service desk" amal --data ./directory
      keyturn group list --data ./directory
    """


@group.command()
@click.argument("name")
@place_flags
@tenant_flag
@click.option("--right", "rights", type=RIGHT, multiple=True, help="What its members may administer; may be repeated.")
@pass_frame
def create(frame: Frame, name: str, data: Path | None, database: str, rights: tuple[str, ...]) -> None:
    """Make a group, without anybody in it.

    \b
      keyturn group create "Service desk" --data ./directory --right modify-users
    """
    from keyturn.app.refusals import accepted

    wanted = frozenset[Right]().union(*(RIGHT_NAMES[word] for word in rights))
    with opened(frame, data, database) as house:
        made = accepted(_door(house).groups.create(name, wanted, (), ""))
    _tell(frame, made, "created")


@group.command("list")
@place_flags
@tenant_flag
@pass_frame
def list_groups(frame: Frame, data: Path | None, database: str) -> None:
    """The groups, in the order in which they were made.

    \b
      keyturn group list --data ./directory --json
    """
    with opened(frame, data, database) as house:
        found = _all(_door(house))
    if frame.wants_json:
        frame.json({"groups": [_facts(one) for one in found]})
        return
    rows = [(one.name, str(len(one.members)), ", ".join(right_words(one.rights)), one.uid) for one in found]
    frame.table(("name", "members", "rights", "uid"), rows, empty="no groups")


@group.command()
@click.argument("name")
@place_flags
@tenant_flag
@pass_frame
def show(frame: Frame, name: str, data: Path | None, database: str) -> None:
    """A group and its members.

    \b
      keyturn group show "Service desk" --data ./directory
    """
    with opened(frame, data, database) as house:
        facts = _facts(_find(_door(house), name))
    if frame.wants_json:
        frame.json(facts)
        return
    for word, value in facts.items():
        frame.data(f"{word:<9} {', '.join(value) if isinstance(value, list) else value}")


@group.command()
@click.argument("name")
@click.argument("members", nargs=-1, required=True)
@place_flags
@tenant_flag
@pass_frame
def add(frame: Frame, name: str, members: tuple[str, ...], data: Path | None, database: str) -> None:
    """Take users (by id) or groups (by name) into a group.

    \b
      keyturn group add "Service desk" amal bela --data ./directory
    """
    _change(frame, name, members, data, database, joins=True)


@group.command()
@click.argument("name")
@click.argument("members", nargs=-1, required=True)
@place_flags
@tenant_flag
@pass_frame
def remove(frame: Frame, name: str, members: tuple[str, ...], data: Path | None, database: str) -> None:
    """Take users or groups out of a group; whoever loses a right by it is signed in nowhere any more.

    \b
      keyturn group remove "Service desk" amal --data ./directory
    """
    _change(frame, name, members, data, database, joins=False)


@group.command()
@click.argument("name")
@place_flags
@tenant_flag
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_frame
def delete(frame: Frame, name: str, data: Path | None, database: str, yes: bool) -> None:
    """Delete a group; its members stay and lose what it gave them.

    \b
      keyturn group delete "Service desk" --data ./directory
    """
    from keyturn.app.refusals import accepted

    if not yes:
        frame.insist(f"Delete the group {name}?", otherwise="--yes")
    with opened(frame, data, database) as house:
        door = _door(house)
        gone = accepted(door.groups.delete(_find(door, name).uid))
    _tell(frame, gone, "deleted")


def _change(
    frame: Frame, name: str, members: tuple[str, ...], data: Path | None, database: str, *, joins: bool
) -> None:
    from keyturn.app.operator import DOOR
    from keyturn.app.refusals import accepted
    from keyturn.core.errors import KeyturnError

    with opened(frame, data, database) as house:
        door = _door(house)
        directory = house.directory(acting(house), DOOR)
        groups = {one.name.casefold(): one.uid for one in _all(door)}
        uids = []
        for member in members:
            user = directory.find(member)
            uid = user.uid if user is not None else groups.get(member.casefold())
            if uid is None:
                what, why = (
                    f"{member}: there is no such user and no such group",
                    "users are named by id, groups by name",
                )
                raise KeyturnError(what, code="KT-TGT-030", why=why, fix="keyturn user list, or keyturn group list")
            uids.append(uid)
        change = GroupChange(add=tuple(uids)) if joins else GroupChange(remove=tuple(uids))
        into = _find(door, name)
        answer = door.groups.update(into.uid, change)
        if isinstance(answer, Refused) and answer.reason is Reason.INVALID:
            why = "it is the same group, or one of them holds it"
            fix = f"keyturn group show {quote(into.name)}"
            raise KeyturnError(f"{into.name}: {answer.text}", code="KT-SRV-400", why=why, fix=fix)
        changed = accepted(answer)
    _tell(frame, changed, "changed")


def _door(house: "House") -> "LocalAdministration":
    from keyturn.app.operator import DOOR

    return house.administration(acting(house), DOOR)


def _all(door: "LocalAdministration") -> list[Group]:
    found: list[Group] = []
    while page := door.groups.page(Window(len(found), PAGE)).groups:
        found += page
    return found


def _find(door: "LocalAdministration", name: str) -> Group:
    from keyturn.core.errors import KeyturnError

    wanted = name.casefold()
    found = next((one for one in _all(door) if one.name.casefold() == wanted or one.uid == name), None)
    if found is None:
        why = "no group of this tenant has this name or uid"
        raise KeyturnError(f"{name}: there is no such group", code="KT-TGT-039", why=why, fix="keyturn group list")
    return found


def _tell(frame: Frame, group: Group, verb: str) -> None:
    if frame.wants_json:
        frame.json(_facts(group))
        return
    frame.say(f"{group.name} {verb}; it has {counted(len(group.members), 'member')}")


def _facts(group: Group) -> dict[str, str | int | list[str]]:
    return {
        "name": group.name,
        "uid": group.uid,
        "rights": right_words(group.rights),
        "members": [member.name for member in group.members],
        "version": group.version,
    }
