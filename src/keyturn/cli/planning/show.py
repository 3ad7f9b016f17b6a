"""`keyturn plan show`: a frozen plan in words, for those who run or approve it."""

from pathlib import Path

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.core.harmless import harmless

PLAN = click.argument("plan", type=click.Path(path_type=Path, dir_okay=False))


@click.command()
@PLAN
@pass_frame
def show(frame: Frame, plan: Path) -> None:
    """Show a frozen plan in words, and who approved it.

    \b
      keyturn plan show q3.plan
      keyturn plan show q3.plan --json
    """
    from keyturn.app.run.machine import Machine
    from keyturn.bulk.record.approval import hold_signatures
    from keyturn.bulk.record.frozen import read_frozen
    from keyturn.cli.planning.frozenview import told_plan

    machine, frozen = Machine(frame.settings), read_frozen(plan)
    hold_signatures(frozen, machine.signed_by)
    if frame.wants_json:
        approvals = [{"by": each.name, "key": each.key, "at": each.at.isoformat()} for each in frozen.approvals]
        frame.json({"v": 1, "type": "frozen plan", "digest": frozen.digest, **frozen.content(), "approvals": approvals})
        return
    head, *lines = told_plan(machine, frozen)
    frame.data(frame.strong(harmless(head)))
    for line in lines:
        frame.data(harmless(line))
