"""`keyturn audit`: who did what in a directory on this machine, and the proof that nobody changed the record."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.place import opened, place_flags

if TYPE_CHECKING:
    from keyturn.core.audit import Entry

BROKEN = 1
_AGO = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Since(click.ParamType[datetime]):
    """A moment: `30d` ago, or a date or time as ISO 8601 writes it (UTC where no zone is given)."""

    name = "since"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment in UTC."""
        text = str(value)
        if ago := _AGO.fullmatch(text):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is neither a time such as 2026-11-01 nor an age such as 30d", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


since_flag = click.option("--since", type=Since(), metavar="TIME", help="Only from then on: 2026-11-01, or 30d.")


@click.group()
def audit() -> None:
    """Who did what in a directory on this machine.

    \b
    Examples:
      keyturn audit list --data ./directory --since 1d
      keyturn audit verify --data ./directory
      keyturn audit export --data ./directory --since 30d > audit.jsonl
    """


@audit.command("list")
@place_flags
@since_flag
@click.option("--verb", default="", help="Only this one, such as password.reset.")
@click.option("--count", default=50, show_default=True, help="At most so many, the newest.")
@pass_frame
def list_entries(frame: Frame, data: Path | None, database: str, since: datetime | None, verb: str, count: int) -> None:
    """The newest entries, the last one at the end.

    \b
      keyturn audit list --data ./directory --since 1d
      keyturn audit list --data ./directory --verb password.reset --count 200
    """
    from collections import deque

    from keyturn.app.trail import as_record, entries, names_of

    with opened(frame, data, database) as house:
        found = deque(entries(house.store, since=since, verb=verb), max(count, 0))
        people = names_of(house.store, found)
    if frame.wants_json:
        frame.json({"entries": [as_record(entry) for entry in found]})
        return
    rows = [_row(entry, people) for entry in found]
    frame.table(("number", "at (UTC)", "actor", "verb", "who", "outcome", "door", "source"), rows, empty="no entries")


@audit.command()
@place_flags
@pass_frame
def verify(frame: Frame, data: Path | None, database: str) -> int:
    """Prove that no entry was changed, moved, added or removed; exit 1 with the first that does not fit.

    \b
      keyturn audit verify --data ./directory
    """
    from keyturn.app.trail import verify as prove

    with opened(frame, data, database) as house:
        proof = prove(house.store, house.signer.verify)
    last = proof.checkpoint
    signed = (
        f"last checkpoint at record {last.sequence}, {last.at:%Y-%m-%d %H:%M:%S} UTC" if last else "no checkpoint yet"
    )
    if frame.wants_json:
        facts = {"intact": proof.broken is None, "records": proof.records, "broken": proof.broken, "why": proof.why}
        frame.json(facts | {"checkpoint": last.sequence if last else None})
    elif proof.broken is None:
        frame.data(f"chain intact, {proof.records:,} records, {signed}")
    else:
        sure = f"sure up to record {last.sequence}, which is signed" if last else "no good checkpoint before it"
        frame.data(f"chain broken at record {proof.broken}: {proof.why}; {sure}")
    return 0 if proof.broken is None else BROKEN


@audit.command()
@place_flags
@since_flag
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True, help="How.")
@pass_frame
def export(frame: Frame, data: Path | None, database: str, since: datetime | None, form: str) -> None:
    """All entries on stdout, one a line, oldest first; passwords are in none of them.

    \b
      keyturn audit export --data ./directory --since 30d > audit.jsonl
      keyturn audit export --data ./directory --format csv > audit.csv
    """
    from keyturn.app.trail import as_csv, as_json_line, entries

    with opened(frame, data, database) as house:
        found = entries(house.store, since=since)
        for line in as_csv(found) if form == "csv" else map(as_json_line, found):
            frame.data(line)


def _row(entry: "Entry", people: Mapping[str, str]) -> list[str]:
    event = entry.event
    outcome = f"{event.outcome}: {event.reason}" if event.reason else event.outcome
    actor = people.get(event.actor, event.actor)
    cells = (entry.sequence, f"{event.at:%Y-%m-%d %H:%M:%S}", actor, event.verb, event.who, outcome, event.door)
    return [_cell(cell) for cell in (*cells, event.source)]


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return "".join(char if char.isprintable() else "?" for char in text)
