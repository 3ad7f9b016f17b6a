"""What was measured, held against the aims, and how it is written down in RESULTS.md."""

import os
import platform
import re
import sqlite3
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.processes import CORES, ROOT

PAGE = ROOT / "bench" / "RESULTS.md"
NOTES = ROOT / "bench" / "notes"
"""One page a case, written by people: where the time goes, and why an aim is missed."""

SHOWN = ("keyturn", "aiohttp", "uvloop", "starlette", "uvicorn", "sqlalchemy", "pynacl", "click")
OPENING = """\
# What was measured

Written by `make bench`; the aims are those of the project.  Read ratios: both sides of each were measured in turn in
the same run on the same machine, so a ratio holds where absolute figures do not.  Figures are medians with the range of
the rounds.  Client and server run on different cores; everything is on loopback without TLS.
"""


@dataclass(frozen=True)
class Spread:
    """A median and the range it comes from."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of what the rounds gave."""
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{number(self.median)} [{number(self.low)} .. {number(self.high)}]"


def number(value: float) -> str:
    """Three digits that matter, thousands apart.

    >>> number(1234.5), number(12.345), number(1.2345), number(0.12345)
    ('1,234', '12.3', '1.23', '0.123')
    """
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


@dataclass(frozen=True)
class Aim:
    """What was wanted and what came out.  at_most: smaller is better."""

    what: str
    came: float
    wanted: float
    unit: str = ""
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether it is what was wanted, or better."""
        return self.came <= self.wanted if self.at_most else self.came >= self.wanted

    def __str__(self) -> str:
        bound = "at most" if self.at_most else "at least"
        verdict = "met" if self.met else "MISSED"
        return (
            f"| {self.what} | {number(self.came)}{self.unit} | {bound} {number(self.wanted)}{self.unit} | {verdict} |"
        )


@dataclass
class Finding:
    """One case.  figures: rows of a table, each a name, a figure, and what else there is to know."""

    letter: str
    title: str
    rounds: int
    aims: list[Aim] = field(default_factory=list)
    figures: list[tuple[str, str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    busy_before: float = field(default_factory=lambda: os.getloadavg()[0])

    def figure(self, name: str, values: Sequence[float], unit: str, more: str = "") -> None:
        """Add a row of the table."""
        self.figures.append((name, f"{Spread.of(values)} {unit}", more))

    def text(self) -> str:
        """The section of the page."""
        lines = [f"## ({self.letter}) {self.title}", "", self._when(), ""]
        if self.aims:
            lines += ["| aim | came out | wanted | |", "|---|---|---|---|", *map(str, self.aims), ""]
        if self.figures:
            lines += ["| measured | figure | |", "|---|---|---|"]
            lines += [f"| {name} | {figure} | {more} |" for name, figure, more in self.figures] + [""]
        lines += [f"{remark}\n" for remark in self.remarks]
        note = NOTES / f"{self.letter}.md"
        if note.exists():
            lines += [note.read_text(encoding="utf-8").strip(), ""]
        return "\n".join(lines)

    def _when(self) -> str:
        rounds = f"{self.rounds} rounds" if self.rounds > 1 else "1 round"
        return f"{today()}, {rounds}; processes that wanted a core when it began: {self.busy_before:.1f}."


def write(findings: Iterable[Finding], page: Path = PAGE) -> None:
    """Put the findings on the page, in place of those of the same cases; the other cases stay as they are."""
    sections = _sections(page.read_text(encoding="utf-8")) if page.exists() else {}
    sections |= {finding.letter: finding.text() for finding in findings}
    texts = [section.strip() for _, section in sorted(sections.items())]
    page.write_text("\n\n".join([OPENING.strip(), machine(), *texts]) + "\n", encoding="utf-8")


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"(?m)^(?=## \()", text)[1:]
    return {part[4]: part for part in parts}


def today() -> str:
    """The date as people write it."""
    return f"{datetime.now(UTC):%d %B %Y}".lstrip("0")


def machine() -> str:
    """On what it was measured, and with which versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    versions = [f"{name} {version(name)}" for name in SHOWN]
    lines = [
        f"- machine: {len(CORES)} cores ({_processor()}), {memory:.0f} GB, {platform.system()} {platform.release()}",
        f"- Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, Node {_node()}, newman 6.2.2",
        f"- {', '.join(versions)}",
    ]
    return "\n".join(lines)


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    found = re.search(r"model name\s*:\s*(.+)", told)
    return found[1].strip() if found else platform.machine()


def _node() -> str:
    try:
        told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "is missing"
    return told.strip().removeprefix("v")
