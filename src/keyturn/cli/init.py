"""`keyturn init`: makes a new directory and shows its first secrets once."""

from pathlib import Path

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.place import place_flags, place_of
from keyturn.core.policy import ProfileName


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
@pass_frame
def init(frame: Frame, data: Path | None, database: str, policy: str, base_url: str) -> None:
    """Make a new directory: data folder, keys, first administrator, first API key.

    \b
    Examples:
      keyturn init --data ./directory
      keyturn init --data ./directory --json > made.json
      KEYTURN_DATABASE=postgresql://host/keyturn keyturn init --data ./directory

    The password of `admin` and the token of the API key are shown this once.
    """
    from keyturn.app.init import make_directory

    made = make_directory(place_of(frame, data, database), policy=ProfileName(policy), base_url=base_url)
    if frame.wants_json:
        frame.json(
            {
                "data": str(made.data),
                "tenant": {"name": made.tenant.name, "guid": made.tenant.guid, "number": made.tenant.number},
                "admin": {"id": made.admin, "password": made.password.reveal()},
                "api_key": {"id": made.key.key.id, "token": made.key.token.reveal()},
            }
        )
        return
    frame.say(f"A new directory is in {made.data}. These two secrets are shown this once:")
    frame.data(f"administrator  {made.admin}")
    frame.data(f"password       {made.password.reveal()}")
    frame.data(f"API key        {made.key.key.id}")
    frame.data(f"its token      {made.key.token.reveal()}")
    elsewhere = " --database URL" if database else ""  # not as given: it may hold a password
    frame.say(f"Next:  keyturn serve --data {made.data}{elsewhere}")
    frame.say(f"Keep {made.data / 'keys'} safe and apart from copies of the database.")
