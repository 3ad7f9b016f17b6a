"""`keyturn target list`: the targets in the config file."""

import click

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.target.show import shown_of


@click.command("list")
@pass_frame
def list_targets(frame: Frame) -> None:
    """List the targets in the config file.

    \b
      keyturn target list
    """
    settings = frame.settings
    if frame.wants_json:
        frame.json([shown_of(name, table) for name, table in settings.targets.items()])
        return
    default = settings.document.default_target
    rows = [
        (name, t.kind, t.url or t.data, "production" if t.production else "", "default" if name == default else "")
        for name, t in settings.targets.items()
    ]
    frame.table(["name", "kind", "address", "", ""], rows, empty="no targets yet; keyturn target add NAME makes one")
