"""Tells a frozen plan in words: what it would do, where, who made it, and who approved it."""

from collections.abc import Mapping
from typing import Any

from keyturn.app.run.machine import Machine
from keyturn.bulk.job import Operation, PasswordFrom
from keyturn.bulk.record.facts import Pin
from keyturn.bulk.record.frozen import Frozen
from keyturn.cli.planning.lookingup import lookup_lines
from keyturn.cli.words import counted, in_words, named_lines

_SIGNS = {"skip": "-", "block": "x"}
_FATES = {"skip": "skipped", "block": "blocked"}
_MADE = {
    PasswordFrom.GENERATE: "made by keyturn, one each",
    PasswordFrom.COLUMN: "from the column {}",
    PasswordFrom.HASH: "those of another system, by their hashes in the column {}",
    PasswordFrom.TARGET: "made by the target",
}


def told_plan(machine: Machine, frozen: Frozen) -> list[str]:
    """The lines, for a terminal."""
    job, maker = frozen.job, frozen.maker
    lines = [f"Plan to {job.operation} {counted(frozen.change, 'user')} on {', '.join(frozen.targets)}"]
    lines += named_lines("made by", f"{maker.name}, {_moment(maker.at.isoformat())}, keyturn {maker.version}")
    lines += named_lines("file", f"{frozen.file}", f"sha256 {frozen.sha256}")
    for pin in frozen.pins:
        lines += ["", *_target(machine, frozen, pin)]
    lines += [_group(group) for group in frozen.groups if group["target"] not in frozen.targets]
    lines += lookup_lines(frozen.lookup)
    made = _MADE[job.password.origin].format(job.password.column)
    old = f", with the present one from the column {job.old}" if job.old else ""
    mailed = "mailed by the target" if job.email else "not mailed"
    lines += ["", *named_lines("passwords", f"{made}{old}; {mailed}")]
    if frozen.recipients:
        lines += named_lines("handout", f"sealed for {', '.join(frozen.recipients)}")
    elif not job.password.known:
        lines += named_lines("handout", "sealed for the machine that runs the plan")
    lines += named_lines("approved by", *(_approved(frozen) or ["nobody"]))
    why = machine.demand().why({name: frozen.counts[name]["change"] for name in frozen.targets})
    return [*lines, *named_lines("", why if why else "nothing here demands it"), *named_lines("digest", frozen.digest)]


def _target(machine: Machine, frozen: Frozen, pin: Pin) -> list[str]:
    known = machine.settings.targets.get(pin.name)
    place = [pin.address.kind, pin.address.url, *(["PRODUCTION"] if known is not None and known.production else [])]
    lines = [f"  {pin.name}  ({', '.join(filter(None, place))}), signed in as {pin.address.account or '-'}"]
    count = frozen.counts[pin.name]["change"]
    created = frozen.job.operation is Operation.CREATE
    lines.append(f"  {'+' if created else '~'} {count:>7,}  {'create' if created else 'set a new password'}")
    lines += [_group(group) for group in frozen.groups if group["target"] == pin.name]
    if pin.protect:
        lines += named_lines("protected", ", ".join(pin.protect))
    return lines


def _group(group: Mapping[str, Any]) -> str:
    rows = ", ".join(map(str, group["rows"])) + (" ..." if group["count"] > len(group["rows"]) else "")
    words = group["text"] if group["fate"] == "block" else in_words(group["reason"])
    sign = _SIGNS.get(group["fate"], "~")
    return f"  {sign} {group['count']:>7,}  {_FATES.get(group['fate'], group['fate'])}: {words}   rows {rows}"


def _approved(frozen: Frozen) -> list[str]:
    return [f"{each.name}, {_moment(each.at.isoformat())}, {each.key}" for each in frozen.approvals]


def _moment(written: str) -> str:
    return f"{written[:10]} {written[11:16]} UTC"
