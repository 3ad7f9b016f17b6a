"""`keyturn target caps`: what can be asked of a target."""

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING, Any

import click

from keyturn.cli.completion import complete_targets
from keyturn.cli.frame import Frame, pass_frame

if TYPE_CHECKING:
    from keyturn.app.target.targets import Target
    from keyturn.core.capabilities import Capabilities
    from keyturn.core.ports import Probe


@click.command()
@click.argument("name", required=False, default="", shell_complete=complete_targets)
@click.option("--online", is_flag=True, help="Sign in and look at what the target itself says, too.")
@click.option("--token-stdin", is_flag=True, help="Read the secret from standard input.")
@pass_frame
def caps(frame: Frame, name: str, online: bool, token_stdin: bool) -> None:
    """Show what a target can and cannot do, and what runs do about it; sends nothing.

    \b
      keyturn target caps maximo-test
      keyturn target caps maximo-test --online --json
    """
    from keyturn.app.config.sources import first_line
    from keyturn.app.target.targets import prepare
    from keyturn.cli.desk.reaching import from_keyring

    target = prepare(frame.settings, name, piped=first_line(sys.stdin) if token_stdin else None, safe=from_keyring)
    frame.progress = "Nothing was changed."
    can, probe = asyncio.run(look(target, online=online))
    told = _told(target, can, probe)
    if frame.wants_json:
        frame.json(told)
    else:
        _draw(frame, target, can, told)


async def look(target: "Target", *, online: bool) -> "tuple[Capabilities, Probe | None]":
    """The abilities of a target, as far as they are known here; online: and what one harmless read tells."""
    from keyturn.cli.desk.reaching import probe, reach

    directory = reach(target)
    try:
        seen = await probe(directory, target) if online else None
        return directory.capabilities, seen
    finally:
        await directory.close()


def _told(target: "Target", can: "Capabilities", probe: "Probe | None") -> dict[str, Any]:
    """Everything as plain values.  generated_length: None when no safe password fits."""
    from dataclasses import asdict

    from keyturn.app.run.machine import rules_of
    from keyturn.bulk.job import length_for
    from keyturn.core.commands import VERBS
    from keyturn.core.errors import ConfigError

    settings = target.settings
    length: int | None = None
    with contextlib.suppress(ConfigError):
        length = length_for(can, rules_of(settings))
    abilities = asdict(can)
    del abilities["carries"]
    told = {
        "target": target.name,
        "kind": settings.kind,
        "commands": {verb: command in can.carries for command, verb in VERBS.items()},
        "abilities": abilities,
        "generated_length": length,
        "protected": list(settings.protect),
        "production": settings.production,
    }
    if probe is not None:
        told["told"] = {"account": probe.account, "version": probe.version, "note": probe.note}
    return told


def _draw(frame: Frame, target: "Target", can: "Capabilities", told: dict[str, Any]) -> None:
    from keyturn.cli.target.abilities import ABILITIES, plain

    rows = [(verb, plain(carried)) for verb, carried in told["commands"].items()]
    rows += [(words, plain(value(can)) or "not known") for words, value in ABILITIES.values()]
    length = told["generated_length"]
    rows.append(("length of a password that keyturn makes", str(length or "none fits: see password_rules")))
    rows.append(("users that no run touches", ", ".join(told["protected"]) or "our own account alone"))
    rows += [(f"the target says: {word}", text) for word, text in told.get("told", {}).items() if text]
    frame.table([f"{target.name} ({target.settings.kind})", ""], rows, empty="")
