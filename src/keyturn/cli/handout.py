"""`keyturn handout`: open the sealed file with new passwords, where its recipient is."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame, Unanswered, pass_frame


@click.group()
def handout() -> None:
    """The sealed file with the new passwords of a run.

    \b
    Examples:
      keyturn handout open r7f3k2a --to-terminal
      keyturn handout open r7f3k2a --format csv > passwords.csv
      keyturn handout open handout-r7f3k2a.age --identity key.txt > passwords.jsonl
    """


@handout.command("open")
@click.argument("file", metavar="RUN|FILE", shell_complete=complete_runs)
@click.option("--identity", type=click.Path(path_type=Path), help="Your age identity; otherwise that of this machine.")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True, help="How.")
@click.option("--to-terminal", is_flag=True, help="Show the passwords on this screen.")
@pass_frame
def open_handout(frame: Frame, file: str, identity: Path | None, form: str, to_terminal: bool) -> None:
    """Open the handout of a run or a handout file: one line a user with row, user, password and state.

    \b
      keyturn handout open r7f3k2a --to-terminal
      keyturn handout open r7f3k2a --format csv > passwords.csv
      keyturn handout open handout-r7f3k2a.age --identity key.txt > passwords.jsonl
    """
    from keyturn.app.runs import Machine
    from keyturn.bulk.record.folder import RUN_ID, find_run
    from keyturn.core.errors import ConfigError

    machine = Machine(frame.settings)
    if sys.stdout.isatty() and not to_terminal:
        raise Unanswered(
            "the passwords would stand on this screen",
            why="whoever looks over a shoulder or scrolls back reads them",
            fix="send them into a file or a program, or say --to-terminal",
        )
    path = find_run(machine.folders.runs, file).handout if RUN_ID.fullmatch(file) else Path(file)
    try:
        sealed = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            "the handout cannot be read", code="KT-CFG-035", where=str(path), why=error.strerror or ""
        ) from None
    lines = machine.sealer().open(sealed, identity or machine.identity).decode().splitlines()
    for line in lines if form == "jsonl" else _as_csv(lines):
        frame.data(line)


def _as_csv(lines: list[str]) -> Iterator[str]:
    """For a sheet.  Only the id is defused: a password with a sign before it would be another password."""
    import csv
    import io
    import json

    from keyturn.bulk.formulas import defused

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["row", "target", "user", "password", "state"])
    for line in map(json.loads, lines):
        writer.writerow([line["row"], line.get("target", ""), defused(line["user"]), line["password"], line["state"]])
    yield from text.getvalue().splitlines()
