"""Cases a, b and e: the runner against a server that costs nothing, beside newman and a bare loop."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.keyturn import NOBODY, home, reset, users_file
from bench.newman import collection, command
from bench.processes import Ended, module, run, stats, stub
from bench.results import Aim, Finding, Spread

IN_FLIGHT = 32


@dataclass(frozen=True)
class Pass:
    """One way of doing all rows, once.  whole: seconds of the process; busy: from first request to last answer."""

    rows: int
    whole: float
    busy: float
    ended: Ended
    marks: tuple[float, ...] = ()

    @property
    def rate(self) -> float:
        """Rows a second of the whole process, start and end included."""
        return self.rows / self.whole

    @property
    def pace(self) -> float:
        """Rows a second while requests were under way."""
        return self.rows / self.busy


@dataclass(frozen=True)
class Way:
    """A way of doing all rows of a file.  do: takes address, file, rows and a folder of its own."""

    name: str
    do: Callable[[str, Path, int, Path], Ended]


def ours(address: str, users: Path, rows: int, folder: Path) -> Ended:
    """The installed command."""
    return run(reset(users, rows, in_flight=IN_FLIGHT), env=home(folder / "home", address))


def bare(address: str, users: Path, rows: int, folder: Path) -> Ended:
    """The same client and the same request in a loop."""
    words = (address, str(users), "--in-flight", str(IN_FLIGHT))
    ended: Ended = module("bare", *words, env=NOBODY.environment)["process"]
    return ended


def newman(address: str, users: Path, rows: int, folder: Path) -> Ended:
    """IBM's recipe."""
    return run(command(collection(folder, address, token="of-no-use"), users))


def ours_watched(address: str, users: Path, rows: int, folder: Path) -> Ended:
    """The installed command, its processor time noted as it goes."""
    return run(reset(users, rows, in_flight=IN_FLIGHT), env=home(folder / "home", address), watched=True)


OURS = Way("keyturn reset", ours)
WATCHED = Way("keyturn reset", ours_watched)
BARE = Way("a bare loop of the same client", bare)
NEWMAN = Way("newman 6.2.2", newman)


def once(way: Way, address: str, rows: int) -> Pass:
    """Do all rows in one way, and make sure that every row was sent once."""
    with tempfile.TemporaryDirectory(prefix="keyturn-bench-") as name:
        folder = Path(name)
        users = users_file(folder / "users.csv", rows)
        stats(address)
        ended = way.do(address, users, rows, folder)
        counts = stats(address)
    if ended.code or counts["writes"] != rows:
        raise SystemExit(f"{way.name} ended with {ended.code} after {counts['writes']} of {rows} requests")
    return Pass(rows, ended.seconds, counts["last"] - counts["first"], ended, (counts["first"], *counts["marks"]))


def in_turn(address: str, rows: dict[Way, int], rounds: int) -> dict[Way, list[Pass]]:
    """Every way in turn, round by round, so that what else the machine does falls on all of them."""
    passes: dict[Way, list[Pass]] = {way: [] for way in rows}
    for _ in range(rounds):
        for way, count in rows.items():
            passes[way].append(once(way, address, count))
    return passes


def _compare(finding: Finding, passes: dict[Way, list[Pass]], wanted: dict[Way, float]) -> None:
    for way, done in passes.items():
        memory = Spread.of([each.ended.memory for each in done])
        more = f"{done[0].rows:,} rows; peak memory {memory.median:.0f} MB"
        finding.figure(f"{way.name}, whole process", [each.rate for each in done], "rows/s", more)
        finding.figure("from first request to last answer", [each.pace for each in done], "rows/s")
        finding.figure(
            "processor time", [each.ended.cpu / each.rows * 1000 for each in done], "ms a row", "whole process"
        )
    for way, ratio in wanted.items():
        pairs = list(zip(passes[OURS], passes[way], strict=True))
        whole = Spread.of([mine.rate / theirs.rate for mine, theirs in pairs])
        busy = Spread.of([mine.pace / theirs.pace for mine, theirs in pairs])
        finding.aims.append(Aim(f"against {way.name}: while rows are under way", busy.median, ratio, "x"))
        finding.aims.append(Aim(f"against {way.name}: whole process, from start to exit", whole.median, ratio, "x"))


