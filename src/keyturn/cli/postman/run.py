"""`keyturn postman run`: a collection, with newman's flags, on keyturn's engine."""

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.postman.flags import Flags, NewmanCommand, newman_flags


@click.command(cls=NewmanCommand)
@newman_flags
@pass_frame
@click.pass_context
def run(context: click.Context, frame: Frame, flags: Flags) -> int:
    """Send the requests of COLLECTION for each row of a file: newman's flags, keyturn's engine.

    \b
    Examples:
      keyturn postman run resets.postman_collection.json -d users.csv
      keyturn postman run resets.json -d users.csv -n 250 -e test.postman_environment.json
      keyturn postman run resets.json -d users.csv --expect 250 -r cli,junit
    """
    from keyturn.cli.postman.running import run_collection

    return run_collection(frame, flags, context.meta["idle"])
