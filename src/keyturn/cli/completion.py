"""`keyturn completion SHELL`: completion of commands, flags, target names and run ids."""

import contextlib
from pathlib import Path

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    PowerShellComplete,
    ShellComplete,
    ZshComplete,
)

from keyturn.cli.catalogue import entries
from keyturn.cli.frame import Frame, pass_frame
from keyturn.core.errors import KeyturnError

VARIABLE = "_KEYTURN_COMPLETE"
_COLUMN = "column:"
SHELLS: dict[str, type[ShellComplete]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
    "powershell": PowerShellComplete,
}


@click.command()
@click.argument("shell", type=click.Choice(list(SHELLS)))
@pass_frame
def completion(frame: Frame, shell: str) -> None:
    """Print the completion script of a SHELL, to be loaded where the shell starts.

    \b
      source <(keyturn completion bash)                                  in ~/.bashrc
      source <(keyturn completion zsh)                                   in ~/.zshrc
      keyturn completion fish | source                                   in ~/.config/fish/config.fish
      keyturn completion powershell | Out-String | Invoke-Expression     in $PROFILE
    """
    root = click.get_current_context().find_root().command
    frame.data(SHELLS[shell](root, {}, "keyturn", VARIABLE).source())


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


def complete_passwords(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Who makes the passwords; `column:` goes on with the columns of the file that is already typed."""
    ways = {
        "generate": "keyturn makes one for each",
        "same": "one for all, asked for",
        "target": "the target makes them",
        **dict.fromkeys(_columns(ctx), "from this column"),
    }
    return [CompletionItem(way, help=what) for way, what in ways.items() if way.startswith(incomplete)]


def complete_columns(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The columns of the file that is already typed, as `column:NAME`."""
    return [CompletionItem(column) for column in _columns(ctx) if column.startswith(incomplete)]


def complete_fields(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What a column can be, and behind the `=` the columns of the file that is already typed."""
    from keyturn.bulk.intake.columns import FIELDS

    field, equals, _ = incomplete.partition("=")
    names = [column.removeprefix(_COLUMN) for column in _columns(ctx)] if equals else []
    offered = [f"{field}={name}" for name in names] if equals else [f"{name}=" for name in FIELDS]
    return [CompletionItem(each) for each in offered if each.startswith(incomplete)]


def _columns(ctx: click.Context) -> list[str]:
    """The header of the file on the command line, each name with `column:` before it."""
    from keyturn.bulk.intake.source import header_of

    named = ctx.params.get("file") or next(iter(ctx.args), "")  # before a value that is missing nothing is parsed
    with contextlib.suppress(KeyturnError, OSError):
        return [f"{_COLUMN}{name.strip()}" for name in header_of(Path(named))] if named else []
    return []


def complete_codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The codes of errors and warnings, with what they say."""
    wanted = incomplete.upper()
    return [CompletionItem(each.code, help=each.title) for each in entries() if each.code.startswith(wanted)]


def complete_runs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The ids of the runs recorded here."""
    with contextlib.suppress(KeyturnError, OSError):
        runs = ctx.ensure_object(Frame).settings.folders.runs
        return [CompletionItem(path.name) for path in sorted(runs.iterdir()) if path.name.startswith(incomplete)]
    return []
