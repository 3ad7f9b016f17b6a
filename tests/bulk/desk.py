"""What tests of the runner put on the table: a file, a run, a directory, and the run carried out."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from keyturn.app.clock import SystemClock
from keyturn.bulk.intake.source import read_source
from keyturn.bulk.job import Job, Operation, PasswordChoice, Reading
from keyturn.bulk.planning.plan import Destination, Plan, make_plan
from keyturn.bulk.record.facts import Address, pin_of, pinned
from keyturn.bulk.record.folder import RunFolder, make_run_folder
from keyturn.bulk.running.begin import begin
from keyturn.bulk.running.events import Listener
from keyturn.bulk.running.run import Run, Summary, carry_out
from keyturn.bulk.running.shares import Share, Speed, pace_of
from keyturn.bulk.running.stopping import Stop
from keyturn.core.capabilities import Capabilities
from keyturn.core.journal import Journal
from keyturn.core.policy import Rule
from keyturn.core.secret import Secret
from keyturn.crypto.handout import AgeSealer, new_identity, recipient_of
from keyturn.crypto.runkeys import RunKeys
from tests.support.memory_directory import ABLE, MemoryDirectory
from tests.support.memory_journal import MemoryJournal


class NoBlocklist:
    """Knows one password."""

    def finds(self, candidate: Secret) -> Rule | None:
        """That it is listed, of the one."""
        return Rule.LISTED if candidate == Secret("correct horse battery") else None


QUICK = Speed(jobs=4, retries=3, timeout=5)
RESET = Job(Operation.RESET)
CREATE = Job(Operation.CREATE)


def job(operation: str = "reset", password: str = "generate", *, email: bool = False) -> Job:
    """An order."""
    return Job(Operation(operation), PasswordChoice.parse(password), email)


def write(folder: Path, text: str | bytes, name: str = "users.csv") -> Path:
    """A file."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def users(count: int, *, header: str = "userid") -> str:
    """A file of so many users."""
    return "".join([f"{header}\n", *(f"user{number:06d}\n" for number in range(count))])


def plan_of(
    path: Path,
    order: Job = RESET,
    *,
    capabilities: Capabilities = ABLE,
    protect: Sequence[str] = (),
    account: str = "",
    columns: Mapping[str, str] | None = None,
) -> Plan:
    """The plan for a file."""
    source = read_source(path, Reading(columns or {}))
    return make_plan(source, order, [Destination("there", capabilities, account, protect)], NoBlocklist())


@dataclass
class Desk:
    """A run on a memory directory, as often as it is wanted."""

    tmp: Path
    directory: MemoryDirectory
    journal: Journal = field(default_factory=MemoryJournal)
    folder: RunFolder | None = None
    plan: Plan | None = None
    keys: RunKeys = field(default_factory=lambda: RunKeys(b"k" * 32))
    identity: Path | None = None
    heard: list[object] = field(default_factory=list)

    def begin(self, text: str | bytes, order: Job = RESET) -> "Desk":
        """Plan a file and put it into the journal."""
        path = write(self.tmp, text)
        self.plan = plan_of(path, order, capabilities=self.directory.capabilities)
        self.folder = self.folder or make_run_folder(self.tmp / "runs", SystemClock().now())
        self.identity = self.tmp / "identity.txt"
        recipient = recipient_of(self.identity) if self.identity.exists() else new_identity(self.identity)
        pin = pin_of(self.plan.parts["there"], self.address())
        facts = pinned(self.plan, [pin], [recipient], SystemClock().now())
        begin(self.journal, self.plan, facts)
        return self

    def address(self) -> Address:
        """Where it goes."""
        return Address("there", "memory", "", self.directory.account)

    def run(self, speed: Speed | None = None) -> Run:
        """The run."""
        assert self.plan is not None
        assert self.folder is not None
        speed = speed or Speed()
        pace = pace_of(self.directory, speed, SystemClock())
        share = Share("there", self.directory, self.plan.parts["there"].job, pace, speed)
        return Run(
            self.folder, self.journal, [share], self.plan.source, self.plan.job, self.keys, AgeSealer(),
            SystemClock(),
        )  # fmt: skip

    async def go(
        self, speed: Speed | None = None, stop: Stop | None = None, listeners: Iterable[Listener] = ()
    ) -> Summary:
        """Carry it out."""
        return await carry_out(self.run(speed), stop or Stop(), [self.heard.append, *listeners])

    def handed_out(self) -> list[str]:
        """The lines of the handout, opened."""
        assert self.folder is not None
        assert self.identity is not None
        if not self.folder.handout.exists():
            return []
        return AgeSealer().open(self.folder.handout.read_bytes(), self.identity).decode().splitlines()


def crowd(count: int) -> MemoryDirectory:
    """A directory with the users of a file of so many."""
    return MemoryDirectory([f"user{number:06d}" for number in range(count)])


def handed(desk: Desk) -> dict[str, Secret]:
    """Who was handed what."""
    return {each["user"]: Secret(each["password"]) for each in map(json.loads, desk.handed_out())}
