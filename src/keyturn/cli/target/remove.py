"""`keyturn target remove`: a target leaves the config file, and its secret the keyring."""

import click

from keyturn.cli.completion import complete_targets
from keyturn.cli.frame import Frame, pass_frame


@click.command()
@click.argument("name", shell_complete=complete_targets)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_frame
def remove(frame: Frame, name: str, yes: bool) -> None:
    """Take a target out of the config file; runs that were made against it stay.

    What the keyring holds for it goes as well; secrets in files, variables and vaults stay where they are.

    \b
      keyturn target remove maximo-test
    """
    from keyturn.app.config.config_file import drop_target
    from keyturn.app.config.settings import SECRETS
    from keyturn.app.target.binding import Bindings

    name, settings = frame.settings.target(name)
    frame.progress = "Nothing was changed."
    if not yes:
        frame.insist(f"Take {name} ({settings.url or settings.data}) out of the settings?", otherwise="--yes")
    if any(getattr(getattr(settings, field), "keyring", False) for field in SECRETS):
        from keyturn.app.config import safe
        from keyturn.app.target.targets import entry_of

        for field in SECRETS:
            safe.forget(entry_of(name, field, settings))
    drop_target(frame.settings.folders.config, name)
    Bindings(frame.settings.folders.state).release(name)
    if frame.wants_json:
        frame.json({"target": name, "removed": True})
        return
    frame.data(f"Removed {name} from {frame.settings.folders.config}.")
