"""keyturn as its users have it: the installed command with a home of its own, and a directory that it serves."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.processes import EVERYWHERE, ROOT, environment, serving

PROGRAM = Path(sys.executable).with_name("keyturn")
TARGET = """\
[targets.{name}]
kind = "mas"
url = "{address}"
key_id = "{key_id}"
token = {{ file = "key.token" }}
"""


@dataclass(frozen=True)
class Key:
    """An API key of a directory."""

    id: str
    token: str

    @property
    def environment(self) -> dict[str, str]:
        """What the bare loop reads."""
        return {"BENCH_KEY_ID": self.id, "BENCH_KEY_TOKEN": self.token}


NOBODY = Key("a-bench-stub", "of-no-use")
"""What the stub is signed in to with; it takes everything."""


def home(folder: Path, address: str, key: Key = NOBODY) -> dict[str, str]:
    """A home for keyturn with one target, `bench`; the environment that leads there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(TARGET.format(name="bench", address=address, key_id=key.id), encoding="utf-8")
    token = folder / "key.token"
    token.touch(mode=0o600)
    token.write_text(key.token, encoding="utf-8")
    return {"KEYTURN_HOME": str(folder)}


def reset(users: Path, rows: int, *, in_flight: int | None = 32) -> list[str | Path]:
    """The command line of a run with everything that a run has: plan, journal, handout and reports.

    in_flight: None for as many as it finds out.
    """
    jobs = [] if in_flight is None else ["-j", str(in_flight)]
    return [PROGRAM, "reset", users, "-t", "bench", *jobs, "--no-input", "--expect", str(rows)]


def users_file(path: Path, rows: int) -> Path:
    """A CSV file with so many user ids."""
    path.write_text("userid\n" + "".join(f"user{i:06d}\n" for i in range(rows)), encoding="utf-8")
    return path


STANDING = "an administrator's standing phrase"
"""What the administrator of a bench has chosen; at doors without sessions a one-time password opens nothing."""


@dataclass(frozen=True)
class Made:
    """A new directory on disk."""

    data: Path
    admin: str
    password: str
    key: Key


def make(data: Path, *, policy: str = "nist") -> Made:
    """A new directory, as `keyturn init` makes it."""
    command: list[str | Path] = [PROGRAM, "init", "--data", data, "--policy", policy, "--password-stdin", "--json"]
    done = subprocess.run(
        command, input=f"{STANDING}\n", capture_output=True, text=True, check=True, cwd=ROOT, env=environment({})
    )
    told = json.loads(done.stdout)
    key = Key(told["api_key"]["id"], told["api_key"]["token"])
    return Made(data, told["admin"]["id"], STANDING, key)


@contextlib.contextmanager
def served(made: Made, *more: str, cores: set[int] = EVERYWHERE, hosts: Sequence[str] = ()) -> Iterator[str]:
    """The directory behind `keyturn serve` on a free port of this machine.  hosts: by which names it may be asked."""
    command: list[str | Path] = [PROGRAM, "serve", "--data", made.data, "--port", "0", *more]
    with serving(command, cores=cores, env={"KEYTURN_SERVE_HOSTS": ",".join(hosts)} if hosts else None) as address:
        yield address
