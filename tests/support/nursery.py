"""A process that makes lives: it has everything imported, so that each begins at once and may be killed at any moment.

A module that lives calls `bear(live)`; whoever wants lives of it makes a `Nursery` of that module's name.
"""

import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from typing import Any

ROOT = Path(__file__).parents[2]


class Nursery:
    """The process that makes the lives.  module: what they do."""

    def __init__(self, module: str) -> None:
        command = [sys.executable, "-m", module]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self._read() == "ready"

    def begin(self, life: Mapping[str, object]) -> int:
        """A new life; answers its number."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(life) + "\n")
        self._process.stdin.flush()
        return int(self._read())

    def end(self) -> int:
        """How the life ended: 0 for by itself."""
        return int(self._read())

    def close(self) -> None:
        """No more lives."""
        self._process.communicate()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def bear(live: Callable[[dict[str, Any]], None]) -> None:
    """In the nursery: answer each line with the number of a child that lives it, and with how it ended."""
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            live(json.loads(line))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


class Killer:
    """Kills a life once: at the step that was drawn, or at a moment after its birth; never without `chance`.

    steps: of which there are so many in a life without a death.  longest: about how long such a life is.
    """

    def __init__(self, chance: random.Random | None, *, steps: int, longest: float) -> None:
        by_step = chance is not None and chance.random() < 0.7
        self._left = chance.randrange(1, steps) if chance is not None and by_step else 0
        self.moment = chance.uniform(0.005, longest) if chance is not None and not by_step else 0.0
        self.pid = 0
        self.born = threading.Event()

    def step(self, what: str) -> None:
        """The other side is at the next step."""
        self._left -= 1
        if self._left == 0:
            self.kill()

    def kill(self) -> None:
        """As `kill -9` does."""
        self.born.wait()
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, SIGKILL)

    def attend(self, nursery: Nursery, life: Mapping[str, object]) -> int:
        """Have this life lived and killed; how it ended."""
        self.pid = nursery.begin(life)
        self.born.set()
        timer = threading.Timer(self.moment, self.kill)
        if self.moment:
            timer.start()
        code = nursery.end()
        self.pid = 0
        timer.cancel()
        return code