def slow_server(rounds: int, *, quick: bool) -> Finding:
    """Case a: what people wait for, with a server that takes 50 ms."""
    rows = 40 if quick else 2000
    finding = Finding("a", f"{rows:,} rows against a server that takes 50 ms, {IN_FLIGHT} in flight", rounds)
    with stub(0.05) as address:
        _compare(finding, in_turn(address, dict.fromkeys((OURS, BARE, NEWMAN), rows), rounds), {NEWMAN: 25, BARE: 0.9})
    return finding


def instant_server(rounds: int, *, quick: bool) -> Finding:
    """Case b: what a row costs us, with a server that takes no time."""
    rows = {OURS: 200, BARE: 200, NEWMAN: 20} if quick else {OURS: 20_000, BARE: 20_000, NEWMAN: 2000}
    finding = Finding("b", "Rows a second against a server that takes no time", rounds)
    with stub() as address:
        _compare(finding, in_turn(address, rows, rounds), {NEWMAN: 20, BARE: 0.5})
    return finding


def long_run(rounds: int, *, quick: bool) -> Finding:
    """Case e: whether a run of 200,000 rows is as quick at its end as at its start, and how much memory it takes.

    A thousand rows are done in a third of a second, in which anything else on the machine shows; the processor time of
    the first and last tenth does not have that fault.
    """
    rows = 20_000 if quick else 200_000
    return _long(Finding("e", f"A run of {rows:,} rows", rounds), rows, most=200)


def million(rounds: int, *, quick: bool) -> Finding:
    """Case i: a million rows from CSV to report, once."""
    rows = 20_000 if quick else 1_000_000
    return _long(Finding("i", f"A run of {rows:,} rows", 1), rows, most=300)


def _long(finding: Finding, rows: int, *, most: float) -> Finding:
    tenth = rows // 10_000  # in thousands
    rounds = finding.rounds
    with stub() as address:
        passes = [once(WATCHED, address, rows) for _ in range(rounds)]
    first, last, tenths, cost = [], [], [], []
    for each in passes:
        paces = [1000 / (b - a) for a, b in zip(each.marks, each.marks[1:], strict=False)]
        first.append(paces[0])
        last.append(paces[-1])
        tenths.append((each.marks[tenth] - each.marks[0]) / (each.marks[-1] - each.marks[-1 - tenth]))
        early = each.ended.spent_between(each.marks[0], each.marks[tenth])
        cost.append(early / each.ended.spent_between(each.marks[-1 - tenth], each.marks[-1]))
    memory = [each.ended.memory for each in passes]
    ratios = [b / a for a, b in zip(first, last, strict=True)]
    finding.aims.append(Aim("peak memory of the runner", Spread.of(memory).high, most, " MB", at_most=True))
    finding.aims.append(Aim("pace of the last thousand rows against the first", Spread.of(ratios).median, 0.9, "x"))
    finding.aims.append(Aim("pace of the last tenth of the rows against the first", Spread.of(tenths).median, 0.9, "x"))
    what = "rows for a second of processor time, last tenth against first"
    finding.aims.append(Aim(what, Spread.of(cost).median, 0.9, "x"))
    finding.figure("whole run", [each.rate for each in passes], "rows/s", "plan, journal, handout and reports included")
    finding.figure("first thousand", first, "rows/s")
    finding.figure("last thousand", last, "rows/s")
    finding.figure("pace of the last thousand against the first", ratios, "x")
    finding.figure("rows for a second of processor time, last tenth against first", cost, "x")
    finding.figure("peak memory", memory, "MB")
    return finding
