"""`keyturn plan reset` and `keyturn plan create`: plan, show, and freeze where a file is named."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from keyturn.cli.desk.flags import Asked, flags
from keyturn.cli.frame import Frame, pass_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyturn.bulk.planning.plan import Plan
    from keyturn.bulk.planning.screening import Screened
    from keyturn.bulk.record.handing import Handing
    from keyturn.cli.desk.desk import Desk, Probes

_SAID = ("target", "offline", "dry_run", "rows_detail")
"""The target stands there anyway, and the others are about planning alone."""


@click.command()
@flags(running=False)
@pass_frame
def reset(frame: Frame, asked: Asked) -> int:
    """Plan new passwords for the users of FILE.

    \b
      keyturn plan reset users.csv -t maximo-test --email
      keyturn plan reset users.csv -t maximo-test --json
      keyturn plan reset users.csv -t maximo-prod -o q3.plan
    """
    return show(frame, asked, "reset")


@click.command()
@flags(running=False)
@pass_frame
def create(frame: Frame, asked: Asked) -> int:
    """Plan the creation of the users of FILE.

    \b
      keyturn plan create users.csv -t maximo-test
      keyturn plan create users.csv -t maximo-test --map id=EmpNo --offline
    """
    return show(frame, asked, "create")


def show(frame: Frame, asked: Asked, operation: str) -> int:
    """Plan and tell; nothing is changed."""
    from keyturn.bulk.intake.source import read_source
    from keyturn.cli.desk.desk import desk_for, not_there, speeds_of
    from keyturn.cli.desk.piping import taken_in
    from keyturn.cli.desk.sameness import with_password
    from keyturn.cli.desk.whereto import wanted
    from keyturn.cli.planning.handingview import handed_to, told_parts
    from keyturn.cli.planning.lookingup import look
    from keyturn.cli.planning.planview import draw_plan
    from keyturn.cli.planning.twonames import warn_unasked

    frame.progress = "Nothing was changed."
    asked = taken_in(asked)
    source = read_source(asked.content, asked.reading)
    with desk_for(frame, wanted(frame, source, asked), asked) as desk:
        asked = with_password(frame, asked)
        found = desk.plan(source, asked, operation)
        recipients, handing = handed_to(desk.machine, asked, found)
        found, probes = look(desk, source, asked, operation, found)
        frozen = _freeze(desk, found, probes, (recipients, handing), asked) if asked.out is not None else {}
        if asked.offline:
            warn_unasked(frame, found)
        if frame.wants_json:
            told = {"not_there": not_there(probes), "approval": _approval(desk, found), **frozen}
            rows = {"rows": [_row(each) for each in _left_out(found)]} if asked.rows_detail else {}
            frame.json({**found.told(), **told_parts(found, handing), **told, **rows})
            return 0
        draw_plan(frame.data, found, desk, probes, speeds_of(desk, asked), (recipients, handing))
        if asked.rows_detail:
            frame.table(("row", "target", "user", "fate", "why"), [_cells(row) for row in _left_out(found)])
        frame.say("nothing has been changed.")
        _say_next(frame, desk, found, operation, asked)
    return 0


def _left_out(plan: "Plan") -> "Iterator[Screened]":
    """The rows that would not change, in order."""
    from keyturn.bulk.planning.screening import Fate

    return (row for row in plan.screened() if row.fate is not Fate.CHANGE)


def _row(row: "Screened") -> dict[str, object]:
    why = {"reason": row.reason, "text": row.text}
    return {"row": row.number, "target": row.target, "user": row.who, "fate": str(row.fate), **why}


def _cells(row: "Screened") -> list[object]:
    fate = {"skip": "skipped", "block": "blocked"}
    return [row.number, row.target, row.who, fate[row.fate], row.text]


def _freeze(
    desk: "Desk", plan: "Plan", probes: "Probes", handed: "tuple[tuple[str, ...], Handing]", asked: Asked
) -> dict[str, str]:
    """Write the plan into a file; what is to be told of it."""
    from keyturn import __version__
    from keyturn.bulk.intake.content import PIPE
    from keyturn.bulk.record.frozen import Maker, freeze, write_frozen
    from keyturn.cli.planning.thawing import refuse_unanswered
    from keyturn.core.errors import ConfigError

    path = asked.out or Path()
    if asked.offline:
        fix = "leave --offline away"
        what, why = "a plan cannot be frozen offline", "it is not known what the target can do, and who we are there"
        raise ConfigError(what, code="KT-PLN-005", why=why, fix=fix)
    if asked.file == PIPE:
        what, why = "a plan of what is piped in cannot be frozen", "the run would have nothing to read"
        raise ConfigError(what, code="KT-PLN-005", why=why, fix="write it into a file first")
    refuse_unanswered(probes)
    me = desk.machine.person(signing=True)
    maker = Maker(me.name, me.key, desk.machine.clock().now(), __version__)
    pins = desk.pins(plan, probes)
    recipients, handing = handed
    frozen = freeze(plan, pins, recipients, maker, include_protected=asked.include_protected, handing=handing.facts())
    write_frozen(frozen, path)
    return {"frozen": str(path.absolute()), "frozen_digest": frozen.digest}


def _approval(desk: "Desk", plan: "Plan") -> dict[str, object]:
    """Whether somebody else has to approve it, why, and who may."""
    from keyturn.bulk.planning.screening import Fate

    why = desk.machine.demand().why({each: plan.counts_of(each)[Fate.CHANGE] for each in plan.parts})
    return {"demanded": bool(why), "why": why, "approvers": [person.name for person in desk.machine.approvers]}


def _say_next(frame: Frame, desk: "Desk", plan: "Plan", operation: str, asked: Asked) -> None:
    """How the plan is run, and who has to approve it first."""
    approval = _approval(desk, plan)
    whom = ", ".join(person.name for person in desk.machine.approvers) or "nobody is named in [runs] approvers yet"
    name = shlex.quote(str(asked.out or "q3.plan"))
    if asked.out is not None:
        frame.say(f"\nfrozen in    {name}  (nobody else can read it; holds no password)")
    if approval["demanded"]:
        first = "" if asked.out is not None else f"freeze it with  -o {name}, then "
        frame.say(f"To approve:  {first}keyturn plan approve {name}   ({approval['why']}: {whom})")
    command = _command(operation, asked.file, desk.default)
    frame.say(f"\nTo run it:   {command if asked.out is None else f'keyturn {operation} --plan {name}'}")


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
