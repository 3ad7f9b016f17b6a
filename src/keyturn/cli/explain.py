"""`keyturn explain CODE`: the long form of an error or warning."""

import difflib
import re

import click

from keyturn.cli.catalogue import Entry, entries
from keyturn.cli.completion import complete_codes
from keyturn.cli.frame import Frame, pass_frame
from keyturn.core.errors import ConfigError

_SHORT = re.compile(r"-(\d{1,2})$")
"""The number of a code as people say it: KT-IN-7."""


@click.command(
    short_help="The long form of an error or warning.",
    epilog="See also: docs/reference/errors.md, the same text on one page.",
)
@click.argument("code", required=False, shell_complete=complete_codes)
@pass_frame
def explain(frame: Frame, code: str | None) -> None:
    """Explain an error or warning by its CODE; without one, list them all.

    \b
      keyturn explain KT-IN-007
      keyturn explain
    """
    known = entries()
    if code is None:
        _list(frame, known)
        return
    wanted = _SHORT.sub(lambda found: f"-{found[1]:0>3}", code.strip().strip("[]").upper())
    for entry in known:
        if entry.code == wanted:
            _show(frame, entry)
            return
    near = difflib.get_close_matches(wanted, [entry.code for entry in known], n=1)
    fix = f"keyturn explain {near[0]}" if near else "keyturn explain"
    raise ConfigError(f"there is no code {wanted}", code="KT-CFG-002", fix=fix)


def _list(frame: Frame, known: list[Entry]) -> None:
    if frame.wants_json:
        frame.json([{"code": entry.code, "title": entry.title, "exit": entry.exit} for entry in known])
    else:
        frame.table(["code", "what happened"], [[entry.code, entry.title] for entry in known])


def _show(frame: Frame, entry: Entry) -> None:
    if frame.wants_json:
        told = {"title": entry.title, "cause": entry.cause, "fix": entry.fix, "exit": entry.exit}
        frame.json({"code": entry.code, **told})
        return
    frame.data(f"{frame.strong(entry.code)}: {entry.title}")
    for head, text in (("Why", entry.cause), ("What to do", entry.fix)):
        body = click.wrap_text(text.strip(), width=88, initial_indent="  ", subsequent_indent="  ")
        frame.data(f"\n{head}\n{body}")
    frame.data(f"\nA command that ends with it has exit code {entry.exit}.")
