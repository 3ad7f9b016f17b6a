"""`keyturn doctor`: what makes runs fail, found before one does."""

import asyncio
import shutil
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from keyturn.cli.frame import Frame, Tone, pass_frame

if TYPE_CHECKING:
    from keyturn.app.run.doctor import Finding


@click.command()
@click.option("--offline", is_flag=True, help="Ask no target.")
@pass_frame
def doctor(frame: Frame, offline: bool) -> int:
    """Check this machine: settings, keys, keyring, clock, certificates, terminal, targets, leftovers of runs.

    Signs in to each target and looks, changing nothing.  Exit 2 when there is a problem.

    \b
    Examples:
      keyturn doctor
      keyturn doctor --offline --json
    """
    from keyturn.app.clock import SystemClock
    from keyturn.app.run.doctor import Grade, look_over

    frame.progress = "Nothing was changed."
    tones = {Grade.OK: Tone.GOOD, Grade.NOTE: Tone.NAME, Grade.WARNING: Tone.CARE, Grade.PROBLEM: Tone.BAD}
    found = [*_terminal(frame), *_keyring(), *look_over(frame.settings, SystemClock().now())]
    if not offline:
        found += _targets(frame)
    if frame.wants_json:
        frame.json([{"grade": str(each.grade), "text": each.text, "more": each.more} for each in found])
    else:
        for each in found:
            mark = frame.tone(f"{each.grade:<8}", tones[each.grade])
            frame.data(f"{mark} {each.text}{'   ' if each.more else ''}{each.more}")
    return 2 if any(each.grade is Grade.PROBLEM for each in found) else 0


def _terminal(frame: Frame) -> "Iterator[Finding]":
    from keyturn.app.run.doctor import Finding, Grade

    letters = (sys.stdout.encoding or "").upper()
    columns = shutil.get_terminal_size().columns
    yield Finding(Grade.OK, f"terminal: {columns} columns, {letters}, speaks {frame.output}")
    if "UTF" not in letters:
        yield Finding(Grade.WARNING, f"names with accents cannot be shown in {letters}", "set LANG to one with UTF-8")


def _keyring() -> "Iterator[Finding]":
    from keyturn.app.config.safe import keeper
    from keyturn.app.run.doctor import Finding, Grade

    name = keeper()
    if name:
        yield Finding(Grade.OK, f"keyring: {name}")
    else:
        yield Finding(Grade.NOTE, "this machine has no keyring; files, commands and credentials can hold secrets")


def _targets(frame: Frame) -> "list[Finding]":
    return asyncio.run(_asked(frame))


async def _asked(frame: Frame) -> "list[Finding]":
    return list(await asyncio.gather(*(_ask(frame, name) for name in frame.settings.targets)))


async def _ask(frame: Frame, name: str) -> "Finding":
    """Whether a target lets us in; one that cannot be asked says why."""
    from keyturn.app.run.doctor import Finding, Grade
    from keyturn.app.target.targets import prepare
    from keyturn.bulk.planning.cautions import span
    from keyturn.cli.desk.reaching import from_keyring, probe, reach
    from keyturn.core.errors import KeyturnError

    try:
        target = prepare(frame.settings, name, safe=from_keyring)
        directory = reach(target)
        try:
            seen = await probe(directory, target)
        finally:
            await directory.close()
    except KeyturnError as error:
        return Finding(Grade.PROBLEM, f"{name}: {error.what}", f"keyturn explain {error.code}")
    life = f", signed in for {span(seen.expires_in)}" if seen.expires_in is not None else ""
    return Finding(Grade.OK, f'{name}: reached as "{seen.account}"{life}')
