"""`keyturn target show`: one target of the config file."""

from typing import TYPE_CHECKING, Any

import click

from keyturn.cli.completion import complete_targets
from keyturn.cli.frame import Frame, pass_frame

if TYPE_CHECKING:
    from keyturn.app.config.sections_target import TargetSettings


@click.command()
@click.argument("name", required=False, default="", shell_complete=complete_targets)
@pass_frame
def show(frame: Frame, name: str) -> None:
    """Show one target; of a secret, where it is.

    \b
      keyturn target show maximo-test
    """
    found, table = frame.settings.target(name)
    shown = shown_of(found, table)
    if frame.wants_json:
        frame.json(shown)
        return
    width = max(map(len, shown))
    for key, value in shown.items():
        frame.data(f"{key:<{width}}  {', '.join(map(str, value)) if isinstance(value, list) else value}")


def shown_of(name: str, target: "TargetSettings") -> dict[str, Any]:
    """What may be printed of a target."""
    from keyturn.app.config.config_file import as_table

    return {"name": name, **as_table(target)}
