"""Runs from the command line, in this process, against a small real server."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from keyturn.cli.main import cli
from tests.support.password_server import TOKEN, PasswordServer, password_server


@dataclass(frozen=True)
class Place:
    """A home with a target `there`, a folder for files, and the server behind the target."""

    tmp: Path
    server: PasswordServer

    @property
    def home(self) -> Path:
        """Where the command keeps things."""
        return self.tmp / "home"

    @property
    def environment(self) -> dict[str, str]:
        """What the command finds."""
        return {"KEYTURN_HOME": str(self.home), "THERE_TOKEN": TOKEN, "NO_COLOR": "1"}

    def configure(self, more: str = "", head: str = "") -> None:
        """Write the config file."""
        self.home.mkdir(exist_ok=True)
        lines = [head, "[targets.there]", 'kind = "mas"', f'url = "{self.server.url}"']
        lines += ['token = { env = "THERE_TOKEN" }', more, ""]
        (self.home / "config.toml").write_text("\n".join(lines))

    def file(self, text: str, name: str = "users.csv") -> str:
        """A file of users."""
        path = self.tmp / name
        path.write_text(text, "utf-8")
        return str(path)

    def call(self, *args: str, code: int = 0, typed: str | None = None, **given: str) -> Result:
        """Run a command; it ends with `code`.  given: of the environment, in place of what it finds else."""
        result = CliRunner(env={**self.environment, **given}).invoke(cli, list(args), input=typed)
        assert result.exit_code == code, result.output
        return result

    def lines(self, *args: str, code: int = 0) -> list[dict[str, Any]]:
        """Run a command that speaks JSON lines."""
        return [json.loads(line) for line in self.call(*args, code=code).stdout.splitlines()]

    def run_folder(self) -> Path:
        """The folder of the only run."""
        [folder] = (self.home / "state" / "runs").iterdir()
        return folder

    def everything(self) -> bytes:
        """Every file that the command left, one after the other."""
        return b"\n".join(path.read_bytes() for path in sorted(self.home.rglob("*")) if path.is_file())


class Terminal(io.StringIO):
    """A keyboard with somebody at it."""

    def isatty(self) -> bool:
        """True."""
        return True


Typing = Callable[[str], None]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place with a server that knows everybody."""
    with password_server() as server:
        found = Place(tmp_path, server)
        found.configure()
        yield found


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Typing:
    """Puts somebody at the keyboard who types this."""
    return lambda text: monkeypatch.setattr("sys.stdin", Terminal(text))
