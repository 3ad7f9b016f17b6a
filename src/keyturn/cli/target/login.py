"""`keyturn target login` and `logout`: the secret of a target in the keyring of the operating system."""

import sys
from typing import TYPE_CHECKING, Any

import click

from keyturn.cli.completion import complete_targets
from keyturn.cli.frame import Frame, pass_frame

if TYPE_CHECKING:
    from keyturn.app.config.sections_target import TargetSettings

ON_ARGV = "KT-CFG-018"
_FIELDS = ("token", "password", "manage_key")


@click.command()
@click.argument("name", required=False, default="", shell_complete=complete_targets)
@click.option("--field", type=click.Choice(_FIELDS), help="Which secret; otherwise the one that it signs in with.")
@click.option("--token-stdin", is_flag=True, help="Read the secret from standard input.")
@click.option("--token", hidden=True, allow_from_autoenv=False, help="Refused.")
@pass_frame
def login(frame: Frame, name: str, field: str | None, token_stdin: bool, token: str | None) -> None:
    """Put the secret of a target into the keyring, for its server alone; asks for it without showing it.

    The config file then says { keyring = true }.  Also lets the secret go to an address that was changed.

    \b
      keyturn target login maximo-test
      pass show maximo-test | keyturn target login maximo-test --token-stdin
    """
    from keyturn.app.config import safe
    from keyturn.app.config.config_file import set_in_target
    from keyturn.app.config.sources import first_line
    from keyturn.app.target.binding import Bindings, origins_of
    from keyturn.app.target.targets import entry_of

    if token is not None:
        raise _on_argv(name)
    name, settings = _server(frame, name)
    field = field or _field_of(settings)
    origin = entry_of(name, field, settings).partition(" at ")[2]
    safe.must_be_there()
    if token_stdin:
        secret = first_line(sys.stdin)
    else:
        secret = frame.ask_hidden(f"Secret of {name}, for {origin} (hidden):", otherwise="--token-stdin takes it")
    safe.keep(entry_of(name, field, settings), secret)
    if not getattr(getattr(settings, field), "keyring", False):
        set_in_target(frame.settings.folders.config, name, field, {"keyring": True})
    Bindings(frame.settings.folders.state).bind(name, origins_of(settings))
    _tell(frame, {"target": name, "field": field, "server": origin, "keyring": safe.keeper()}, "is in the keyring")
    frame.say(f"Next:  keyturn target test {name}")


@click.command()
@click.argument("name", required=False, default="", shell_complete=complete_targets)
@pass_frame
def logout(frame: Frame, name: str) -> None:
    """Take what the keyring holds for a target out of it; the token itself stays good at its server.

    \b
      keyturn target logout maximo-test
    """
    from keyturn.app.config import safe
    from keyturn.app.target.targets import entry_of

    name, settings = _server(frame, name)
    gone = [field for field in _FIELDS if safe.forget(entry_of(name, field, settings))]
    what = "is no longer in the keyring" if gone else "was not in the keyring"
    _tell(frame, {"target": name, "removed": gone}, what)


def _tell(frame: Frame, told: dict[str, Any], what: str) -> None:
    if frame.wants_json:
        frame.json(told)
        return
    where = f", for {told['server']} alone" if "server" in told else ""
    frame.data(f"The secret of {told['target']} {what}{where}.")


def _server(frame: Frame, name: str) -> "tuple[str, TargetSettings]":
    """A target that is somewhere else.  Raises ConfigError for one on this machine, which needs no secret."""
    from keyturn.app.target.targets import LOCAL, check
    from keyturn.core.errors import ConfigError

    name, settings = frame.settings.target(name)
    if settings.kind == LOCAL:
        raise ConfigError(f"{name} is on this machine: nobody signs in to it", code="KT-CFG-002")
    return name, check(name, settings, frame.settings.folders.config.parent)


def _field_of(settings: "TargetSettings") -> str:
    """The secret that a target signs in with."""
    if settings.password is not None:
        return "password"
    return "token" if settings.token is not None or not settings.username else "password"


def _on_argv(name: str) -> Exception:
    from keyturn.core.errors import ConfigError

    return ConfigError(
        "a secret stands on the command line",
        code=ON_ARGV,
        why="it is in the history of your shell now, and whoever lists the processes of this machine can read it",
        fix=f"keyturn target login {name}   asks for it; and have the server make another one".replace("  ", " "),
    )
