"""`keyturn`: the table of commands and the boundary where every error ends."""

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from keyturn import __version__
from keyturn.cli.frame import Frame
from keyturn.cli.lazy import PREFIX, LazyGroup, global_flags
from keyturn.core.errors import KeyturnError

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("keyturn.cli.demo:demo", "Try it: a throw-away server, 1,000 users, a file with traps."),
    "init": ("keyturn.cli.directory.init:init", "Make a new directory: data, keys, first administrator."),
    "serve": ("keyturn.cli.directory.serve:serve", "Run the directory server."),
    "plan": ("keyturn.cli.planning.commands:plan", "Show what a run would do; changes nothing."),
    "reset": ("keyturn.cli.running.reset:reset", "Plan, confirm, set new passwords."),
    "create": ("keyturn.cli.running.create:create", "Plan, confirm, create users."),
    "resume": ("keyturn.cli.running.resume:resume", "Go on with an unfinished run."),
    "postman": ("keyturn.cli.postman.commands:postman", "Run a collection of Postman's, with newman's flags."),
    "runs": ("keyturn.cli.runs.commands:runs", "Look at runs: list, show, rows, report."),
    "handout": ("keyturn.cli.handout.commands:handout", "New passwords: open, letters, status, shred."),
    "target": ("keyturn.cli.target.commands:target", "The directories to run against: add, login, test, caps."),
    "template": ("keyturn.cli.target.template:template", "A file to start from: the header that fits a target."),
    "user": ("keyturn.cli.directory.user:user", "One user of a directory: show, create, reset, lock."),
    "session": ("keyturn.cli.directory.session:session", "Who is signed in to a directory, and ending it."),
    "mail": ("keyturn.cli.directory.mail:mail", "Mails of a directory: what became of them, retry, cancel."),
    "factor": ("keyturn.cli.directory.factor:factor", "Second factors of a user: list, remove."),
    "key": ("keyturn.cli.directory.key:key", "API keys of a directory: create, list, revoke."),
    "group": ("keyturn.cli.directory.group:group", "Groups of a directory, and who is in them."),
    "tenant": ("keyturn.cli.directory.tenant:tenant", "Tenants of a directory: create, list, set."),
    "policy": ("keyturn.cli.directory.policy:policy", "What a password must meet: show, check, set, stolen ones."),
    "audit": ("keyturn.cli.directory.audit:audit", "Who did what: list, verify, export."),
    "backup": ("keyturn.cli.directory.backup:backup", "Copy a directory into one sealed file, while it runs."),
    "restore": ("keyturn.cli.directory.backup:restore", "Make a directory from a backup; what was over stays over."),
    "doctor": ("keyturn.cli.doctor:doctor", "Check this machine before a run does."),
    "config": ("keyturn.cli.config:config", "The settings that hold: path, show, check, schema."),
    "explain": ("keyturn.cli.explain:explain", "The long form of an error or warning."),
    "completion": ("keyturn.cli.completion:completion", "Completion for bash, zsh, fish, powershell."),
}

WELCOME = """\
keyturn changes credentials, one at a time or a hundred thousand at once.

  keyturn demo                       try it; everything stays on this machine
  keyturn target add NAME            connect your own server
  keyturn plan reset FILE -t NAME    see what a run would do; changes nothing

Every command has --help; keyturn --help lists them; keyturn explain CODE explains an error."""


class Root(LazyGroup):
    """The outermost command: whatever happens inside ends here as words and an exit code."""

    def main(self, *args: Any, **more: Any) -> Any:
        """Run and exit.  A command returns its exit code, or None for 0."""
        given: Sequence[str] | None = more.pop("args", None) if not args else args[0]
        if not more.pop("standalone_mode", True):
            return super().main(given, standalone_mode=False, **more)
        more.setdefault("prog_name", "keyturn")
        more.setdefault("obj", Frame())
        sys.exit(_guarded(self, given, more))


def _guarded(root: Root, args: Sequence[str] | None, more: dict[str, Any]) -> int:
    from keyturn.cli import errors

    frame: Frame = more["obj"]
    try:
        code = root.main(args, standalone_mode=False, **more)
        sys.stdout.flush()
    except KeyturnError as error:
        return errors.draw(error, frame)
    except click.Abort:
        return errors.interrupted(frame)
    except click.ClickException as error:
        return errors.usage(error, frame)
    except BrokenPipeError:
        return errors.hush()
    except OSError as error:
        return errors.system(error, frame)
    except Exception as fault:
        return errors.crash(fault, frame)
    finally:
        frame.close()
    return code if isinstance(code, int) else 0


@click.pass_context
def _welcome(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        ctx.ensure_object(Frame).data(WELCOME)


def _version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"keyturn {__version__}")
        ctx.exit()


cli = Root(
    name="keyturn",
    table=COMMANDS,
    callback=_welcome,
    invoke_without_command=True,
    help="""Changes credentials, one at a time or a hundred thousand at once.

    \b
      keyturn demo
      keyturn target add maximo-test
      keyturn plan reset users.csv -t maximo-test
    """,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": PREFIX,
        "max_content_width": 100,
    },
    params=[
        *global_flags(hidden=False),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            allow_from_autoenv=False,
            help="Show the version.",
            callback=_version,
        ),
    ],
)


def main() -> None:
    """The installed command."""
    _open_closed()
    cli.main()


def _open_closed() -> None:
    """Give a closed stdin, stdout or stderr (`2>&-`) a place, so that no file or socket of ours takes its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # as long as the process


if __name__ == "__main__":
    main()
