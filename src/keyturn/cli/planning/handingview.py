"""Says in a plan what a handout holds beside the passwords, and who gets which part of it."""

from collections.abc import Callable
from typing import Any

from keyturn.app.runs import Machine
from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.record.handing import Handing, check, general, split_of
from keyturn.cli.running.flags import Asked
from keyturn.core.harmless import harmless
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


def draw_parts(say: Callable[[str], None], plan: Plan, handing: Handing) -> None:
    """Lines below the plan; none where nothing was asked for."""
    if handing.headers:
        say(f"  handout     with {', '.join(map(harmless, handing.headers))}")
    if not handing.split:
        return
    parts = _parts(plan, handing)
    for value, count, whole in parts:
        if not whole:
            keys = ", ".join(f"{key[:12]}..." for key in handing.groups[handing.group(value)])
            say(f"              {count:>7,}  {harmless(value)}, sealed for {keys}")
    rest = [(value, count) for value, count, whole in parts if whole]
    if rest:
        count, names = sum(count for _, count in rest), ", ".join(harmless(v) or "(blank)" for v, _ in rest[:_SHOWN])
        more = f" and {len(rest) - _SHOWN:,} more" if len(rest) > _SHOWN else ""
        say(f"              {count:>7,}  in the handout of the whole run: nobody is named for {names}{more}")


def _parts(plan: Plan, handing: Handing) -> list[tuple[str, int, bool]]:
    """Each value with its rows, and whether they go into the handout of the whole run."""
    changing = (row for row in plan.rows() if row.state is RowState.NOT_TRIED)
    counts = split_of(changing, plan.source, handing)
    whole = general(handing, counts)
    return [(value, count, value in whole) for value, count in counts.items()]
