"""`keyturn target`: the directories to run against."""

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keyturn.cli.caps import caps
from keyturn.cli.completion import complete_targets
from keyturn.cli.frame import Frame, Tone, pass_frame
from keyturn.core.errors import ConfigError

if TYPE_CHECKING:
    from keyturn.app.sections_target import TargetSettings
    from keyturn.app.targets import Target

EXAMPLE = "as in https://api.<instance>.<domain>"


@click.group(short_help="The directories to run against: add, list, show, test, caps.")
def target() -> None:
    """The directories to run against.

    \b
      keyturn target add maximo-test
      keyturn target test maximo-test
      keyturn target caps maximo-test
    """


target.add_command(caps)


@target.command("list")
@pass_frame
def list_targets(frame: Frame) -> None:
    """List the targets in the config file.

    \b
      keyturn target list
    """
    settings = frame.settings
    if frame.wants_json:
        frame.json([_shown(name, table) for name, table in settings.targets.items()])
        return
    default = settings.document.default_target
    rows = [
        (name, t.kind, t.url or t.data, "production" if t.production else "", "default" if name == default else "")
        for name, t in settings.targets.items()
    ]
    frame.table(["name", "kind", "address", "", ""], rows, empty="no targets yet; keyturn target add NAME makes one")


@target.command()
@click.argument("name", required=False, default="", shell_complete=complete_targets)
@pass_frame
def show(frame: Frame, name: str) -> None:
    """Show one target; of a secret, where it is.

    \b
      keyturn target show maximo-test
    """
    found, table = frame.settings.target(name)
    shown = _shown(found, table)
    if frame.wants_json:
        frame.json(shown)
        return
    width = max(map(len, shown))
    for key, value in shown.items():
        frame.data(f"{key:<{width}}  {', '.join(map(str, value)) if isinstance(value, list) else value}")


@target.command()
@click.argument("name", required=False, default="", shell_complete=complete_targets)
@click.option("--token-stdin", is_flag=True, help="Read the secret from standard input.")
@pass_frame
def test(frame: Frame, name: str, token_stdin: bool) -> None:
    """Sign in and look, changing nothing: exit 4 when it refuses us, 6 when it cannot be reached.

    \b
      keyturn target test maximo-test
    """
    from keyturn.app.sources import first_line
    from keyturn.app.targets import Target, prepare

    piped = first_line(sys.stdin) if token_stdin else None
    prepared: Target = prepare(frame.settings, name, piped=piped)
    for warning in prepared.warnings:
        frame.warn(warning, code="KT-CFG-015")
    frame.progress = "Nothing was changed."
    asyncio.run(_probe(frame, prepared))


async def _probe(frame: Frame, target: "Target") -> None:
    from keyturn.app.targets import other_version
    from keyturn.cli.reaching import probe as look
    from keyturn.cli.reaching import reach

    directory, name = reach(target), target.name
    start = time.perf_counter()
    try:
        probe = await look(directory, target)
    finally:
        await directory.close()
    took = round((time.perf_counter() - start) * 1000)
    said = target.settings.version
    if other_version(said, probe.version):
        frame.warn(f"the settings say version {said}, the server seems to be {probe.version}", code="KT-TGT-012")
    if frame.wants_json:
        told = {"version": probe.version, "expires_in_s": probe.expires_in, "note": probe.note}
        frame.json({"target": name, "reached": True, "ms": took, "account": probe.account, **told})
        return
    parts = [f"reached in {took} ms", f'signed in as "{probe.account}"']
    if probe.expires_in is not None:
        parts.append(f"token good for {_span(probe.expires_in)}")
    parts += [f"version {probe.version}"] if probe.version else []
    parts += [probe.note] if probe.note else []
    frame.data(f"{frame.tone('ok', Tone.GOOD)}  {name}: {', '.join(parts)}")


@target.command()
@click.argument("name")
@click.option("--kind", help="Which kind of server it is: mas, hdp, primavera, scim, uipath or local.")
@click.option("--url", help=f"Address of its API, {EXAMPLE}.")
@click.option("--key-id", help="The id of the API key; its token is the secret.")
@click.option("--username", help="The login name, where there is no API key.")
@click.option("--tenant", help="The tenant, organisation or instance, where one server has several.")
@click.option("--token-env", metavar="VAR", help="The secret is in this environment variable.")
@click.option("--token-file", metavar="FILE", help="The secret is in this file, readable by you alone.")
@click.option("--token-command", metavar="COMMAND", help="The secret is what this command prints.")
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
    from keyturn.app.config_file import as_target
    from keyturn.app.settings import NAME
    from keyturn.app.targets import check
    from keyturn.cli.newtarget import described

    if not NAME.fullmatch(name):
        fix = "small letters, digits, dots, dashes and underlines; at most 40"
        raise ConfigError(f"{name!r} cannot be the name of a target", code="KT-CFG-002", fix=fix)
    if name in frame.settings.targets and not replace:
        raise ConfigError(f"there is a target {name!r} already", code="KT-CFG-002", fix="--replace writes over it")
    table = described(frame, flags)
    _name_places_from_here(table)
    table |= {flag: True for flag in ("production", "allow_plain_http") if flags[flag]}
    table |= {"protect": list(flags["protect"])} if flags["protect"] else {}
    folders = frame.settings.folders
    check(name, as_target(table), folders.config.parent)
    _save(frame, name, table)


def _name_places_from_here(table: dict[str, Any]) -> None:
    """Make paths absolute: whoever types one means it from where they stand, not from where the config is."""
    from keyturn.app.settings import SECRETS
    from keyturn.app.targets import FILES

    for field in ("data", *FILES):
        if table.get(field):
            table[field] = _from_here(table[field])
    for field in SECRETS:
        if "file" in table.get(field, {}):
            table[field] = {"file": _from_here(table[field]["file"])}


def _from_here(path: str) -> str:
    return str(Path(path).expanduser().absolute())


def _save(frame: Frame, name: str, table: Mapping[str, Any]) -> None:
    from keyturn.app.config_file import put_target

    path = frame.settings.folders.config
    put_target(path, name, table, make_default=not frame.settings.targets)
    if frame.wants_json:
        frame.json({"target": name, "config": str(path)})
        return
    frame.data(f"Saved target {name} to {path}; the secret stays where it is.")
    frame.say(f"Next:  keyturn target test {name}     then     keyturn plan reset YOURFILE -t {name}")


def _shown(name: str, target: "TargetSettings") -> dict[str, Any]:
    from keyturn.app.config_file import as_table

    return {"name": name, **as_table(target)}


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
