"""Writes the page of all that the audit can say, from the catalogue."""

from collections.abc import Mapping
from typing import Final

from keyturn.app.trail.ocsf import class_of
from keyturn.core.catalogue import KINDS, SILENT, Kind

FIELDS: Final[Mapping[str, str]] = {
    "shard, sequence": "the number of the entry; there are no gaps. One shard, 0",
    "at": "the time in UTC, to the microsecond",
    "tenant": "the number of the tenant in which the actor acted",
    "actor": (
        "who asked: the uid of a user, the id of an API key, `os:` and an account of the machine; `courier` and "
        "`keyturn` are the directory itself; empty when nobody could be known"
    ),
    "verb, outcome": "what was asked and what came of it, see below",
    "target": "the uid of whom or what it touched",
    "who": "the id as the caller wrote it, at most 255 characters; for keys and tenants their id or name",
    "reason": "why it was refused, one of [the refusals](refusals.md)",
    "door": "the API, `cli`, `init`, or `mail` for the courier",
    "source": "the address that the request came from; empty for what the directory or its operator does",
    "request": "the id of the request, which its answer and the log name too",
    "run, row": "run and row of a bulk run, where the caller said them",
    "detail": "what else is worth knowing; never a secret and never a part of one",
    "previous, hash": "the place in [the chain](../explanation/audit-chain.md)",
}


def page(note: str) -> str:
    """The whole page."""
    text = "# What the audit says\n\n" + note
    text += (
        "Every entry has the same fields. `keyturn audit list --verb VERB` shows those of one verb, and\n"
        "[send the audit to a SIEM](../how-to/send-audit-to-a-siem.md) says how they leave the house.\n"
        "A refusal has the verb of what was asked, the outcome `refused` and a reason.\n"
    )
    text += "\n## Fields\n\n| field | what it holds |\n|---|---|\n"
    text += "".join(f"| {name} | {what} |\n" for name, what in FIELDS.items())
    text += "\n## Verbs\n\n`target` and `detail` are filled when something came of it.\n"
    text += "\n| verb | when | outcomes | target | detail | OCSF class |\n|---|---|---|---|---|---|\n"
    text += "".join(map(_row, KINDS))
    text += "\n## Changes that leave no entry\n\n| what | why none is due |\n|---|---|\n"
    return text + "".join(f"| {what} | {why} |\n" for what, why in SILENT.items())


def _row(kind: Kind) -> str:
    outcomes = ", ".join(f"`{outcome}`" for outcome in kind.outcomes)
    found = class_of(kind.verb)
    return (
        f"| `{kind.verb}` | {kind.when} | {outcomes} | {kind.target} | {kind.detail} | {found.name} ({found.uid}) |\n"
    )
