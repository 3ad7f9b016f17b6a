"""`keyturn session`: who is signed in to a directory on this machine, and ending it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.directory.place import acting, opened, place_flags, tenant_flag
from keyturn.cli.frame import Frame, pass_frame
from keyturn.core.outcomes import Unchanged
from keyturn.core.users import Handle

if TYPE_CHECKING:
    from keyturn.app.house.build import House
    from keyturn.core.ending import LocalSessions


@click.group()
def session() -> None:
    """Who is signed in to a directory on this machine, and ending it.

    \b
    Examples:
      keyturn session list amal --data ./directory
      keyturn session end amal --data ./directory
    """


@session.command("list")
@click.argument("user")
@place_flags
@tenant_flag
@pass_frame
def list_sessions(frame: Frame, user: str, data: Path | None, database: str) -> None:
    """The sessions of a user, oldest first; each ends by itself within an hour.

    \b
      keyturn session list amal --data ./directory
      keyturn session list amal --data ./directory --json
    """
    from keyturn.app.refusals import accepted

    with opened(frame, data, database) as house:
        found = accepted(_door(house).of(user, Handle.KEY))
    facts = [
        {
            "id": one.id,
            "door": one.door,
            "source": one.source,
            "started": one.started.isoformat(timespec="seconds"),
            "expires": one.expires.isoformat(timespec="seconds"),
        }
        for one in found
    ]
    if frame.wants_json:
        frame.json({"sessions": facts})
        return
    names = ("id", "door", "source", "started", "expires")
    frame.table(names, [tuple(one.values()) for one in facts], empty="nobody is signed in")


@session.command()
@click.argument("user")
@place_flags
@tenant_flag
@click.option("--session", "id", default="", metavar="ID", help="Only the one of this id.")
@pass_frame
def end(frame: Frame, user: str, data: Path | None, database: str, id: str) -> None:
    """End the sessions of a user; whoever knows the password can sign in again.

    \b
    Examples:
      keyturn session end amal --data ./directory
      keyturn session end amal --session 0f4a... --data ./directory
    """
    from keyturn.app.refusals import accepted

    with opened(frame, data, database) as house:
        done = accepted(_door(house).end(user, Handle.KEY, id))
    word = "unchanged" if isinstance(done, Unchanged) else "ended"
    if frame.wants_json:
        frame.json({"id": user, "outcome": word})
        return
    frame.say(f"{user} was not signed in" if word == "unchanged" else f"{user} is signed out")


def _door(house: "House") -> "LocalSessions":
    from keyturn.app.operator import DOOR

    return house.administration(acting(house), DOOR).sessions
