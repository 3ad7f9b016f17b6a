"""What plan, reset, create and resume share: the desk with targets, machine and event loop, and a run on it."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from keyturn.app.config.sources import first_line
from keyturn.app.run.machine import Machine, address_of, rules_of
from keyturn.app.target.targets import Target, prepare
from keyturn.bulk.intake.source import Source
from keyturn.bulk.job import Job
from keyturn.bulk.planning.lookup import Lookup
from keyturn.bulk.planning.names import Names
from keyturn.bulk.planning.plan import Destination, Plan, make_plan
from keyturn.bulk.record.facts import Facts, Now, Pin, pin_of
from keyturn.bulk.record.veil import veil_of
from keyturn.bulk.running.breaker import Cause, Limit, Trip
from keyturn.bulk.running.events import Listener
from keyturn.bulk.running.knee import PLENTY
from keyturn.bulk.running.naming import Doubt, ask_names, doubts, unasked
from keyturn.bulk.running.pacing import Pace
from keyturn.bulk.running.quota import share_of
from keyturn.bulk.running.rates import rates_of
from keyturn.bulk.running.run import Run, Summary, carry_out
from keyturn.bulk.running.shares import Share, Speed, pace_of
from keyturn.bulk.running.stopping import Stop
from keyturn.cli.desk.flags import Asked
from keyturn.cli.desk.reaching import from_keyring, probe, reach
from keyturn.cli.desk.watching import watch
from keyturn.cli.desk.whereto import Wanted
from keyturn.core.errors import ConfigError, KeyturnError
from keyturn.core.ports import Directory, Probe
from keyturn.core.secret import Secret

if TYPE_CHECKING:
    from keyturn.cli.frame import Frame

if sys.platform != "win32":
    from uvloop import new_event_loop
else:
    from asyncio import new_event_loop

T = TypeVar("T")
MOST_JOBS = 32
"""In flight at most where nobody says how many; connections to a target that does not say are as many."""

RETRIES = 5


@dataclass(frozen=True, slots=True)
class Seat:
    """A target, connected."""

    target: Target
    directory: Directory

    def now(self) -> Now:
        """The target as a run pins it."""
        address = address_of(self.target.name, self.target.settings, self.directory.account)
        return Now(address, self.directory.capabilities)

    def destination(self, asked: Asked, names: Names | None = None, lookup: Lookup | None = None) -> Destination:
        """The target as a plan sees it."""
        settings = self.target.settings
        protect = () if asked.include_protected else settings.protect
        capabilities, rules = self.directory.capabilities, rules_of(settings)
        account, login = self.directory.account, settings.username
        return Destination(
            self.target.name, capabilities, account, protect, rules, login=login, names=names, lookup=lookup
        )


Probes: TypeAlias = Mapping[str, Probe | KeyturnError]
"""What each target answered, or why it did not; empty where none was asked."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The targets of a command, connected, with an event loop that lives as long as the command.

    default: where rows go that name no target.  paces: of the targets that were asked for anything yet.
    """

    frame: "Frame"
    machine: Machine
    seats: Mapping[str, Seat]
    default: str
    runner: asyncio.Runner
    paces: dict[str, Pace] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Where it goes, in a few words."""
        return next(iter(self.seats)) if len(self.seats) == 1 else f"{len(self.seats)} targets"

    @property
    def production(self) -> Sequence[str]:
        """The targets that are marked so."""
        return [name for name, seat in self.seats.items() if seat.target.settings.production]

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something on the loop."""
        return self.runner.run(work)

    def probe(self, names: Iterable[str]) -> Probes:
        """Sign in and look; changes nothing.  Raises when no target can be worked with."""
        seats = [self.seats[name] for name in names]
        answers = dict(zip((seat.target.name for seat in seats), self.wait_for(_probed(seats)), strict=True))
        refusals = [answer for answer in answers.values() if isinstance(answer, KeyturnError)]
        if refusals and len(refusals) == len(self.seats):
            raise refusals[0]
        return answers

    def look(self, source: Source, asked: Asked, operation: str, plan: Plan) -> tuple[Plan, Probes]:
        """Probe, and ask for the other names of users, unless offline; plan again where a target told something new."""
        if asked.offline:
            return plan, {}
        before = self.now()
        probes = self.probe(self.seats)
        plan = plan if before == self.now() else self.plan(source, asked, operation)
        names = self.names(doubts(plan), asked, probes)
        return (self.plan(source, asked, operation, names) if names else plan), probes

    def names(self, doubtful: Mapping[str, Doubt], asked: Asked, probes: Probes) -> Mapping[str, Names]:
        """What each of these targets tells of users with two names."""
        found, speeds = {}, speeds_of(self, asked)
        for name, doubt in doubtful.items():
            answer, speed = probes[name], speeds[name]
            if isinstance(answer, KeyturnError):
                found[name] = unasked(doubt, answer.what)
            else:
                jobs = PLENTY if speed.adaptive else speed.jobs
                directory, pace = self.seats[name].directory, self.pace(name, speed)
                found[name] = self.wait_for(ask_names(directory, doubt, jobs, pace))
        return found

    def pace(self, name: str, speed: Speed) -> Pace:
        """The one pace of everything that this command asks of a target."""
        if name not in self.paces:
            self.paces[name] = pace_of(self.seats[name].directory, speed, self.machine.clock())
        return self.paces[name]

    def share(self, name: str, job: Job, speed: Speed, trip: Trip | None = None) -> Share:
        """What a target has of a run that is to be read, or sent."""
        return Share(name, self.seats[name].directory, job, self.pace(name, speed), speed, trip)

    def now(self) -> Mapping[str, Now]:
        """The targets as a run pins them."""
        return {name: seat.now() for name, seat in self.seats.items()}

    def pins(self, plan: Plan, probes: "Probes") -> list[Pin]:
        """The targets of a plan as they are pinned; of one that did not answer it is not known what it can do."""
        now = self.now()
        return [
            pin_of(part, now[name].address, asked=halted(probes.get(name)) is None) for name, part in plan.parts.items()
        ]

    def plan(
        self,
        source: Source,
        asked: Asked,
        operation: str,
        names: Mapping[str, Names] | None = None,
        lookup: Lookup | None = None,
    ) -> Plan:
        """The plan for a file.  names: what targets told of users with two names; lookup: of each user."""
        told = names or {}
        if lookup is None and asked.frozen is not None:
            lookup = asked.frozen.lookup
        destinations = [seat.destination(asked, told.get(name), lookup) for name, seat in self.seats.items()]
        return make_plan(source, asked.job(operation), destinations, self.machine.blocklist(), default=self.default)

    def shares(self, plan: Plan, speeds: Mapping[str, Speed], probes: Probes, asked: Asked) -> list[Share]:
        """What each target has of a run."""
        found = [
            self.share(name, part.job, speeds[name], halted(probes.get(name))) for name, part in plan.parts.items()
        ]
        return [replace(share, since=asked.since) for share in found]


def halted(answer: Probe | KeyturnError | None) -> Trip | None:
    """Why nothing can be sent to a target that answered so."""
    if not isinstance(answer, KeyturnError):
        return None
    return Trip(Cause.SIGNED_OUT if answer.code.startswith("KT-AUTH") else Cause.UNREACHABLE, answer.what)


def not_there(probes: Probes) -> list[dict[str, str]]:
    """The targets that cannot be worked with now, for machines."""
    refused = ((name, answer) for name, answer in probes.items() if isinstance(answer, KeyturnError))
    return [{"target": name, "code": error.code, "text": error.what} for name, error in refused]


async def _probed(seats: Sequence[Seat]) -> list[Probe | KeyturnError]:
    return list(await asyncio.gather(*map(_probe, seats)))


async def _probe(seat: Seat) -> Probe | KeyturnError:
    try:
        return await probe(seat.directory, seat.target)
    except KeyturnError as error:
        return error


@contextmanager
def desk_for(frame: "Frame", wanted: Wanted, asked: Asked) -> Iterator[Desk]:
    """Find the targets and connect; nothing is sent yet."""
    piped = _piped(wanted) if asked.token_stdin else None
    prepared = [_prepared(frame, name, asked, piped) for name in wanted.names]
    for each in prepared:
        for warning in each.warnings:
            text = warning if len(prepared) == 1 else f"{each.name}: {warning}"
            frame.warn(text, code="KT-CFG-015")
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner(loop_factory=new_event_loop))
        seats = {}
        for each in prepared:
            directory = runner.run(_connected(each))
            stack.callback(_disconnect, runner, directory)
            seats[each.name] = Seat(each, directory)
        yield Desk(frame, Machine(frame.settings), seats, wanted.default, runner)


def _piped(wanted: Wanted) -> Secret:
    if len(wanted.names) > 1:
        what = "one secret from standard input cannot be that of several targets"
        raise ConfigError(what, code="KT-CFG-009", fix="say in the settings of each target where its secret is")
    return first_line(sys.stdin)


def _prepared(frame: "Frame", name: str, asked: Asked, piped: Secret | None) -> Target:
    if asked.played is not None:
        prepared = asked.played.target
    else:
        prepared = prepare(frame.settings, name, piped=piped, safe=from_keyring)
    settings = prepared.settings
    jobs = settings.jobs if asked.jobs is None else asked.jobs or None
    return replace(prepared, settings=settings.paced(jobs, asked.timeout or settings.timeout))


async def _connected(target: Target) -> Directory:
    return reach(target)


def _disconnect(runner: asyncio.Runner, directory: Directory) -> None:
    runner.run(directory.close())


def speeds_of(desk: Desk, asked: Asked) -> Mapping[str, Speed]:
    """How fast each target may be called, and where its brakes are."""
    return {name: _speed(desk, seat.target, asked) for name, seat in desk.seats.items()}


def _speed(desk: Desk, target: Target, asked: Asked) -> Speed:
    """Flags first, then the target's settings, then ours."""
    settings = target.settings
    retries = asked.retries if asked.retries is not None else settings.retries
    return Speed(
        jobs=settings.jobs or MOST_JOBS,
        adaptive=settings.jobs is None,
        rates=rates_of(asked.rate or settings.rate or ""),
        use_at_most=share_of(asked.use_at_most or settings.use_at_most),
        timeout=settings.timeout,
        retries=RETRIES if retries is None else retries,
        batch=asked.batch or 0,
        limit=Limit.parse(asked.max_failures or desk.frame.settings.runs.max_failures),
    )


