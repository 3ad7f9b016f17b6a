"""Tells a frozen plan in words: what it would do, where, who made it, and who approved it."""

from collections.abc import Mapping
from typing import Any

from keyturn.app.runs import Machine
from keyturn.bulk.job import Operation, PasswordFrom
from keyturn.bulk.record.facts import Pin
from keyturn.bulk.record.frozen import Frozen
from keyturn.cli.planning.lookingup import lookup_lines

_SIGNS = {"skip": "-", "block": "x"}
_FATES = {"skip": "skipped", "block": "blocked"}
_MADE = {
    PasswordFrom.GENERATE: "made by keyturn, one each",
    PasswordFrom.COLUMN: "from the column {}",
    PasswordFrom.HASH: "those of another system, by their hashes in the column {}",
    PasswordFrom.TARGET: "made by the target",
}


def in_words(machine: Machine, frozen: Frozen) -> list[str]:
    """The lines, for a terminal."""
    job, maker = frozen.job, frozen.maker
    lines = [f"Plan to {job.operation} {users(frozen.change)} on {', '.join(frozen.targets)}"]
    lines += _pair("made by", f"{maker.name}, {_moment(maker.at.isoformat())}, keyturn {maker.version}")
    lines += _pair("file", f"{frozen.file}", f"sha256 {frozen.sha256}")
    for pin in frozen.pins:
        lines += ["", *_target(machine, frozen, pin)]
    lines += [_group(group) for group in frozen.groups if group["target"] not in frozen.targets]
    lines += lookup_lines(frozen.lookup)
    made = _MADE[job.password.origin].format(job.password.column)
    old = f", with the present one from the column {job.old}" if job.old else ""
    mailed = "mailed by the target" if job.email else "not mailed"
    lines += ["", *_pair("passwords", f"{made}{old}; {mailed}")]
    if frozen.recipients:
        lines += _pair("handout", f"sealed for {', '.join(frozen.recipients)}")
    elif not job.password.known:
        lines += _pair("handout", "sealed for the machine that runs the plan")
    lines += _pair("approved by", *(_approved(frozen) or ["nobody"]))
    why = machine.demand().why({name: frozen.counts[name]["change"] for name in frozen.targets})
    return [*lines, *_pair("", why if why else "nothing here demands it"), *_pair("digest", frozen.digest)]


def users(count: int) -> str:
    """So many users."""
    return "1 user" if count == 1 else f"{count:,} users"


def _target(machine: Machine, frozen: Frozen, pin: Pin) -> list[str]:
    known = machine.settings.targets.get(pin.name)
    place = [pin.address.kind, pin.address.url, *(["PRODUCTION"] if known is not None and known.production else [])]
    lines = [f"  {pin.name}  ({', '.join(filter(None, place))}), signed in as {pin.address.account or '-'}"]
    count = frozen.counts[pin.name]["change"]
    created = frozen.job.operation is Operation.CREATE
    lines.append(f"  {'+' if created else '~'} {count:>7,}  {'create' if created else 'set a new password'}")
    lines += [_group(group) for group in frozen.groups if group["target"] == pin.name]
    if pin.protect:
        lines += _pair("protected", ", ".join(pin.protect))
    return lines


def _group(group: Mapping[str, Any]) -> str:
    rows = ", ".join(map(str, group["rows"])) + (" ..." if group["count"] > len(group["rows"]) else "")
    words = group["text"] if group["fate"] == "block" else group["reason"].replace("-", " ")
    sign = _SIGNS.get(group["fate"], "~")
    return f"  {sign} {group['count']:>7,}  {_FATES.get(group['fate'], group['fate'])}: {words}   rows {rows}"


def _approved(frozen: Frozen) -> list[str]:
    return [f"{each.name}, {_moment(each.at.isoformat())}, {each.key}" for each in frozen.approvals]


def _moment(written: str) -> str:
    return f"{written[:10]} {written[11:16]} UTC"


def _pair(name: str, *texts: str) -> list[str]:
    return [f"  {name if number == 0 else '':<13} {text}" for number, text in enumerate(texts)]
