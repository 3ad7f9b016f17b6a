"""The one place where an error becomes words on stderr and an exit code."""

import io
import re
import sys
import traceback
from contextlib import suppress
from types import TracebackType

import click

from keyturn.cli.frame import Frame, Tone
from keyturn.core.errors import KeyturnError
from keyturn.core.harmless import harmless

INTERRUPTED = 130
CRASH = "KT-SRV-001"
SYSTEM = "KT-SRV-012"
USAGE = "KT-CFG-002"
_ON_DIRECTORY = re.compile(r"keyturn (user|group|key|tenant|audit|mail|session|factor|policy) (?!.*--data)")
"""A fix that is a command on a directory of this machine: it keeps the `--data` that was given."""


def draw(error: KeyturnError, frame: Frame) -> int:
    """Print an error as what, where, why, fix, more and how far it got; the exit code that goes with it."""
    from keyturn.cli.catalogue import entry

    known = entry(error.code)
    progress = getattr(error, "progress", "") or frame.progress or known.progress
    lines = [f"{frame.tone(f'error[{error.code}]', Tone.BAD)}: {harmless(error.what)}"]
    fix = error.fix or " ".join(known.fix.split())
    fix += frame.place if _ON_DIRECTORY.match(fix) else ""
    for name, text in (("where", error.where), ("why", error.why), ("fix", fix)):
        lines += _field(name, text)
    if known.title:
        lines += _field("more", f"keyturn explain {error.code}")
    if progress:
        lines.append(progress)
    with suppress(BrokenPipeError):  # nobody reads it any more: the code says it
        click.echo("\n".join(lines), err=True, color=frame.color)
    if frame.wants_json:
        told = {"where": error.where, "why": error.why, "fix": fix, "progress": progress}
        with suppress(OSError):  # stdout may be what is broken
            frame.json({"v": 1, "type": "error", "code": error.code, "what": error.what, **told, "exit": known.exit})
    wanted: int | None = getattr(error, "exit", None)
    return known.exit if wanted is None else wanted


def usage(error: click.ClickException, frame: Frame) -> int:
    """Print a mistake on the command line in the same form, for a group without a command its help; always exit 2."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "keyturn"
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        if not frame.wants_json:
            click.echo(error.format_message(), err=True)
            return 2
        return draw(KeyturnError(f"{path} alone is no command", code=USAGE, fix=f"{path} --help"), frame)
    what = " ".join(error.format_message().split()).rstrip(".")  # click breaks and indents a list of choices
    return draw(KeyturnError(what[:1].lower() + what[1:], code=USAGE, fix=f"{path} --help"), frame)


def interrupted(frame: Frame) -> int:
    """Say that Ctrl-C was heard, and how far it got."""
    click.echo(f"\nInterrupted. {frame.progress}".rstrip(), err=True, color=frame.color)
    return INTERRUPTED


def crash(fault: BaseException, frame: Frame) -> int:
    """Tell about a fault of our own: the kind and the place, never the values, which could hold a secret."""
    place = _places(fault.__traceback__)[-1:]
    error = KeyturnError(
        f"keyturn ran into a fault of its own ({type(fault).__name__})",
        code=CRASH,
        where=place[0] if place else "",
        fix="send the lines that -vv prints to whoever looks after keyturn; they hold no values",
    )
    if frame.loud >= 2:
        click.echo("\n".join(_places(fault.__traceback__)), err=True)
    return draw(error, frame)


def system(error: OSError, frame: Frame) -> int:
    """Tell that the system refused us a file, such as on a full disk."""
    what = f"the system refused: {error.strerror or type(error).__name__}"
    code = draw(KeyturnError(what, code=SYSTEM, where=str(error.filename or "")), frame)
    if not error.filename:
        hush()  # it was our output: what is left in it goes nowhere
    return code


def hush() -> int:
    """The reader of our output went away (`| head`): end without a word, as other tools do."""
    sys.stdout = io.StringIO()
    try:
        sys.stderr.flush()
    except OSError:  # what is left in it would be tried again at the end, and change the exit code
        sys.stderr = io.StringIO()
    return 1


def _field(name: str, text: str) -> list[str]:
    """A named line; further lines of the text are aligned under the first."""
    if not text:
        return []
    first, *rest = map(harmless, text.splitlines())
    return [f"  {name:<5}  {first}", *(f"         {line}" for line in rest)]


def _places(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(trace)]
