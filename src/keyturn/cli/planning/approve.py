"""`keyturn plan approve`: a second person's yes to a frozen plan, signed."""

from pathlib import Path

import click

from keyturn.cli.frame import Frame, NotConfirmed, pass_frame
from keyturn.cli.planning.show import PLAN
from keyturn.cli.words import counted
from keyturn.core.harmless import harmless


@click.command()
@PLAN
@pass_frame
def approve(frame: Frame, plan: Path) -> None:
    """Look at a plan that somebody else made, and approve it.

    Signs the digest of the plan with your own key; the signature is kept in the plan file. Sends nothing.

    \b
      keyturn plan approve q3.plan
      keyturn plan key
    """
    from keyturn.app.run.machine import Machine
    from keyturn.bulk.record.approval import hold_signatures, refuse_own, statement
    from keyturn.bulk.record.frozen import Approval, read_frozen, write_frozen
    from keyturn.cli.planning.frozenview import told_plan

    frame.progress = "Nothing was approved."
    machine, frozen = Machine(frame.settings), read_frozen(plan)
    hold_signatures(frozen, machine.signed_by)
    me = machine.person(signing=True)
    refuse_own(frozen, me, machine.approvers)
    for line in told_plan(machine, frozen):
        frame.say(harmless(line))
    if all(person.key != me.key for person in machine.approvers):
        frame.warn(f"your key is not named in [runs] approvers here: {me.name} {me.key}", code="KT-PLN-020")
    question = f'Type "yes" to approve that {counted(frozen.change, "user")} are changed:'
    if frame.ask(question, otherwise="at a terminal; nobody approves by a flag").strip().lower() != "yes":
        raise NotConfirmed("not approved")
    now = machine.clock().now()
    approval = Approval(me.name, me.key, now, machine.sign(statement(frozen.digest, me.name, now)))
    write_frozen(frozen.with_approval(approval), plan)
    frame.progress = ""
    frame.say(f"approved by {me.name}; whoever runs the plan:  keyturn {frozen.job.operation} --plan {plan}")
    if frame.wants_json:
        frame.json({"v": 1, "type": "approval", "digest": frozen.digest, "by": me.name, "key": me.key})
