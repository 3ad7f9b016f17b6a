"""keyturn as a person runs it, in this process, on a directory of the test and without anybody's settings."""

from pathlib import Path
from typing import Protocol

from click.testing import CliRunner, Result

from keyturn.cli.main import cli


class Run(Protocol):
    """Runs one command and asserts how it ends."""

    def __call__(self, *arguments: str, typed: str | None = None, code: int = 0, **given: str) -> Result:
        """typed: what is typed; code: the exit code; given: of the environment."""


def running(folder: Path, *always: str) -> Run:
    """Runs commands on `folder/directory`.  always: what stands at the end of each, in place of that directory."""
    home = {"KEYTURN_HOME": str(folder / "home"), "NO_COLOR": "1"}
    place = {} if always else {"KEYTURN_DATA": str(folder / "directory")}

    def call(*arguments: str, typed: str | None = None, code: int = 0, **given: str) -> Result:
        result = CliRunner(env={**home, **place, **given}).invoke(cli, [*arguments, *always], input=typed)
        assert result.exit_code == code, result.output
        return result

    return call


CHOSEN = "a phrase of the first administrator"
"""Typed into `keyturn init --password-stdin` where a test signs in as the administrator more than once."""
