"""`keyturn plan`: what a run would do, without doing it."""

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.runflags import Asked, flags


@click.group()
def plan() -> None:
    """Show what a run would do; changes nothing.

    \b
    Examples:
      keyturn plan reset users.csv -t maximo-test
      keyturn plan create users.csv -t maximo-test --offline --json
    """


@plan.command()
@flags(running=False)
@pass_frame
def reset(frame: Frame, asked: Asked) -> int:
    """Plan new passwords for the users of FILE."""
    return _show(frame, asked, "reset")


@plan.command()
@flags(running=False)
@pass_frame
def create(frame: Frame, asked: Asked) -> int:
    """Plan the creation of the users of FILE."""
    return _show(frame, asked, "create")


def _show(frame: Frame, asked: Asked, operation: str) -> int:
    from keyturn.cli.planview import draw_plan
    from keyturn.cli.running import desk_for, speed_of

    frame.progress = "Nothing was changed."
    with desk_for(frame, asked.target, asked) as desk:
        found = desk.plan(asked, operation)
        recipients = list(desk.machine.recipients(asked.handout))
        found, probe = desk.look(asked, operation, found)
        if frame.wants_json:
            frame.json(found.told())
            return 0
        draw_plan(frame.data, found, desk, probe, speed_of(desk, asked), recipients)
        frame.say("nothing has been changed.")
        email = " --email" if asked.email else ""
        frame.say(f"\nTo run it:   keyturn {operation} {asked.file} -t {desk.target.name}{email}")
    return 0
