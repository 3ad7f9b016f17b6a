"""Commands that are imported when they are called, and global flags that may stand behind them."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from keyturn.cli.frame import Frame, Output

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

PREFIX = "KEYTURN"
"""Every long flag can be set as KEYTURN_ and its name in capitals."""

Change = Callable[[Frame, Any], dict[str, Any]]


def global_flags(*, hidden: bool) -> list[click.Option]:
    """The flags of every command, fresh.  hidden: the copies that are accepted behind a command's name."""
    return [_flag(names, change, hidden, more) for names, change, more in _GLOBALS]


def _flag(names: Sequence[str], change: Change, hidden: bool, more: Mapping[str, Any]) -> click.Option:
    def apply(ctx: click.Context, param: click.Parameter, value: object) -> None:
        if ctx.get_parameter_source(param.name or "") not in _GIVEN:
            return
        frame = ctx.ensure_object(Frame)
        frame.adjust(**change(frame, value))

    return click.Option(
        list(names), callback=apply, expose_value=False, hidden=hidden, allow_from_autoenv=not hidden, **more
    )


_GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)

_GLOBALS: tuple[tuple[Sequence[str], Change, Mapping[str, Any]], ...] = (
    (
        ("--config",),
        lambda _, path: {"config": path},
        {"type": click.Path(path_type=Path, dir_okay=False), "metavar": "FILE", "help": "Another config file."},
    ),
    (
        ("--output",),
        lambda _, value: {"output": Output(value)},
        {"type": click.Choice([o.value for o in Output]), "help": "How to speak; auto: rich on a terminal."},
    ),
    (
        ("--json", "json"),
        lambda frame, on: {"output": Output.JSON if on else frame.manners.output},
        {"is_flag": True, "help": "The result as JSON."},
    ),
    (
        ("-q", "--quiet"),
        lambda frame, count: {"loud": frame.manners.loud - int(count)},
        {"count": True, "help": "Say less on stderr."},
    ),
    (
        ("-v", "--verbose"),
        lambda frame, count: {"loud": frame.manners.loud + int(count)},
        {"count": True, "help": "Say more on stderr; -vv also where a fault of keyturn is."},
    ),
    (
        ("--no-input",),
        lambda _, on: {"may_ask": not on},
        {"is_flag": True, "help": "Never ask; exit 8 where an answer would be needed."},
    ),
    (
        ("--accessible",),
        lambda _, on: {"accessible": on},
        {"is_flag": True, "help": "For screen readers: no redrawing, no columns."},
    ),
    (
        ("--color",),
        lambda _, value: {"color": {"auto": None, "always": True, "never": False}[value]},
        {"type": click.Choice(["auto", "always", "never"]), "help": "Colour; NO_COLOR is respected."},
    ),
    (
        ("--log-file",),
        lambda _, path: {"log_file": path},
        {"type": click.Path(path_type=Path, dir_okay=False), "metavar": "FILE", "help": "Also log JSON lines here."},
    ),
)


def adopt(command: click.Command) -> click.Command:
    """Make a loaded command one of ours: global flags behind its name, flags from the environment."""
    command.context_settings.setdefault("auto_envvar_prefix", PREFIX)
    taken = {name for param in command.params for name in param.opts}
    for flag in global_flags(hidden=True):
        if not taken.intersection(flag.opts):
            command.params.append(flag)
    if isinstance(command, click.Group):
        for child in command.commands.values():
            adopt(child)
    return command


class LazyGroup(click.Group):
    """A group whose commands are named in a table: name -> ("module:attribute", one line of help)."""

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.table = table
        self._loaded: dict[str, click.Command] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module now, and only this one."""
        if cmd_name not in self.table:
            return None
        if cmd_name not in self._loaded:
            module, _, attribute = self.table[cmd_name][0].partition(":")
            self._loaded[cmd_name] = adopt(getattr(importlib.import_module(module), attribute))
        return self._loaded[cmd_name]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the table's names for "did you mean"."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=list(self.table), ctx=ctx) from None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Complete names from the table, then flags; imports no command."""
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=line) for name, (_, line) in self.table.items() if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])
