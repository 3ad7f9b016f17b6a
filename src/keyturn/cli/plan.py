"""`keyturn plan`: what a run would do, without doing it."""

import shlex
from pathlib import Path

import click
from click.core import ParameterSource

from keyturn.cli.frame import Frame, pass_frame
from keyturn.cli.runflags import Asked, flags

_SAID = ("target", "offline")
"""The target stands there anyway, and `--offline` is about planning alone."""


@click.group()
def plan() -> None:
    """Show what a run would do; changes nothing.

    \b
    Examples:
      keyturn plan reset users.csv -t maximo-test
      keyturn plan create users.csv -t maximo-test --offline --json
    """


@plan.command()
@flags(running=False)
@pass_frame
def reset(frame: Frame, asked: Asked) -> int:
    """Plan new passwords for the users of FILE.

    \b
      keyturn plan reset users.csv -t maximo-test --email
      keyturn plan reset users.csv -t maximo-test --json
    """
    return _show(frame, asked, "reset")


@plan.command()
@flags(running=False)
@pass_frame
def create(frame: Frame, asked: Asked) -> int:
    """Plan the creation of the users of FILE.

    \b
      keyturn plan create users.csv -t maximo-test
      keyturn plan create users.csv -t maximo-test --map id=EmpNo --offline
    """
    return _show(frame, asked, "create")


def _show(frame: Frame, asked: Asked, operation: str) -> int:
    from keyturn.bulk.intake.source import read_source
    from keyturn.cli.planview import draw_plan
    from keyturn.cli.running import desk_for, not_there, speeds_of
    from keyturn.cli.sameness import with_password
    from keyturn.cli.twonames import warn_unasked
    from keyturn.cli.whereto import wanted

    frame.progress = "Nothing was changed."
    source = read_source(asked.file, asked.reading)
    with desk_for(frame, wanted(frame, source, asked.target), asked) as desk:
        asked = with_password(frame, asked)
        recipients = list(desk.machine.recipients(asked.handout))
        found, probes = desk.look(source, asked, operation, desk.plan(source, asked, operation))
        if asked.offline:
            warn_unasked(frame, found)
        if frame.wants_json:
            frame.json({**found.told(), "not_there": not_there(probes)})
            return 0
        draw_plan(frame.data, found, desk, probes, speeds_of(desk, asked), recipients)
        frame.say("nothing has been changed.")
        frame.say(f"\nTo run it:   {_command(operation, asked.file, desk.default)}")
    return 0


def _command(operation: str, file: Path, target: str) -> str:
    """The command that does what was planned: every flag that was given is given again."""
    context = click.get_current_context()
    words = ["keyturn", operation, str(file), *(["-t", target] if target else [])]
    for option in context.command.params:
        name = option.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not given or not isinstance(option, click.Option) or name in _SAID or name not in context.params:
            continue
        value = context.params[name]
        for one in value if option.multiple else (value,):
            words += [option.opts[-1]] if option.is_flag else [option.opts[-1], str(one)]
    return shlex.join(words)
