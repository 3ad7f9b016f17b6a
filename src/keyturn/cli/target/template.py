"""`keyturn template`: a file to start from."""

import asyncio
import csv
import io
from pathlib import Path

import click

from keyturn.bulk.job import Job, Operation, PasswordChoice, PasswordFrom, column_of
from keyturn.cli.completion import complete_targets
from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.target.caps import look
from keyturn.core.errors import ConfigError


@click.command()
@click.argument("operation", type=click.Choice([str(Operation.RESET), str(Operation.CREATE)]))
@click.option("-t", "--target", "name", default="", shell_complete=complete_targets, help="Which target.")
@click.option("--password", default="", metavar="column:NAME", help="A column for new passwords of your own.")
@click.option("--old-password", default="", metavar="column:NAME", help="A column for the present passwords.")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write it there, for a spreadsheet.")
@pass_frame
def template(frame: Frame, operation: str, name: str, password: str, old_password: str, out: Path | None) -> None:
    """Print the header of a file that fits a target, with one example row; sends nothing.

    \b
      keyturn template create -t maximo-test --out users.csv
      keyturn template reset -t maximo-test
      keyturn template reset -t maximo-test --password column:Start
    """
    from keyturn.app.target.targets import prepare
    from keyturn.bulk.intake.template import columns
    from keyturn.bulk.planning.impossible import refuse_impossible
    from keyturn.cli.desk.reaching import from_keyring

    own = column_of(password, "--password")
    choice = PasswordChoice(PasswordFrom.COLUMN, own) if own else PasswordChoice()
    job = Job(Operation(operation), choice, old=column_of(old_password, "--old-password"))
    target = prepare(frame.settings, name, safe=from_keyring)
    can, _ = asyncio.run(look(target, online=False))
    refuse_impossible(target.name, job, can)
    cells = columns(job, can)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([cells.keys(), cells.values()])
    if out is not None:
        _write(out, text.getvalue())
    given = [f" --password {password}" if password else "", f" --old-password {old_password}" if old_password else ""]
    follow = f"keyturn plan {operation} {out or 'users.csv'} -t {target.name}{''.join(given)}"
    if frame.wants_json:
        frame.json({"target": target.name, "columns": list(cells), "example": dict(cells), "next": follow})
    elif out is None:
        frame.data(text.getvalue().rstrip("\n"))
    frame.say(f"Put your users in place of the example.  Next:  {follow}")


def _write(path: Path, text: str) -> None:
    """With a byte mark and both line ends, as spreadsheets read it best; never over a file."""
    try:
        with path.open("x", encoding="utf-8-sig", newline="\r\n") as file:
            file.write(text)
    except OSError as error:
        why = error.strerror or ""
        raise ConfigError("the template cannot be written there", code="KT-CFG-039", where=str(path), why=why) from None
