"""`keyturn handout open`: the new passwords, as lines or as a sheet."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.frame import Frame, Unanswered, pass_frame
from keyturn.cli.handout.opened import one_handout, opened

if TYPE_CHECKING:
    from keyturn.core.handout import Handed


@click.command()
@one_handout
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True, help="How.")
@click.option("--to-terminal", is_flag=True, help="Show the passwords on this screen.")
@pass_frame
def open_handout(frame: Frame, named: str, identity: Path | None, form: str, to_terminal: bool) -> None:
    """Open the handout of a run or a handout file: one line a user with row, user, password and state.

    \b
      keyturn handout open r7f3k2a --to-terminal
      keyturn handout open r7f3k2a --format csv > passwords.csv
      keyturn handout open handout-r7f3k2a.age --identity key.txt > passwords.jsonl
    """
    from keyturn.core.handout import as_line

    if sys.stdout.isatty() and not to_terminal:
        raise Unanswered(
            "the passwords would stand on this screen",
            why="whoever looks over a shoulder or scrolls back reads them",
            fix="send them into a file or a program, or say --to-terminal",
        )
    people = opened(frame, named, identity).people
    lines = (as_line(handed).decode().rstrip("\n") for handed in people) if form == "jsonl" else _as_csv(people)
    for line in lines:
        frame.data(line)


def _as_csv(people: "list[Handed]") -> Iterator[str]:
    """For a sheet.  Only what people wrote is defused: a password with a sign before it would be another password."""
    import csv
    import io

    from keyturn.bulk.formulas import defused

    said = [name for name in ("name", "email") if any(getattr(handed, name) for handed in people)]
    more = list(dict.fromkeys(header for handed in people for header in handed.columns))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["row", "target", "user", "password", "state", *said, *map(defused, more)])
    for handed in people:
        password = handed.password.reveal()
        known = [*(getattr(handed, name) for name in said), *(handed.columns.get(header, "") for header in more)]
        writer.writerow([handed.row, handed.target, defused(handed.user), password, handed.state, *map(defused, known)])
    yield from text.getvalue().splitlines()
