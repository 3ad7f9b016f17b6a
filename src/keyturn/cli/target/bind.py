"""`keyturn target bind`: the secret of a target may go to its new address."""

import click

from keyturn.cli.completion import complete_targets
from keyturn.cli.frame import Frame, pass_frame


@click.command()
@click.argument("name", required=False, default="", shell_complete=complete_targets)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_frame
def bind(frame: Frame, name: str, yes: bool) -> None:
    """Let the secret of a target go to the address that the config file says now.

    A secret is given for one server: scheme, host and port.  When these change, keyturn sends it nowhere until
    somebody says that the new address is right.

    \b
      keyturn target bind maximo-test
    """
    from keyturn.app.target.binding import Bindings, origins_of
    from keyturn.app.target.targets import LOCAL, check
    from keyturn.core.errors import ConfigError

    name, settings = frame.settings.target(name)
    if settings.kind == LOCAL:
        raise ConfigError(f"{name} is on this machine: no secret goes anywhere", code="KT-CFG-002")
    settings = check(name, settings, frame.settings.folders.config.parent)
    bindings = Bindings(frame.settings.folders.state)
    before, now = bindings.of(name), origins_of(settings)
    frame.progress = "Nothing was changed."
    if before != now:
        frame.say(f"{name}: {', '.join(before) or 'bound to no server'}  ->  {', '.join(now)}")
        if not yes:
            frame.insist(f"May the secret of {name} go there?", otherwise="--yes")
        bindings.bind(name, now)
    if frame.wants_json:
        frame.json({"target": name, "before": list(before), "servers": list(now)})
        return
    frame.data(f"The secret of {name} goes to {', '.join(now)}.")
