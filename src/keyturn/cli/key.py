"""`keyturn key`: API keys of a directory on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.keyring import prune, rotate
from keyturn.cli.place import acting, opened, place_flags, tenant_flag
from keyturn.core.errors import ConfigError, KeyturnError
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.users import ALL_RIGHTS, RIGHT_NAMES, Right, right_words

if TYPE_CHECKING:
    from keyturn.app.build import House
    from keyturn.core.administration import LocalAdministration

RIGHT = click.Choice(list(RIGHT_NAMES))
KIND = click.Choice(["mas", "uipath", "scim", "keyturn"])


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
@click.option("--right", "rights", type=RIGHT, multiple=True, help="May be repeated; none given: all.")
@click.option("--scope", "scopes", multiple=True, help="What a client may ask for; may be repeated; none given: all.")
@pass_frame
def create(
    frame: Frame,
    data: Path | None,
    database: str,
    kind: str,
    description: str,
    rights: tuple[str, ...],
    scopes: tuple[str, ...],
) -> None:
    """Make an API key, or a client where the door has scopes; its token is shown this once.

    \b
      keyturn key create --data ./directory --kind uipath --scope PM.User --json
    """
    from keyturn.app.dialects import DIALECTS, OWN_KEYS
    from keyturn.app.refusals import accepted

    keys = DIALECTS[kind].keys if kind in DIALECTS else OWN_KEYS
    unknown = [scope for scope in scopes if scope not in keys.scopes]
    if unknown:
        fix = "one of " + ", ".join(keys.scopes) if keys.scopes else "leave --scope out"
        raise ConfigError(f"keys of kind {kind} have no scope {unknown[0]!r}", code="KT-CFG-002", fix=fix)
    wanted = frozenset[Right]().union(*(RIGHT_NAMES[name] for name in rights)) or ALL_RIGHTS
    with opened(frame, data, database) as house:
        made = accepted(_door(house).create_key(kind, description, wanted, scopes or keys.scopes))
    shown = keys.shown(made.key.id, made.token.reveal())
    if frame.wants_json:
        frame.json(dict(shown))
        return
    secret = keys.pair[1]
    frame.say(f"The {secret} is shown this once:")
    for word, value in shown.items():
        frame.data(f"{word:<{len(secret)}}  {value}")


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
    facts = [
        {
            "id": one.id,
            "kind": one.kind,
            "active": one.active,
            "rights": right_words(one.rights),
            "scopes": list(one.scopes),
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
            f"{one.added.at:%Y-%m-%d %H:%M}",
            one.description,
        )
        for one in keys
    ]
    frame.table(("id", "kind", "state", "rights", "scopes", "made (UTC)", "description"), rows, empty="no keys")


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
