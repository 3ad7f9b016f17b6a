"""What plan, reset, create and resume share: the desk with target, machine and event loop, and a run on it."""

import asyncio
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from keyturn import __version__
from keyturn.app.runs import Machine, address_of, rules_of
from keyturn.app.sources import first_line
from keyturn.app.targets import Target, prepare
from keyturn.bulk.breaker import Cause, Limit
from keyturn.bulk.facts import Address
from keyturn.bulk.pacing import rate_of
from keyturn.bulk.plan import Destination, Plan, make_plan
from keyturn.bulk.run import Run, Summary, carry_out
from keyturn.bulk.sitting import Speed
from keyturn.bulk.source import read_source
from keyturn.bulk.stopping import Stop
from keyturn.cli.reaching import probe, reach
from keyturn.cli.runflags import Asked
from keyturn.cli.watching import watch
from keyturn.core.ports import Directory, Probe

if TYPE_CHECKING:
    from keyturn.cli.frame import Frame

if sys.platform != "win32":
    from uvloop import new_event_loop
else:
    from asyncio import new_event_loop

T = TypeVar("T")
JOBS = 8
RETRIES = 5


@dataclass(frozen=True, slots=True)
class Desk:
    """A target, connected, with an event loop that lives as long as the command."""

    frame: "Frame"
    machine: Machine
    target: Target
    directory: Directory
    runner: asyncio.Runner

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something on the loop."""
        return self.runner.run(work)

    def probe(self) -> Probe:
        """Sign in and look; changes nothing."""
        return self.wait_for(probe(self.directory, self.target))

    def look(self, asked: Asked, operation: str, plan: Plan) -> tuple[Plan, Probe | None]:
        """Probe, unless offline; where the target then tells what it asks of passwords, the file is planned again."""
        probe = None if asked.offline else self.probe()
        told = self.directory.capabilities != plan.destination.capabilities
        return (self.plan(asked, operation) if told else plan), probe

    def address(self) -> Address:
        """The target as a run pins it."""
        return address_of(self.target.name, self.target.settings, self.directory.account)

    def plan(self, asked: Asked, operation: str) -> Plan:
        """The plan for a file."""
        settings = self.target.settings
        protect = () if asked.include_protected else settings.protect
        destination = Destination(
            self.target.name, self.directory.capabilities, self.directory.account, protect, rules_of(settings)
        )
        return make_plan(
            read_source(asked.file, asked.reading), asked.job(operation), destination, self.machine.blocklist()
        )


@contextmanager
def desk_for(frame: "Frame", target: str, asked: Asked) -> Iterator[Desk]:
    """Find the target and connect; nothing is sent yet."""
    piped = first_line(sys.stdin) if asked.token_stdin else None
    prepared = prepare(frame.settings, target, piped=piped)
    settings = prepared.settings
    jobs, timeout = asked.jobs or settings.jobs or JOBS, asked.timeout or settings.timeout
    prepared = replace(prepared, settings=settings.paced(jobs, timeout))
    for warning in prepared.warnings:
        frame.warn(warning, code="KT-CFG-015")
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner(loop_factory=new_event_loop))
        directory = runner.run(_connected(prepared))
        stack.callback(lambda: runner.run(directory.close()))
        yield Desk(frame, Machine(frame.settings), prepared, directory, runner)


async def _connected(target: Target) -> Directory:
    return reach(target)


def speed_of(desk: Desk, asked: Asked) -> Speed:
    """How fast, and where the brakes are: flags first, then the target's settings, then ours."""
    target = desk.target.settings
    rate = asked.rate or target.rate or ""
    retries = asked.retries if asked.retries is not None else target.retries
    return Speed(
        jobs=target.jobs or JOBS,
        rate=rate_of(rate) if rate else None,
        timeout=target.timeout,
        retries=RETRIES if retries is None else retries,
        limit=Limit.parse(asked.max_failures or desk.frame.settings.runs.max_failures),
    )


def work_off(desk: Desk, run: Run, speed: Speed, total: int) -> Summary:
    """Carry a run out with a screen before it; Ctrl-C and SIGTERM stop it cleanly."""
    title = f"{run.job.operation} on {desk.target.name}{'  PRODUCTION' if desk.target.settings.production else ''}"
    with watch(desk.frame, run.folder.run, desk.target.name, total, title=title) as listeners:
        return desk.wait_for(_stoppable(run, speed, list(listeners)))


async def _stoppable(run: Run, speed: Speed, listeners: list[Any]) -> Summary:
    stop = Stop()
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):  # some loops of other systems know no signals
        loop.add_signal_handler(signal.SIGINT, stop.ask, Cause.INTERRUPTED)
        loop.add_signal_handler(signal.SIGTERM, stop.ask, Cause.TERMINATED)
    try:
        return await carry_out(run, speed, stop, listeners)
    finally:
        with suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)
            loop.remove_signal_handler(signal.SIGTERM)


VERSION = __version__
