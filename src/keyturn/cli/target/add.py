"""`keyturn target add`: a new target in the config file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.core.errors import ConfigError

EXAMPLE = "as in https://api.<instance>.<domain>"


@click.command()
@click.argument("name")
@click.option("--kind", help="Which kind of server it is: mas, hdp, primavera, scim, uipath or local.")
@click.option("--url", help=f"Address of its API, {EXAMPLE}.")
@click.option("--key-id", help="The id of the API key; its token is the secret.")
@click.option("--username", help="The login name, where there is no API key.")
@click.option("--tenant", help="The tenant, organisation or instance, where one server has several.")
@click.option("--token-env", metavar="VAR", help="The secret is in this environment variable.")
@click.option("--token-file", metavar="FILE", help="The secret is in this file, readable by you alone.")
@click.option("--token-command", metavar="COMMAND", help="The secret is what this command prints.")
@click.option("--token-keyring", is_flag=True, help="The secret is in the keyring; target login puts it there.")
@click.option("--token-credential", metavar="NAME", help="The secret is a credential of systemd.")
@click.option("--ca-bundle", metavar="FILE", help="The certificates to trust.")
@click.option("--version", help="The version of the server, as in 9.1, where its calls depend on it.")
@click.option("--manage-url", help="Where users are made, where that is another host.")
@click.option("--manage-key-file", metavar="FILE", help="The API key for --manage-url is in this file.")
@click.option("--certificate", metavar="FILE", help="The TLS certificate to show at --manage-url.")
@click.option("--certificate-key", metavar="FILE", help="Its key, where it is in a file of its own.")
@click.option("--data", metavar="DIR", help="Of kind local: the folder that keyturn init made.")
@click.option("--production", is_flag=True, help="Ask for name and number before changing anything there.")
@click.option("--protect", multiple=True, metavar="USER", help="No run touches this user; svc-* stands for many.")
@click.option("--allow-plain-http", is_flag=True, help="Allow http:// to another machine.")
@click.option("--replace", is_flag=True, help="Write over a target of this name.")
@pass_frame
def add(frame: Frame, /, name: str, replace: bool, **flags: Any) -> None:
    """Add a target to the config file; asks for what no flag says.

    A secret itself is never written down and never given on the command line: say where it is.

    \b
      keyturn target add maximo-test
      keyturn target add maximo-test --kind mas --url https://api.test1.example.com \\
          --key-id k-17 --token-file ~/maximo-test.token --protect masadmin --no-input
    """
    from keyturn.app.config.config_file import as_target
    from keyturn.app.config.settings import check_name
    from keyturn.app.target.binding import Bindings, origins_of
    from keyturn.app.target.targets import check
    from keyturn.cli.target.newtarget import described

    check_name(name)
    if name in frame.settings.targets and not replace:
        raise ConfigError(f"there is a target {name!r} already", code="KT-CFG-002", fix="--replace writes over it")
    table = described(frame, flags)
    _name_places_from_here(table)
    table |= {flag: True for flag in ("production", "allow_plain_http") if flags[flag]}
    table |= {"protect": list(flags["protect"])} if flags["protect"] else {}
    folders = frame.settings.folders
    checked = check(name, as_target(table), folders.config.parent)
    _save(frame, name, table)
    if checked.url:
        Bindings(folders.state).bind(name, origins_of(checked))


def _name_places_from_here(table: dict[str, Any]) -> None:
    """Make paths absolute: whoever types one means it from where they stand, not from where the config is."""
    from keyturn.app.config.settings import SECRETS
    from keyturn.app.target.targets import FILES

    for field in ("data", *FILES):
        if table.get(field):
            table[field] = _from_here(table[field])
    for field in SECRETS:
        if "file" in table.get(field, {}):
            table[field] = {"file": _from_here(table[field]["file"])}


def _from_here(path: str) -> str:
    return str(Path(path).expanduser().absolute())


def _save(frame: Frame, name: str, table: Mapping[str, Any]) -> None:
    from keyturn.app.config.config_file import put_target
    from keyturn.app.config.settings import SECRETS

    path = frame.settings.folders.config
    put_target(path, name, table, make_default=not frame.settings.targets)
    if frame.wants_json:
        frame.json({"target": name, "config": str(path)})
        return
    secret = any(table.get(field) for field in SECRETS)
    frame.data(f"Saved target {name} to {path}{'; the secret stays where it is' if secret else ''}.")
    if any(isinstance(value, Mapping) and value.get("keyring") for value in table.values()):
        frame.say(f"First:  keyturn target login {name}     asks for the secret and puts it into the keyring")
    frame.say(f"Next:  keyturn target test {name}     then     keyturn plan reset YOURFILE -t {name}")
