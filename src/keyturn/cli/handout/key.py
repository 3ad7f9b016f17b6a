"""`keyturn handout key`: the public key for which others seal handouts that are to be opened here."""

import click

from keyturn.cli.frame import Frame, pass_frame


@click.command()
@pass_frame
def key(frame: Frame) -> None:
    """Print the public key of this machine's handouts, for --handout age:KEY elsewhere; it is made at first need.

    \b
      keyturn handout key
      keyturn handout key --json
    """
    from keyturn.app.run.machine import Machine

    machine = Machine(frame.settings)
    recipient = machine.own_recipient()
    if frame.wants_json:
        frame.json({"v": 1, "type": "recipient", "key": recipient, "file": str(machine.identity)})
        return
    frame.data(recipient)
    frame.say(f"Its secret half stays here ({machine.identity}): keep it, without it no handout opens.")
