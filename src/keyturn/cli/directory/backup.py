"""`keyturn backup` and `keyturn restore`: one sealed file with the database and the key folder, and back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.directory.place import opened, place_flags
from keyturn.cli.frame import Frame, pass_frame

if TYPE_CHECKING:
    from keyturn.app.keeping.restore import Restored


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--to", "recipients", multiple=True, metavar="AGE1...", help="Who can open it; may be repeated.")
@click.option(
    "--new-identity", type=click.Path(path_type=Path), metavar="FILE", help="Make an age identity here, and seal to it."
)
@click.option("--keys-only", is_flag=True, help="The key folder alone; the database is copied by its own tools.")
@place_flags
@pass_frame
def backup(
    frame: Frame,
    file: Path,
    recipients: tuple[str, ...],
    new_identity: Path | None,
    keys_only: bool,
    data: Path | None,
    database: str,
) -> None:
    """Copy database and keys into one sealed file, while servers run.

    \b
    Examples:
      keyturn backup monday.age --data ./directory --to age1qyqs...
      keyturn backup first.age --data ./directory --new-identity /media/stick/backup.key
      keyturn backup keys.age --data ./directory --keys-only --to age1qyqs...

    Keep the identity elsewhere: without it nobody opens the backup, and whoever has both has every key.
    """
    from keyturn.app.keeping.backup import back_up, recipients_of
    from keyturn.app.operator import operator

    with opened(frame, data, database) as house:
        manifest = back_up(house, file, recipients_of(recipients, new_identity), operator(), keys_only=keys_only)
    size = file.stat().st_size
    if frame.wants_json:
        made = manifest.made.isoformat(timespec="seconds")
        frame.json({"file": str(file), "made": made, "database": manifest.database, "bytes": size})
        return
    what = "database and keys" if manifest.database else "keys"
    frame.say(f"{file}: {what}, {size:,} bytes, {manifest.records:,} audit records")
    if new_identity is not None:
        frame.say(f"It opens with {new_identity} alone. Keep that elsewhere.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--data", type=click.Path(path_type=Path), required=True, metavar="NEW", help="A folder that is new.")
@click.option(
    "--identity", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The age identity that opens it."
)
@click.option(
    "--database", default="", metavar="URL", help="With a backup of keys alone: the database that was restored."
)
@click.option("--revoke-keys", is_flag=True, help="Delete all API keys.")
@click.option("--yes", is_flag=True, help="Do not ask, with --database.")
@pass_frame
def restore(frame: Frame, file: Path, data: Path, identity: Path, database: str, revoke_keys: bool, yes: bool) -> None:
    """Make a directory from a backup.  Nothing that was over comes back with it.

    Sessions, tokens, links, unused one-time secrets, recovery codes and mail that was not sent are gone. Passwords,
    rights and API keys are those of the backup: what was changed or revoked since is not.

    \b
    Examples:
      keyturn restore monday.age --data ./restored --identity backup.key
      keyturn restore monday.age --data ./restored --identity backup.key --revoke-keys
      keyturn restore keys.age --data ./restored --identity backup.key --database postgresql://host/restored
    """
    from keyturn.app.keeping.restore import restore as bring_back
    from keyturn.app.operator import operator
    from keyturn.core.secret import Secret

    if database and not yes:
        frame.insist("End every session in that database?", otherwise="--yes")
    place = Secret(database) if database else None
    done = bring_back(file, data, identity, operator(), database=place, revoke_keys=revoke_keys)
    if frame.wants_json:
        frame.json(_facts(done))
        return
    _told(frame, done)
    frame.say(f"Next:  keyturn serve --data {data}{' --database URL' if database else ''}")


def _facts(done: "Restored") -> dict[str, object]:
    buried = done.buried
    return {
        "data": str(done.data),
        "made": done.manifest.made.isoformat(timespec="seconds"),
        "records": done.records,
        "ended": {
            "sessions": buried.sessions,
            "links": buried.links,
            "one_time_secrets": buried.one_time_secrets,
            "recovery_codes": buried.recovery_codes,
            "mails": buried.mails,
            "operations": buried.operations,
            "keys": buried.keys,
        },
        "keys": [{"id": key.id, "kind": key.kind, "tenant": key.tenant, "active": key.active} for key in done.keys],
    }


def _told(frame: Frame, done: "Restored") -> None:
    buried, made = done.buried, f"{done.manifest.made:%Y-%m-%d %H:%M} UTC"
    frame.say(f"{done.data}: as of {made}, chain intact, {done.records:,} audit records")
    frame.say(
        f"ended: {buried.sessions:,} sessions, {buried.links:,} links, {buried.one_time_secrets:,} one-time secrets, "
        f"{buried.recovery_codes:,} recovery codes, {buried.mails:,} mails, {buried.keys:,} API keys"
    )
    frame.warn(f"passwords, rights and API keys are those of {made}: what was changed or revoked since is not")
    rows = [(key.id, key.kind, "active" if key.active else "off", key.description) for key in done.keys]
    frame.table(("API key", "kind", "state", "description"), rows, empty="no API keys")
