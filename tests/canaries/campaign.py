"""The whole campaign on one loud server: lives, knocks, runs of files and troubles; keeps all that was seen."""

import re
import resource
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from keyturn.app.house.build import open_house
from tests.canaries.knocks import Canaries, knocks
from tests.canaries.lives import Life
from tests.canaries.loud import LoudServer, loud_server
from tests.malformed.sent import Sent, exchange
from tests.malformed.test_doors import known_in
from tests.openapi.fuzzing import Asking, asking
from tests.openapi.test_described import APIS
from tests.support.fleet import Fleet, sign_ins
from tests.support.mailsink import Faults, MailSink
from tests.support.server import Answer, OpenDoor, Person

AT_ONCE = 250
"""Knocks for which the same credentials are used."""


@dataclass
class Seen:
    """What a campaign has seen.

    answers: whole, with their heads; said: what commands printed; processes: their arguments and environments;
    letters: as they arrived; made: secrets that the server made, which may be in one answer or one letter.
    """

    answers: list[bytes] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    said: list[bytes] = field(default_factory=list)
    processes: list[bytes] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    troubled: Counter[int] = field(default_factory=Counter)
    exits: list[int] = field(default_factory=list)

    def note(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Keep an answer."""
        self.statuses[status] += 1
        self.answers.append("\n".join(f"{name}: {value}" for name, value in headers.items()).encode() + b"\n" + body)

    def heard(self, answer: Answer) -> None:
        """Keep an answer; a token in it is one that the server made."""
        self.note(answer.status, answer.headers, answer.body)
        if answer.headers.get("content-type", "").startswith("application/json") and b'"token"' in answer.body:
            self.made.append(str(answer.json["token"]))

    def process(self, pid: int) -> None:
        """Keep what everybody can read of a process, and what its owner can, while it is there."""
        for name in ("cmdline", "environ"):
            try:
                self.processes.append(Path(f"/proc/{pid}/{name}").read_bytes())
            except OSError:
                return


@dataclass
class Campaign:
    """One server and everything that happens to it."""

    folder: Path
    server: LoudServer
    sink: MailSink
    door: OpenDoor
    canaries: Canaries
    seen: Seen

    def lives(self, count: int) -> None:
        """Users whose every password is a canary; at last one is mailed while the relay takes no letters."""
        ways = {name: asking(name, self.door) for name in APIS}
        for number in range(count):
            for answer in Life(self.door, ways, self.sink, self.canaries, f"life{number}").live():
                self.seen.heard(answer)
        self.sink.faults = Faults(data="451 later")
        for path, send in (("?emailPassword=true", {"token": self.canaries.next()}), ("", {})):
            answer = self.door.ask("POST", f"/v3/users/life0/password{path}", headers=_mas(ways), send=send)
            self.seen.heard(answer)
            assert answer.status == 200

    def knocks(self, count: int) -> None:
        """Requests of all kinds over all doors; in the middle of them, the disk takes nothing for a while."""
        known = known_in(self.door)
        for begin in range(0, count, AT_ONCE):
            doors = {name: (APIS[name], asking(name, self.door)) for name in APIS}
            batch = [*knocks(doors, known, self.canaries, min(AT_ONCE, count - begin))]
            middle = len(batch) // 2
            self._knock(batch[:middle])
            with self._full_disk():
                self._knock(batch[middle : middle + 12], self.seen.troubled)
            self._knock(batch[middle + 12 :])

    def _knock(self, batch: Sequence[Sent], count: "Counter[int] | None" = None) -> None:
        for sent in batch:
            got = exchange(self.server.url, sent)
            self.seen.note(got.status, got.headers, got.body)
            if count is not None:
                count[got.status] += 1

    @contextmanager
    def _full_disk(self) -> Iterator[None]:
        """No file of the server's can grow, as on a full disk."""
        pid = self.server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    def runs(self, count: int) -> None:
        """Files with passwords: new ones, changes with present ones, and one for all."""
        home = self.folder / "home"
        home.mkdir()
        fleet = Fleet(home, self.door, sign_ins(self.door, home))
        fleet.configure()
        given = self.folder.parent / "given"
        given.mkdir()
        people = [f"row{number}" for number in range(count // 2)]
        made = self._run(fleet, given, "create", {who: ("", self.canaries.next(0)) for who in people}, "hdp")
        again = {who: (made[who], self.canaries.next(0)) for who in people}
        self._run(fleet, given, "reset", again, "uipath", "--old-password", "column:was")
        same = given / "same"
        same.touch(0o600)
        same.write_text(self.canaries.next(0), "utf-8")
        nobody = dict.fromkeys(people[:2], ("", ""))
        self._run(fleet, given, "reset", nobody, "mas", "--password", "same", "--password-file", str(same))

    def _run(
        self, fleet: Fleet, given: Path, verb: str, rows: Mapping[str, tuple[str, str]], target: str, *more: str
    ) -> Mapping[str, str]:
        """One run to its end, watched; answers the new passwords."""
        path = given / f"{verb}-{target}-{len(self.seen.exits)}.csv"
        lines = [f"{who},{who},{who}@example.com,{old},{new}" for who, (old, new) in rows.items()]
        path.write_text("userid,name,email,was,pw\n" + "\n".join(lines) + "\n", "utf-8")
        how = [] if "--password" in more else ["--password", "column:pw"]
        command: list[str | Path] = [
            "-vv",
            verb,
            path,
            "-t",
            target,
            *how,
            *more,
            "--no-input",
            "--expect",
            str(len(rows)),
        ]
        process = fleet.kit.start(*command, "--report", "html,csv,jsonl", "--json")
        self.seen.process(process.pid)
        out, err = process.communicate(timeout=120)
        self.seen.said += [out.encode(), err.encode()]
        self.seen.exits.append(process.returncode)
        return {who: new for who, (_, new) in rows.items()}


def _mas(ways: Mapping[str, Asking]) -> Mapping[str, str]:
    return {"x-access-token": ways["mas"].ways["token"]["api_key"]}


def campaign(folder: Path, count: int) -> tuple[Seen, Canaries, LoudServer]:
    """A campaign with at least so many canaries; the server has ended and its files are all below `folder/all`."""
    place, seen, canaries = folder / "all", Seen(), Canaries()
    place.mkdir()
    people = [Person("amal", "amal@example.com")]
    with MailSink() as sink, loud_server(place, f"127.0.0.1:{sink.port}", people) as server:
        with closing(open_house(server.place)) as house:
            door = OpenDoor(server.url, server.made, house)
            run = Campaign(place, server, sink, door, canaries, seen)
            run.lives(max(1, count // 50))
            run.runs(max(4, count // 5))
            run.knocks(max(24, count - canaries.drawn))
            seen.process(server.process.pid)
        server.stop()
        seen.letters += [letter.data for letter in sink.received]
        seen.made += [link for letter in sink.received for link in re.findall(r"/claim/(\S+)", letter.body("plain"))]
    return seen, canaries, server
