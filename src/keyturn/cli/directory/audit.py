"""`keyturn audit`: who did what in a directory on this machine, and the proof that nobody changed the record."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from keyturn.cli.directory.place import TENANT, opened, place_flags, remember, tenant_number
from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.moments import Since
from keyturn.core.errors import ConfigError

if TYPE_CHECKING:
    from keyturn.app.house.build import House
    from keyturn.app.trail.naming import Names
    from keyturn.app.trail.trail import Proof
    from keyturn.core.audit import Entry

F = TypeVar("F", bound=Callable[..., Any])

BROKEN = 1
NARROWED = "keyturn.audit.narrowed"


_tenant = click.option(
    "--tenant", default="", metavar="NAME", expose_value=False, callback=remember, help="Only in this tenant."
)


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> object:
    """Keep what narrows the entries, for `_wanted`."""
    context.meta.setdefault(NARROWED, {})[parameter.name] = value
    return value


def _narrowing(name: str, *, help: str, type: Since | None = None) -> Callable[[F], F]:
    metavar = "TIME" if type else "TEXT"
    default = None if type else ""
    return click.option(
        name, type=type, default=default, metavar=metavar, expose_value=False, callback=_remember, help=help
    )


_FLAGS = (
    _narrowing("--since", type=Since(), help="Only from then on: 2026-11-01, or 30d."),
    _narrowing("--until", type=Since(), help="Only before that: 2026-12-01, or 1d."),
    _narrowing("--verb", help="Only this one, such as password.reset."),
    _narrowing("--who", help="Only on this user or group: id, sign-in name, number, uid, name."),
    _narrowing("--actor", help="Only by this user, key or account of this machine."),
    _tenant,
)


def narrowing_flags(command: F) -> F:
    """Give a command the flags that narrow which entries it is about."""
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command


@click.group()
def audit() -> None:
    """Who did what in a directory on this machine.

    \b
    Examples:
      keyturn audit list --data ./directory --since 1d
      keyturn audit verify --data ./directory
      keyturn audit export --data ./directory -o audit.jsonl
    """


@audit.command("list")
@place_flags
@narrowing_flags
@click.option("--count", default=50, show_default=True, help="At most so many, the newest.")
@pass_frame
def list_entries(frame: Frame, data: Path | None, database: str, count: int) -> None:
    """The newest entries, the last one at the end: who did what to whom, and what was granted or changed.

    \b
      keyturn audit list --data ./directory --since 1d
      keyturn audit list --data ./directory --who amal
      keyturn audit list --data ./directory --verb password.reset --actor bela --count 200
    """
    from collections import deque

    from keyturn.app.trail.naming import names_of

    with opened(frame, data, database) as house:
        found = deque(_wanted(house), max(count, 0))
        names = names_of(house.store, found)
    if frame.wants_json:
        frame.json({"entries": [names.record(entry) for entry in found]})
        return
    many = len(names.tenants) > 1
    head = ("number", "at (UTC)", *(["tenant"] if many else []), "actor", "verb", "whom", "outcome", "detail", "door")
    rows = [_row(entry, names, many=many) for entry in found]
    frame.table((*head, "source"), rows, empty="no entries")
    if found and len(found) == count:
        frame.say(f"the newest {count:,}; --count shows more")


@audit.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False), metavar="[FILE]")
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PUB",
    help="With FILE: audit.ID.pub of the key folder; give each that signed.",
)
@place_flags
@pass_frame
def verify(frame: Frame, file: Path | None, keys: tuple[Path, ...], data: Path | None, database: str) -> int:
    """Prove that no entry was changed, moved, added or removed; exit 1 with the first that does not fit.

    With FILE, an export as JSON lines is proven, with nothing but the public key: no directory is needed.

    \b
      keyturn audit verify --data ./directory
      keyturn audit verify audit.jsonl --key audit.q7w3n8ze.pub
    """
    from keyturn.app.trail.exporting import prove, public_keys
    from keyturn.app.trail.trail import verify as prove_store
    from keyturn.bulk.regular import open_regular

    if file is not None:
        is_ours = public_keys(keys)
        try:
            with open_regular(file) as lines:
                proof = prove(lines, is_ours)
        except OSError as error:
            why = error.strerror or ""
            raise ConfigError("the export cannot be read", code="KT-CFG-050", where=str(file), why=why) from None
    elif keys:
        raise ConfigError("--key goes with a FILE", code="KT-CFG-002", fix="keyturn audit verify audit.jsonl --key PUB")
    else:
        with opened(frame, data, database) as house:
            proof = prove_store(house.store, house.signer.verify)
    _tell(frame, proof)
    return 0 if proof.broken is None else BROKEN


def _tell(frame: Frame, proof: "Proof") -> None:
    """What a verification found."""
    from keyturn.app.trail.exporting import NARROWED

    last = proof.checkpoint
    signed = (
        f"last checkpoint at record {last.sequence}, {last.at:%Y-%m-%d %H:%M:%S} UTC" if last else "no checkpoint yet"
    )
    if frame.wants_json:
        facts = {"intact": proof.broken is None, "records": proof.records, "broken": proof.broken, "why": proof.why}
        frame.json(facts | {"checkpoint": last.sequence if last else None})
    elif proof.broken is None:
        frame.data(f"chain intact, {proof.records:,} records, {signed}")
    elif proof.why == NARROWED:
        frame.data(f"nothing is proven: {proof.why}")
    else:
        sure = f"sure up to record {last.sequence}, which is signed" if last else "no good checkpoint before it"
        frame.data(f"chain broken at record {proof.broken}: {proof.why}; {sure}")


@audit.command()
@place_flags
@narrowing_flags
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv", "ocsf"]), default="jsonl", show_default=True, help="How."
)
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write it there, for you alone.")
@pass_frame
def export(frame: Frame, data: Path | None, database: str, form: str, out: Path | None) -> None:
    """The entries, one a line, oldest first; passwords are in none of them.

    The whole trail as JSON lines ends with a signature and is proven by `keyturn audit verify FILE` anywhere; a part
    of it says which part it is. CSV is for sheets, ocsf (Open Cybersecurity Schema Framework) for a SIEM.

    \b
      keyturn audit export --data ./directory -o audit.jsonl
      keyturn audit export --data ./directory --format ocsf --since 1h > audit.ocsf.jsonl
      keyturn audit export --data ./directory --format csv --verb password.reset --since 30d -o resets.csv
    """
    from keyturn.app.trail.exporting import written

    with opened(frame, data, database) as house:
        lines = written(form, house.store, house.signer, house.parts.clock, _wanted(house), _told())
        if out is None:
            for line in lines:
                frame.data(line)
            return
        _write(out, lines)
    frame.say(f"written to {out}")


def _write(out: Path, lines: "Iterator[str]") -> None:
    from keyturn.bulk.record.private import open_private

    try:
        with open_private(out) as file:
            for line in lines:
                file.write(line.encode() + b"\n")
    except OSError as error:
        why = error.strerror or ""
        raise ConfigError("the export cannot be written", code="KT-CFG-050", where=str(out), why=why) from None


def _told() -> dict[str, str]:
    """What an export is narrowed to, as it says of itself."""
    meta = click.get_current_context().meta
    given = {**meta[NARROWED], "tenant": meta.get(TENANT, "")}
    return {name: str(value) for name, value in sorted(given.items()) if value}


def _wanted(house: "House") -> "Iterator[Entry]":
    """The entries that the flags ask for, oldest first.  Raises ConfigError for what cannot be there."""
    from keyturn.app.trail.naming import about, done_by, meant_by
    from keyturn.app.trail.trail import entries
    from keyturn.core.catalogue import VERBS

    meta = click.get_current_context().meta
    given, tenant = meta[NARROWED], meta.get(TENANT, "")
    verb, who, actor = given["verb"], given["who"], given["actor"]
    if verb and verb not in VERBS:
        fix = "one of " + ", ".join(sorted(VERBS))
        raise ConfigError(f"the audit knows no verb {verb!r}", code="KT-CFG-002", fix=fix)
    number = tenant_number(house, tenant) if tenant else None
    # With --who the verbs before tell which uid an id has meant.
    asked = "" if who else verb
    found = entries(house.store, since=given["since"], until=given["until"], tenant=number, verb=asked)
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
    return [str(cell) for cell in cells]
