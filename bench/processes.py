"""Runs commands and servers on cores of their own, and tells what they took."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CORES = sorted(os.sched_getaffinity(0))
SERVER = {CORES[0]}
CLIENT = {CORES[-1]}
"""Client and server do not share a core where there are two, so that neither is measured with the other's work."""

EVERYWHERE = set(CORES)


@dataclass(frozen=True)
class Ended:
    """What a process took from start to end.  cpu: seconds of all its threads; memory: its peak in MB.

    spent: while it ran, moments and the seconds of processor time up to each, where that was asked for.
    """

    code: int
    seconds: float
    cpu: float
    memory: float
    output: str
    spent: tuple[tuple[float, float], ...] = ()

    def spent_between(self, start: float, end: float) -> float:
        """Seconds of processor time between two moments."""
        return self._spent_at(end) - self._spent_at(start)

    def _spent_at(self, moment: float) -> float:
        place = min(max(bisect([at for at, _ in self.spent], moment), 1), len(self.spent) - 1)
        (before, low), (after, high) = self.spent[place - 1 : place + 1]
        return low + (high - low) * (moment - before) / (after - before)


def run(
    command: Sequence[str | Path],
    *,
    cores: set[int] = CLIENT,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    watched: bool = False,
) -> Ended:
    """Run a command to its end on these cores; its output is kept, and read only when it is over.

    watched: note its processor time as it goes.
    """
    read, write = os.memfd_create("out"), os.memfd_create("err")
    start = time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=read,
        stderr=write,
        cwd=cwd,
        env=environment(env),
    )
    os.sched_setaffinity(process.pid, cores)
    with _watching(process.pid, every=0.2 if watched else 3600) as spent:
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    output, errors = _text(read), _text(write)
    os.close(read)
    os.close(write)
    if process.returncode:
        print(f"{command[0]} ended with {process.returncode}:\n{output[-2000:]}\n{errors[-2000:]}", file=sys.stderr)
    cpu = usage.ru_utime + usage.ru_stime
    return Ended(process.returncode, seconds, cpu, usage.ru_maxrss * 1024 / 1e6, output, tuple(spent))


@contextlib.contextmanager
def _watching(pid: int, *, every: float) -> Iterator[list[tuple[float, float]]]:
    """Notes the processor time of a process, every so many seconds."""
    spent: list[tuple[float, float]] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(every):
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                spent.append((time.monotonic(), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield spent
    finally:
        over.set()
        watcher.join()


def module(name: str, *words: str, cores: set[int] = CLIENT, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a module of bench that prints one JSON object, and read it; `process` is added: what it all took."""
    ended = run([sys.executable, "-m", f"bench.{name}", *words], cores=cores, env=env)
    if ended.code:
        raise SystemExit(f"bench.{name} failed")
    return {**json.loads(ended.output), "process": ended}


@contextlib.contextmanager
def serving(
    command: Sequence[str | Path], *, cores: set[int] = SERVER, env: Mapping[str, str] | None = None
) -> Iterator[str]:
    """A server that prints its address as the last word of its first line; stopped at the end.

    Where the work in the block fails, what the server said on stderr is shown.
    """
    log = os.memfd_create("log")
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        cwd=ROOT,
        env=environment(env),
        text=True,
    )
    with process, contextlib.ExitStack() as at_the_end:
        at_the_end.callback(process.terminate)
        os.sched_setaffinity(process.pid, cores)
        try:
            yield _address(process)
        except BaseException:
            print(_text(log)[-4000:], file=sys.stderr)
            raise
    os.close(log)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    words = process.stdout.readline().split()
    if not words:
        raise SystemExit("the server does not start")
    return words[-1]


@contextlib.contextmanager
def stub(delay: float = 0.0) -> Iterator[str]:
    """The stub server; a write takes `delay` seconds."""
    with serving([sys.executable, "-m", "bench.stub", "--delay", str(delay)]) as address:
        yield address


@contextlib.contextmanager
def limited(delay: float) -> Iterator[str]:
    """The stub server, which enforces limits and tells them; a write takes `delay` seconds."""
    with serving([sys.executable, "-m", "bench.stub", "--delay", str(delay), "--limited"]) as address:
        yield address


def stats(address: str) -> dict[str, Any]:
    """What the stub counted since it was last asked."""
    with urllib.request.urlopen(f"{address}/_stats") as response:
        counts: dict[str, Any] = json.load(response)
    return counts


def environment(more: Mapping[str, str] | None) -> dict[str, str]:
    """Our own, without settings of keyturn or of a coverage run, and with more."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KEYTURN_", "COV_"))}
    return {**kept, **(more or {})}


def _text(descriptor: int) -> str:
    with open(descriptor, encoding="utf-8", errors="replace", closefd=False) as file:
        file.seek(0)
        return file.read()
