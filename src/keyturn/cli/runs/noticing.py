"""The way of `runs notify`: who is to be told, by whom, when; then one notice after the other."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime

from keyturn.app.run.machine import Machine
from keyturn.app.run.notices import Person, Relay, by_relay, people_of, relay_for_notices
from keyturn.bulk.record.again import read_again
from keyturn.bulk.record.closing import conclude
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.record.facts import FINISHED, KEY, Facts
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.notices import NOTICES, unnoticed
from keyturn.bulk.record.same import opened as with_same
from keyturn.bulk.running.breaker import EXITS, Trip
from keyturn.bulk.running.noticing import (
    ByTarget,
    Derived,
    Notifier,
    NoWay,
    Tally,
    finder,
    send_notices,
    target_can,
)
from keyturn.bulk.running.pacing import Pace
from keyturn.bulk.running.rates import rates_of
from keyturn.bulk.running.stopping import Stop
from keyturn.cli.desk.confirming import confirm
from keyturn.cli.desk.desk import Desk, desk_for, speeds_of, stoppable
from keyturn.cli.desk.flags import Asked
from keyturn.cli.desk.whereto import Wanted
from keyturn.cli.frame import Frame
from keyturn.cli.runs.opened import chosen
from keyturn.core.errors import RunError
from keyturn.core.harmless import harmless
from keyturn.core.journal import Journal, Row

SHOWN = 20
TURN = 30.0
PATIENCE = 30.0
"""Seconds for which a stop waits for the notice that is on its way."""

BEGUN = "notices begun"
"""The fact with the moment that all mails of a run are dated with, so that a second copy is the first one again."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for.  way: `target`, `relay` or empty."""

    at: datetime | None
    rate: str
    way: str
    asked: Asked


@dataclass(frozen=True, slots=True)
class Route:
    """How the people of a run are told.  desk: the targets, where some of them mail; relay: for the others."""

    run: str
    facts: Facts
    targets: Mapping[str, ByTarget]
    relay: Relay | None
    people: Mapping[int, Person]
    runner: asyncio.Runner


def notify_run(frame: Frame, run: str, wishes: Wishes) -> int:
    """Tell whoever is still to be told; the exit code of the command."""
    frame.progress = "Nobody was told."
    machine = Machine(frame.settings)
    folder = chosen(frame, run)
    pace = Pace(machine.clock(), rates_of(wishes.rate))
    with closing(machine.journal(folder.journal)) as journal:
        facts = Facts(journal.facts())
        count = sum(1 for _ in unnoticed(journal))
    if not count:
        frame.say("nobody is left to be told")
        _close(machine, folder)
        return int(ExitCode.FINE)
    with ExitStack() as stack:
        route = _route(frame, stack, folder, facts, wishes.way)
        confirm(frame, wishes.asked, count=count, target=facts["target"], production=(), verb="notify")
        _wait(frame, machine, folder.run, wishes.at or _time(facts[NOTICES]))
        with closing(machine.journal(folder.journal)) as journal:
            tally, trip = route.runner.run(stoppable(lambda stop: _send(frame, machine, route, journal, pace, stop)))
    return _tell(frame, machine, folder, tally, trip)


def drop_notices(frame: Frame, run: str) -> int:
    """Plan no notices any more, and close a run that waited for them alone."""
    machine = Machine(frame.settings)
    folder = chosen(frame, run)
    with closing(machine.journal(folder.journal)) as journal:
        left = sum(1 for _ in unnoticed(journal))
        _closed(folder, journal)
    frame.say(f"run {folder.run} waits for no notices; {left:,} people were not told")
    return int(ExitCode.FINE)


def _route(frame: Frame, stack: ExitStack, folder: RunFolder, facts: Facts, way: str) -> Route:
    """Who tells whom.  Raises RunError for a target that cannot, ConfigError where there is no relay."""
    run, names = folder.run, tuple(pin.name for pin in facts.pins)
    targets: Mapping[str, ByTarget] = {}
    if way == "relay":
        runner = stack.enter_context(asyncio.Runner())
    else:
        desk = stack.enter_context(desk_for(frame, Wanted(names, facts["default"]), Asked(file=facts.file)))
        targets, runner = _by_target(desk, run, facts), desk.runner
    rest = [name for name in names if name not in targets]
    if rest and way == "target":
        raise RunError(
            f"{rest[0]} cannot be asked to mail what it was given",
            code="KT-RUN-074",
            why="it sends no mail, or the password can no longer be made: begin a run with --notify-at to keep its key",
            fix=f"keyturn runs notify {run} --by relay",
        )
    relay = relay_for_notices(frame.settings) if rest else None
    people = people_of(read_again(facts, folder, Machine(frame.settings).keys)) if rest else {}
    return Route(run, facts, targets, relay, people, runner)


