"""`keyturn key`: API keys of a directory on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.directory.keyring import prune, rotate
from keyturn.cli.directory.place import acting, opened, place_flags, tenant_flag
from keyturn.cli.frame import Frame, pass_frame
from keyturn.core.errors import ConfigError, KeyturnError
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.users import ALL_RIGHTS, RIGHT_NAMES, Handle, Right, right_words

if TYPE_CHECKING:
    from keyturn.app.dialects import Keys
    from keyturn.app.house.build import House
    from keyturn.core.administration import LocalAdministration
    from keyturn.core.ports import NewKey

RIGHT = click.Choice(list(RIGHT_NAMES))
KIND = click.Choice(["mas", "uipath", "scim", "hdp", "primavera", "keyturn"])


@click.group()
def key() -> None:
    """API keys of a directory on this machine, and the keys of its own key folder (rotate, prune).

    \b
    Examples:
      keyturn key create --data ./directory --kind mas --description "HR feed" --right users
      keyturn key list --data ./directory --json
      keyturn key revoke a-default-abcdefghij --data ./directory
      keyturn key rotate --data ./directory
    """


@key.command()
@place_flags
@tenant_flag
@click.option("--kind", type=KIND, required=True, help="Which door it is for.")
@click.option("--description", default="", help="What it is for, in your words.")
@click.option("--user", "login", default="", metavar="LOGIN", help="Make it a key of this person, who it acts as.")
@click.option("--right", "rights", type=RIGHT, multiple=True, help="May be repeated; none given: all.")
@click.option("--scope", "scopes", multiple=True, help="What a client may ask for; may be repeated; none given: all.")
@pass_frame
def create(
    frame: Frame,
    data: Path | None,
    database: str,
    kind: str,
    description: str,
    login: str,
    rights: tuple[str, ...],
    scopes: tuple[str, ...],
) -> None:
    """Make an API key, or a client where the door has scopes; its token is shown this once.

    With --user it is a key of that person: it acts as they do, has their rights of the moment, and dies with the
    account. At doors where people sign in by name and password it is their password there, and works where a second
    factor keeps their own password out.

    \b
    Examples:
      keyturn key create --data ./directory --kind uipath --scope PM.User --json
      keyturn key create --data ./directory --kind hdp --user amal
    """
    from keyturn.app.dialects import KEY_FORMS

    keys = KEY_FORMS[kind]
    _refuse_misfits(keys, kind, login, rights, scopes)
    with opened(frame, data, database) as house:
        made = _made(house, kind, description, login, rights, scopes or keys.scopes)
    shown = keys.shown(login if keys.of_person else made.key.id, made.token.reveal())
    if frame.wants_json:
        frame.json(dict(shown) | ({"key": made.key.id} if login else {}))
        return
    secret = keys.pair[1]
    frame.say(f"The {secret} is shown this once:")
    for word, value in shown.items():
        frame.data(f"{word:<{len(secret)}}  {value}")


def _refuse_misfits(keys: "Keys", kind: str, login: str, rights: tuple[str, ...], scopes: tuple[str, ...]) -> None:
    unknown = [scope for scope in scopes if scope not in keys.scopes]
    if unknown:
        fix = "one of " + ", ".join(keys.scopes) if keys.scopes else "leave --scope out"
        raise ConfigError(f"keys of kind {kind} have no scope {unknown[0]!r}", code="KT-CFG-002", fix=fix)
    if keys.of_person and not login:
        why = "at this door people alone sign in, by name and password"
        raise ConfigError(
            f"a key of kind {kind} is somebody's", code="KT-CFG-002", why=why, fix="say whose with --user"
        )
    if login and rights:
        raise ConfigError("a key of a person has the rights of its owner", code="KT-CFG-002", fix="leave --right out")


def _made(
    house: "House", kind: str, description: str, login: str, rights: tuple[str, ...], scopes: tuple[str, ...]
) -> "NewKey":
    from keyturn.app.operator import DOOR
    from keyturn.app.refusals import accepted
    from keyturn.core.ownkeys import Wanted

    if login:
        door = house.own_keys(acting(house), DOOR)
        return accepted(door.create_for(login, Handle.LOGIN, Wanted(kind, description, scopes)))
    wanted = frozenset[Right]().union(*(RIGHT_NAMES[name] for name in rights)) or ALL_RIGHTS
    return accepted(_door(house).create_key(kind, description, wanted, scopes))


@key.command("list")
@place_flags
@tenant_flag
@pass_frame
def list_keys(frame: Frame, data: Path | None, database: str) -> None:
    """The API keys, oldest first, without their tokens.

    \b
      keyturn key list --data ./directory
    """
    from keyturn.app.refusals import accepted

    with opened(frame, data, database) as house:
        keys = accepted(_door(house).keys())
        with house.store.reading() as view:
            people = view.users.by_uid([one.owner for one in keys])
    owners = {uid: person.login for uid, person in people.items()}
    facts = [
        {
            "id": one.id,
            "kind": one.kind,
            "active": one.active,
            "rights": right_words(one.rights),
            "scopes": list(one.scopes),
            "owner": owners.get(one.owner, ""),
            "description": one.description,
            "added": one.added.at.isoformat(timespec="seconds"),
        }
        for one in keys
    ]
    if frame.wants_json:
        frame.json({"keys": facts})
        return
    rows = [
        (
            one.id,
            one.kind,
            "active" if one.active else "off",
            ", ".join(right_words(one.rights)),
            " ".join(one.scopes),
            owners.get(one.owner, ""),
            f"{one.added.at:%Y-%m-%d %H:%M}",
            one.description,
        )
        for one in keys
    ]
    frame.table(
        ("id", "kind", "state", "rights", "scopes", "owner", "made (UTC)", "description"), rows, empty="no keys"
    )


@key.command()
@click.argument("id")
@place_flags
@tenant_flag
@pass_frame
def revoke(frame: Frame, id: str, data: Path | None, database: str) -> None:
    """Delete an API key; what was signed in with it ends at once.

    \b
      keyturn key revoke a-default-abcdefghij --data ./directory
    """
    from keyturn.app.refusals import accepted

    with opened(frame, data, database) as house:
        revoked = _door(house).revoke_key(id)
        if isinstance(revoked, Refused) and revoked.reason is Reason.NO_SUCH_USER:
            why = "no key of this tenant has this id; one that was revoked is gone"
            raise KeyturnError(f"{id}: {revoked.text}", code="KT-TGT-030", why=why, fix="keyturn key list")
        accepted(revoked)
    frame.say(f"{id} revoked")


key.add_command(rotate)
key.add_command(prune)


def _door(house: "House") -> "LocalAdministration":
    from keyturn.app.operator import DOOR

    return house.administration(acting(house), DOOR)
