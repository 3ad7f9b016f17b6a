"""Kills runs at many points, has them resumed, and looks at what every user, the journal and the handout have then.

`python -m tests.bulk.killed.campaign 1000` prints what came of a thousand points, as rows of the table of promises.
"""

import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from keyturn.core.errors import StoreError
from keyturn.core.journal import Row, RowState
from keyturn.crypto.handout import AgeSealer
from keyturn.store.journal import open_journal
from tests.bulk.desk import users
from tests.support.counting_server import CountingServer, counting_server, silence
from tests.support.nursery import Killer, Nursery
from tests.support.password_server import TOKEN

ROWS = 200
JOBS = 16
STEPS = 3 * ROWS
"""Of the server: each row is asked, done and answered."""

LONGEST = 1.5
SECOND_DEATHS = 0.3


@dataclass(frozen=True)
class Kind:
    """How a run is done.  honours: the server knows a repeat again; made: the server makes the passwords up, so that
    nothing may be sent twice."""

    name: str
    honours: bool
    made: bool

    @property
    def resent(self) -> bool:
        """Whether a row whose answer is not known is sent again."""
        return self.honours or not self.made


KINDS = (
    Kind("keyturn's passwords, a server that knows repeats", honours=True, made=False),
    Kind("keyturn's passwords, a server that does not", honours=False, made=False),
    Kind("the server's passwords, one that does not", honours=False, made=True),
    Kind("the server's passwords, one that knows repeats", honours=True, made=True),
)


@dataclass
class Figures:
    """What a campaign saw of one kind.  effects: how often a password was set at a user, by number of users."""

    points: int = 0
    deaths: int = 0
    unborn: int = 0
    effects: Counter[int] = field(default_factory=Counter)
    uncertain: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def line(self, kind: Kind) -> str:
        """A row of the table."""
        effects = ", ".join(f"{count:,} users {times}x" for times, count in sorted(self.effects.items()))
        most = max(self.uncertain, default=0)
        total = sum(count * times for count, times in self.uncertain.items())
        doubt = "0" if kind.resent else f"at most {most} a death, {total:,} in all"
        return (
            f"| {'R-3' if kind.resent else 'R-3, R-4'} | {kind.name} | {self.points:,} points, {self.deaths:,} deaths"
            f" ({self.unborn:,} before the first row was written down) | {effects} | {doubt} | {len(self.faults)} |"
        )


HEAD = "| promise | passwords | killed | effects | uncertain | broken promises |\n|---|---|---|---|---|---|"


@contextmanager
def campaign(folder: Path) -> Iterator["Campaign"]:
    """A server, and lives to be killed."""
    nursery = Nursery("tests.bulk.killed.life")
    try:
        with counting_server() as server:
            server.delay = 0.002
            yield Campaign(folder, nursery, server)
    finally:
        nursery.close()