def work_off(desk: Desk, run: Run, total: int, more: Sequence[Listener] = ()) -> Summary:
    """Carry a run out with a screen before it; Ctrl-C, SIGTERM and SIGHUP stop it cleanly.  more: who else listens."""
    # What is loaded by now lives as long as this process, and rows leave no cycles behind: looked at as often as by
    # default, that alone took a twelfth of the time of a row (bench, case b).
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
    title = f"{run.job.operation} on {desk.label}{'  PRODUCTION' if desk.production else ''}"
    veil = veil_of(Facts(run.journal.facts()))
    with watch(desk.frame, run.folder.run, ",".join(desk.seats), total, title=title, veil=veil) as listeners:
        return desk.wait_for(stoppable(lambda stop: carry_out(run, stop, [*listeners, *more])))


async def stoppable(work: Callable[[Stop], Coroutine[Any, Any, T]]) -> T:
    """Do something that Ctrl-C, SIGTERM and a terminal that goes away (SIGHUP) ask to end."""
    stop = Stop()
    loop = asyncio.get_running_loop()
    causes = {signal.SIGINT: Cause.INTERRUPTED, signal.SIGTERM: Cause.TERMINATED}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # under nohup it goes on
        causes[signal.SIGHUP] = Cause.TERMINATED
    with suppress(NotImplementedError):  # some loops of other systems know no signals
        for number, cause in causes.items():
            loop.add_signal_handler(number, stop.ask, cause)
    try:
        return await work(stop)
    finally:
        with suppress(NotImplementedError):
            for number in causes:
                loop.remove_signal_handler(number)
