"""`keyturn audit`: who did what in a directory on this machine, and the proof that nobody changed the record."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.place import TENANT, opened, place_flags, remember, tenant_number
from keyturn.core.errors import ConfigError

if TYPE_CHECKING:
    from keyturn.app.build import House
    from keyturn.app.naming import Names
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


_tenant = click.option(
    "--tenant", default="", metavar="NAME", expose_value=False, callback=remember, help="Only in this tenant."
)
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
@click.option(
    "--who", default="", metavar="TEXT", help="Only on this user or group: id, sign-in name, number, uid, name."
)
@click.option("--actor", default="", metavar="TEXT", help="Only by this user, key or account of this machine.")
@_tenant
@click.option("--count", default=50, show_default=True, help="At most so many, the newest.")
@pass_frame
def list_entries(
    frame: Frame,
    data: Path | None,
    database: str,
    since: datetime | None,
    verb: str,
    who: str,
    actor: str,
    count: int,
) -> None:
    """The newest entries, the last one at the end: who did what to whom, and what was granted or changed.

    \b
      keyturn audit list --data ./directory --since 1d
      keyturn audit list --data ./directory --who amal
      keyturn audit list --data ./directory --verb password.reset --actor bela --count 200
    """
    from collections import deque

    from keyturn.app.naming import names_of

    with opened(frame, data, database) as house:
        wanted = _wanted(house, since=since, verb=verb, who=who, actor=actor)
        found = deque(wanted, max(count, 0))
        names = names_of(house.store, found)
    if frame.wants_json:
        frame.json({"entries": [names.record(entry) for entry in found]})
        return
    many = len(names.tenants) > 1
    head = ("number", "at (UTC)", *(["tenant"] if many else []), "actor", "verb", "whom", "outcome", "detail", "door")
    rows = [_row(entry, names, many=many) for entry in found]
    frame.table((*head, "source"), rows, empty="no entries")


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


def _wanted(house: "House", *, since: datetime | None, verb: str, who: str, actor: str) -> "Iterator[Entry]":
    """The entries that the flags ask for, oldest first.  Raises ConfigError for what cannot be there."""
    from keyturn.app.naming import VERBS, about, done_by, meant_by
    from keyturn.app.trail import entries

    if verb and verb not in VERBS:
        fix = "one of " + ", ".join(sorted(VERBS))
        raise ConfigError(f"the audit knows no verb {verb!r}", code="KT-CFG-002", fix=fix)
    tenant = click.get_current_context().meta.get(TENANT, "")
    number = tenant_number(house, tenant) if tenant else None
    found = entries(house.store, since=since, tenant=number, verb="" if who else verb)
    if who:
        found = about(found, who, meant_by(house.store, who))
    if actor:
        found = done_by(found, actor, meant_by(house.store, actor))
    return (entry for entry in found if verb in ("", entry.event.verb))


def _row(entry: "Entry", names: "Names", *, many: bool) -> list[str]:
    event = entry.event
    outcome = f"{event.outcome}: {event.reason}" if event.reason else event.outcome
    place = [names.tenant(event)] if many else []
    cells = [entry.sequence, f"{event.at:%Y-%m-%d %H:%M:%S}", *place, names.actor(event), event.verb]
    cells += [names.whom(event), outcome, names.detail(event), event.door, event.source]
    return [_cell(cell) for cell in cells]


def _cell(value: object) -> str:
    return "".join(char if char.isprintable() else "?" for char in str(value))