@dataclass
class Campaign:
    """Point by point."""

    folder: Path
    nursery: Nursery
    server: CountingServer
    figures: dict[Kind, Figures] = field(default_factory=lambda: {kind: Figures() for kind in KINDS})

    def point(self, seed: int) -> None:
        """Kill a run at one point, sometimes its resume at a second one; bring it to its end and look."""
        kind, chance = KINDS[seed % len(KINDS)], random.Random(seed)
        home = self.folder / f"point{seed}"
        self.server.begin(honours=kind.honours)
        file = self._furnish(home, kind)
        begin = ["reset", str(file), "-t", "there", "--no-input", "--new-run", "--expect", str(ROWS), "-j", str(JOBS)]
        begin += ["--password", "target"] * kind.made
        args, deaths = begin, 1 + (chance.random() < SECOND_DEATHS)
        done: dict[str, int] = {}
        for number in range(deaths + 1):
            code = self._live(home, args, chance if number < deaths else None)
            if code != -signal.SIGKILL:
                break
            self.figures[kind].deaths += 1
            args = ["resume", "--no-input"] if self._begun(home, kind, seed) else begin
            done = self._after_death(home, kind, seed, done) if args is not begin else done
        self._judge(home, kind, seed, code)
        shutil.rmtree(home)

    def _furnish(self, home: Path, kind: Kind) -> Path:
        home.mkdir()
        repeats = "true" if kind.honours else "false"
        lines = ["[targets.there]", 'kind = "mas"', f'url = "{self.server.url}"', 'token = { env = "THERE_TOKEN" }']
        (home / "config.toml").write_text("\n".join([*lines, f"repeats = {repeats}", ""]))
        file = home / "users.csv"
        file.write_text(users(ROWS))
        return file

    def _live(self, home: Path, args: list[str], chance: random.Random | None) -> int:
        environment = {"KEYTURN_HOME": str(home), "THERE_TOKEN": TOKEN, "NO_COLOR": "1"}
        killer = Killer(chance, steps=STEPS, longest=LONGEST)
        self.server.told = killer.step
        code = killer.attend(self.nursery, {"home": str(home), "environment": environment, "args": args})
        self.server.told = silence
        return code

    def _begun(self, home: Path, kind: Kind, seed: int) -> bool:
        """Whether there is a run to resume; where there is none, nothing was sent."""
        begun = any(_facts(path)["state"] not in ("", "planning") for path in _journals(home))
        if not begun:
            self.figures[kind].unborn += 1
            self._say(kind, seed, *["rows were sent before the run was begun"] * bool(self.server.requests))
        return begun

    def _after_death(self, home: Path, kind: Kind, seed: int, before: Mapping[str, int]) -> dict[str, int]:
        """What the journal says is true; who was done at an earlier death has met nothing since.

        Answers how often a password was set at each user who counts as done.
        """
        rows, effects = _rows(home), self.server.effects
        done = {row.who: len(effects.get(row.who, ())) for row in rows if row.state is RowState.CHANGED}
        self._say(kind, seed, *(f"{who} counts as done and is not" for who, count in done.items() if not count))
        self._say(kind, seed, *(f"{who} was sent again" for who, count in before.items() if done.get(who) != count))
        sent = [row for row in rows if row.state is RowState.SENT]
        asked = {who for who in effects if who not in done}
        known = {row.who for row in rows if row.state in (RowState.SENT, RowState.UNCERTAIN)}
        self._say(kind, seed, *(f"{who} was changed, and the journal knows nothing" for who in asked - known))
        if not kind.resent:
            self.figures[kind].uncertain[len(sent)] += 1
            self._say(kind, seed, *[f"{len(sent)} rows in doubt at once"] * (len(sent) > JOBS))
        return done

    def _judge(self, home: Path, kind: Kind, seed: int, code: int) -> None:
        """One end for every row, one password for every user, that of the handout; and nothing is sent any more."""
        figures, effects, rows = self.figures[kind], self.server.effects, _rows(home)
        states = Counter(row.state for row in rows)
        figures.points += 1
        figures.effects.update(Counter(len(effects.get(row.who, ())) for row in rows))
        ends = {RowState.CHANGED} if kind.resent else {RowState.CHANGED, RowState.UNCERTAIN}
        faults = [f"it ended with {code} and {dict(states)}"] * (set(states) > ends or len(rows) != ROWS)
        faults += [f"it ended with {code}"] * (code != (9 if states[RowState.UNCERTAIN] else 0))
        for row in rows:
            values = effects.get(row.who, [])
            once = kind.honours or kind.made
            if row.state is RowState.CHANGED and (not values or len(set(values)) != 1 or (once and len(values) != 1)):
                faults.append(f"{row.who} was set {len(values)} times, to {len(set(values))} passwords")
            if row.state is RowState.UNCERTAIN and len(values) > 1:
                faults.append(f"{row.who} is uncertain and was sent again")
        faults += self._handed(home, rows)
        sent = self.server.requests
        again = self._live(home, ["resume", "--no-input"], None)
        moved = self.server.requests != sent or again != code
        faults += [f"a finished run sent something and ended with {again}"] * moved
        self._say(kind, seed, *faults)

    def _handed(self, home: Path, rows: list[Row]) -> list[str]:
        """The handout holds for every changed user the password that is in force, and for no other any."""
        changed = {row.who: self.server.given.get(row.who) for row in rows if row.state is RowState.CHANGED}
        paths = list(home.glob("state/runs/*/handout-*.age"))
        if len(paths) != 1:
            return [f"there are {len(paths)} handouts for {len(changed)} changed users"] * bool(changed)
        [path] = paths
        opened = AgeSealer().open(path.read_bytes(), home / "keys" / "handout-identity.txt").decode().splitlines()
        handed = {line["user"]: line["password"] for line in map(json.loads, opened)}
        return ["the handout is not what is in force"] * (handed != changed)

    def _say(self, kind: Kind, seed: int, *faults: str) -> None:
        self.figures[kind].faults += [f"point {seed}: {fault}" for fault in faults]

    def faults(self) -> list[str]:
        """Every promise that was broken."""
        return [fault for figures in self.figures.values() for fault in figures.faults]

    def table(self) -> str:
        """What came of it."""
        return "\n".join([HEAD, *(figures.line(kind) for kind, figures in self.figures.items() if figures.points)])


def _journals(home: Path) -> list[Path]:
    return sorted(home.glob("state/runs/*/journal.db"), key=lambda path: path.parent.stat().st_mtime)


def _facts(path: Path) -> Mapping[str, str]:
    try:
        with closing(open_journal(path)) as journal:
            return {"state": "", **journal.facts()}
    except StoreError:  # it died while the journal was made
        return {"state": ""}


def _rows(home: Path) -> list[Row]:
    """The rows of the run that was begun."""
    for path in reversed(_journals(home)):
        if _facts(path)["state"] not in ("", "planning"):
            with closing(open_journal(path)) as journal:
                return list(journal.rows())
    return []


def main(points: int, first: int = 0) -> int:
    """Run so many points and print what came of them."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, campaign(Path(folder)) as running:
        for seed in range(first, first + points):
            running.point(seed)
            if sys.stderr.isatty():
                print(f"\r{seed + 1 - first:,} of {points:,}", end="", file=sys.stderr, flush=True)
    took = time.monotonic() - began
    print(*running.faults(), running.table(), f"{took:,.0f} s, {ROWS} rows, {JOBS} in flight", sep="\n")
    return bool(running.faults())


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
