"""Runs over several targets from the command line, in this process, each target a small real server of its own."""

import csv
import io
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.runs_kit import Place
from tests.support.password_server import PasswordServer, password_server

NAMES = ("north", "south", "west")
NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there."""


@dataclass(frozen=True)
class Towns(Place):
    """A home with three targets, and the server behind each; `server` is that of the first."""

    towns: dict[str, PasswordServer]

    def configure(self, more: str = "", head: str = "", **each: str) -> None:
        """Write the config file.  each: further settings of a target by its name; `url = ...` replaces its own."""
        self.home.mkdir(exist_ok=True)
        lines = [head]
        for name, server in self.towns.items():
            own = each.get(name, "")
            lines += [f"[targets.{name}]", 'kind = "mas"', 'token = { env = "THERE_TOKEN" }', own]
            lines += [] if "url =" in own else [f'url = "{server.url}"']
        (self.home / "config.toml").write_text("\n".join([*lines, more, ""]))

    def rows(self, *rows: str) -> str:
        """A file of `target,user` lines."""
        return self.file("\n".join(["target,userid", *rows, ""]))

    def many(self, count: int) -> str:
        """A file of so many users for each target, in turn."""
        return self.rows(*(f"{name},u{number:03}" for number in range(count) for name in self.towns))

    def report(self) -> list[dict[str, str]]:
        """The rows of the only report."""
        return list(csv.DictReader(io.StringIO((self.run_folder() / "report.csv").read_text("utf-8-sig"))))


@pytest.fixture
def towns(tmp_path: Path) -> Iterator[Towns]:
    """Three targets, each with a server that knows everybody."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(password_server()) for name in NAMES}
        found = Towns(tmp_path, servers["north"], servers)
        found.configure()
        yield found