def _by_target(desk: Desk, run: str, facts: Facts) -> dict[str, ByTarget]:
    """The targets that mail, given the same passwords again; none once the key of the run is gone."""
    if not facts[KEY]:
        return {}
    keys, clock, speeds = desk.machine.keys(facts[KEY]), desk.machine.clock(), speeds_of(desk, Asked(file=facts.file))
    derived = Derived(run, with_same(facts.job, facts.values, keys), keys)
    found = {
        pin.name: ByTarget((to := desk.seats[pin.name].directory), derived, pin.rendering, finder(to, clock))
        for pin in facts.pins
        if target_can(derived.job, desk.seats[pin.name].directory.capabilities)
    }
    if found:
        desk.probe(found)
    for name in found:
        desk.pace(name, speeds[name])  # beside the pace of notices, that of all that is asked of a target
    return found


def _time(planned: str) -> datetime | None:
    return datetime.fromisoformat(planned) if planned else None


def _wait(frame: Frame, machine: Machine, run: str, until: datetime | None) -> None:
    """Wait for the hour, and say how not to."""
    if until is None or (left := (until - machine.clock().now()).total_seconds()) <= 0:
        return
    moment = until.astimezone(UTC)
    frame.progress = f"Nobody was told.  keyturn runs notify {run}  goes on."
    frame.say(
        f"waiting until {moment:%Y-%m-%d %H:%M} UTC; Ctrl-C ends the wait, and the same command takes it up again"
    )
    frame.say("or leave it to the machine, as in:")
    frame.say(
        f"  systemd-run --user --on-calendar='{moment:%Y-%m-%d %H:%M:%S} UTC' keyturn runs notify {run} --expect N"
    )
    while left > 0:
        time.sleep(min(left, TURN))
        left = (until - machine.clock().now()).total_seconds()
        if left > 0:
            frame.detail(f"{left / 60:,.0f} minutes left")


async def _send(
    frame: Frame, machine: Machine, route: Route, journal: Journal, pace: Pace, stop: Stop
) -> tuple[Tally, Trip | None]:
    """What came of the notices, and why it was stopped."""
    facts = Facts(journal.facts())
    begun = _time(facts[BEGUN]) or machine.clock().now().replace(microsecond=0)
    journal.note({BEGUN: begun.isoformat()})
    rows = list(unnoticed(journal))

    last = Tally()
    pace.obey(stop)

    def tell(tally: Tally) -> None:
        nonlocal last
        last = tally
        frame.progress = f"{tally.sent:,} of {len(rows):,} people were told; the same command goes on."
        through = tally.sent + len(tally.passed)
        if through * 10 // len(rows) > (through - 1) * 10 // len(rows):
            frame.say(f"{through:,} of {len(rows):,}")

    async with AsyncExitStack() as stack:
        mailing: Notifier | None = None
        if route.relay is not None:
            mailing = await stack.enter_async_context(by_relay(route.relay, route.run, route.people, begun))

        def way(row: Row) -> Notifier:
            return route.targets.get(row.target) or mailing or NoWay()

        await stop.bound(send_notices(rows, way, journal, machine.clock(), pace, tell), PATIENCE)
    return last, stop.trip if last.sent + len(last.passed) < len(rows) else None


def _tell(frame: Frame, machine: Machine, folder: RunFolder, tally: Tally, trip: Trip | None) -> int:
    passed = [{"row": row.number, "user": row.who, "why": why} for row, why in tally.passed]
    if frame.wants_json:
        twice = [{"row": row.number, "user": row.who} for row in tally.twice]
        stopped = tally.over or (trip.text if trip is not None else "")
        frame.json({"run": folder.run, "told": tally.sent, "twice": twice, "passed": passed, "stopped": stopped})
    else:
        frame.data(f"{tally.sent:,} told, {len(passed):,} could not be")
        for row, why in tally.passed[:SHOWN]:
            frame.data(f"  row {row.number:>7}  {harmless(row.who)}  {harmless(why)}")
        for row in tally.twice[:SHOWN]:
            frame.data(f"  row {row.number:>7}  {harmless(row.who)}  perhaps told twice: an earlier notice was cut off")
    if tally.over:
        raise RunError(
            "nothing gets through any more, so nobody else was told",
            code="KT-RUN-075",
            why=tally.over,
            fix=f"mend the cause, then  keyturn runs notify {folder.run}",
        )
    if trip is not None:
        frame.say(f"Next:  keyturn runs notify {folder.run}")
        return int(EXITS[trip.cause])
    if passed:
        frame.say(
            f"tell them otherwise, or mend the cause and repeat; keyturn runs notify {folder.run} --drop closes it"
        )
        return int(ExitCode.FAILURES)
    _close(machine, folder)
    return int(ExitCode.FINE)


def _close(machine: Machine, folder: RunFolder) -> None:
    with closing(machine.journal(folder.journal)) as journal:
        _closed(folder, journal)


def _closed(folder: RunFolder, journal: Journal) -> None:
    """A run whose notices are sent, or not wanted, is closed when nothing else of it is open."""
    facts = Facts(journal.facts())
    if facts[NOTICES] and facts["state"] == FINISHED:
        conclude(folder, journal, {NOTICES: ""})
    elif facts[NOTICES]:
        journal.note({NOTICES: ""})
