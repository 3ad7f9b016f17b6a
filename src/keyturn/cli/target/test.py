"""`keyturn target test`: whether a target lets us in."""

import asyncio
import sys
import time
from typing import TYPE_CHECKING

import click

from keyturn.cli.completion import complete_targets
from keyturn.cli.frame import Frame, Tone, pass_frame

if TYPE_CHECKING:
    from keyturn.app.target.targets import Target


@click.command()
@click.argument("name", required=False, default="", shell_complete=complete_targets)
@click.option("--token-stdin", is_flag=True, help="Read the secret from standard input.")
@pass_frame
def test(frame: Frame, name: str, token_stdin: bool) -> None:
    """Sign in and look, changing nothing: exit 4 when it refuses us, 6 when it cannot be reached.

    \b
      keyturn target test maximo-test
    """
    from keyturn.app.config.sources import first_line
    from keyturn.app.target.targets import Target, prepare
    from keyturn.cli.desk.reaching import from_keyring

    piped = first_line(sys.stdin) if token_stdin else None
    prepared: Target = prepare(frame.settings, name, piped=piped, safe=from_keyring)
    for warning in prepared.warnings:
        frame.warn(warning, code="KT-CFG-015")
    frame.progress = "Nothing was changed."
    asyncio.run(_probe(frame, prepared))


async def _probe(frame: Frame, target: "Target") -> None:
    from keyturn.app.target.targets import other_version
    from keyturn.bulk.planning.cautions import span
    from keyturn.cli.desk.reaching import probe as look
    from keyturn.cli.desk.reaching import reach

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
        parts.append(f"token good for {span(probe.expires_in)}")
    parts += [f"version {probe.version}"] if probe.version else []
    parts += [probe.note] if probe.note else []
    frame.data(f"{frame.tone('ok', Tone.GOOD)}  {name}: {', '.join(parts)}")
