"""`keyturn init`: makes a new directory and shows its first secrets once."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.cli.directory.place import place_flags, place_of
from keyturn.cli.frame import Frame, pass_frame
from keyturn.core.policy import ProfileName

if TYPE_CHECKING:
    from keyturn.core.secret import Secret


@click.command()
@place_flags
@click.option(
    "--policy",
    type=click.Choice([ProfileName.NIST.value, ProfileName.VENDOR.value]),
    default=ProfileName.NIST.value,
    show_default=True,
    help="Password rules: nist asks for 15 characters and knows bad passwords; vendor takes 6.",
)
@click.option("--base-url", default="", metavar="URL", help="What mailed links begin with; else the server's address.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The administrator's own password is the first line of this file.",
)
@click.option("--password-stdin", is_flag=True, help="Read the administrator's own password from standard input.")
@pass_frame
def init(
    frame: Frame,
    data: Path | None,
    database: str,
    policy: str,
    base_url: str,
    password_file: Path | None,
    password_stdin: bool,
) -> None:
    """Make a new directory: data folder, keys, first administrator, first API key.

    \b
    Examples:
      keyturn init --data ./directory
      keyturn init --data ./directory --json > made.json
      KEYTURN_DATABASE=postgresql://host/keyturn keyturn init --data ./directory

    The password of `admin` works once, within a day, and has another one set in its place; the token of the API key is
    shown this once.
    """
    from keyturn.app.keeping.init import make_directory

    password = _chosen(password_file, piped=password_stdin)
    place = place_of(frame, data, database)
    made = make_directory(place, policy=ProfileName(policy), base_url=base_url, password=password)
    if frame.wants_json:
        frame.json(
            {
                "data": str(made.data),
                "tenant": {"name": made.tenant.name, "guid": made.tenant.guid, "number": made.tenant.number},
                "admin": {"id": made.admin, **({"password": made.password.reveal()} if made.once else {})},
                "api_key": {"id": made.key.key.id, "token": made.key.token.reveal()},
            }
        )
        return
    frame.say(f"A new directory is in {made.data}. What is secret here is shown this once:")
    frame.data(f"administrator  {made.admin}")
    if made.once:
        frame.data(f"password       {made.password.reveal()}   works once, within a day")
    frame.data(f"API key        {made.key.key.id}")
    frame.data(f"its token      {made.key.token.reveal()}")
    elsewhere = " --database URL" if database else ""  # not as given: it may hold a password
    frame.say(f"Next:  keyturn serve --data {made.data}{elsewhere}")
    if made.once:
        frame.say("Then open its address in a browser, sign in as admin and set your own password.")
    frame.say(f"Keep {made.data / 'keys'} safe and apart from copies of the database.")


def _chosen(file: Path | None, *, piped: bool) -> "Secret | None":
    """The password that the administrator has chosen; None when a one-time one is to be made."""
    from keyturn.app.config.sources import Source, fetch, first_line

    if file is not None:
        return fetch(Source(file=str(file)), "--password-file", environment={}, folder=Path.cwd())
    return first_line(sys.stdin) if piped else None
