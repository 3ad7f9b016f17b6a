"""`keyturn plan key`: the public key by which your approvals are known."""

import click

from keyturn.cli.frame import Frame, pass_frame


@click.command()
@pass_frame
def key(frame: Frame) -> None:
    """Print your name and public key, as `[runs] approvers` wants them; the key is made at first need.

    \b
      keyturn plan key
      keyturn plan key --json
    """
    from keyturn.app.run.machine import Machine

    machine = Machine(frame.settings)
    me = machine.person(signing=True)
    if frame.wants_json:
        frame.json({"v": 1, "type": "approver", "name": me.name, "key": me.key, "file": str(machine.approval_key)})
    else:
        frame.data(f"{me.name} {me.key}")
