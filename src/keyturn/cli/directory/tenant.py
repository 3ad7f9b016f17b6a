"""`keyturn tenant`: the tenants of a directory on this machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.directory.place import opened, place_flags
from keyturn.cli.frame import Frame, pass_frame
from keyturn.core.errors import ConfigError
from keyturn.core.tenancy import DEFAULTS, TAKES, Rules, WrongSetting

if TYPE_CHECKING:
    from keyturn.app.house.build import House
    from keyturn.core.storage import Tenant
    from keyturn.core.tenants import LocalTenants

SETTINGS = tuple(TAKES)
"""What can be set for a tenant; each has a page in the reference."""


class Setting(click.ParamType[tuple[str, str]]):
    """A setting as `NAME=VALUE`."""

    name = "NAME=VALUE"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The two halves; a value may be empty, which takes the setting away."""
        name, equals, wanted = value.partition("=")
        if not equals or name not in SETTINGS:
            self.fail(f"{value!r} is no setting; write NAME=VALUE with one of {', '.join(SETTINGS)}", param, ctx)
        return name, wanted


@click.group()
def tenant() -> None:
    """Tenants of a directory on this machine: whose users know nothing of each other.

    \b
    Examples:
      keyturn tenant create acme --data ./directory --set profile=vendor
      keyturn tenant list --data ./directory
      keyturn user list --data ./directory --tenant acme
    """


@tenant.command()
@click.argument("name")
@place_flags
@click.option("--set", "given", type=Setting(), multiple=True, help="May be repeated; see `keyturn tenant set --help`.")
@pass_frame
def create(frame: Frame, name: str, data: Path | None, database: str, given: tuple[tuple[str, str], ...]) -> None:
    """Make a tenant, without anybody in it.

    \b
      keyturn tenant create acme --data ./directory --set profile=vendor
    """
    from keyturn.app.refusals import accepted

    settings = {word: value for word, value in given if value}
    _judge(name, settings)
    with opened(frame, data, database) as house:
        made = accepted(_door(house).create(name, settings))
    if frame.wants_json:
        frame.json(_facts(made))
        return
    frame.say(f"{name} created as number {made.number}")


@tenant.command("list")
@place_flags
@pass_frame
def list_tenants(frame: Frame, data: Path | None, database: str) -> None:
    """The tenants, in order of number, with their settings.

    \b
      keyturn tenant list --data ./directory
    """
    with opened(frame, data, database) as house:
        found = _door(house).all()
    if frame.wants_json:
        frame.json({"tenants": [_facts(one) for one in found]})
        return
    rows = [(str(one.number), one.name, one.guid, _words(one)) for one in found]
    frame.table(("number", "name", "guid", "settings"), rows, empty="no tenants")


@tenant.command("set")
@click.argument("name")
@place_flags
@click.argument("given", type=Setting(), nargs=-1, required=True)
@pass_frame
def set_settings(frame: Frame, name: str, data: Path | None, database: str, given: tuple[tuple[str, str], ...]) -> None:
    """Change settings of a tenant; an empty value takes one back to its default.

    \b
      keyturn tenant set acme profile=vendor --data ./directory
      keyturn tenant set acme mail=link known_values=refuse --data ./directory
    \b
      profile          nist, nist-mfa, vendor: which passwords will do
      mail             safe, link, contract: what is mailed
      known_values     temporary, refuse: passwords that administrators supply
      temporary_hours  1 to 168: how long such a password signs in
      second_factor    off, administrators, everyone: of whom one is required
      weak_words       names of your organisation, of which nobody's password may be made
      language         en, de, es, fr, ja: of mails to those of whom none is known
      mail_per_hour    1 to 1000, 0 for no limit: mails to one address of a user
      mail_hold        0 to 168: hours for which nothing that lets somebody in is mailed
                       to an address that somebody without the right over the policy set
      base_url         what mailed links begin with; that of the first tenant counts
    """
    from keyturn.app.refusals import accepted

    with opened(frame, data, database) as house:
        found = next((one for one in _door(house).all() if one.name == name), None)
        if found is None:
            raise ConfigError(f"there is no tenant {name!r}", code="KT-TGT-040", fix="keyturn tenant list")
        settings = {word: value for word, value in {**found.settings, **dict(given)}.items() if value}
        _judge(name, settings)
        changed = accepted(_door(house).update(found.number, None, settings))
    if frame.wants_json:
        frame.json(_facts(changed))
        return
    frame.say(f"{name} changed: " + (_words(changed) or "defaults"))


def _door(house: "House") -> "LocalTenants":
    from keyturn.app.operator import DOOR, operator

    return house.administration(operator(), DOOR).tenants


def _judge(name: str, settings: Mapping[str, str]) -> None:
    """Raises ConfigError for a setting with a value that no rule knows."""
    try:
        Rules.of(settings)
    except WrongSetting as wrong:
        example = DEFAULTS.get(wrong.name, "https://id.example.com")
        fix = f"keyturn tenant set {name} {wrong.name}={example}"
        why = "" if "@" in wrong.value else f"it would be {wrong.value[:40]!r}"
        raise ConfigError(str(wrong), code="KT-CFG-040", why=why, fix=fix) from wrong


def _words(found: "Tenant") -> str:
    """The settings that can be set; what only a dialect keeps is not among them."""
    return " ".join(f"{name}={found.settings[name]}" for name in sorted(TAKES) if found.settings.get(name))


def _facts(found: "Tenant") -> dict[str, object]:
    return {"name": found.name, "number": found.number, "guid": found.guid, "settings": dict(found.settings)}
