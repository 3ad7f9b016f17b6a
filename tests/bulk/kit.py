"""The installed command with a home of its own, pointed at a server."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.password_server import TOKEN

KEYTURN = str(Path(sys.executable).parent / "keyturn")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, object]]:
        """The output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Kit:
    """A home, with a target `there` in its config."""

    home: Path
    url: str

    @property
    def environment(self) -> Mapping[str, str]:
        """What the command finds in its environment."""
        return {**os.environ, "KEYTURN_HOME": str(self.home), "THERE_TOKEN": TOKEN, "NO_COLOR": "1"}

    def configure(self, more: str = "", head: str = "") -> "Kit":
        """Write the config file."""
        self.home.mkdir(exist_ok=True)
        text = f'{head}\n[targets.there]\nkind = "mas"\nurl = "{self.url}"\ntoken = {{ env = "THERE_TOKEN" }}\n{more}\n'
        (self.home / "config.toml").write_text(text)
        return self

    def start(self, *args: str | Path) -> "subprocess.Popen[str]":
        """Start the command and go on."""
        return subprocess.Popen(
            [KEYTURN, *map(str, args)],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *args: str | Path) -> Done:
        """Run the command to its end."""
        process = self.start(*args)
        out, err = process.communicate(timeout=120)
        return Done(process.returncode, out, err)

    def handed_out(self) -> list[dict[str, str]]:
        """Every line of every handout."""
        found = []
        for path in sorted(self.home.glob("state/runs/*/handout-*.age")):
            found += [dict(line) for line in self.run("handout", "open", path).lines]
        return found  # type: ignore[return-value]  # the handout holds texts and one number
