"""`keyturn key rotate` and `prune`: the keys that a directory itself works with."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.directory.place import opened, place_flags
from keyturn.cli.frame import Frame, pass_frame

if TYPE_CHECKING:
    from keyturn.app.house.build import House

ALL = "all"
LABELS = ("derive", "pepper", "verify", "token", "audit", "mail", "factor", ALL)


@click.command()
@click.option(
    "--label", "labels", type=click.Choice(LABELS), multiple=True, help="Which one; may be repeated; none given: all."
)
@click.option("--prune", is_flag=True, help="Then delete the old ones that nothing names any more.")
@place_flags
@pass_frame
def rotate(frame: Frame, labels: tuple[str, ...], prune: bool, data: Path | None, database: str) -> None:
    """Put new keys in force in the key folder.  What was made with the old ones stays good.

    Passwords, one-time secrets, links, mails that wait, tokens and API keys go on as before; servers that run take the
    new keys by themselves.

    \b
      keyturn key rotate --data ./directory
      keyturn key rotate --data ./directory --label token --label audit
      keyturn key rotate --data ./directory --prune
    """
    from keyturn.app.keeping.keyring import labels_of
    from keyturn.app.keeping.keyring import rotate as replace
    from keyturn.app.operator import operator

    wanted = labels_of(() if ALL in labels else labels)
    with opened(frame, data, database) as house:
        done = replace(house, wanted, operator())
        facts: dict[str, object] = {
            "rotated": [{"label": one.label, "old": one.old, "new": one.new} for one in done],
        }
        if not frame.wants_json:
            for one in done:
                frame.data(f"{one.label:<7} {one.new}  in force; {one.old} stays for what it made")
        if prune:
            facts |= _pruned(frame, house)
    if frame.wants_json:
        frame.json(facts)
        return
    frame.say(f"Now back up the new keys: keyturn backup FILE{frame.place}")


@click.command()
@place_flags
@pass_frame
def prune(frame: Frame, data: Path | None, database: str) -> None:
    """Delete the keys of the key folder that nothing names any more; says what holds the others.

    A password holds its key until its owner signs in again, or it is reset.

    \b
      keyturn key prune --data ./directory
    """
    with opened(frame, data, database) as house:
        facts = _pruned(frame, house)
    if frame.wants_json:
        frame.json(facts)


def _pruned(frame: Frame, house: "House") -> dict[str, object]:
    """Delete what can go, say so, and answer the facts for a machine."""
    from keyturn.app.keeping.keyring import prune as clear_out
    from keyturn.app.operator import operator

    found = clear_out(house, operator())
    if not frame.wants_json:
        rows = [(old.label, old.key_id, f"kept: {old.why}" if old.why else "deleted") for old in found]
        frame.table(("label", "key", "what became of it"), rows, empty="no old keys")
    removed = [{"label": old.label, "id": old.key_id} for old in found if not old.why]
    kept = [{"label": old.label, "id": old.key_id, "why": old.why} for old in found if old.why]
    return {"removed": removed, "kept": kept}
