"""`keyturn create`: the users of a file."""

import click

from keyturn.cli.desk.flags import Asked, flags
from keyturn.cli.frame import Frame, pass_frame


@click.command()
@flags(running=True)
@pass_frame
def create(frame: Frame, asked: Asked) -> int:
    """Create the users of FILE: plan, confirm, do.

    A column `target` in FILE sends each row to its own target.

    \b
    Examples:
      keyturn create users.csv -t maximo-test --email
      keyturn create users.csv -t maximo-prod --handout age:age1... --rate 20/s
      keyturn create users.csv -t maximo-prod --no-input --expect 4986
    """
    from keyturn.cli.planning.plan import show
    from keyturn.cli.running.carrying import carry

    return (show if asked.dry_run else carry)(frame, asked, "create")
