"""Says in a plan what a handout holds beside the passwords, and who gets which part of it."""

from typing import Any

from keyturn.app.run.machine import Machine
from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.record.handing import Handing, check, general, split_of
from keyturn.cli.desk.flags import Asked
from keyturn.cli.words import named_lines
from keyturn.core.journal import RowState

_SHOWN = 5


def handed_to(machine: Machine, asked: Asked, plan: Plan) -> tuple[tuple[str, ...], Handing]:
    """Who can open the handout as a whole, and what it holds and how it is split.  Raises ConfigError."""
    if asked.frozen is not None:
        return asked.frozen.recipients, Handing.of(asked.frozen.handing)
    recipients = machine.recipients(asked.handout)
    if plan.job.password.known:
        return recipients, Handing()
    handing = machine.handing(asked.handout, asked.handout_columns, asked.handout_split, plan.source.header)
    check(handing, plan.source, plan.job)
    return recipients, handing


def told_parts(plan: Plan, handing: Handing) -> dict[str, Any]:
    """The same for machines; nothing where nothing was asked for."""
    if not handing.headers:
        return {}
    told: dict[str, Any] = {"columns": list(handing.headers), "split": handing.split}
    if handing.split:
        told["values"] = [{"value": value, "rows": n, "whole": whole} for value, n, whole in _parts(plan, handing)]
    return {"handout": told}


def parts_in_words(plan: Plan, handing: Handing) -> list[str]:
    """Lines of the plan; none where nothing was asked for."""
    if not handing.headers:
        return []
    texts = [f"with {', '.join(handing.headers)}"]
    parts = _parts(plan, handing) if handing.split else []
    for value, count, whole in parts:
        if not whole:
            keys = ", ".join(f"{key[:12]}..." for key in handing.groups[handing.group(value)])
            texts.append(f"{count:>7,}  {value}, sealed for {keys}")
    rest = [(value, count) for value, count, whole in parts if whole]
    if rest:
        count, names = sum(count for _, count in rest), ", ".join(value or "(blank)" for value, _ in rest[:_SHOWN])
        more = f" and {len(rest) - _SHOWN:,} more" if len(rest) > _SHOWN else ""
        texts.append(f"{count:>7,}  in the handout of the whole run: nobody is named for {names}{more}")
    return named_lines("handout", *texts)


def _parts(plan: Plan, handing: Handing) -> list[tuple[str, int, bool]]:
    """Each value with its rows, and whether they go into the handout of the whole run."""
    changing = (row for row in plan.rows() if row.state is RowState.NOT_TRIED)
    counts = split_of(changing, plan.source, handing)
    whole = general(handing, counts)
    return [(value, count, value in whole) for value, count in counts.items()]
