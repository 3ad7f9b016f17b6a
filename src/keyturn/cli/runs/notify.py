"""`keyturn runs notify`: tell people that their passwords were reset, later than the reset."""

from datetime import datetime

import click

from keyturn.cli.completion import complete_runs
from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.moments import Moment


@click.command()
@click.argument("run", required=False, default="", shell_complete=complete_runs)
@click.option("--at", type=Moment(), metavar="TIME", help="Wait until then, as 2026-12-01T08:00; otherwise as planned.")
@click.option("--rate", default="60/min", show_default=True, metavar="N/min", help="Most notices in that time.")
@click.option("--by", "way", type=click.Choice(["target", "relay"]), help="Who mails; otherwise the target if it can.")
@click.option("--expect", type=click.IntRange(0), metavar="N", help="Confirm: exactly N people are told.")
@click.option("--yes", is_flag=True, help="Confirm for a few.")
@click.option("--drop", is_flag=True, help="Tell nobody any more; a run that waited for it is closed.")
@pass_frame
def notify(
    frame: Frame,
    run: str,
    at: datetime | None,
    rate: str,
    way: str | None,
    expect: int | None,
    *,
    yes: bool,
    drop: bool,
) -> int:
    """Tell the people of a run that their passwords were reset: by the target, or by a mail without any secret.

    What was sent is noted row by row; after an interruption the same command goes on.

    \b
      keyturn reset users.csv -t maximo-prod --notify-at 2026-12-01T08:00
      keyturn runs notify r7f3k2a
      keyturn runs notify r7f3k2a --at 2026-12-01T08:00 --rate 60/min --by relay --expect 4986
    """
    from pathlib import Path

    from keyturn.cli.desk.flags import Asked
    from keyturn.cli.runs.noticing import Wishes, drop_notices, notify_run

    if drop:
        return drop_notices(frame, run)
    return notify_run(frame, run, Wishes(at, rate, way or "", Asked(file=Path(), expect=expect, yes=yes)))
