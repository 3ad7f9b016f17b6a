"""`--lookup`: asks the targets for every user of a file, shows how far it is, and tells what was found."""

import time
from datetime import datetime

import click

from keyturn.app.target.overhearing import overheard
from keyturn.bulk.intake.source import Source
from keyturn.bulk.job import Operation
from keyturn.bulk.planning.lookup import WORDS, Finding, Lookup, Named
from keyturn.bulk.planning.plan import Plan
from keyturn.bulk.running.looking import Asking, look_up
from keyturn.bulk.running.orders import OrderBook
from keyturn.cli.desk.desk import Desk, Probes, speeds_of
from keyturn.cli.desk.flags import Asked
from keyturn.cli.frame import Frame, Output
from keyturn.core.errors import ConfigError, KeyturnError

EVERY = 10.0
"""Seconds between two lines of a log."""

QUICKLY = 0.2
_SIGNS = {Finding.MISSING: "x", Finding.REFUSED: "x", Finding.EXISTS: "-", Finding.UNTOLD: "?"}


def look(desk: Desk, source: Source, asked: Asked, operation: str, plan: Plan) -> tuple[Plan, Probes]:
    """Probe and ask for other names of users as every plan does, and with `--lookup` for each user; plan again."""
    plan, probes = desk.look(source, asked, operation, plan)
    if not (asked.lookup or asked.server_validate):
        return plan, probes
    names = {name: part.destination.names for name, part in plan.parts.items() if part.destination.names is not None}
    lookup = looked_up(desk, plan, probes, asked)
    return desk.plan(source, asked, operation, names, lookup), probes


def looked_up(desk: Desk, plan: Plan, probes: Probes, asked: Asked) -> Lookup:
    """Ask for every row that would be sent, of the targets that are there."""
    speeds = speeds_of(desk, asked)
    asking = [
        Asking(
            part,
            desk.seats[name].directory,
            speeds[name],
            desk.pace(name, speeds[name]),
            _orders(desk, plan, name, asked),
        )
        for name, part in plan.parts.items()
        if not isinstance(probes.get(name), KeyturnError)
    ]
    progress = _Progress(desk.frame, plan.change)
    since = datetime.fromisoformat(asked.lookup_since) if asked.lookup_since else None

    async def ask() -> Lookup:
        with overheard() as requests:
            lookup = await look_up(plan, asking, since, progress.tell)
        for method, count in requests.items():
            lookup.sent[method] = count
        return lookup

    try:
        return desk.wait_for(ask())
    finally:
        progress.end()


def _orders(desk: Desk, plan: Plan, name: str, asked: Asked) -> OrderBook | None:
    """What would be sent, where the target is to judge it.  Raises ConfigError where it cannot.

    The key is of no run: a password that is made here was nowhere when the command has ended.
    """
    if not asked.server_validate:
        return None
    part, able = plan.parts[name], desk.seats[name].directory.capabilities
    if plan.job.operation is not Operation.CREATE or not able.validates:
        why = "it cannot judge a creation without doing it" if plan.job.operation is Operation.CREATE else ""
        raise ConfigError(
            f"{name} cannot check this beforehand" if why else "--server-validate is about the creation of users",
            code="KT-TGT-010",
            why=why,
            fix="leave --server-validate away; --lookup asks for each user",
        )
    keys = desk.machine.keys(desk.machine.new_key())
    return OrderBook("check", part.job, able, keys, plan.source)


class _Progress:
    """How far it is: one line that is drawn over on a terminal, now and then a line in a log."""

    def __init__(self, frame: Frame, total: int) -> None:
        self._frame, self._total = frame, total
        self._redraws = frame.output is Output.RICH and not frame.accessible and frame.loud >= 0
        self._next = time.monotonic() + (QUICKLY if self._redraws else EVERY)
        self._drawn = False

    def tell(self, through: int) -> None:
        """So many rows are through."""
        now = time.monotonic()
        if now < self._next:
            return
        text = f"looked up {through:,} of {self._total:,} users"
        if self._redraws:
            click.echo(f"\r{text}", err=True, nl=False)
            self._drawn = True
        else:
            self._frame.say(text)
        self._next = now + (QUICKLY if self._redraws else EVERY)

    def end(self) -> None:
        """Leave the line to what comes next."""
        if self._drawn:
            click.echo(f"\r{' ' * 60}\r", err=True, nl=False)


def lookup_lines(lookup: Lookup | None) -> list[str]:
    """What was found, in words: for each target what needs somebody, then what it does not tell."""
    if lookup is None:
        return []
    lines = ["", f"  looked up     asked for {lookup.effort()}"]
    several = len(lookup.found) > 1
    for target, found in lookup.found.items():
        head = f"{target}: " if several else ""
        lines += [_line(head, each, found[each], lookup) for each in WORDS if each in found]
        missing = found.get(Finding.MISSING)
        if missing is not None and missing.count == lookup.of_target.get(target, 0) > 1:
            lines.append(f"  {'':<13} {head}none of them is known: perhaps our account may not see users there")
        if not found:
            lines.append(f"  {'':<13} {head}nothing to be said of any of them")
        untold = list(lookup.untold.get(target, ()))
        if untold:
            lines.append(f"  {'':<13} {head}not told: {', '.join(untold)}")
        if lookup.since is not None and lookup.dated.get(target, 0) == 0:
            lines.append(f"  {'':<13} {head}not told: when a password was changed, so nothing of --since is known")
    return lines


def _line(head: str, finding: Finding, named: Named, lookup: Lookup) -> str:
    words = WORDS[finding]
    if finding is Finding.RECENT and lookup.since is not None:
        words = f"password changed since {lookup.since:%Y-%m-%d %H:%M} UTC already"
    rows = ", ".join(map(str, named.rows)) + (" ..." if named.count > len(named.rows) else "")
    row = "row" if named.count == 1 else "rows"
    return f"  {_SIGNS.get(finding, '!')} {named.count:>7,}  {head}{words}   {row} {rows}"
