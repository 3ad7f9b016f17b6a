"""The keys of a directory: puts new ones in force, and deletes old ones that nothing needs any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from keyturn.app.house.build import KEYS, House
from keyturn.app.operator import DOOR
from keyturn.core.audit import Event
from keyturn.core.permissions import Actor
from keyturn.core.upkeep import KeyUse
from keyturn.crypto.keyfolder import KeyFolder, Label, add_keys, open_key_folder, or_as_before, remove_key

SETTLING: Final = timedelta(hours=1)
"""How long a key stays after it was replaced, whatever names it: until the last access token that it signed is over,
and until everything is written that was on its way as the new one came."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """A label whose key was replaced, with the ids of both."""

    label: Label
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Old:
    """A key that is no longer in force.  why: it must stay; empty for one that is gone."""

    label: Label
    key_id: str
    why: str = ""


def labels_of(words: Sequence[str]) -> list[Label]:
    """The labels of these names; without any, all of them."""
    return [label for label in Label if label.value in words or not words]


def rotate(house: House, labels: Sequence[Label], actor: Actor) -> list[Rotated]:
    """Put a new key in force for each label.  What was made with the older ones stays good; servers that run take note.

    In a writing transaction, so that nothing is written meanwhile that two keys could tear apart.
    """
    folder, now = house.place.data / KEYS, house.parts.clock.now()
    with or_as_before(folder), house.store.writing() as transaction:
        before = open_key_folder(folder)
        old = {label: before.active(label).id for label in labels}
        if Label.VERIFY in labels and len(before.keys[Label.VERIFY]) == 1:
            transaction.upkeep.name_digests(old[Label.VERIFY])
        after = add_keys(folder, labels, now)
        done = [Rotated(label, old[label], after.in_force[label]) for label in labels]
        transaction.audit.append([_event(now, actor, "keyring.rotate", f"{r.label} {r.old} > {r.new}") for r in done])
    return done


def prune(house: House, actor: Actor) -> list[Old]:
    """Delete the keys that no row names any more; answers every key that is not in force, and why it had to stay."""
    folder, now = house.place.data / KEYS, house.parts.clock.now()
    with house.store.writing() as transaction:
        found = _old_keys(open_key_folder(folder), transaction.upkeep.key_uses(now), now)
        gone = [old for old in found if not old.why]
        transaction.audit.append([_event(now, actor, "keyring.prune", f"{old.label} {old.key_id}") for old in gone])
    for old in gone:
        remove_key(folder, old.label, old.key_id)
    return found


def missing_keys(folder: KeyFolder, uses: Sequence[KeyUse]) -> list[KeyUse]:
    """What rows need and the folder does not hold: it is not the folder of this database, or not all of it."""
    return [use for use in uses if use.key_id and use.key_id not in folder.keys[Label(use.label)]]


def _old_keys(folder: KeyFolder, uses: Sequence[KeyUse], now: datetime) -> list[Old]:
    found = []
    for label in Label:
        for key_id, since in folder.retired(label).items():
            rows = [use for use in uses if use.label == label and use.key_id in (key_id, "")]
            young = now - since < SETTLING
            why = f"in force until {since:%Y-%m-%d %H:%M} UTC, and must be so for an hour no more" if young else ""
            found.append(Old(label, key_id, ", ".join(f"{use.rows}: {use.count:,}" for use in rows) or why))
    return found


def _event(at: datetime, actor: Actor, verb: str, detail: str) -> Event:
    return Event(at, 1, actor.id, verb, "changed", door=DOOR, detail=detail)
