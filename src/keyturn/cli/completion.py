"""`keyturn completion SHELL`: completion of commands, flags, target names and run ids."""

import contextlib

import click
from click.shell_completion import CompletionItem, get_completion_class

from keyturn.cli.frame import Frame, pass_frame
from keyturn.core.errors import KeyturnError

VARIABLE = "_KEYTURN_COMPLETE"
HINTS = {
    "bash": "source <(keyturn completion bash)                 # in ~/.bashrc",
    "zsh": "source <(keyturn completion zsh)                  # in ~/.zshrc",
    "fish": "keyturn completion fish | source                  # in ~/.config/fish/config.fish",
    "powershell": "keyturn completion powershell | Out-String | Invoke-Expression   # in $PROFILE",
}


@click.command(short_help="Completion for bash, zsh, fish or powershell.")
@click.argument("shell", type=click.Choice(list(HINTS)))
@pass_frame
def completion(frame: Frame, shell: str) -> None:
    """Print the completion script of a SHELL, to be loaded where the shell starts.

    \b
      source <(keyturn completion bash)
    """
    root = click.get_current_context().find_root().command
    script = get_completion_class(shell)
    if script is not None:
        frame.data(script(root, {}, "keyturn", VARIABLE).source())
    if frame.is_terminal:
        frame.say(f"# to load it each time: {HINTS[shell]}")


def complete_targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of targets, for a `-t` that is being typed; silent when the settings are wrong."""
    with contextlib.suppress(KeyturnError):
        targets = ctx.ensure_object(Frame).settings.targets
        return [
            CompletionItem(name, help=f"{target.kind} {target.url}")
            for name, target in sorted(targets.items())
            if name.startswith(incomplete)
        ]
    return []


def complete_runs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The ids of the runs recorded here."""
    with contextlib.suppress(KeyturnError, OSError):
        runs = ctx.ensure_object(Frame).settings.folders.runs
        return [CompletionItem(path.name) for path in sorted(runs.iterdir()) if path.name.startswith(incomplete)]
    return []
