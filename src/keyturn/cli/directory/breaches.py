"""`keyturn policy breaches`: the stolen passwords that nobody may choose here."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.directory.place import place_flags, place_of
from keyturn.cli.directory.policyview import breaches_json, breaches_told
from keyturn.cli.frame import Frame, Output, pass_frame

if TYPE_CHECKING:
    from keyturn.app.keeping.policies import About

STEP = 5.0
"""Seconds between two lines of progress where nothing can be redrawn."""


@click.group()
def breaches() -> None:
    """Stolen passwords that nobody may choose, from the published lists of their hashes.

    \b
    Examples:
      keyturn policy breaches load pwned-passwords-sha1-ordered-by-hash.txt --data ./directory
      keyturn policy breaches show --data ./directory
    """


@breaches.command("load")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(exists=True, path_type=Path))
@place_flags
@pass_frame
def load_list(frame: Frame, files: tuple[Path, ...], data: Path | None, database: str) -> None:
    """Load a published list in place of the one that is loaded; a running server uses it from its next start.

    A list is that of "Have I Been Pwned", SHA-1 and ordered by hash: one file of lines `HASH:COUNT`, or a folder with
    one file for each range, called by five digits.  Lists of NTLM hashes are refused.  All servers that share a key
    folder have a data folder each: load it for each.

    \b
    Examples:
      keyturn policy breaches load pwned-passwords-sha1-ordered-by-hash.txt --data ./directory
      keyturn policy breaches load ./ranges --data ./directory
      7z e -so pwned.7z | keyturn policy breaches load /dev/stdin --data ./directory
    """
    from keyturn.app.keeping.policies import load_breaches
    from keyturn.app.operator import operator

    meter = Meter(frame)
    about = load_breaches(place_of(frame, data, database), files, meter.tell, operator())
    meter.end()
    _show(frame, about)
    frame.say("A server that runs uses it from its next start.")


@breaches.command("show")
@place_flags
@pass_frame
def show_list(frame: Frame, data: Path | None, database: str) -> None:
    """Which list is loaded.

    \b
      keyturn policy breaches show --data ./directory --json
    """
    from keyturn.app.keeping.policies import loaded

    _show(frame, loaded(place_of(frame, data, database)))


def _show(frame: Frame, about: "About | None") -> None:
    if frame.wants_json:
        frame.json({"breaches": breaches_json(about)})
        return
    frame.data(breaches_told(about))


class Meter:
    """Says how far a load is: redrawn on a terminal, a line now and then elsewhere."""

    def __init__(self, frame: Frame, clock: Callable[[], float] = time.monotonic) -> None:
        self._frame = frame
        self._clock = clock
        self._begun = self._said = clock()
        self._redraws = frame.output is Output.RICH

    def tell(self, done: int, total: int) -> None:
        """How many bytes were read, and of how many (0: nobody knows)."""
        now = self._clock()
        if now - self._said < (0.2 if self._redraws else STEP):
            return
        self._said = now
        words = f"{done >> 20:,} MiB read"
        if total:
            left = (now - self._begun) * (total - done) / max(done, 1)
            words += f", {100 * done // total} %, about {left / 60:.0f} min left"
        if self._redraws:
            click.echo(f"\r{words:<60}", nl=False, err=True)
        else:
            self._frame.say(words)

    def end(self) -> None:
        """Leave the line that was redrawn."""
        if self._redraws:
            click.echo(f"\r{'':<60}\r", nl=False, err=True)
