"""Where a secret is: keyring, credential, file, command, environment.  The configuration never holds one itself."""

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO, TypeAlias

import msgspec

from keyturn.bulk.regular import NotRegular, open_regular
from keyturn.core.errors import ConfigError
from keyturn.core.secret import Secret

REFUSED = "KT-CFG-005"
UNREADABLE = "KT-CFG-006"
EXPOSED = "KT-CFG-007"

CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
"""The variable in which systemd names the folder of `LoadCredential=` (systemd.exec, "Credentials")."""

LONGEST: Final = 64 * 1024
"""Bytes that a secret may have; no token is so long, and what has no end has no first line."""

LINGERS: Final = 1.0
"""Seconds for which the rest of a program's output is waited for when it has ended."""

Safe: TypeAlias = Callable[[], Secret | None]
"""Asks the keyring of the operating system; None when nothing is kept there."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Says where a secret is; exactly one of `keyring`, `credential`, `file`, `command` and `env`."""

    keyring: bool = False
    """In the keyring of the operating system; `keyturn target login NAME` puts it there."""

    credential: str = ""
    """The name of a credential that systemd hands to the service (`LoadCredential=`)."""

    env: str = ""
    """The name of an environment variable."""

    file: str = ""
    """A file whose first line is the secret; refused when other users of the machine can read it."""

    command: tuple[str, ...] = ()
    """A program and its arguments, run without a shell; the first line that it prints is the secret."""

    timeout: float = 20.0
    """How many seconds the command may take."""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.keyring, self.credential, self.env, self.file, self.command))) != 1:
            raise ValueError("say one of keyring, credential, file, command and env")
        if self.credential != os.path.basename(self.credential):
            raise ValueError("a credential is a name, not a path")

    def __str__(self) -> str:
        """Where the secret is, for people and as the name of an account."""
        if self.keyring:
            return "keyring"
        if self.credential:
            return f"credential {self.credential}"
        return f"env {self.env}" if self.env else f"file {self.file}" if self.file else f"command {self.command[0]}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a target is signed in to with: an API key (id and token), an access token, or a login and its password.

    source: where the secret came from, for people and as the name of the account where nothing better is known.
    manage_key: the API key of a second host that some targets have.
    """

    key_id: str = ""
    token: Secret | None = None
    username: str = ""
    password: Secret | None = None
    source: str = ""
    manage_key: Secret | None = None


def fetch(
    source: Source, what: str, *, environment: Mapping[str, str], folder: Path, safe: Safe | None = None
) -> Secret:
    """Get the secret.  what: its name in errors (`targets.mas-prod.token`); folder: what a relative file is under;
    safe: its place in the keyring, where it may be in one.

    Raises ConfigError; the text of the error never holds a part of what was read.
    """
    if source.keyring:
        return _of_safe(safe, what)
    line, missing = _line_of(source, what, environment, folder)
    if not line:
        raise ConfigError(
            f"the secret of {what} is missing",
            code=UNREADABLE,
            why=missing,
            fix="put it there, or say in the settings where it is",
        )
    return one_line(line, what)


def _of_safe(safe: Safe | None, what: str) -> Secret:
    found = None if safe is None else safe()
    if found is None:
        field = what.split(".")
        login = f"keyturn target login {field[1]}" if safe else "say in the settings where else it is"
        empty = "the keyring holds none for this name and this server"
        raise ConfigError(
            f"the secret of {what} is missing",
            code=UNREADABLE,
            why=empty if safe else "only the secrets of targets may be in the keyring",
            fix=login,
        )
    return found


def _line_of(source: Source, what: str, environment: Mapping[str, str], folder: Path) -> tuple[str, str]:
    """The line that a place holds, and what is wrong when that is empty."""
    if source.env:
        return environment.get(source.env, ""), f"the environment variable {source.env} is not set in this process"
    if source.command:
        return _of_command(source, what), f"{source.command[0]} printed nothing"
    if source.credential:
        path, lent = _credential(source, what, environment), True
    else:
        path, lent = folder / Path(source.file).expanduser(), False
    return _of_file(path, what, lent=lent), f"the file {path} begins with an empty line"


def _credential(source: Source, what: str, environment: Mapping[str, str]) -> Path:
    given = environment.get(CREDENTIALS, "")
    if not given:
        raise ConfigError(
            f"the secret of {what} cannot be read",
            code=UNREADABLE,
            where=f"credential {source.credential}",
            why=f"{CREDENTIALS} is not set: no service manager hands credentials to this process",
            fix=f"LoadCredential={source.credential}:/path/of/the/secret in the unit, or another place in the settings",
        )
    return Path(given) / source.credential


def first_line(stream: TextIO) -> Secret:
    """The secret that somebody pipes in (`--token-stdin`)."""
    try:
        line = stream.readline(LONGEST).rstrip("\r\n")
    except UnicodeDecodeError:
        line = "\ufffd"
    if not line:
        raise ConfigError("no secret came in on standard input", code=UNREADABLE, fix="pipe it in as one line")
    return one_line(line, "the target")


def guard(path: Path, what: str) -> None:
    """Refuse a file with a key in it that other users of this machine can read.  Raises ConfigError."""
    try:
        _refuse_exposed(path.stat().st_mode, path, what)
    except OSError as error:
        raise _unreadable(what, path, error.strerror or "", "name a file that you may read") from error


def _refuse_exposed(mode: int, path: Path, what: str, *, lent: bool = False) -> None:
    """lent: by systemd, which lets a service read what is root's by an access list: its mask shows as a right of the
    group, and nobody is in it (systemd v247, exec-credential.c)."""
    others = stat.S_IRWXG | stat.S_IRWXO if not lent else stat.S_IRWXO | stat.S_IWGRP
    if sys.platform != "win32" and mode & others:
        raise ConfigError(
            f"other users of this machine can read the secret of {what}",
            code=EXPOSED,
            where=f"{path} (mode {stat.S_IMODE(mode):04o})",
            fix=f"chmod 600 {path}",
        )


def one_line(line: str, what: str) -> Secret:
    """A secret, if it can be one: a line break or another control character has no place in a header or a form."""
    if not line.isprintable() or "\ufffd" in line or len(line) >= LONGEST:
        raise ConfigError(
            f"the secret of {what} is not one line of text",
            code=UNREADABLE,
            why="it holds a line break or another character that cannot be printed, or it is longer than any secret",
            fix="put the secret there by itself, as one line of UTF-8",
        )
    return Secret(line)


def _of_file(path: Path, what: str, *, lent: bool) -> str:
    """The file is judged and read through one descriptor, so that it cannot be swapped in between."""
    try:
        with open_regular(path) as file:
            _refuse_exposed(os.fstat(file.fileno()).st_mode, path, what, lent=lent)
            return file.readline(LONGEST).decode("utf-8").rstrip("\r\n")
    except NotRegular as error:
        fix = "name a file; what is piped in is for --token-stdin or --password-stdin, what is printed for `command`"
        raise _unreadable(what, path, error.strerror or "", fix) from error
    except OSError as error:
        fix = "put the secret there, for yourself alone (chmod 600), or say in the settings where else it is"
        raise _unreadable(what, path, error.strerror or "", fix) from error
    except UnicodeDecodeError as error:
        fix = "put the secret there as one line of UTF-8"
        raise _unreadable(what, path, "the file is not UTF-8 text", fix) from error


def _unreadable(what: str, path: Path, why: str, fix: str) -> ConfigError:
    return ConfigError(f"the secret of {what} cannot be read", code=UNREADABLE, where=str(path), why=why, fix=fix)


def _of_command(source: Source, what: str) -> str:
    """What the program writes to stderr goes to ours, since a vault may ask there for a finger or a code."""
    fix = "run it by hand, and see what it prints"
    try:
        printed, code = _run(source)
    except TimeoutError:
        why = f"it took longer than {source.timeout:g} s"
        fix = "unlock the vault first, or give it longer, as in  timeout = 60"
    except OSError as error:
        why = error.strerror or "it cannot be started"
        fix = "install it, or give its whole path"
    else:
        if code == 0:
            return printed.decode("utf-8", "replace").partition("\n")[0].rstrip("\r")
        why = f"it ended with {code}"
    where = f"command {source.command[0]}"
    raise ConfigError(f"the secret of {what} cannot be had", code=UNREADABLE, where=where, why=why, fix=fix)


def _run(source: Source) -> tuple[bytes, int]:
    """What a program prints, as far as it may be a secret, and how it ends.  Raises OSError, TimeoutError.

    Read by a thread of its own: what the program leaves behind may hold its output open when it is long gone.
    """
    process = subprocess.Popen(  # noqa: S603  # the owner of the configuration named it; there is no shell
        source.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0
    )
    printed = bytearray()

    def read() -> None:
        with process.stdout or open(os.devnull, "rb") as stream:
            while piece := stream.read(LONGEST):
                printed.extend(piece[: LONGEST - len(printed)])

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        code = process.wait(source.timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise TimeoutError from None
    reader.join(LINGERS)
    return bytes(printed), code
