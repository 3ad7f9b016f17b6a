"""`keyturn factor`: second factors of the users of a directory on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.directory.place import acting, opened, place_flags, tenant_flag
from keyturn.cli.frame import Frame, pass_frame
from keyturn.core.factors import Factor, FactorKind
from keyturn.core.outcomes import Unchanged
from keyturn.core.users import Handle

if TYPE_CHECKING:
    from keyturn.app.house.build import House
    from keyturn.core.enrolling import LocalFactors


@click.group()
def factor() -> None:
    """Second factors of a user: authenticator apps, passkeys and recovery codes.

    People add their own over keyturn's API; docs/how-to/use-a-second-factor.md says how. Here they are listed, and
    taken from who lost them.

    \b
    Examples:
      keyturn factor list amal --data ./directory
      keyturn factor remove amal --data ./directory
    """


@factor.command("list")
@click.argument("id")
@place_flags
@tenant_flag
@pass_frame
def list_factors(frame: Frame, id: str, data: Path | None, database: str) -> None:
    """What a user can show as a second factor; never a secret of it.

    \b
      keyturn factor list amal --data ./directory --json
    """
    from keyturn.app.refusals import accepted

    with opened(frame, data, database) as house:
        found = [each for each in accepted(_door(house).of(id, Handle.KEY)) if each.active]
    factors = [each for each in found if each.kind is not FactorKind.RECOVERY]
    left = len(found) - len(factors)
    if frame.wants_json:
        frame.json({"factors": [_facts(each) for each in factors], "recovery_codes_left": left})
        return
    rows = [tuple(str(value) for value in _facts(each).values()) for each in factors]
    frame.table(("id", "kind", "name", "added (UTC)", "last shown (UTC)"), rows, empty="no second factor")
    if factors:
        frame.say(f"{left} recovery codes left")


@factor.command()
@click.argument("id")
@place_flags
@tenant_flag
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_frame
def remove(frame: Frame, id: str, data: Path | None, database: str, yes: bool) -> None:
    """Take all second factors and recovery codes from a user who lost them; what is signed in ends.

    Until a new one is added, the password alone signs in. Make sure first that it is the person who asks.

    \b
      keyturn factor remove amal --data ./directory
    """
    from keyturn.app.refusals import accepted

    if not yes:
        frame.insist(f"Remove all second factors of {id}?", otherwise="--yes")
    with opened(frame, data, database) as house:
        done = accepted(_door(house).remove_all(id, Handle.KEY))
    frame.say(f"{id} had no second factor" if isinstance(done, Unchanged) else f"{id} has no second factor any more")


def _facts(each: Factor) -> dict[str, str]:
    return {
        "id": each.id,
        "kind": each.kind.value,
        "name": each.name,
        "added": f"{each.added:%Y-%m-%d %H:%M}",
        "used": f"{each.used:%Y-%m-%d %H:%M}" if each.used else "",
    }


def _door(house: "House") -> "LocalFactors":
    from keyturn.app.operator import DOOR

    return house.factors(acting(house), DOOR)
