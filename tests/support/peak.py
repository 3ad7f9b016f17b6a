"""Runs a command and tells how much memory it took at most."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.processes import environment

_LAUNCHER = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""
"""A process of its own and a small one: the peak of a process counts that of the one which it was forked from."""


@dataclass(frozen=True)
class Peak:
    """What came of it.  memory: in megabytes."""

    code: int
    memory: float
    output: str


def peak(command: Sequence[str | Path], env: Mapping[str, str]) -> Peak:
    """Run it to its end; its output is kept."""
    with tempfile.NamedTemporaryFile("r") as told:
        words = [sys.executable, "-c", _LAUNCHER, told.name, *map(str, command)]
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment(env))
        return Peak(done.returncode, int(told.read() or 0) * 1024 / 1e6, done.stdout)
