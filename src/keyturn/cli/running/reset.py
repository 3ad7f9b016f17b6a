"""`keyturn reset`: new passwords for the users of a file."""

import click

from keyturn.cli.desk.flags import Asked, flags
from keyturn.cli.frame import Frame, pass_frame


@click.command()
@flags(running=True)
@pass_frame
def reset(frame: Frame, asked: Asked) -> int:
    """Set new passwords for the users of FILE: plan, confirm, do.

    A column `target` in FILE sends each row to its own target.

    \b
    Examples:
      keyturn reset users.csv -t maximo-test --email
      keyturn reset users-of-five-targets.csv --expect 300
      keyturn reset users.csv -t maximo-prod --handout age:age1... --rate 20/s
      keyturn reset users.csv -t maximo-prod --no-input --expect 4986
      keyturn reset users.csv -t orchestrator --old-password "column:Start password"
      keyturn reset users.csv -t maximo-test --password same
      keyturn reset --plan q3.plan --no-input
    """
    from keyturn.cli.planning.plan import show
    from keyturn.cli.running.carrying import carry

    return (show if asked.dry_run else carry)(frame, asked, "reset")
