"""`keyturn handout`: open the sealed file with new passwords, where its recipient is."""

import sys
from pathlib import Path

import click

from keyturn.cli.frame import Frame, Unanswered, pass_frame


@click.group()
def handout() -> None:
    """The sealed file with the new passwords of a run.

    \b
    Examples:
      keyturn handout open handout-r7f3k2a.age --identity key.txt > passwords.jsonl
    """


@handout.command("open")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--identity", type=click.Path(path_type=Path), help="Your age identity; otherwise that of this machine.")
@click.option("--to-terminal", is_flag=True, help="Show the passwords on this screen.")
@pass_frame
def open_handout(frame: Frame, file: Path, identity: Path | None, to_terminal: bool) -> None:
    """Open FILE: one JSON object a line with row, user, password and state."""
    from keyturn.app.runs import Machine
    from keyturn.core.errors import ConfigError

    machine = Machine(frame.settings)
    if sys.stdout.isatty() and not to_terminal:
        raise Unanswered(
            "the passwords would stand on this screen",
            why="whoever looks over a shoulder or scrolls back reads them",
            fix="send them into a file or a program, or say --to-terminal",
        )
    try:
        sealed = file.read_bytes()
    except OSError as error:
        raise ConfigError(
            "the handout cannot be read", code="KT-CFG-035", where=str(file), why=error.strerror or ""
        ) from None
    for line in machine.sealer().open(sealed, identity or machine.identity).decode().splitlines():
        frame.data(line)
