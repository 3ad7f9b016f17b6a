"""`keyturn user compromise`: what the users of a list signed in with until now is dead, at once."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.directory.place import acting, opened, place_flags, tenant_flag
from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyturn.app.keeping.compromise import Suspect
    from keyturn.core.directory import LocalDirectory

_SHOWN = 20
_READING = "keyturn.reading"


def _name_columns(context: click.Context, _: click.Parameter, value: tuple[str, ...]) -> None:
    """Keep which column is what, for the reading of the file."""
    from keyturn.bulk.job import Reading
    from keyturn.cli.desk.flags import pair

    context.meta[_READING] = Reading(dict(map(pair, value)))


@click.command()
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@place_flags
@tenant_flag
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    expose_value=False,
    callback=_name_columns,
    help="Which column has the ids, as id=EmpNo.",
)
@click.option("--no-mail", is_flag=True, help="Tell nobody; an administrator resets each of them later.")
@click.option("--expect", type=click.IntRange(0), metavar="N", help="Confirm: exactly N users are compromised.")
@click.option("--yes", is_flag=True, help="Confirm a short list.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Where it goes.")
@pass_frame
def compromise(
    frame: Frame,
    file: Path,
    data: Path | None,
    database: str,
    no_mail: bool,
    expect: int | None,
    yes: bool,
    report: Path | None,
) -> int:
    """Declare the passwords of the users in FILE compromised.

    FILE is a CSV with a column of ids. Once the command has ended, no old password, one-time secret, link, session or
    API key of these users works any more. Each is mailed the way to a new password; who has no address, or with
    --no-mail everybody, needs keyturn user reset. Nothing secret is printed. One report has a row for each row of FILE.

    \b
    Examples:
      keyturn user compromise leaked.csv --data ./directory
      keyturn user compromise leaked.csv --data ./directory --expect 500 --report leaked-report.csv
    """
    from keyturn.app.keeping import compromise as work
    from keyturn.app.operator import DOOR
    from keyturn.bulk.intake.source import read_source
    from keyturn.bulk.record.exit import ExitCode
    from keyturn.cli.desk.confirming import confirm
    from keyturn.cli.desk.flags import Asked

    frame.progress = "Nothing was changed."
    listed = list(work.suspects(read_source(file, click.get_current_context().meta[_READING])))
    path = report or frame.settings.folders.state / "compromised" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.csv"
    with opened(frame, data, database) as house:
        door = house.directory(acting(house), DOOR)
        looked = work.look(door, listed, mail=not no_mail)
        count = sum(one.outcome == "to do" for one in looked)
        if not frame.wants_json:
            _plan(frame, looked, count)
        asked = Asked(file, expect=expect, yes=yes)
        confirm(frame, asked, count=count, target="this directory", production=(), verb="compromise")
        done = [one for one in looked if one.outcome != "to do"]
        try:
            done += _work(frame, door, looked, mail=not no_mail)
        finally:
            settled = {one.row for one in done}
            left = [one for one in looked if one.row not in settled]
            work.write_report(path, [*done, *left])
    _tell(frame, done, path)
    return ExitCode.FAILURES if any(one.outcome == "failed" for one in done) else ExitCode.FINE


def _work(frame: Frame, door: "LocalDirectory", looked: "Sequence[Suspect]", *, mail: bool) -> "list[Suspect]":
    from keyturn.app.keeping.compromise import declare

    done: list[Suspect] = []
    for batch in declare(door, looked, mail=mail):
        done += batch
        frame.progress = f"{len(done):,} users were done; the report has them."
        frame.say(f"{len(done):,} done")
    return done


def _plan(frame: Frame, looked: "Sequence[Suspect]", count: int) -> None:
    frame.say(f"{counted(len(looked), 'row')}: {counted(count, 'user')} to compromise")
    others = [one for one in looked if one.outcome != "to do"]
    for one in others[:_SHOWN]:
        frame.say(f"  row {one.row}  {one.who or '(no id)'}: {one.outcome}, {one.text}")
    if len(others) > _SHOWN:
        frame.say(f"  and {len(others) - _SHOWN:,} more: the report has them")


def _tell(frame: Frame, done: "Sequence[Suspect]", path: Path) -> None:
    changed = [one for one in done if one.outcome == "changed"]
    mailed = sum(one.delivery == "mailed" for one in changed)
    failed = sum(one.outcome == "failed" for one in done)
    if frame.wants_json:
        rows = sorted(done, key=lambda one: one.row)
        frame.json({"compromised": len(changed), "mailed": mailed, "failed": failed, "report": str(path),
                    "rows": [one.told() for one in rows]})  # fmt: skip
        return
    frame.say(f"{len(changed):,} compromised, {mailed:,} are mailed the way to a new password; {failed:,} failed")
    if mailed < len(changed):
        frame.say(f"{len(changed) - mailed:,} were mailed nothing: keyturn user reset ID{frame.place} for each")
    if mailed:
        frame.say(f"Next:  keyturn mail list --state failed{frame.place}     then waiting: whom no mail has reached")
    frame.data(f"report  {path}")
